"""What is said of a promotion: its receipt, its end in the journal, and the decision that every reviewer sees.

The journal knows first. What could not be shared, or not even be stored, is finished by the next start.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from curator.gateway.errors import GatewayError, NoAnswer, RateLimited, ServerFailed
from curator.help import outcomes
from curator.journal import Entry, SavedDraft, now
from curator.model import Check, Decision, Item, Receipt, Signal, key_of, lineage, split_key
from curator.model.base import Value
from curator.model.errors import ConfigError, CuratorError
from curator.model.receipt import UNSTORED, WriteAction
from curator.promote.job import Job
from curator.promote.proof import Proof, checks_of
from curator.promote.stops import Stop, stop_of
from curator.queue import put_decision, put_decisions

_PAUSE = 0.5


class Finished(Value):
    """A promotion with its receipt in the journal, and what is still to be shared."""

    promotion: str
    receipt: Receipt
    decision: Decision | None
    """None when there is nothing new to say."""
    entries: tuple[Entry, ...] = ()


def blank(job: Job, key: str, item_id: str, dataset: str) -> Receipt:
    """A receipt that says nothing yet; `key`: of the failure that its decision is about, "" for none."""
    trace_id, observation_id = split_key(key)
    return Receipt(
        trace_id=trace_id,
        observation_id=observation_id,
        item_id=item_id,
        dataset=dataset,
        action="none",
        verdict="refused",
        at=now(),
        reviewer=job.reviewer,
        rule=job.rule,
    )


def receipt_of(job: Job, item: Item) -> Receipt:
    """The blank receipt of an item; of its failure only when the job shares decisions."""
    key = key_of(item.source_trace_id or "", lineage.reviewed_observation(item)) if job.shares else ""
    return blank(job, key, item.id, item.dataset)


def stopped(receipt: Receipt, stop: Stop, remedies: Sequence[str] = ()) -> Receipt:
    """The receipt with the reason why it ends here."""
    check = Check(name=stop.problem.code, ok=False, detail=stop.problem.message)
    said = {"problem": stop.problem, "checks": (check,), "changes": stop.changes, "remedies": tuple(remedies)}
    return receipt.model_copy(update=said)


def proved(job: Job, item: Item, action: WriteAction, proof: Proof, reading: str) -> Receipt:
    """The receipt of an item that is there, once, as meant."""
    return receipt_of(job, item).model_copy(
        update={
            "item_id": proof.stored.id,
            "action": action,
            "verdict": "unchanged" if action == "none" else "verified",
            "checks": checks_of(proof, reading, action),
            "fingerprint": lineage.content_fingerprint(proof.stored),
            "digest": lineage.approval_digest(proof.stored),
        }
    )


def finish(job: Job, promotion: str, receipt: Receipt, proof: Proof, entries: Sequence[Entry]) -> Finished:
    """Records a proved receipt with the item as it was proved; the decision is still to be shared."""
    decision: Decision | None = None

    def store() -> None:
        nonlocal decision
        decision = _promoted(job, promotion, receipt, entries)
        job.journal.finish(promotion, receipt, decision, batch=job.choices.batch, approved=proof.stored.to_write())

    kept = noted(receipt, store)
    if kept is not receipt:  # the next start shares the decision, with all else
        return Finished(promotion=promotion, receipt=kept, decision=None)
    return Finished(promotion=promotion, receipt=receipt, decision=decision, entries=tuple(entries))


def noted(receipt: Receipt, store: Callable[[], object]) -> Receipt:
    """The receipt, which says so when this machine cannot store it (a full disk, a folder that became read-only).

    What is true on the server is told in any case; the journal still has the promotion as begun, so that the next start
    finishes it.
    """
    try:
        store()
    except ConfigError as error:
        detail = f"{error.message} What was begun is finished by the next start that can write it."
        return receipt.model_copy(update={"checks": (*receipt.checks, Check(name=UNSTORED, ok=False, detail=detail))})
    return receipt


def ended(job: Job, item: Item, promotion: str | None, error: CuratorError, *, read: bool = False) -> Receipt:
    """The receipt of an item that is not there as meant, recorded; keeps the draft when that was asked for.

    After a write was answered nothing is merely refused: it can be undone. Without an answer nobody knows whether it
    happened, until the item has been `read` since.
    """
    stop = stop_of(error)
    problem = stop.problem
    receipt = stopped(receipt_of(job, item), stop, stop.remedies).model_copy(update={"verdict": stop.outcome.verdict})
    try:
        known = None if promotion is None else job.journal.promotions.get(promotion)
    except ConfigError:  # it cannot even be read any more: nobody can say how far the write got
        return noted(_written(receipt, item, "unknown"), lambda: job.journal.finish(promotion, receipt))
    settled = known is not None and read and problem.code != outcomes.UNANSWERED.code
    if known is not None and (known.state == "answered" or (settled and known.state == "intent")):
        created = known.previous is None or known.previous.updated_at is None
        receipt = _written(receipt, item, "created" if created else "updated")
    elif known is not None and known.state == "intent" and receipt.verdict == "failed" and not read:
        receipt = _written(receipt, item, "unknown")

    def store() -> None:
        if "draft" in job.remedies or problem.code == outcomes.INTERRUPTED.code:
            job.journal.drafts.save(SavedDraft.of_item(item, rule=job.rule, reason=problem.code))
        job.journal.finish(promotion, receipt, batch=job.choices.batch)

    return noted(receipt, store)


def _written(receipt: Receipt, item: Item, action: WriteAction) -> Receipt:
    marks = {"fingerprint": lineage.content_fingerprint(item), "digest": lineage.approval_digest(item)}
    return receipt.model_copy(update={"action": action, "verdict": "failed", **marks})


# ── the decision `promoted`, remembered here at once and shared as a score on the trace ─────────────────────────────
def _promoted(job: Job, promotion: str, receipt: Receipt, entries: Sequence[Entry]) -> Decision | None:
    """The decision to share for a proved receipt; None when there is nothing new to say.

    For `unchanged` that is so unless annotation-queue entries are to be completed, or an earlier write of this very
    item ended before its decision was shared.
    """
    if not receipt.trace_id:
        return None
    if receipt.verdict == "unchanged" and not entries and not _owed(job, receipt, promotion):
        return None
    return receipt.decision


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
    # Score ids are derived from the failure, and the same id overwrites: after a lost answer all are sent again.
    together = [one for one in finished if one.decision is not None and not one.entries]
    if len(together) > 1:
        try:
            _again(job, lambda: put_decisions(job.gateway, [one.decision for one in together if one.decision]))
        except GatewayError:
            together = []
    done = {one.promotion for one in together} if len(together) > 1 else set()
    return pool.map(lambda one: _shared(job, one) if one.promotion in done else share(job, one), finished)


def _shared(job: Job, finished: Finished) -> Receipt:
    # Sharing twice gives the same, so what cannot be noted here is simply shared again.
    with contextlib.suppress(ConfigError):
        job.journal.promotions.shared(finished.promotion)
    checks = [Check(name="decision", ok=True, detail="shared as score `curation`")]
    if finished.entries:
        many = "entry" if len(finished.entries) == 1 else "entries"
        checks.append(Check(name="queue", ok=True, detail=f"{len(finished.entries)} annotation-queue {many} completed"))
    return finished.receipt.model_copy(update={"checks": (*finished.receipt.checks, *checks)})


def record(job: Job, decision: Decision, entries: Sequence[Entry]) -> None:
    """Writes a decision and moves the entries; writing twice gives the same, so a lost answer is simply repeated.

    Raises GatewayError when the patience for limits is used up.
    """
    signals = [
        Signal(kind="queue", name="", source="QUEUE", queue_id=queue, queue_entry_id=entry, rule="")
        for queue, entry in entries
    ]
    _again(job, lambda: put_decision(job.gateway, decision, complete_entries=signals))


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
            if not job.pace.limited(error, deadline):
                raise
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
