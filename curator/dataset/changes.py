"""What changed between two states of a dataset, field by field, and what that means for the gate."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Literal

from curator.dataset.folder import HEAD_FIELDS, Snapshot, digest
from curator.model import Item, Value, join_path
from curator.model.forms import template
from curator.model.safe import visible

Kind = Literal["added", "removed", "archived", "revived", "changed", "lineage"]
_MAX_SHOWN = 160
"""Characters of a value that a diff shows; the files show the rest."""


class FieldChange(Value):
    """One place where the two items differ; `old` or `new` is absent when the place is."""

    path: str
    old: Any = None
    new: Any = None
    was: bool = True
    """Whether the place is there in the old item."""
    is_: bool = True
    """Whether it is there in the new one."""


class ItemChange(Value):
    """One item that is not the same on both sides.

    `lineage` means that only metadata or source ids changed: the case itself is as it was.
    """

    item_id: str
    kind: Kind
    fields: tuple[FieldChange, ...] = ()
    gate: str
    """What it means for a release, in words."""


class Changes(Value):
    """The way from one state to another."""

    old: str
    new: str
    """What was compared, as the user named it."""
    dataset: tuple[FieldChange, ...] = ()
    """Name, description and schemas."""
    items: tuple[ItemChange, ...] = ()
    unchanged: int = 0

    def __bool__(self) -> bool:
        return bool(self.dataset or self.items)


def changes(old: Snapshot, new: Snapshot, names: tuple[str, str] = ("old", "new")) -> Changes:
    """Every difference between two states of a dataset, by item id."""
    heads = tuple(change for name in HEAD_FIELDS for change in _differ(name, getattr(old, name), getattr(new, name)))
    found = []
    for item_id in sorted(old.items.keys() | new.items.keys()):
        before, after = old.items.get(item_id), new.items.get(item_id)
        if before is None or after is None:
            found.append(_come_or_gone(item_id, after))
        elif digest(before) != digest(after):
            found.append(_changed(before, after))
    same = sum(
        item_id in new.items and digest(item) == digest(new.items[item_id]) for item_id, item in old.items.items()
    )
    return Changes(old=names[0], new=names[1], dataset=heads, items=tuple(found), unchanged=same)


def in_markdown(found: Changes) -> str:
    """The changes for a pull request: a table of what moved, then each changed item, folded."""
    counts = Counter(item.kind for item in found.items)
    return template("curator.dataset", "changes.md.j2").render(found=found, counts=counts, line=_line)


def in_words(change: FieldChange) -> str:
    """One change as one line: `expected_output.outcome: "delayed" → "lost"`."""
    if not change.was:
        return f"{change.path}: new: {_shown(change.new)}"
    if not change.is_:
        return f"{change.path}: gone: {_shown(change.old)}"
    return f"{change.path}: {_shown(change.old)} → {_shown(change.new)}"


def _come_or_gone(item_id: str, after: Item | None) -> ItemChange:
    if after is None:
        return ItemChange(item_id=item_id, kind="removed", gate="nothing protects against this failure any more")
    return ItemChange(item_id=item_id, kind="added", gate=_weight(after, "every candidate has to pass it"))


def _changed(before: Item, after: Item) -> ItemChange:
    fields = tuple(
        change
        for name in ("status", "input", "expected_output", "source_trace_id", "source_observation_id", "metadata")
        for change in _differ(name, getattr(before, name), getattr(after, name))
    )
    touched = {change.path.split(".")[0].split("[")[0] for change in fields}
    if "status" in touched:
        kind: Kind = "archived" if after.status == "ARCHIVED" else "revived"
        gate = "no run will hold it" if kind == "archived" else _weight(after, "every candidate has to pass it again")
    elif touched & {"input", "expected_output"}:
        kind = "changed"
        what = " and ".join(name for name in ("input", "expected output") if name.replace(" ", "_") in touched)
        gate = _weight(after, f"another {what}: outcomes of earlier runs no longer count for it")
    else:
        kind, gate = "lineage", "the case is as it was"
        if any(change.path.startswith("metadata.gate") for change in fields):
            gate = _weight(after, "every candidate has to pass it")
    return ItemChange(item_id=before.id, kind=kind, fields=fields, gate=gate)


def _weight(item: Item, required: str) -> str:
    """What an item's state in the gate makes of it."""
    gate = item.metadata.get("gate") if isinstance(item.metadata, dict) else None
    state = gate.get("state") if isinstance(gate, dict) else None
    return f"counted, blocks nothing ({state})" if state in ("known", "quarantined") else required


def _differ(path: str, old: Any, new: Any) -> Iterator[FieldChange]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            place = join_path(path, key)
            if key not in new:
                yield FieldChange(path=place, old=old[key], is_=False)
            elif key not in old:
                yield FieldChange(path=place, new=new[key], was=False)
            else:
                yield from _differ(place, old[key], new[key])
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _differ(join_path(path, index), one, other)
    elif type(old) is not type(new) or old != new:
        yield FieldChange(path=path, old=old, new=new, was=old is not None, is_=new is not None)


def _shown(value: object) -> str:
    import json

    text = visible(json.dumps(value, ensure_ascii=False, sort_keys=True))
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}… ({len(text):,} characters)"


def _line(change: FieldChange) -> str:
    """A change as Markdown that no text of an item can break out of."""
    text = in_words(change).replace("`", "ˋ")
    return f"`{text}`"
