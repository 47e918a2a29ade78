"""Labelled texts for the scrub's benchmark: files with spans, and presidio-evaluator's templates filled in."""

import csv
import importlib.util
import json
import random
from dataclasses import dataclass
from pathlib import Path

import regex


@dataclass(frozen=True)
class Labelled:
    """A text with the personal values in it: `(type, start, end)`."""

    text: str
    spans: tuple[tuple[str, int, int], ...]


def from_jsonl(path: Path) -> list[Labelled]:
    """`{"text": …, "spans": [[type, start, end], …]}` per line."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    return [Labelled(r["text"], tuple((t, a, b) for t, a, b in r["spans"])) for r in rows]


def from_markup(path: Path) -> list[Labelled]:
    """One text per line, `\\n` for a line break, values marked as `[[TYPE|value]]`."""
    texts = []
    for line in path.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            texts.append(_unmarked(line.replace("\\n", "\n")))
    return texts


def from_families(path: Path) -> dict[str, list[Labelled]]:
    """Family → texts of a file with `FAMILY<tab>text` per line, marked as in `from_markup`."""
    found: dict[str, list[Labelled]] = {}
    for line in path.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            family, text = line.split("\t", 1)
            found.setdefault(family, []).append(_unmarked(text.replace("\\n", "\n").replace("\\t", "\t")))
    return found


def _unmarked(marked: str) -> Labelled:
    text = ""
    spans = []
    position = 0
    for match in regex.finditer(r"\[\[([A-Z_]+)\|(.*?)\]\]", marked, regex.DOTALL):
        text += marked[position : match.start()]
        spans.append((match[1], len(text), len(text) + len(match[2])))
        text += match[2]
        position = match.end()
    return Labelled(text + marked[position:], tuple(spans))


# Template field → the label it is measured under; the rest (places, companies, jobs) is OTHER: free to stay or to go.
_FIELDS = {
    "person": "PERSON", "name": "PERSON", "name_male": "PERSON", "name_female": "PERSON", "first_name": "PERSON",
    "first_name_male": "PERSON", "first_name_female": "PERSON", "first_name_nonbinary": "PERSON", "last_name": "PERSON",
    "last_name_male": "PERSON", "last_name_female": "PERSON", "address": "STREET_ADDRESS", "email": "EMAIL_ADDRESS",
    "phone_number": "PHONE_NUMBER", "credit_card_number": "CREDIT_CARD", "iban": "IBAN_CODE", "ssn": "US_SSN",
    "ip_address": "IP_ADDRESS", "date_of_birth": "DATE_OF_BIRTH",
}  # fmt: skip


def presidio_templates(count: int, seed: int = 7) -> list[Labelled] | str:
    """Sentences from presidio-evaluator's templates and its list of invented people, or why there are none.

    Only the package's data files are read (`pip install --no-deps presidio-evaluator`); its generator would pull in
    a dozen libraries. US and UK people make up half of the sentences, the rest comes from the list's 30 countries.
    """
    spec = importlib.util.find_spec("presidio_evaluator")
    if spec is None or not spec.submodule_search_locations:
        return "presidio-evaluator is not installed (pip install --no-deps presidio-evaluator)"
    data = Path(spec.submodule_search_locations[0]) / "data_generator" / "raw_data"
    templates = [
        t.replace("\\n", "\n").replace("\\,", ",")
        for t in (data / "templates.txt").read_text("utf-8").splitlines()
        if t
    ]
    with (data / "FakeNameGenerator.com_3000.csv").open(encoding="utf-8-sig") as lines:
        people = list(csv.DictReader(lines))
    english = [p for p in people if p["Country"] in ("US", "GB")]
    dice = random.Random(seed)
    return [_filled(dice.choice(templates), english if dice.random() < 0.5 else people, dice) for _ in range(count)]


def _filled(template: str, people: list[dict[str, str]], dice: random.Random) -> Labelled:
    text = ""
    spans = []
    position = 0
    for match in regex.finditer(r"\{\{([a-z_]+)\}\}", template):
        text += template[position : match.start()]
        value = _value(match[1], dice.choice(people), dice)
        spans.append((_FIELDS.get(match[1], "OTHER"), len(text), len(text) + len(value)))
        text += value
        position = match.end()
    return Labelled(text + template[position:], tuple(spans))


def _value(field: str, person: dict[str, str], dice: random.Random) -> str:
    first, last = person["GivenName"], person["Surname"]
    street, city = person["StreetAddress"], person["City"]
    match field:
        case "person" | "name" | "name_male" | "name_female":
            return f"{first} {last}"
        case "first_name" | "first_name_male" | "first_name_female" | "first_name_nonbinary":
            return first
        case "last_name" | "last_name_male" | "last_name_female":
            return last
        case "address":
            return f"{street}, {city}, {person['State']} {person['ZipCode']}".replace(",  ", ", ")
        case "email":
            return person["EmailAddress"]
        case "phone_number":
            return person["TelephoneNumber"]
        case "credit_card_number":
            return luhn(dice.choice(["4", "51", "55", "2221", "37"]), dice)
        case "iban":
            return iban(dice)
        case "ssn":
            return f"{dice.randint(1, 665):03}-{dice.randint(1, 99):02}-{dice.randint(1, 9999):04}"
        case "ip_address":
            return ".".join(str(dice.randint(11, 223)) for _ in range(4))
        case "date_of_birth":
            return person["Birthday"]
        case "street_name":
            return " ".join(street.split()[1:]) or street
        case "building_number":
            return str(dice.randint(1, 999))
        case "city":
            return city
        case "country":
            return person["CountryFull"]
        case "organization":
            return person["Company"]
        case "zipcode" | "postcode":
            return person["ZipCode"]
        case "age":
            return person["Age"]
        case "job":
            return person["Occupation"]
        case "prefix" | "prefix_male" | "prefix_female":
            return person["Title"]
        case "url":
            return person["Domain"]
        case "state_abbr":
            return person["State"]
        case "year":
            return str(dice.randint(1950, 2024))
        case _:
            return field.replace("_", " ")


def luhn(prefix: str, dice: random.Random) -> str:
    """A card number with a valid check digit; 15 digits for Amex, else 16."""
    body = prefix + "".join(str(dice.randint(0, 9)) for _ in range((15 if prefix[0] == "3" else 16) - len(prefix) - 1))
    total = sum(sum(divmod(int(d) * (2 - i % 2), 10)) for i, d in enumerate(reversed(body)))
    return body + str(-total % 10)


def iban(dice: random.Random) -> str:
    """A German IBAN with valid check digits."""
    account = "".join(str(dice.randint(0, 9)) for _ in range(18))
    return f"DE{98 - int(account + '131400') % 97:02}{account}"
