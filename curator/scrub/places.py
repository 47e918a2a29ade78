"""Where findings are: without overlaps, in the item that was given and in the item after replacements."""

import hashlib
import json
from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from curator.model import Json
from curator.model.draft import Action
from curator.scrub.entities import ENTITIES
from curator.scrub.items import Leaf, NotScrubbed, Steps, path_of
from curator.scrub.locate import Located, is_significant, moved


def resolve(text: str, found: Iterable[Located]) -> list[Located]:
    """Unites overlapping findings of one entity; between entities the lower rank wins, and the loser keeps what is left
    of it outside, so that nothing found ever becomes readable again. Suggestions that lose are dropped.
    """
    taken: list[Located] = []
    united = list(_united(found))
    names = [f for f in united if f.entity == "PERSON"]  # `user: jane doe` is a name, though `jane` may be an id
    whole = (f for f in united if f.entity != "USER_ID" or not any(_within(f, n) for n in names))
    for item in sorted(whole, key=lambda f: (ENTITIES[f.entity].rank, -(f.end - f.start), f.start)):
        rest = _outside(item.start, item.end, taken)
        if rest == [(item.start, item.end)]:
            insort(taken, item, key=_start)
        elif ENTITIES[item.entity].kind != "suggestion":
            # A domain whose local part belongs to another finding names nobody.
            for a, b in (_stripped(text, a, b) for a, b in rest if text[a] != "@"):
                if a < b and is_significant(text[a:b], item.entity):
                    insort(taken, moved(item, a, b), key=_start)
    return taken


def _within(item: Located, other: Located) -> bool:
    return other.start <= item.start and item.end <= other.end and item.end - item.start < other.end - other.start


def _start(item: Located) -> int:
    return item.start


def _united(found: Iterable[Located]) -> list[Located]:
    united: list[Located] = []
    for item in sorted(found, key=lambda f: (f.entity, f.start, -f.end)):
        last = united[-1] if united else None
        if last and last.entity == item.entity and item.start < last.end:
            best = max(last, item, key=lambda f: f.score)
            united[-1] = moved(best, last.start, max(last.end, item.end))
        else:
            united.append(item)
    return united


def _outside(start: int, end: int, taken: list[Located]) -> list[tuple[int, int]]:
    """What of a span no finding in `taken` covers; they do not overlap and come in order."""
    rest = []
    position = max(bisect_left(taken, start, key=_start) - 1, 0)
    while position < len(taken) and taken[position].start < end:
        other = taken[position]
        position += 1
        if other.end <= start:
            continue
        if other.start > start:
            rest.append((start, other.start))
        start = max(start, other.end)
    if start < end:
        rest.append((start, end))
    return rest


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    """Without blanks and punctuation at the ends."""
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not text[end - 1].isalnum():
        end -= 1
    return start, end


def replaced(text: str, edits: Sequence[tuple[Located, str]]) -> str:
    """`text` with each finding's stretch replaced; findings do not overlap and come in order."""
    parts = []
    position = 0
    for item, replacement in edits:
        parts += [text[position : item.start], escaped(replacement, item)]
        position = item.end
    parts.append(text[position:])
    return "".join(parts)


def escaped(replacement: str, item: Located) -> str:
    """A replacement as it must stand inside JSON that stands inside text."""
    depth = item.depth
    if item.quote:
        replacement = json.dumps(replacement, ensure_ascii=False)
        depth -= 1
    for _ in range(depth):
        replacement = json.dumps(replacement, ensure_ascii=False)[1:-1]
    return replacement


def rebuild(value: object, texts: Mapping[Steps, str], keys: Mapping[Steps, str], base: Steps = ()) -> Json:
    """A copy of `value` with new texts and new dict keys, both by the steps that led to them.

    Raises NotScrubbed when two keys of one object become the same.
    """
    if base in texts:
        return texts[base]
    if isinstance(value, dict):
        result: dict[str, Json] = {}
        for key, child in value.items():
            here = (*base, key)
            name = keys.get(here, key)
            if name in result:
                raise NotScrubbed("two keys of one object hold the same personal value")
            result[name] = rebuild(child, texts, keys, here)
        return result
    if isinstance(value, list | tuple):
        return [rebuild(child, texts, keys, (*base, i)) for i, child in enumerate(value)]
    if value is None or isinstance(value, str | int | float):
        return value
    raise NotScrubbed(f"a value of type {type(value).__name__} is not JSON")


@dataclass(slots=True)
class Decided:
    """One finding on its way: in which leaf, what happens with it, what takes its place."""

    leaf: int
    item: Located
    action: Action
    reason: str | None = None
    replacement: str | None = None


Texts = tuple[dict[Steps, str], dict[Steps, str]]
"""New texts of leaves and new names of keys, by steps."""


def hidden_keys(leaves: Sequence[Leaf], personal: Iterable[int]) -> dict[Steps, str]:
    """Stand-ins for the dict keys (leaves `personal`) in which something was found: their places."""
    return {leaves[i].steps: f"key {i}" for i in personal if leaves[i].in_key}


def finding_id(leaves: Sequence[Leaf], index: int, item: Located, hidden: Mapping[Steps, str]) -> str:
    """Stable within one draft. Personal keys are `hidden`, so that no id derives from a personal value."""
    leaf = leaves[index]
    place = f"key {index}" if leaf.in_key else path_of(leaf.steps, hidden)
    return hashlib.sha256(f"{place}:{item.start}-{item.end}:{item.entity}".encode()).hexdigest()[:10]


def edited(leaves: Sequence[Leaf], decided: Sequence[Decided]) -> Texts:
    """The leaves' texts and names after replacement; what did not change is left out."""
    texts: dict[Steps, str] = {}
    keys: dict[Steps, str] = {}
    for index, edits in by_leaf(decided).items():
        changes = [(d.item, d.replacement) for d in edits if d.replacement is not None]
        if changes:
            leaf = leaves[index]
            (keys if leaf.in_key else texts)[leaf.steps] = replaced(leaf.text, changes)
    return texts, keys


def changed(leaves: Sequence[Leaf], changes: Texts) -> list[Leaf]:
    """The leaves as they are after replacement, in the same order."""
    texts, keys = changes

    def renamed(steps: Steps) -> tuple[str, ...]:
        return tuple(keys.get(steps[: i + 1], s) for i, s in enumerate(steps) if isinstance(s, str))

    return [
        replace(
            leaf,
            text=(keys if leaf.in_key else texts).get(leaf.steps, leaf.text),
            keys=renamed(leaf.steps[:-1] if leaf.in_key else leaf.steps) if keys else leaf.keys,
        )
        for leaf in leaves
    ]


def at_origin(item: Located, text: str, decided: Sequence[Decided]) -> list[Located]:
    """A finding in a replaced text, at its place in the original `text`; without what is replaced or kept there."""
    found = []
    delta = 0
    start = item.start
    for d in sorted(decided, key=lambda d: d.item.start):
        if d.replacement is None and d.action != "keep":
            continue
        size = d.item.end - d.item.start
        length = size if d.replacement is None else len(escaped(d.replacement, d.item))
        a = d.item.start + delta
        if start < a:
            found.append((start - delta, min(item.end, a) - delta))
        start = max(start, a + length)
        delta += length - size
        if start >= item.end:
            break
    if start < item.end:
        found.append((start - delta, item.end - delta))
    whole = len(found) == 1 and found[0][1] - found[0][0] == item.end - item.start
    return [moved(item, a, b) for a, b in found if whole or is_significant(text[a:b], item.entity)]


def by_leaf(decided: Sequence[Decided]) -> Mapping[int, list[Decided]]:
    grouped: dict[int, list[Decided]] = {}
    for d in sorted(decided, key=lambda d: (d.leaf, d.item.start)):
        grouped.setdefault(d.leaf, []).append(d)
    return grouped
