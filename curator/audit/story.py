"""The lineage of one item as a story: trace ← session, signals → decisions → versions → runs and their scores."""

import difflib
import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from curator.audit.runs import SINCE
from curator.audit.values import trace_of
from curator.gateway import ExperimentItem, Gateway
from curator.journal import Journal, LedgerEntry
from curator.model import Observation, Receipt, Score, StoredItem, Value
from curator.model.errors import UsageError

MAX_VERSIONS = 10
"""Versions that are looked up, newest first; each costs a request."""
LOOKED_THROUGH = 300
"""Rows that are looked through for an older version of an item that names no source trace: three pages."""
PARTS = ("status", "input", "expected_output", "metadata")
"""What of an item differences are shown of."""
TEXT_TYPES = ("TEXT", "CORRECTION")
"""Score types whose value is free text."""


class ItemVersion(Value):
    """One version of an item and how it differs from the one before."""

    at: datetime
    item: StoredItem
    first: bool | None = False
    """Whether it is the first version; None when nobody looked for one before it."""
    changed: tuple[str, ...] = ()
    """Which of status, input, expected_output and metadata differ from the version before."""
    diff: tuple[str, ...] = ()
    """Lines of a unified diff of the pretty JSON, `⋯` between its parts; empty for the first version."""


class Story(Value):
    """Everything that can be told about where one item came from and what became of it."""

    item: StoredItem
    lineage: dict[str, Any]
    source: Observation | None
    """Root of the source trace, without input, output and user; None when it is gone."""
    scores: tuple[Score, ...]
    """Scores of the source trace as they are today, without comments and texts."""
    promotions: tuple[Receipt, ...]
    """Receipts of this machine's journal, oldest first."""
    draft: bool
    """Whether this machine keeps a draft of the source trace."""
    ledger: tuple[LedgerEntry, ...]
    """What this machine's ledger knows of the trace and the item, oldest first."""
    versions: tuple[ItemVersion, ...]
    """Newest first, at most `MAX_VERSIONS`."""
    older_versions: bool
    """Whether there are, or may be, versions before those."""
    runs: tuple[ExperimentItem, ...]
    """Newest first."""


def story_of(gateway: Gateway, journal: Journal | None, dataset: str, item_id: str, *, at: datetime) -> Story:
    """The lineage of one item, in about five requests and one per version.

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
    source, scores = _source(gateway, trace_id)
    states, older = _states(gateway, item)
    runs = gateway.experiment_items(from_=at - SINCE, item_id=item_id)
    return Story(
        item=item,
        lineage=item.metadata if isinstance(item.metadata, dict) else {},
        source=source,
        scores=scores,
        **_journalled(journal, item_id, trace_id),
        versions=tuple(_versions(states, older)),
        older_versions=older,
        runs=tuple(sorted(runs, key=lambda each: (each.start_time, each.id), reverse=True)),
    )


def _source(gateway: Gateway, trace_id: str | None) -> tuple[Observation | None, tuple[Score, ...]]:
    if trace_id is None:
        return None, ()
    roots = sorted(gateway.observations(trace_ids=[trace_id], roots_only=True), key=lambda o: (o.start_time, o.id))
    if not roots:
        roots = sorted(gateway.observations(trace_ids=[trace_id]), key=lambda o: (o.start_time, o.id))
    source = roots[0].model_copy(update={"user_id": None, "metadata": {}}) if roots else None
    scores = sorted(gateway.scores(trace_ids=[trace_id]), key=lambda s: (s.timestamp, s.id))
    return source, tuple(_without_texts(score) for score in scores)


def _without_texts(score: Score) -> Score:
    """What people wrote may be personal, and the story is told without it."""
    value = None if score.data_type in TEXT_TYPES else score.value
    return score.model_copy(update={"value": value, "comment": None, "metadata": {}})


def _journalled(journal: Journal | None, item_id: str, trace_id: str | None) -> dict[str, Any]:
    if journal is None:
        return {"promotions": (), "draft": False, "ledger": ()}
    of_trace = trace_id or object()
    return {
        "promotions": tuple(p.receipt for p in journal.promotions.of_item(item_id) if p.receipt is not None),
        "draft": any(draft.trace_id == of_trace for draft in journal.drafts.all()),
        "ledger": tuple(e for e in journal.ledger.entries() if e.item_id == item_id or e.trace_id == of_trace),
    }


def _states(gateway: Gateway, item: StoredItem) -> tuple[list[StoredItem], bool]:
    """The versions, newest first, and whether older ones may be left.

    Walks back: the state just before each version became current. An archived state is not listed, and ends the walk.
    """
    states = [item]
    while len(states) < MAX_VERSIONS:
        before = states[-1].updated_at - timedelta(milliseconds=1)
        rows = iter(gateway.items(item.dataset, source_trace_id=item.source_trace_id or None, version=before))
        earlier = next((row for row in islice(rows, LOOKED_THROUGH) if row.id == item.id), None)
        if earlier is None or earlier.updated_at >= states[-1].updated_at:
            return states, earlier is None and next(rows, None) is not None
        states.append(earlier)
    return states, True


def _versions(states: Sequence[StoredItem], older: bool) -> Iterator[ItemVersion]:
    for state, before in zip(states, [*states[1:], None], strict=True):
        if before is None:
            yield ItemVersion(at=state.updated_at, item=state, first=None if older else True)
        else:
            changed = tuple(name for name in PARTS if getattr(before, name) != getattr(state, name))
            yield ItemVersion(at=state.updated_at, item=state, changed=changed, diff=tuple(_diff(before, state)))


def _diff(old: StoredItem, new: StoredItem) -> Iterator[str]:
    lines = difflib.unified_diff(_pretty(old), _pretty(new), lineterm="", n=1)
    for position, line in enumerate(islice(lines, 2, None)):  # without the two names of files
        if not line.startswith("@@"):
            yield line
        elif position:
            yield " ⋯"


def _pretty(item: StoredItem) -> Sequence[str]:
    content = {name: getattr(item, name) for name in PARTS}
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False).splitlines()
