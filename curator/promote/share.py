"""The decision `promoted` that follows a proved promotion: remembered here at once, shared as a score on the trace."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from curator.gateway.errors import GatewayError, NoAnswer, RateLimited, ServerFailed
from curator.journal import Entry
from curator.model import Check, Decision, Receipt, Signal
from curator.model.base import Value
from curator.promote.job import Job
from curator.queue import decisions

_PAUSE = 0.5


def promoted(job: Job, promotion: str, receipt: Receipt, entries: Sequence[Entry]) -> Decision | None:
    """The decision to share for a proved receipt; None when there is nothing new to say.

    For `unchanged` that is so unless annotation-queue entries are to be completed, or an earlier write of this very
    item ended before its decision was shared.
    """
    if not receipt.trace_id:
        return None
    if receipt.verdict == "unchanged" and not entries and not _owed(job, receipt, promotion):
        return None
    return Decision(
        trace_id=receipt.trace_id,
        state="promoted",
        reviewer=receipt.reviewer,
        rule=receipt.rule or None,
        item_id=receipt.item_id,
        at=receipt.at,
    )


class Finished(Value):
    """A promotion with its receipt in the journal, and what is still to be shared."""

    promotion: str
    receipt: Receipt
    decision: Decision | None
    """None when there is nothing new to say."""
    entries: tuple[Entry, ...] = ()


def share(job: Job, finished: Finished) -> Receipt:
    """Shares the decision and completes the entries; the receipt says so, also when it did not work.

    What could not be shared stays in the journal, and `resume` tries again.
    """
    receipt, decision = finished.receipt, finished.decision
    if decision is None:
        return receipt
    try:
        record(job, decision, finished.entries)
    except GatewayError as error:
        check = Check(
            name="decision", ok=False, detail=f"not shared yet ({error.code}); curator tries again at its next start"
        )
    else:
        return _shared(job, finished)
    return receipt.model_copy(update={"checks": (*receipt.checks, check)})


def share_many(job: Job, finished: Sequence[Finished], pool: ThreadPoolExecutor) -> Iterator[Receipt]:
    """`share` for many: one request for all decisions; where that does not work, and for entries, one by one."""
    together = [one for one in finished if one.decision is not None and not one.entries]
    if len(together) > 1:
        try:
            _again(job, lambda: decisions.record_many(job.gateway, [one.decision for one in together if one.decision]))
        except GatewayError:
            together = []
    done = {one.promotion for one in together} if len(together) > 1 else set()
    return pool.map(lambda one: _shared(job, one) if one.promotion in done else share(job, one), finished)


def _shared(job: Job, finished: Finished) -> Receipt:
    job.journal.promotions.shared(finished.promotion)
    check = Check(name="decision", ok=True, detail="shared as score `curation`")
    return finished.receipt.model_copy(update={"checks": (*finished.receipt.checks, check)})


def record(job: Job, decision: Decision, entries: Sequence[Entry]) -> None:
    """Writes a decision and moves the entries; writing twice gives the same, so a lost answer is simply repeated.

    Raises GatewayError when the patience for limits is used up.
    """
    signals = [
        Signal(kind="queue", name="", source="QUEUE", queue_id=queue, queue_entry_id=entry, rule="")
        for queue, entry in entries
    ]
    _again(job, lambda: decisions.record(job.gateway, decision, complete_entries=signals))


def _again(job: Job, write: Callable[[], None]) -> None:
    """Does a write that may be done twice, within the patience for limits. Raises GatewayError."""
    deadline = time.monotonic() + job.patience.limit
    failures = 0
    while True:
        job.pace.wait()
        try:
            write()
            return
        except RateLimited as error:
            pause = _PAUSE if error.retry_after is None else error.retry_after
            if time.monotonic() + pause > deadline:
                raise
            job.pace.hold(pause)
        except (NoAnswer, ServerFailed):
            failures += 1
            if failures >= 3:
                raise
            job.pace.sleep(_PAUSE)


def _owed(job: Job, receipt: Receipt, promotion: str) -> bool:
    """Whether this machine wrote the item before and did not get as far as the decision."""
    earlier = [each for each in job.journal.promotions.of_item(receipt.item_id) if each.id != promotion]
    wrote = any(
        each.state in ("intent", "answered") or (each.receipt is not None and each.receipt.action != "none")
        for each in earlier
    )
    return wrote and not any(each.receipt is not None and each.receipt.ok for each in earlier)
