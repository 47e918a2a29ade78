"""The lineage of one item as a story: trace ← session, signals → decisions → versions → runs and their scores."""

import difflib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from curator.audit.runs import SINCE
from curator.audit.values import trace_of
from curator.errors import UsageError
from curator.gateway import ExperimentItem, Gateway
from curator.journal import Journal, LedgerEntry
from curator.model import Observation, Score, StoredItem, Value

MAX_VERSIONS = 10
"""Versions that are looked up, newest first; each costs a request."""


class ItemVersion(Value):
    """One version of an item and how it differs from the one before."""

    at: datetime
    item: StoredItem
    diff: tuple[str, ...]
    """Lines of a unified diff of the pretty JSON; empty for the first version."""


class Story(Value):
    """Everything that can be told about where one item came from and what became of it."""

    item: StoredItem
    lineage: dict[str, Any]
    source: Observation | None
    """Root of the source trace, without input and output; None when it is gone."""
    scores: tuple[Score, ...]
    """Scores of the source trace as they are today."""
    ledger: tuple[LedgerEntry, ...]
    """What this machine's ledger knows of the trace and the item, oldest first."""
    versions: tuple[ItemVersion, ...]
    """Newest first, at most `MAX_VERSIONS`."""
    runs: tuple[ExperimentItem, ...]
    """Newest first."""


def story_of(gateway: Gateway, journal: Journal | None, dataset: str, item_id: str, *, at: datetime) -> Story:
    """The lineage of one item, in about six requests and one per version.

    Raises UsageError when the dataset holds no such item, GatewayError.
    """
    item = gateway.item(item_id)
    if item is None or item.dataset != dataset:
        where = "it is in another dataset" if item is not None else "it does not exist, or was deleted"
        raise UsageError(
            f"The dataset holds no item of that id: {where}.",
            code="ITEM_UNKNOWN",
            remedy="`curator verify DATASET` lists the items; an id belongs to one dataset only.",
        )
    trace_id = trace_of(item)
    source = None
    scores: list[Score] = []
    if trace_id is not None:
        source = next(iter(gateway.observations(trace_ids=[trace_id], roots_only=True)), None)
        scores = sorted(gateway.scores(trace_ids=[trace_id]), key=lambda s: (s.timestamp, s.id))
    ledger = [
        entry
        for entry in (journal.ledger.entries() if journal is not None else [])
        if entry.item_id == item_id or (trace_id is not None and entry.trace_id == trace_id)
    ]
    runs = sorted(
        gateway.experiment_items(from_=at - SINCE, item_id=item_id),
        key=lambda each: each.start_time,
        reverse=True,
    )
    return Story(
        item=item,
        lineage=item.metadata if isinstance(item.metadata, dict) else {},
        source=source,
        scores=tuple(scores),
        ledger=tuple(ledger),
        versions=tuple(_versions(gateway, item)),
        runs=tuple(runs),
    )


def _versions(gateway: Gateway, item: StoredItem) -> list[ItemVersion]:
    """Walks back: the state just before each version became current. An archived state is not listed, and ends it."""
    states = [item]
    while len(states) < MAX_VERSIONS:
        before = states[-1].updated_at - timedelta(milliseconds=1)
        rows = gateway.items(item.dataset, source_trace_id=item.source_trace_id, version=before)
        earlier = next((row for row in rows if row.id == item.id), None)
        if earlier is None or earlier.updated_at >= states[-1].updated_at:
            break
        states.append(earlier)
    return [
        ItemVersion(at=state.updated_at, item=state, diff=_diff(states[i + 1] if i + 1 < len(states) else None, state))
        for i, state in enumerate(states)
    ]


def _diff(old: StoredItem | None, new: StoredItem) -> tuple[str, ...]:
    if old is None:
        return ()
    lines = difflib.unified_diff(_pretty(old), _pretty(new), lineterm="", n=1)
    return tuple(line for line in lines if not line.startswith(("---", "+++", "@@")))


def _pretty(item: StoredItem) -> Sequence[str]:
    content = {
        "status": item.status,
        "input": item.input,
        "expected_output": item.expected_output,
        "metadata": item.metadata,
    }
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False).splitlines()
