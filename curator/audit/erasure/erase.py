"""Archives or deletes what a trail holds, each verified by reading, and forgets it on this machine."""

from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Literal

from curator.audit.erasure.trail import Kept, Terminal, Trail
from curator.draft import forget_items
from curator.gateway import Gateway
from curator.help.outcomes import STALE_READ
from curator.journal import Journal
from curator.model import Problem, StoredItem, Value, key_of
from curator.model.errors import CuratorError
from curator.model.lineage import reviewed_observation
from curator.promote import (
    Changed,
    Job,
    Patience,
    PersonalFinder,
    Plan,
    Promoter,
    Stop,
    delete_item,
    stop_of,
    write_item,
)

ErasureMode = Literal["archive", "delete"]


Outcome = Literal["archived", "deleted", "gone", "failed"]
TRIES = 3


class Erased(Value):
    """What became of one item."""

    item_id: str
    dataset: str
    outcome: Outcome
    in_history: bool = False
    """Whether Langfuse still lists an earlier version of it: neither archiving nor deleting takes these away."""
    problem: Problem | None = None


def erase_trail(
    gateway: Gateway,
    journal: Journal,
    scrubber: PersonalFinder,
    trail: Trail,
    *,
    mode: ErasureMode,
    reviewer: str,
    terminal: Terminal | None = None,
    patience: Patience | None = None,
) -> Iterator[Erased]:
    """Erases the items of a trail one by one; then the drafts and receipts of those that are done.

    `terminal` is what the terminal remembers of drafts. The result files are left: see `empty_results`.

    What fails is said and keeps its receipt. Never raises for what the server does.
    """
    job = Promoter(gateway, journal, scrubber, reviewer=reviewer, patience=patience or Patience()).job()
    failed: set[str] = set()
    for kept in trail.items:
        outcome: Outcome = "failed"
        in_history, problem = False, None
        try:
            outcome, in_history = _erase_one(job, kept, mode)
        except CuratorError as error:
            problem = stop_of(error).problem
        if problem is not None:
            failed.add(kept.item_id)
        yield Erased(
            item_id=kept.item_id, dataset=kept.dataset, outcome=outcome, in_history=in_history, problem=problem
        )
    forget(journal, trail, failed, terminal, mode=mode, reviewer=reviewer)


def _erase_one(job: Job, kept: Kept, mode: ErasureMode) -> tuple[Outcome, bool]:
    with job.locked(kept.item_id):
        stored = job.gateway.item(kept.item_id)
        if stored is None or stored.dataset != kept.dataset:
            return "gone", False
        if mode == "delete":
            delete_item(job, stored)
        else:
            _archive(job, stored)
        outcome: Outcome = "deleted" if mode == "delete" else "archived"
        return outcome, _listed(job.gateway, stored, version=stored.updated_at)


def _archive(job: Job, stored: StoredItem) -> None:
    """Sets the status, and proves that no list shows the item any more. Raises Stop, GatewayError."""
    for _ in range(TRIES):
        if stored.status == "ARCHIVED" and not _listed(job.gateway, stored):
            return
        with suppress(Changed):  # somebody else wrote it meanwhile: what stands there then is archived next
            item = stored.to_write("ARCHIVED")
            write_item(job, Plan.model_construct(action="updated", item=item, clear=(), before=stored))
        current = job.gateway.item(stored.id)
        if current is None:
            return
        stored = current
    if stored.status != "ARCHIVED" or _listed(job.gateway, stored):
        raise Stop(STALE_READ, f"Langfuse accepted it, but the item {stored.id} does not read as archived.")


def _listed(gateway: Gateway, stored: StoredItem, version: datetime | None = None) -> bool:
    """Whether the list shows an item, now or as of a version: its last one stays in Langfuse's history."""
    rows = gateway.items(stored.dataset, source_trace_id=stored.source_trace_id or None, version=version)
    return any(row.id == stored.id for row in rows)


# ── what is removed from this machine's journal ─────────────────────────────────────────────────────────────────────


def forget(
    journal: Journal,
    trail: Trail,
    failed: Collection[str],
    terminal: Terminal | None,
    *,
    mode: ErasureMode,
    reviewer: str,
) -> None:
    """Removes the trail's drafts and receipts and empties the reasons of its decisions; not for items that failed.

    The ledger's lines stay: they hold ids and no text, and a later erasure finds archived items by them. Each is marked
    as taken back, because there is nothing left that an undo could go back to.
    """
    receipts = set(trail.receipts)
    for recorded in journal.ledger.recorded():
        entry = recorded.entry
        if recorded.restore.promotion not in receipts or entry.item_id in failed or recorded.undone_by is not None:
            continue
        if entry.effective:
            write = "deleted" if mode == "delete" else "archived"
            journal.undo(entry.taken_back(reviewer, datetime.now(UTC), write=write), None)
    for promotion in map(journal.promotions.get, sorted(receipts)):
        if promotion is not None and promotion.item_id not in failed:
            # An unfinished one becomes a draft by this; the draft goes next.
            journal.roll_back(promotion, "erased")
            key = key_of(promotion.trace_id, reviewed_observation(promotion.item) if promotion.item else None)
            case = promotion.item.metadata.get("case", "1") if promotion.item is not None else "1"
            journal.drafts.drop(key, promotion.rule, str(case))
    for draft in trail.drafts:
        journal.drafts.drop(*draft)
    for decision in journal.decisions.all():
        if decision.trace_id in trail.traces and decision.reason:
            journal.decisions.remember(decision.model_copy(update={"reason": "", "at": datetime.now(UTC)}))
    journal.ledger.forget_reasons(trail.traces)
    journal.compact()
    forget_items()
    if terminal is not None:
        for trace in trail.edited:
            terminal.forget_draft(trace)
