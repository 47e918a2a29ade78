"""One item: look, write, read back, say what is true; then share the decision that follows.

Never raises for what the server or the network does: the receipt names it. The journal knows of every step before it
is taken. At most five requests when nothing goes wrong.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from curator.gateway.errors import GatewayError, NoAnswer, RateLimited, ServerFailed
from curator.help import outcomes
from curator.journal import Entry, SavedDraft
from curator.journal.database import now
from curator.model import Change, Check, Decision, Item, Receipt, Signal, StoredItem, lineage
from curator.model.base import Value
from curator.model.errors import ConfigError, CuratorError
from curator.model.receipt import UNSTORED, WriteAction
from curator.promote.content import adapted, check_content, check_scrubbed
from curator.promote.job import Job
from curator.promote.plan import changes, differences, plan
from curator.promote.proof import Proof, checks_of, prove
from curator.promote.stops import Stop, stop_of
from curator.promote.write import Changed, became_of, intend_and_write, read
from curator.queue import decisions

MAX_ATTEMPTS = 5
"""How many deterministic ids the remedy `next-id` tries."""
_REPLANS = 5
_PAUSE = 0.5


class Finished(Value):
    """A promotion with its receipt in the journal, and what is still to be shared."""

    promotion: str
    receipt: Receipt
    decision: Decision | None
    """None when there is nothing new to say."""
    entries: tuple[Entry, ...] = ()


def promote_one(
    job: Job,
    item: Item,
    entries: Sequence[Entry] = (),
    promotion: str | None = None,
    after: Changed | None = None,
) -> Receipt:
    """Promotes one item: preflight by id, one write, read-back by id and by list, second scrub, receipt, decision.

    `entries` are annotation-queue entries to complete; `promotion` is one that has begun with a prepared item and goes
    on here, `after` the end of its first try.
    """
    try:
        if promotion is None:
            item = prepared(job, item)
            promotion = job.journal.promotions.begin(item, rule=job.rule, reviewer=job.reviewer, entries=entries)
        while True:
            try:
                action, proof = _write_and_prove(job, item, promotion, after)
                break
            except Stop as stop:
                taken = stop.outcome in (outcomes.COLLISION, outcomes.TOMBSTONE)
                following = next_item(item) if taken else None
                if following is None or "next-id" not in job.remedies:
                    raise
                item = following
                job.journal.promotions.retarget(promotion, item)
        receipt = proved(job, item, action, proof, "by id and by list")
    except CuratorError as error:
        return end(job, item, promotion, refused(job, item, error))
    except BaseException:
        if promotion is not None:
            job.journal.promotions.give_up(promotion)
        raise
    return share(job, finish(job, promotion, receipt, proof, entries))


def prepared(job: Job, item: Item) -> Item:
    """The item with the asked-for adaptations, proven to arrive as it is and to be clean. Raises Stop, CuratorError."""
    item = adapted(item, job.remedies)
    check_content(item)
    item = lineage.sealed(item)
    check_scrubbed(item, job.scrubber, job.policy)
    return item


def _write_and_prove(job: Job, item: Item, promotion: str, unconfirmed: Changed | None) -> tuple[WriteAction, Proof]:
    with job.locked(item.id):
        for _ in range(_REPLANS):
            stored = read(job, item.id)
            the_plan = plan(item, stored, job.remedies, edited(job, item, stored))
            if the_plan.item.metadata is not item.metadata:
                item = prepared(job, the_plan.item)  # what somebody else wrote has to be clean as well
                job.journal.promotions.retarget(promotion, item)
                the_plan = the_plan.model_copy(update={"item": item})
            try:
                answer = None if the_plan.action == "none" else intend_and_write(job, the_plan, promotion)
            except Changed as changed:
                unconfirmed = changed if changed.sent is not None else unconfirmed
                continue
            action, proof = prove(job, the_plan, promotion, answer)
            if action == "none" and unconfirmed is not None:
                action = became_of(job, unconfirmed, proof.stored)
            return action, proof
    raise Stop(outcomes.MODIFIED, f"Somebody else keeps changing the item {item.id}.")


def edited(job: Job, item: Item, stored: StoredItem | None) -> tuple[Change, ...] | None:
    """What somebody changed in Langfuse since a reviewer approved it last; None when it stands as it was approved.

    This machine's receipts count, else the digest in the item, else (items of an older curator) its fingerprints.
    """
    if stored is None or stored.dataset != item.dataset:
        return None
    active = stored.model_copy(update={"status": "ACTIVE"})  # that it is archived is another matter
    digest = lineage.approval_digest(active)
    metadata = stored.metadata if isinstance(stored.metadata, dict) else {}
    own_word = metadata.get(lineage.DIGEST) == digest
    if own_word and not differences(item, active, volatile=False):
        return None  # another reviewer approved the same
    earlier = job.journal.promotions.approved(item.id)
    receipts = [each.receipt for each in earlier if each.receipt is not None]
    known = {each.digest for each in receipts if each.digest}
    known |= {
        lineage.approval_digest(each.previous.content)
        for each in earlier
        if each.previous is not None and each.previous.content is not None
    }
    if any(each.digest for each in receipts):
        unchanged = digest in known
    elif receipts:
        unchanged = lineage.content_fingerprint(stored) in {each.fingerprint for each in receipts}
    elif lineage.DIGEST in metadata:
        unchanged = own_word
    else:
        prints = {name: lineage.fingerprint(getattr(stored, name)) for name in ("input", "expected_output")}
        unchanged = metadata.get("fingerprints") == prints
    if unchanged:
        return None
    approved = next((each.item for each in reversed(earlier) if each.item is not None), None)
    return changes(approved or item, active, job.scrubber)


def ever_approved(job: Job, stored: StoredItem) -> bool:
    """Whether anybody approved an item with curator, as its lineage or a receipt of this machine says."""
    metadata = stored.metadata if isinstance(stored.metadata, dict) else {}
    return bool({lineage.DIGEST, "fingerprints"} & metadata.keys() or job.journal.promotions.approved(stored.id))


def next_item(item: Item) -> Item | None:
    """The same item under the next deterministic id, which lineage records; None when there is none left."""
    attempt = int(str(item.metadata.get("id_attempt", 1))) + 1
    if item.source_trace_id is None or attempt > MAX_ATTEMPTS:
        return None
    case = str(item.metadata.get("case", "1"))
    identity = lineage.item_id(item.dataset, item.source_trace_id, item.source_observation_id, case, attempt)
    return lineage.sealed(item.model_copy(update={"id": identity, "metadata": item.metadata | {"id_attempt": attempt}}))


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


def refused(job: Job, item: Item, error: CuratorError) -> Receipt:
    """The receipt of an item that is not there as meant, with the reason and what can be done."""
    stop = stop_of(error)
    return receipt_of(job, item).model_copy(
        update={
            "verdict": stop.outcome.verdict,
            "checks": (Check(name=stop.problem.code, ok=False, detail=stop.problem.message),),
            "problem": stop.problem,
            "changes": stop.changes,
            "remedies": stop.remedies,
        }
    )


def receipt_of(job: Job, item: Item) -> Receipt:
    """A receipt that says nothing yet; of its trace only when the job shares decisions."""
    return Receipt(
        trace_id=(item.source_trace_id or "") if job.shares else "",
        observation_id=lineage.reviewed_observation(item) if job.shares else None,
        item_id=item.id,
        dataset=item.dataset,
        action="none",
        verdict="refused",
        at=now(),
        reviewer=job.reviewer,
        rule=job.rule,
    )


def finish(job: Job, promotion: str, receipt: Receipt, proof: Proof, entries: Sequence[Entry]) -> Finished:
    """Records a proved receipt with the item as it was proved; the decision is still to be shared."""
    decision: Decision | None = None

    def store() -> None:
        nonlocal decision
        decision = _promoted(job, promotion, receipt, entries)
        job.journal.finish(promotion, receipt, decision, batch=job.choices.batch, approved=proof.stored.to_write())

    kept = _kept(receipt, store)
    if kept is not receipt:  # the next start shares the decision, with all else
        return Finished(promotion=promotion, receipt=kept, decision=None)
    return Finished(promotion=promotion, receipt=receipt, decision=decision, entries=tuple(entries))


def _kept(receipt: Receipt, store: Callable[[], object]) -> Receipt:
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


def end(job: Job, item: Item, promotion: str | None, receipt: Receipt, *, looked: bool = False) -> Receipt:
    """Records a refusal or failure; keeps the draft when that was asked for.

    After a write was answered nothing is merely refused: it can be undone. Without an answer nobody knows whether it
    happened, until somebody has `looked`.
    """
    problem = receipt.problem
    assert problem is not None
    try:
        known = None if promotion is None else job.journal.promotions.get(promotion)
    except ConfigError:  # it cannot even be read any more: nobody can say how far the write got
        return _kept(_written(receipt, item, "unknown"), lambda: job.journal.finish(promotion, receipt))
    settled = known is not None and looked and problem.code != outcomes.UNANSWERED.code
    if known is not None and (known.state == "answered" or (settled and known.state == "intent")):
        created = known.previous is None or known.previous.updated_at is None
        receipt = _written(receipt, item, "created" if created else "updated")
    elif known is not None and known.state == "intent" and receipt.verdict == "failed" and not looked:
        receipt = _written(receipt, item, "unknown")

    def store() -> None:
        if "draft" in job.remedies or problem.code == outcomes.INTERRUPTED.code:
            job.journal.drafts.save(SavedDraft.of_item(item, rule=job.rule, reason=problem.code))
        job.journal.finish(promotion, receipt, batch=job.choices.batch)

    return _kept(receipt, store)


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
    together = [one for one in finished if one.decision is not None and not one.entries]
    if len(together) > 1:
        try:
            _again(job, lambda: decisions.record_many(job.gateway, [one.decision for one in together if one.decision]))
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
