"""What an erasure removes from this machine's journal."""

import uuid
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Literal

from curator.audit.erasure.trail import Terminal, Trail
from curator.journal import Journal, LedgerEntry, Promotion
from curator.model import key_of
from curator.model.lineage import reviewed_observation

Mode = Literal["archive", "delete"]


def forget(
    journal: Journal, trail: Trail, failed: Collection[str], terminal: Terminal | None, *, mode: Mode, reviewer: str
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
            journal.undo(_taken_back(entry, mode, reviewer), None)
    for promotion in map(journal.promotions.get, sorted(receipts)):
        if promotion is not None and promotion.item_id not in failed:
            # An unfinished one becomes a draft by this; the draft goes next.
            journal.roll_back(promotion, "erased")
            key = key_of(promotion.trace_id, reviewed_observation(promotion.item) if promotion.item else None)
            journal.drafts.drop(key, promotion.rule, _case(promotion))
    for draft in trail.drafts:
        journal.drafts.drop(*draft)
    for decision in journal.decisions.all():
        if decision.trace_id in trail.traces and decision.reason:
            journal.decisions.remember(decision.model_copy(update={"reason": "", "at": datetime.now(UTC)}))
    journal.ledger.forget_reasons(trail.traces)
    journal.compact()
    if terminal is not None:
        for trace in trail.edited:
            terminal.forget_draft(trace)


def _taken_back(entry: LedgerEntry, mode: Mode, reviewer: str) -> LedgerEntry:
    return LedgerEntry(
        id=uuid.uuid4().hex,
        at=datetime.now(UTC),
        action="undo",
        trace_id=entry.trace_id,
        observation_id=entry.observation_id,
        item_id=entry.item_id,
        dataset=entry.dataset,
        rule=entry.rule,
        reviewer=reviewer,
        verdict="verified",
        write="deleted" if mode == "delete" else "archived",
        undoes=entry.id,
    )


def _case(promotion: Promotion) -> str:
    return str(promotion.item.metadata.get("case", "1")) if promotion.item is not None else "1"
