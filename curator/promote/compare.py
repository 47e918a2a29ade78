"""Sent against stored: every difference, with the known rewrite that explains it, if one does."""

from collections.abc import Iterator

from curator.model import Item, StoredItem
from curator.model.base import Value
from curator.model.json import Json, join_path
from curator.promote.rewrites import same_number, stored_form

VOLATILE_METADATA = frozenset({"approved_at", "reviewer", "curator_version", "signals"})
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


def stale_fields(item: Item, stored: StoredItem) -> list[str]:
    """Fields that the item leaves empty and the stored one does not: a write would silently keep the old value."""
    pairs = {
        "input": (item.input, stored.input),
        "expected_output": (item.expected_output, stored.expected_output),
        "source_trace_id": (item.source_trace_id, stored.source_trace_id),
        "source_observation_id": (item.source_observation_id, stored.source_observation_id),
    }
    return [name for name, (new, old) in pairs.items() if new in (None, "") and old not in (None, "")]


def summary(found: list[Difference], limit: int = 5) -> str:
    """The first differences in words, safe to print."""
    more = f" and {len(found) - limit} more" if len(found) > limit else ""
    return ", ".join(str(each) for each in found[:limit]) + more


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
