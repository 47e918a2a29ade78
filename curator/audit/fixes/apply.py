"""Writes what was proposed through the verified write of a promotion: journalled, read back, undoable."""

import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from curator.audit.fixes.values import Desk, Proposal
from curator.journal import Journal
from curator.model import Decision, Item, Receipt, StoredItem
from curator.promote import Choices, Job, Promoter
from curator.promote.archive import archive, end_without_trace, require_unchanged
from curator.promote.one import promote_one
from curator.promote.stops import Stop


def apply(proposals: Sequence[Proposal], desk: Desk, journal: Journal) -> Iterator[Receipt]:
    """Does what was proposed, one item after the other; a receipt for each. All of it is one batch for `curator undo`.

    Proposals with a problem are passed over. An item that was changed since the proposal is refused.
    """
    batch = uuid.uuid4().hex
    for proposal in proposals:
        if proposal.item is None or proposal.before is None:
            continue
        promoter = Promoter(desk.gateway, journal, desk.scrubber, reviewer=desk.reviewer)
        # What somebody edited is what a fix is for; the preview showed it, and it must not have changed since.
        choices = Choices(remedies=frozenset({"overwrite"}), batch=batch)
        job = Job(promoter, desk.policy, _rule_name(desk), choices)
        if proposal.fix == "duplicates":
            yield archive(job, proposal.before)
        else:
            yield _rewrite(job, proposal.item, proposal.before, adopted=proposal.fix == "adopt")


def _rule_name(desk: Desk) -> str:
    return desk.rule.rule.rule if desk.rule is not None else ""


def _rewrite(job: Job, item: Item, before: StoredItem, *, adopted: bool) -> Receipt:
    try:
        require_unchanged(job, before)
    except Stop as stop:
        return end_without_trace(job, item, None, stop)
    if item.source_trace_id and not adopted:
        # The trace has long been promoted: this, and not an open failure, is what an undo goes back to.
        job.journal.decisions.remember(
            Decision(
                trace_id=item.source_trace_id,
                state="promoted",
                reviewer=str(item.metadata.get("reviewer", "")),
                rule=job.rule or None,
                item_id=item.id,
                at=datetime.now(UTC),
            )
        )
    return promote_one(job, item)
