"""What stands in the place of a personal value: `<TYPE_n>`, or a rule's surrogate such as `ORDER-###`.

Numbers run from left to right through one item; the same value always has the same number. Nothing derives from the
value itself, and the map is forgotten with the item.
"""

from collections.abc import Container, Iterable, Mapping

import regex

from curator.scrub.entities import ENTITIES
from curator.scrub.items import NotScrubbed
from curator.scrub.normalise import fold
from curator.scrub.recognizers.patterns import parts

PLACEHOLDER = regex.compile(
    rf"<(?P<entity>{'|'.join(sorted(ENTITIES, key=len, reverse=True))})_"
    rf"(?P<number>\d{{1,6}})>"
)
_DIGITS_ONLY = frozenset({"PHONE_NUMBER", "CREDIT_CARD", "US_SSN", "US_ITIN", "US_BANK_NUMBER", "UK_NHS"})
_ALNUM_ONLY = frozenset({"IBAN_CODE", "UK_NINO", "NATIONAL_ID", "ACCOUNT_NUMBER", "DOCUMENT_NUMBER"})
_TITLE = regex.compile(rf"(?:{parts('names', 'honorific')[0]})+", regex.VERBOSE)


def same(entity: str, text: str) -> str:
    """The form in which two texts of one entity count as the same value."""
    plain = fold(text)
    if entity in _DIGITS_ONLY:
        return "".join(c for c in plain if c.isdigit())
    if entity in _ALNUM_ONLY:
        return "".join(c for c in plain if c.isalnum())
    if entity == "PERSON":
        match = _TITLE.match(plain)
        if match and match.end() < len(plain):
            plain = plain[match.end() :]
        return plain.strip(" .,'")
    return plain


SURROGATE = regex.compile(
    r"(?<![\p{L}\p{N}])(?:(?i:ann(?:[_.\-+]?lee)*[_.\-]?0\d{1,12})"
    r"|(?<!\d\d[ ]|\d[.\-/])\+?(?:[xX][ .\-/()]{0,2}){0,20}(?:0[ .\-/()]{0,2}){3,20}\d(?:[ .\-/()]?\d){0,2}"
    r"(?![ ]\d{3}|[.\-/]\d))"
    r"(?![\p{L}\p{N}])"
)
"""What an identifier became: `ann_lee_0001`, `XX-0000001`. The leading zeros tell it from what is somebody's."""
_ZEROS = 3


def code_surrogate(value: str, number: int) -> str | None:
    """`DE 4417-0093` → `XX 0000-0001`: the same signs in the same places; None for a value of too few of them."""
    first = next((i for i, c in enumerate(value) if c.isdigit()), 0)
    letters, others = sum(map(str.isalpha, value[:first])), sum(map(str.isalnum, value[first:]))
    if others - len(str(number)) < _ZEROS:
        return None
    signs = iter("X" * letters + str(number).zfill(others))
    return "".join((next(signs).lower() if c.islower() else next(signs)) if c.isalnum() else c for c in value)


def made_from(template: str, text: str) -> bool:
    """Whether a text is what curator makes of a form: a number below 100, padded with zeros."""
    digits = "".join(c for c, sign in zip(text, template, strict=False) if sign == "#")
    return fits(template, text) and digits[0] == "0" and int(digits) < 100


def user_surrogate(value: str, number: int) -> str:
    """`mia_li_3668` → `ann_lee_0001`: the same signs, as many digits, and nothing of the value."""
    names = iter(("ann",))
    runs = regex.findall(r"\p{L}+|\d+|[^\p{L}\d]+", value)
    while runs and not runs[-1].isalnum():
        runs.pop()
    digits = runs.pop() if runs and runs[-1].isdigit() and len(runs) > 1 else ""
    joint = runs.pop() if digits and not runs[-1].isalnum() else ""
    text = "".join(next(names, "lee") if r[0].isalpha() else r if not r.isdigit() and len(r) == 1 else "" for r in runs)
    shown = str(number).zfill(max(len(digits), 2))
    return f"{text or 'ann'}{joint}{shown if shown.startswith('0') else f'0{shown}'}"


class Placeholders:
    """Hands out placeholders for one item. Those that stand in its texts already are left to their owners."""

    def __init__(
        self, texts: Iterable[str], people: Mapping[str, str] | None = None, surrogates: Container[str] = ()
    ) -> None:
        """`people`: form of a name (`same`) → form of the person's fullest name; `surrogates`: entities with a form."""
        self._surrogates = surrogates
        self._numbers: dict[tuple[str, str], int] = {}
        self._people = people or {}
        self._texts = tuple(texts)
        self._taken = {(m["entity"], int(m["number"])) for t in self._texts for m in PLACEHOLDER.finditer(t)}
        self._next: dict[str, int] = {}
        self._given: dict[tuple[str, str], str] = {}

    def of(self, entity: str, value: str) -> str:
        """The placeholder of a value; a suggested name that somebody replaces is a person."""
        entity = "PERSON" if entity == "POSSIBLE_NAME" else entity
        form = same(entity, value)
        key = (entity, self._people.get(form, form) if entity == "PERSON" else form)
        if entity in self._surrogates and (text := self._coded(entity, key, value)) is not None:
            return text
        if key not in self._given:
            number = self._next.get(entity, 1)
            while (entity, number) in self._taken:
                number += 1
            self._next[entity] = number + 1
            self._given[key] = f"<{entity}_{number}>"
        return self._given[key]

    def _coded(self, entity: str, key: tuple[str, str], value: str) -> str | None:
        """A surrogate in this spelling of the value; other spellings of it have the same number."""
        make = user_surrogate if entity == "USER_ID" else code_surrogate
        if key not in self._numbers:
            number = self._next.get(f"{entity} surrogate", 1)
            while (text := make(value, number)) is not None and any(text in each for each in self._texts):
                number += 1
            if text is None:
                return None
            self._numbers[key], self._next[f"{entity} surrogate"] = number, number + 1
        return make(value, self._numbers[key])

    def choose(self, template: str, value: str, surrogate: str | None) -> None:
        """Takes the surrogate that somebody chose for a value, if any."""
        if surrogate is not None:
            self._given[template, fold(value)] = self._given[template, fold(surrogate)] = surrogate

    def surrogate(self, template: str, value: str, originals: frozenset[str]) -> str:
        """The surrogate of a whole field's value; `originals` are the values that are being replaced by surrogates.

        Raises NotScrubbed when the template has too few digits for the item's values.
        """
        key = (template, fold(value))
        if key not in self._given:
            width = template.count("#")
            number = self._next.get(template, 1)
            while True:
                if number >= 10**width:
                    raise NotScrubbed(f"the surrogate {template} has too few digits for this item's values")
                text = _filled(template, str(number).zfill(width))
                number += 1
                if text in originals or not any(text in t for t in self._texts):
                    break
            self._next[template] = number
            self._given[key] = text
        return self._given[key]


def _filled(template: str, number: str) -> str:
    digits = iter(number)
    return "".join(next(digits) if c == "#" else c for c in template)


def fits(template: str, text: str) -> bool:
    """Whether a text has a surrogate's form."""
    return (
        regex.fullmatch(regex.escape(template, literal_spaces=True).replace(r"\#", "#").replace("#", r"\d"), text)
        is not None
    )
