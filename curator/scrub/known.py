"""The same value again, the same person by another name: what was found once is a finding everywhere in the item.

A model finds "Omar Davis" in one sentence and misses it in the next; a term in `must_mention` has no sentence at all.
`Zebulon Quackenbush`, `Mr Quackenbush`, `Z. Quackenbush`, `Quackenbush, Zebulon` and `Zebulon` are one placeholder, so
that an expectation that names the surname can still pass.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import regex

from curator.scrub.entities import ENTITIES
from curator.scrub.locate import Located, Passage, outside_placeholders
from curator.scrub.normalise import fold
from curator.scrub.placeholders import same
from curator.scrub.recognizers.names import bare, is_family, is_ordinary, is_plain_given, is_stop, may_be_given, paired

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


def named_in(address: str) -> Iterator[str]:
    """Names that make up an address: `clover.henley@…` → clover, henley; `ffionwilliams@…` → ffion, williams."""
    words = regex.findall(r"\p{L}{3,20}", address.partition("@")[0].casefold())
    for word in words:
        if may_be_given(word, plain=True) and not is_ordinary(word):
            yield word
    for a, b in (*pairwise(words), *((w[:i], w[i:]) for w in words for i in range(3, len(w) - 2))):
        whole = f"{a}.{b}@" in address.casefold() and may_be_given(a, plain=True) and not is_ordinary(b)
        if (whole or paired((a, b))) and not is_stop(a) and not is_stop(b):
            yield from (a, b)


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


TERMS = frozenset({"must_mention", "must_not_mention"})
"""Keys whose strings are terms that a check looks for without regard to case."""
_MOST = 2_000
_MOST_ALIKE = 50
_SHORTEST = {"PERSON": 3, "FIELD": 3, "DENIED": 1}
_SHORTEST_OTHER = 6
"""A shorter value (a PIN, a house number) may be anything else elsewhere."""
_DIGITS = frozenset({"PHONE_NUMBER", "CREDIT_CARD", "US_SSN", "IBAN_CODE"})
_WORD = regex.compile(r"[\p{L}\p{N}\p{M}]+")
_NUMBER = regex.compile(r"(?<![\p{L}\p{N}])\+?\d(?:[ .\-/()]{0,2}\d){6,18}(?![\p{L}\p{N}])")


@dataclass(frozen=True, slots=True)
class _Value:
    """A value from its first word to its last, folded; `cased` when only exactly this spelling counts."""

    text: str
    words: int
    entity: str
    score: float
    cased: str | None = None
    in_terms: bool = False
    """It counts only among the terms that a check looks for: a part of a name that is an ordinary word."""


class KnownValues:
    """The values found so far, by their first word, so that looking for all of them is one walk over a text."""

    def __init__(self) -> None:
        self._by_word: dict[str, list[_Value]] = defaultdict(list)
        self._digits: dict[str, _Value] = {}
        self._seen: set[tuple[str, bool]] = set()

    def add(self, text: str, entity: str, score: float) -> None:
        """Remembers a value for the rest of the item. What the rule itself named counts at any length."""
        if ENTITIES[entity].kind == "suggestion" or len(self._seen) >= _MOST:
            return
        plain = fold(text)
        if len(plain) < _SHORTEST.get(entity, _SHORTEST_OTHER):
            return
        self._remember(plain, entity, score)
        if entity in _DIGITS:
            self._digits.setdefault(same(entity, text), _Value("", 0, entity, score))
        elif entity == "EMAIL_ADDRESS":
            for word in named_in(text):
                self._remember(word, "PERSON", score, cased=word.capitalize())
        elif entity == "PERSON":
            self._remember(same(entity, text), entity, score)
            words = text.split()
            for word in words if len(words) > 1 else ():
                bare = word.strip(".,;:'’")
                if len(bare) > 2 and bare[0].isalpha() and not is_stop(bare):
                    capital = bare if bare[0].isupper() else bare.capitalize()
                    listed = is_plain_given(bare) or is_family(bare)
                    if bare[0].isupper() and (listed or not is_ordinary(bare)):
                        self._remember(fold(bare), entity, score, cased=bare)
                    else:
                        self._remember(fold(bare), entity, score, cased=capital, in_terms=True)
            for handle in handles(text):
                if not is_ordinary(handle):
                    self._remember(handle, "USER_ID", score)

    def places(self, parts: Sequence[Passage], terms: Iterable[int]) -> Iterator[tuple[int, Located]]:
        """Every place of a known value, as `(leaf, finding)`. `terms` are the leaves that hold terms."""
        if not self._seen:
            return
        loose = frozenset(terms)
        for part in parts:
            for start, end, value in self._hits(part.own, loose=part.leaf in loose):
                span = (start + part.lead, end + part.lead)
                if outside_placeholders(part, *span) != [span]:
                    continue
                place = part.locate(*span)
                if place:
                    name = "part of the same name" if value.cased else "same value"
                    yield part.leaf, Located(*place, value.entity, value.score, name, part.depth, part.quote)

    def _remember(
        self, plain: str, entity: str, score: float, cased: str | None = None, *, in_terms: bool = False
    ) -> None:
        words = list(_WORD.finditer(plain))
        if not words or (plain, cased is None) in self._seen:
            return
        self._seen.add((plain, cased is None))
        alike = self._by_word[words[0].group()]
        if len(alike) < _MOST_ALIKE:
            alike.append(_Value(plain[words[0].start() : words[-1].end()], len(words), entity, score, cased, in_terms))

    def _hits(self, text: str, *, loose: bool) -> Iterator[tuple[int, int, _Value]]:
        words = [match.span() for match in _WORD.finditer(text)]
        for i, (start, end) in enumerate(words):
            for value in self._by_word.get(text[start:end].casefold(), ()):
                if i + value.words > len(words):
                    continue
                here = text[start : words[i + value.words - 1][1]]
                if value.cased is not None and not loose and (value.in_terms or value.cased != here):
                    continue
                # One word alone is a name with its capital only, except among the terms.
                if value.words == 1 and value.entity == "PERSON" and not loose and here[0].islower():
                    continue
                if fold(here) == value.text:
                    yield start, start + len(here), value
        if self._digits:
            for match in _NUMBER.finditer(text, timeout=2):
                known = self._digits.get("".join(c for c in match.group() if c.isdigit()))
                if known:
                    yield *match.span(), known
