"""One person, many strings: which names of an item mean the same person, and what else that person may be called.

`Zebulon Quackenbush`, `Mr Quackenbush`, `Z. Quackenbush`, `Quackenbush, Zebulon` and `Zebulon` are one placeholder, so
that an expectation that names the surname can still pass.
"""

from collections.abc import Iterable, Iterator

import regex

from curator.scrub.placeholders import same
from curator.scrub.recognizers.names import bare

_SPLIT = regex.compile(r"[\s,]+")
_DEGREES = frozenset({"md", "dds", "dvm", "mba", "cpa", "rn", "esq", "jr", "sr", "ii", "iii", "iv", "phd", "jd", "obe"})
_LEAST = 5
"""A shorter handle may be any word."""


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name without title, degrees, accents and case; initials as one letter."""
    words = (bare(word) for word in _SPLIT.split(same("PERSON", name)))
    return tuple(word for word in words if word and word.replace(".", "") not in _DEGREES)


def persons(names: Iterable[str]) -> dict[str, str]:
    """`same` form of each name → the `same` form of the fullest name of that person in the item.

    A part that two people share (a family's name) belongs to nobody: it stays a person of its own.
    """
    forms = list(dict.fromkeys(same("PERSON", name) for name in names))
    parts = {form: words_of(form) for form in forms}
    owners: list[str] = []
    whole: dict[str, str] = {}
    for form in sorted(forms, key=lambda f: (-sum(len(w) > 1 for w in parts[f]), -len(parts[f]))):
        fitting = [owner for owner in owners if _covers(parts[owner], parts[form])]
        if len(fitting) == 1:
            whole[form] = fitting[0]
        else:
            whole[form] = form
            if len(parts[form]) > 1:
                owners.append(form)
    return whole


def handles(name: str) -> Iterator[str]:
    """User names that people make of a full name: kasante, kofi.asante, asante_k; five letters or more."""
    words = [w for w in words_of(name) if len(w) > 1 and w.isalpha()]
    if len(words) < 2:
        return
    first, last = words[0], words[-1]
    for a, b in ((first, last), (last, first)):
        for text in (a[0] + b, *(f"{x}{sign}{b}" for sign in (".", "_", "-", "") for x in (a, a[0]))):
            if len(text) >= _LEAST:
                yield text


def _covers(owner: tuple[str, ...], part: tuple[str, ...]) -> bool:
    """Whether every word of `part` is a word of `owner` or its initial, and one of them a whole word."""
    left = list(owner)
    for word in part:
        match = next((w for w in left if w == word), None) or next(
            (w for w in left if w[0] == word[0] and 1 in (len(w), len(word))), None
        )
        if match is None:
            return False
        left.remove(match)
    return any(len(word) > 1 and word in owner for word in part)
