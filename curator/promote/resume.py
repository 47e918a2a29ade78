"""After a crash: what was under way is read back and finished, or rolled back to a draft; decisions are shared."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Literal

from curator.gateway.errors import GatewayError
from curator.help import outcomes
from curator.journal import Busy, Journal, Promotion, SavedDraft
from curator.model import Item, Receipt
from curator.model.base import Value
from curator.model.errors import CuratorError
from curator.promote.job import Choices, Job
from curator.promote.plan import Plan
from curator.promote.proof import prove
from curator.promote.receipts import Finished, ended, finish, proved, share
from curator.promote.stops import Stop, stop_of
from curator.promote.undo import take_back


class Resumed(Value):
    """What became of one promotion that a crash had left behind."""

    item_id: str
    trace_id: str
    outcome: Literal["verified", "failed", "draft", "shared", "undone"]
    """`draft`: nothing was written, the scrubbed draft is kept; `shared`: only its decision was missing; `undone`: it
    was being taken back, and is now."""
    receipt: Receipt | None = None


def resume(job_of: Callable[[str, Choices], Job], journal: Journal) -> Iterator[Resumed]:
    """Finishes what a crash or an interrupt left unfinished; does nothing, and sends nothing, when there is nothing.

    `job_of` gives the job of a rule's name. Nothing is ever written again here: an item that no reading shows becomes a
    draft. Promotions that a living process works on are left alone. Raises GatewayError when the server cannot be
    reached: then everything stays for the next time.
    """
    for promotion in journal.promotions.unfinished():
        job = _as(job_of(promotion.rule, Choices(remedies=frozenset({"draft"}))), promotion.reviewer)
        if promotion.item is None or promotion.previous is None:
            journal.roll_back(promotion, outcomes.INTERRUPTED.code)
            yield Resumed(item_id=promotion.item_id, trace_id=promotion.trace_id, outcome="draft")
        elif (receipt := _finished(job, promotion, promotion.item)) is not None:
            outcome: Literal["verified", "failed", "draft"] = "verified" if receipt.ok else "failed"
            if receipt.problem is not None and receipt.problem.code == outcomes.UNANSWERED.code:
                outcome = "draft"
            yield Resumed(item_id=promotion.item_id, trace_id=promotion.trace_id, outcome=outcome, receipt=receipt)
    for recorded in journal.ledger.half_undone():
        assert recorded.undoing is not None
        job = _as(job_of(recorded.entry.rule, Choices()), recorded.undoing.reviewer)
        undone = take_back(job, recorded, delete=recorded.undoing.delete)
        yield Resumed(
            item_id=recorded.entry.item_id or "",
            trace_id=recorded.entry.trace_id,
            outcome="undone" if undone.ok else "failed",
        )
    for promotion in journal.promotions.unshared():
        assert promotion.receipt is not None
        assert promotion.decision is not None
        newest = journal.decisions.get(promotion.decision.key)
        if newest is not None and newest.at > promotion.decision.at:
            journal.promotions.shared(promotion.id)  # it was taken back or decided otherwise before it could be shared
            continue
        job = _as(job_of(promotion.rule, Choices()), promotion.reviewer)
        finished = Finished(
            promotion=promotion.id, receipt=promotion.receipt, decision=promotion.decision, entries=promotion.entries
        )
        shared = share(job, finished)
        if all(check.ok for check in shared.checks):
            yield Resumed(item_id=promotion.item_id, trace_id=promotion.trace_id, outcome="shared", receipt=shared)


def _as(job: Job, reviewer: str) -> Job:
    """The job in the name of whoever began it."""
    return replace(job, by=replace(job.by, reviewer=reviewer)) if reviewer else job


def _finished(job: Job, promotion: Promotion, item: Item) -> Receipt | None:
    """The receipt of a write that may have happened; None while somebody else writes the item."""
    assert promotion.previous is not None
    created = promotion.previous.updated_at is None
    the_plan = Plan(action="created" if created else "updated", item=item)
    late = time.monotonic() + job.patience.late
    while True:
        try:
            with job.journal.item_lock(item.id, 0.2):
                action, proof = prove(job, the_plan, promotion.id, promotion.answer)
            break
        except Busy:
            return None
        except Stop as stop:
            if stop.outcome.connection:
                raise GatewayError(stop.problem.message, code=stop.problem.code, remedy=stop.problem.remedy) from None
            # A request outlives its sender: until it arrives, a read shows what an update replaces.
            if not _unseen(promotion, stop) or time.monotonic() > late:
                return _unproved(job, promotion, item, stop)
            job.pace.sleep(0.3)
        except CuratorError as error:
            return _unproved(job, promotion, item, stop_of(error, verdict="failed"))
    receipt = proved(job, item, action, proof, "by id and by list, after an interruption")
    return share(job, finish(job, promotion.id, receipt, proof, promotion.entries))


def _unseen(promotion: Promotion, stop: Stop) -> bool:
    """Whether a write without an answer has not happened, as far as a reading shows."""
    old = (outcomes.LOST_WRITE, outcomes.STALE_READ, outcomes.REWRITTEN, outcomes.STALE_FIELDS)
    return promotion.answer is None and stop.outcome in old


def _unproved(job: Job, promotion: Promotion, item: Item, stop: Stop) -> Receipt:
    if _unseen(promotion, stop):
        # Without an answer, the old state is no wonder: the write did not happen.
        stop = Stop(outcomes.UNANSWERED, "curator was interrupted during the write, and no read shows the item.")
    job.journal.drafts.save(SavedDraft.of_item(item, rule=promotion.rule, reason=stop.problem.code))
    return ended(job, item, promotion.id, stop, read=True)
