"""Where findings are: in the item that was given, and in the item after replacements."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from curator.model.scrub import Action
from curator.scrub.locate import Located, is_significant, moved
from curator.scrub.rebuild import escaped, replaced
from curator.scrub.walk import Leaf, Steps, path_of


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


def after(leaves: Sequence[Leaf], changes: Texts) -> list[Leaf]:
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


def back(item: Located, text: str, decided: Sequence[Decided]) -> list[Located]:
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
