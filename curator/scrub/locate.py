"""Reads the leaves of an item through the engine and says where in their own texts something was found."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import regex

from curator.scrub.embedded import Piece, pieces
from curator.scrub.engine import Engine
from curator.scrub.keys import lead_in
from curator.scrub.media import Medium, collapsed
from curator.scrub.normalise import IDENTITY, OffsetMap, normalise
from curator.scrub.placeholders import PLACEHOLDER
from curator.scrub.walk import Leaf

_ORDINARY_KEY = regex.compile(r"[A-Za-z_$@.\-][A-Za-z_$.\- ]{0,60}\d{0,4}")
_MIN_DIGITS = 7
_SIGNIFICANT = regex.compile(r"[\p{L}\p{N}].*[\p{L}\p{N}]", regex.DOTALL)


@dataclass(frozen=True, slots=True)
class Located:
    """Something found in a leaf's own text."""

    start: int
    end: int
    entity: str
    score: float
    recognizer: str
    depth: int = 0
    """How many JSON texts lie around it inside the leaf."""
    quote: bool = False
    """It is a bare JSON number inside the leaf: its replacement needs quotes."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A stretch of a leaf as the engine reads it."""

    leaf: int
    text: str
    lead: int
    """Length of the lead-in, which is no part of the leaf."""
    maps: tuple[OffsetMap, ...]
    depth: int
    quote: bool
    placeholders: tuple[tuple[int, int], ...] = ()
    """Where placeholders of an earlier scrub stand in `text`."""

    def locate(self, start: int, end: int) -> tuple[int, int] | None:
        """The leaf's own span for a span of the reading; None when nothing but the lead-in was meant."""
        start, end = max(start - self.lead, 0), end - self.lead
        if start >= end:
            return None
        for map_ in self.maps:
            start, end = map_.span(start, end)
        return start, end

    @property
    def own(self) -> str:
        """The reading without its lead-in."""
        return self.text[self.lead :]


def readings(
    leaves: Sequence[Leaf], skip: frozenset[int] = frozenset(), media: Mapping[int, list[Medium]] | None = None
) -> list[Reading]:
    """What of the leaves is worth reading: pieces, normalised, with what their keys say before them.

    `media` of a leaf are not read.
    """
    out = []
    for i, leaf in enumerate(leaves):
        if i in skip:
            continue
        if leaf.in_key:
            parts: list[Piece] = [Piece(leaf.text, leaf.keys, (), is_key=True)]
        elif leaf.number:
            parts = [Piece(leaf.text, leaf.keys, ())]
        else:
            whole, back = collapsed(leaf.text, (media or {}).get(i, []))
            parts = list(pieces(whole, leaf.keys))
            if back is not IDENTITY:
                parts = [replace(part, maps=(*part.maps, back)) for part in parts]
        for part in parts:
            if part.is_key and _ORDINARY_KEY.fullmatch(part.text):
                continue
            if part.number and sum(c.isdigit() for c in part.text) < _MIN_DIGITS:
                continue
            text, map_ = normalise(part.text)
            lead = "" if part.is_key else lead_in(part.keys, text, field=part.field)
            if part.field and not lead:
                continue
            if _SIGNIFICANT.search(text):
                out.append(_reading(i, lead, text, (map_, *part.maps), part))
    return out


def _reading(leaf: int, lead: str, text: str, maps: tuple[OffsetMap, ...], part: Piece) -> Reading:
    own = tuple(m.span() for m in PLACEHOLDER.finditer(lead + text)) if "<" in text else ()
    return Reading(leaf, lead + text, len(lead), maps, part.depth, part.number, own)


def locate(engine: Engine, parts: Sequence[Reading], count: int) -> list[list[Located]]:
    """Everything the engine finds, per leaf, at any score; placeholders are nobody's finding."""
    found: list[list[Located]] = [[] for _ in range(count)]
    for part, spans in zip(parts, engine.find([p.text for p in parts]), strict=True):
        for span in spans:
            for start, end in _clipped(
                part, *_trim(part.text, max(span.start, part.lead), span.end, span.entity), span.entity
            ):
                place = part.locate(start, end)
                if place:
                    found[part.leaf].append(
                        Located(*place, span.entity, span.score, span.recognizer, part.depth, part.quote)
                    )
    return found


def moved(item: Located, start: int, end: int) -> Located:
    """The same finding somewhere else."""
    return replace(item, start=start, end=end)


def _trim(text: str, start: int, end: int, entity: str) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and (text[end - 1].isspace() or (entity == "STREET_ADDRESS" and text[end - 1] in ".,;:")):
        end -= 1
    return start, end


def _clipped(part: Reading, start: int, end: int, entity: str) -> list[tuple[int, int]]:
    """The parts of a span outside of placeholders that are worth a finding."""
    if start >= end:
        return []
    rest = outside_placeholders(part, start, end)
    if rest == [(start, end)]:
        return rest
    return [(a, b) for a, b in rest if is_significant(part.text[a:b], entity)]


def outside_placeholders(part: Reading, start: int, end: int) -> list[tuple[int, int]]:
    """What of a span of the reading stands outside of placeholders."""
    rest = []
    first = bisect_right(part.placeholders, start, key=lambda p: p[1])
    for a, b in islice(part.placeholders, first, None):
        if a >= end:
            break
        if start < a:
            rest.append((start, a))
        start = b
    if start < end:
        rest.append((start, end))
    return rest


def is_significant(text: str, entity: str) -> bool:
    """Whether what is left of a finding after a cut still says something."""
    if _SIGNIFICANT.search(text) is None:
        return False
    if entity == "PERSON":
        return regex.search(r"\p{Lu}\p{Ll}", text) is not None
    return sum(c.isalnum() for c in text) > 2
