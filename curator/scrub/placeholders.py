"""What stands in the place of a personal value: `<TYPE_n>`, or a rule's surrogate such as `ORDER-###`.

Numbers run from left to right through one item; the same value always has the same number. Nothing derives from the
value itself, and the map is forgotten with the item.
"""

from collections.abc import Iterable, Mapping

import regex

from curator.scrub.entities import ENTITIES
from curator.scrub.items import NotScrubbed
from curator.scrub.normalise import fold

PLACEHOLDER = regex.compile(
    rf"<(?P<entity>{'|'.join(sorted(ENTITIES, key=len, reverse=True))})_"
    rf"(?P<number>\d{{1,6}})>"
)
_DIGITS_ONLY = frozenset({"PHONE_NUMBER", "CREDIT_CARD", "US_SSN", "US_ITIN", "US_BANK_NUMBER", "UK_NHS"})
_ALNUM_ONLY = frozenset({"IBAN_CODE", "UK_NINO", "NATIONAL_ID", "ACCOUNT_NUMBER", "DOCUMENT_NUMBER"})
_TITLE = regex.compile(r"(?:(?:mr|mrs|ms|miss|mx|dr|prof|herrn?|frau|sir|mme)\b\.? ?)+")


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


SURROGATE = regex.compile(r"(?<![\p{L}\p{N}])ann(?:[_.\-+]?lee)*[_.\-]?0\d{1,12}(?![\p{L}\p{N}])", regex.IGNORECASE)
"""What a user id became. The leading zero tells it from the ids of people who are called so."""


def alike(value: str, number: int) -> str:
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
        self, texts: Iterable[str], people: Mapping[str, str] | None = None, *, user_ids: bool = False
    ) -> None:
        """`people`: form of a name (`same`) → form of the person's fullest name. `user_ids` become surrogates."""
        self._user_ids = user_ids
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
        if key not in self._given:
            number = self._next.get(entity, 1)
            if entity == "USER_ID" and self._user_ids:
                while any((text := alike(value, number)) in each for each in self._texts):
                    number += 1
            else:
                while (entity, number) in self._taken:
                    number += 1
                text = f"<{entity}_{number}>"
            self._next[entity] = number + 1
            self._given[key] = text
        return self._given[key]

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
