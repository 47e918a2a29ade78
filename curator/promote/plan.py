"""From what is there to what will be done: sent against stored, then create, update, nothing, or a refusal."""

from collections.abc import Collection, Iterator
from typing import Literal

from curator.draft import value_at
from curator.gateway.datasets import Clearable
from curator.help import outcomes
from curator.model import Change, Item, ScrubPolicy, StoredItem, lineage
from curator.model.base import Value
from curator.model.errors import CuratorError
from curator.model.json import Json, join_path
from curator.promote.job import PersonalFinder
from curator.promote.rewrites import same_number, stored_form
from curator.promote.stops import Stop, taken_by

_FIELDS = ("dataset", "status", "source_trace_id", "source_observation_id", "input", "expected_output", "metadata")

_SOURCE_IDS = ("source_trace_id", "source_observation_id")
_CLEARABLE: tuple[Clearable, ...] = ("input", "expected_output", "metadata")
VOLATILE_METADATA = frozenset(
    {
        "approved_at",
        "reviewer",
        "curator_version",
        "signals",
        lineage.PREPARED_BY,
        lineage.APPROVED_BY,
        lineage.APPROVED_VIA,
        lineage.APPROVALS,
        lineage.DIGEST,
    }
)
"""Lineage that says who approved when and on which evidence: another approval of a case changes nothing else."""


class Difference(Value):
    """One place where the stored item is not what was sent. `kind` says how; values are never quoted."""

    path: str
    kind: str
    """`changed`, `missing`, `added`, `type`, `status`, `dataset` or `stale`."""
    explained: bool = False
    """True when a known rewrite of the server makes exactly this of what was sent."""

    def __str__(self) -> str:
        known = " (a known rewrite of the server)" if self.explained else ""
        return f"{self.path}: {self.kind}{known}"


def differences(item: Item, stored: StoredItem, *, volatile: bool = True) -> list[Difference]:
    """Every difference of a stored item from the item as sent; empty means semantically equal.

    Numbers are equal when they are the same double, objects when their keys and values are, whatever the order.
    `volatile=False` leaves out who approved the item and when. Status and dataset are compared too.
    """
    found: list[Difference] = []
    if stored.dataset != item.dataset:
        found.append(Difference(path="dataset", kind="dataset"))
    if stored.status != item.status:
        found.append(Difference(path="status", kind="status"))
    for path, sent, back in (
        ("source_trace_id", item.source_trace_id, stored.source_trace_id),
        ("source_observation_id", item.source_observation_id, stored.source_observation_id),
    ):
        if (sent or None) != (back or None):  # a cleared source id is stored as ""
            found.append(Difference(path=path, kind="stale" if not sent else "changed"))
    found += _field("input", item.input, stored.input)
    found += _field("expected_output", item.expected_output, stored.expected_output)
    metadata, stored_metadata = item.metadata, stored.metadata
    if not volatile:
        metadata = {key: value for key, value in metadata.items() if key not in VOLATILE_METADATA}
        if isinstance(stored_metadata, dict):
            stored_metadata = {k: v for k, v in stored_metadata.items() if k not in VOLATILE_METADATA}
    return found + _field("metadata", metadata, stored_metadata)


def changes(approved: Item, stored: StoredItem, scrubber: PersonalFinder, policy: ScrubPolicy) -> tuple[Change, ...]:
    """What of a stored item is not as approved, with both values; of a new value with findings, only their kinds."""
    old, new = ({name: getattr(each, name) for name in _FIELDS} for each in (approved, stored))
    return tuple(
        Change(path=path, kind=each.kind, old=value_at(old, each.path), new=value)
        for each in differences(approved, stored)
        for path, value in [_shown(each.path, value_at(new, each.path), scrubber, policy)]
    )


def _shown(path: str, value: Json, scrubber: PersonalFinder, policy: ScrubPolicy) -> tuple[str, Json]:
    """A path, which names keys, and a value, with the kinds of what was found in their places."""
    if value is None and "[" not in path:
        return path, value
    try:
        found = [each for each in scrubber.find([path, value], policy) if each.action != "suggest"]
    except CuratorError:
        return path.partition("[")[0], "(it could not be looked through)"
    inside = dict.fromkeys(each.entity for each in found if each.path != "[0]")
    for each in sorted((each for each in found if each.path == "[0]"), key=lambda each: -each.start):
        path = f"{path[: each.start]}<{each.entity}>{path[each.end :]}"
    return path, f"({', '.join(inside)})" if inside else value


def _first_person(item: Item, stored: StoredItem) -> bool:
    """Whether people approve what only a script, or one of them, has approved so far: that is worth a write."""
    before = stored.lineage
    if lineage.APPROVALS in item.metadata and lineage.APPROVALS not in before:
        return True
    return lineage.APPROVED_VIA in before and lineage.APPROVED_BY not in before and lineage.APPROVED_BY in item.metadata


def _theirs(item: Item, stored: StoredItem) -> Item:
    """What stands there as an item to approve: their content and metadata, our approval, our lineage where theirs is
    gone."""
    metadata = item.metadata | stored.lineage
    approval = ("reviewer", "approved_at", lineage.APPROVED_BY, lineage.APPROVED_VIA, "curator_version")
    ours = {key: item.metadata[key] for key in approval if key in item.metadata}
    prints = lineage.fingerprints(stored.input, stored.expected_output)
    return item.model_copy(
        update={
            "input": stored.input,
            "expected_output": stored.expected_output,
            "metadata": metadata | ours | {"fingerprints": prints},
            "source_trace_id": stored.source_trace_id or item.source_trace_id,
            "source_observation_id": stored.source_observation_id or item.source_observation_id,
        }
    )


def stale_fields(item: Item, stored: StoredItem) -> list[str]:
    """Fields that the item leaves empty and the stored one does not: a write would silently keep the old value."""
    names, empty = ("input", "expected_output", *_SOURCE_IDS), (None, "")
    return [name for name in names if getattr(item, name) in empty and getattr(stored, name) not in empty]


def summary(found: list[Difference], limit: int = 5) -> str:
    """The first differences in words, safe to print."""
    more = f" and {len(found) - limit} more" if len(found) > limit else ""
    return ", ".join(str(each) for each in found[:limit]) + more


class Plan(Value):
    """What will be done about one item."""

    action: Literal["created", "updated", "none"]
    item: Item
    """The item to send: `""` stands for a source id that is to be emptied."""
    clear: tuple[Clearable, ...] = ()
    before: StoredItem | None = None
    """What the preflight found under the id."""


def plan(
    item: Item, stored: StoredItem | None, remedies: Collection[str], edit: tuple[Change, ...] | None = None
) -> Plan:
    """What to do about an item, given what is stored under its id.

    Nothing when an equal item is there: equal up to who approved it and when. `edit` is what somebody changed in
    Langfuse since it was approved last; None when nobody did. Raises Stop when the id belongs to another dataset, the
    stored item is archived or was edited, or the write would silently keep fields of the stored one.
    """
    if stored is None:
        return Plan(action="created", item=item)
    if stored.dataset != item.dataset:
        raise taken_by(item, stored)
    if stored.status == "ARCHIVED" and "unarchive" not in remedies:
        raise Stop(
            outcomes.ARCHIVED,
            f"The item {item.id} is archived: Langfuse would take the write and keep it archived, and no experiment"
            " would run it.",
        )
    if edit is not None and "keep-theirs" in remedies:
        item = _theirs(item, stored)
    elif edit is not None and not {"overwrite", "adopt"} & set(remedies):
        where = ", ".join(each.path for each in edit[:5]) or "lineage"
        raise Stop(
            outcomes.EDITED,
            f"Somebody made or changed the item {item.id} in Langfuse, and nobody has approved that ({where}).",
            path=edit[0].path if edit else None,
            changes=edit,
        )
    if not differences(item, stored, volatile=False) and edit is None and not _first_person(item, stored):
        return Plan(action="none", item=item, before=stored)
    stale = stale_fields(item, stored)
    if stale and "clear-stale" not in remedies:
        raise Stop(
            outcomes.STALE_FIELDS,
            f"The stored item has {', '.join(stale)}, this one does not: Langfuse would keep the old value.",
            path=stale[0],
        )
    return replacing(item, stored, stale)


def replacing(item: Item, stored: StoredItem, stale: Collection[str] = ()) -> Plan:
    """The write over a stored item that also empties its `stale` fields.

    The server merges: what is left out and an explicit null keep the old value, only `""` clears.
    """
    emptied = {name: "" for name in _SOURCE_IDS if name in stale}
    clear = tuple(name for name in _CLEARABLE if name in stale)
    return Plan.model_construct(action="updated", item=item.model_copy(update=emptied), clear=clear, before=stored)


def _field(path: str, sent: Json, stored: Json) -> list[Difference]:
    found = list(_differ(path, sent, stored))
    if not found:
        return []
    if sent is None and stored is not None:
        return [Difference(path=path, kind="stale")]
    # The rules for losses are applied too: a value that came back as they say was changed by them, not by a person.
    lost = stored_form(sent)
    unexplained = {each.path for each in _differ(path, lost, stored)}
    return [each.model_copy(update={"explained": each.path not in unexplained}) for each in found]


def _differ(path: str, sent: Json, stored: Json) -> Iterator[Difference]:
    if isinstance(sent, dict) and isinstance(stored, dict):
        for key in sent:
            if key in stored:
                yield from _differ(join_path(path, key), sent[key], stored[key])
            else:
                yield Difference(path=join_path(path, key), kind="missing")
        for key in stored:
            if key not in sent:
                yield Difference(path=join_path(path, key), kind="added")
    elif isinstance(sent, list) and isinstance(stored, list):
        for index, (one, other) in enumerate(zip(sent, stored, strict=False)):
            yield from _differ(join_path(path, index), one, other)
        if len(sent) != len(stored):
            yield Difference(path=path, kind="missing" if len(stored) < len(sent) else "added")
    elif _is_number(sent) and _is_number(stored):
        if not same_number(sent, stored):  # type: ignore[arg-type]
            yield Difference(path=path, kind="changed")
    elif type(sent) is not type(stored):
        yield Difference(path=path, kind="type")
    elif sent != stored:
        yield Difference(path=path, kind="changed")


def _is_number(value: Json) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
