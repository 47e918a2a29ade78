"""From what is there to what will be done: create, update, or nothing; or a refusal with a remedy."""

from collections.abc import Collection
from typing import Literal

from curator.gateway.datasets import Clearable
from curator.help import outcomes
from curator.model import Item, StoredItem
from curator.model.base import Value
from curator.promote.compare import differences, stale_fields
from curator.promote.stops import Stop, taken_by

_CLEARED_BY_EMPTY_ID = ("source_trace_id", "source_observation_id")


class Plan(Value):
    """What will be done about one item."""

    action: Literal["created", "updated", "none"]
    item: Item
    """The item to send: `""` stands for a source id that is to be emptied."""
    clear: tuple[Clearable, ...] = ()
    before: StoredItem | None = None
    """What the preflight found under the id."""


def plan(item: Item, stored: StoredItem | None, remedies: Collection[str]) -> Plan:
    """What to do about an item, given what is stored under its id.

    Nothing when an equal item is there: equal up to who approved it and when. Raises Stop when the id belongs to
    another dataset, the stored item is archived, or the write would silently keep fields of the stored one.
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
    if not differences(item, stored, volatile=False):
        return Plan(action="none", item=item, before=stored)
    stale = stale_fields(item, stored)
    if stale and "clear-stale" not in remedies:
        raise Stop(
            outcomes.STALE_FIELDS,
            f"The stored item has {', '.join(stale)}, this one does not: Langfuse would keep the old value.",
            path=stale[0],
        )
    emptied = {name: "" for name in stale if name in _CLEARED_BY_EMPTY_ID}
    clear: list[Clearable] = []
    for name in stale:
        if name in ("input", "expected_output"):
            clear.append(name)  # type: ignore[arg-type]
    return Plan(action="updated", item=item.model_copy(update=emptied), clear=tuple(clear), before=stored)
