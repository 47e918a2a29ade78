"""Reads the leaves of an item through the engine, each with what its key says, and says where something was found."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import regex

from curator.scrub.engine import Engine
from curator.scrub.items import Leaf, names_a_thing
from curator.scrub.media import Medium, collapsed
from curator.scrub.normalise import IDENTITY, OffsetMap, normalise
from curator.scrub.placeholders import PLACEHOLDER, SURROGATE
from curator.scrub.recognizers.names import of_two_names, word_list
from curator.scrub.recognizers.patterns import table
from curator.scrub.structure import Piece, pieces

_WORDS = regex.compile(r"\p{Lu}+(?!\p{Ll})|\p{Lu}?\p{Ll}+|\p{Lo}[\p{Lo}\p{M}]*|\d+")
_LONGEST = 200
"""A longer value is prose and speaks for itself."""

_TELLING = word_list("telling_keys.txt")
_BLANK = frozenset({"id", "no", "number", "value"})
"""Keys that say nothing themselves, but pass on what the key above them says."""
_PARTS = frozenset({"first", "last", "middle", "full", "given", "family"})
"""Keys below `name` that say which part of it: `{"name": {"first": …, "last": …}}`."""
_PARTICLES = frozenset({"de", "del", "do", "di", "da", "van"})
_NAMES = frozenset({"PERSON", "POSSIBLE_NAME"})
_SPEECH = (("content",), ("text",), ("message",))
_NEVER = frozenset({"content", "text", "message", "messages", "query", "question", "answer", "output", "input"})


def words(key: str) -> list[str]:
    """`firstName`, `first_name`, `First-Name` → first, name; `Emp#` → emp, number."""
    return [word.lower() for word in _WORDS.findall(key.replace("#", " number"))]


_ALIASES = {word: says for says, foreign in table("keys")["alias"].items() for word in foreign}
"""Keys in other languages and of directories (LDAP's `sn`) → what they say in English."""
_PEOPLE = frozenset(table("keys")["people"])
_NUMBERED = regex.compile(
    r"(?=.{0,20}\p{L}|(?:\D*\d){4})[\p{L}\p{N}()./#\- ]{0,12}(?:\d[\p{L}()./#\- ]{0,4}){2,30}[\p{L}]{0,3}"
)
"""A number: which one it is, its key knows."""
_NUMBER_WORDS = frozenset(table("keys")["numbers"])


def lead_in(keys: tuple[str, ...], text: str) -> str:
    """What to read before a value: `customer name: `, or nothing when the keys say nothing or the value is prose.

    Under a key that names a role a value that could be a name is one.
    """
    if len(text) > _LONGEST or not keys:
        return ""
    own = words(keys[-1])
    if not own or len(own) > 6 or not _NEVER.isdisjoint(own):
        return ""
    if (says := _ALIASES.get("".join(w for w in own if w not in _PARTICLES))) is not None:
        return f"{says}: "
    if own[-1] in _PEOPLE and of_two_names(text):
        return "customer name: "
    if len(own) == 1 and own[0] in _PARTS and len(keys) > 1 and words(keys[-2])[-1:] == ["name"]:
        return f"{own[0]} name: "
    above = [w for w in words(keys[-2]) if w in _TELLING and w not in own] if len(keys) > 1 else []
    numbers = (len(own) == 1 or own[-1] in _NUMBER_WORDS) and _NUMBERED.fullmatch(text) is not None
    tells = numbers or not _TELLING.isdisjoint(own) or (above and (own[0] in _BLANK or own[0].isdigit()))
    return " ".join([*above, *own]) + ": " if tells else ""


_QUESTION = regex.compile(r"[^.!?\n]{0,160}\?(?=[^?]{0,100}$)")


def _asked(earlier: str) -> str:
    """The question in which a message asks for something telling: the next one, `8085 606 450`, answers it."""
    asks = _QUESTION.search(earlier[-300:])
    return f"{asks.group().strip()} " if asks and not _TELLING.isdisjoint(words(asks.group())) else ""


_ORDINARY_KEY = regex.compile(r"[A-Za-z_$@.\-][A-Za-z_$.\-]{0,60}(?: \p{Ll}[\p{Ll} ]{0,40})?\d{0,4}")
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
class Passage:
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
    thing: bool = False
    """Its field's name says that it is no person: a brand, a product, a city."""

    def locate(self, start: int, end: int) -> tuple[int, int] | None:
        """The leaf's own span for a span of the passage; None when nothing but the lead-in was meant."""
        start, end = max(start - self.lead, 0), end - self.lead
        if start >= end:
            return None
        for map_ in self.maps:
            start, end = map_.span(start, end)
        return start, end

    @property
    def own(self) -> str:
        """The passage without its lead-in."""
        return self.text[self.lead :]


def passages(
    leaves: Sequence[Leaf], skip: frozenset[int] = frozenset(), media: Mapping[int, list[Medium]] | None = None
) -> list[Passage]:
    """What of the leaves is worth reading: pieces, normalised, with what their keys say before them.

    `media` of a leaf are not read.
    """
    out = []
    said = ""
    for i, leaf in enumerate(leaves):
        speech = not leaf.in_key and leaf.keys[-1:] in _SPEECH
        earlier, said = said, leaf.text if speech else said
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
            thing = (
                not (part.is_key or part.number) and len(text) <= _LONGEST and names_a_thing("".join(part.keys[-1:]))
            )
            lead = "" if part.is_key or thing else lead_in(part.keys, text)
            if speech and earlier and part.text == leaf.text and len(text) <= _LONGEST:
                lead = _asked(earlier)
            if part.field and not (lead or thing):
                continue
            if _SIGNIFICANT.search(text):
                out.append(replace(_passage(i, lead, text, (map_, *part.maps), part), thing=thing))
    return out


def _passage(leaf: int, lead: str, text: str, maps: tuple[OffsetMap, ...], part: Piece) -> Passage:
    whole = lead + text
    own = [m.span() for m in PLACEHOLDER.finditer(whole)] if "<" in text else []
    if "ann" in text.casefold() or text.count("0") > 2:
        own = sorted([*own, *(m.span() for m in SURROGATE.finditer(whole))])
    return Passage(leaf, whole, len(lead), maps, part.depth, part.number, tuple(own))


def locate(engine: Engine, parts: Sequence[Passage], count: int) -> list[list[Located]]:
    """Everything the engine finds, per leaf, at any score; placeholders are nobody's finding."""
    found: list[list[Located]] = [[] for _ in range(count)]
    things: dict[int, list[tuple[int, int]]] = {}
    for part in parts:
        if part.thing and (whole := part.locate(0, len(part.text))):
            things.setdefault(part.leaf, []).append(whole)
    for part, spans in zip(parts, engine.find([p.text for p in parts]), strict=True):
        for span in spans:
            for start, end in _clipped(
                part, *_trim(part.text, max(span.start, part.lead), span.end, span.entity), span.entity
            ):
                place = part.locate(start, end)
                if (
                    span.entity in _NAMES
                    and place
                    and any(a <= place[0] and place[1] <= b for a, b in things.get(part.leaf, ()))
                ):
                    continue
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


def _clipped(part: Passage, start: int, end: int, entity: str) -> list[tuple[int, int]]:
    """The parts of a span outside of placeholders that are worth a finding."""
    if start >= end:
        return []
    rest = outside_placeholders(part, start, end)
    if rest == [(start, end)]:
        return rest
    return [(a, b) for a, b in rest if is_significant(part.text[a:b], entity)]


def outside_placeholders(part: Passage, start: int, end: int) -> list[tuple[int, int]]:
    """What of a span of the passage stands outside of placeholders."""
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
