"""One promotion: look, write, read back, say what is true."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from curator.help import outcomes
from curator.journal import Busy, Entry, Journal, SavedDraft
from curator.journal.database import now
from curator.model import Check, Item, Receipt, ScrubPolicy, lineage
from curator.model.errors import CuratorError
from curator.model.receipt import Verdict, WriteAction
from curator.promote.content import adapted, check_content, check_scrubbed
from curator.promote.job import Finder, Job, Patience
from curator.promote.plan import Plan, plan
from curator.promote.readback import Proof, checks_of
from curator.promote.repair import prove
from curator.promote.share import Finished, promoted, share
from curator.promote.stops import Stop, stop_of
from curator.promote.write import Changed, intend_and_write, read

if TYPE_CHECKING:
    from curator.gateway import Gateway

MAX_ATTEMPTS = 5
"""How many deterministic ids the remedy `next-id` tries."""
_REPLANS = 5


def promote(
    gateway: "Gateway",
    journal: Journal,
    scrubber: Finder,
    item: Item,
    *,
    policy: ScrubPolicy,
    rule: str,
    reviewer: str,
    remedies: Collection[str] = (),
    entries: Sequence[Entry] = (),
    patience: Patience | None = None,
    batch: str = "",
) -> Receipt:
    """Promotes one item: preflight by id, one write, read-back by id and by list, second scrub, receipt, decision.

    At most five requests when nothing goes wrong. `remedies` (names of `REMEDIES`) say what curator may do about a
    failure; `entries` are annotation-queue entries to complete. Never raises for what the server or the network does:
    the receipt names it. The journal knows of every step before it is taken.
    """
    job = Job(gateway, journal, scrubber, policy, rule, reviewer, frozenset(remedies), patience or Patience(), batch)
    return promote_one(job, item, entries)


def promote_one(job: Job, item: Item, entries: Sequence[Entry] = (), promotion: str | None = None) -> Receipt:
    """`promote` with everything that is the same for many items in one value.

    `promotion` is one that has begun with a prepared item and goes on here.
    """
    action: WriteAction = "none"
    try:
        if promotion is None:
            item = prepared(job, item)
            promotion = job.journal.promotions.begin(item, rule=job.rule, reviewer=job.reviewer, entries=entries)
        while True:
            try:
                action, proof = _write_and_prove(job, item, promotion)
                break
            except Stop as stop:
                following = next_item(item) if stop.outcome in (outcomes.COLLISION, outcomes.TOMBSTONE) else None
                if following is None or "next-id" not in job.remedies:
                    raise
                item = following
                job.journal.promotions.retarget(promotion, item)
        receipt = proved(job, item, action, proof, "by id and by list")
    except Stop as stop:
        return end(job, item, promotion, refused(job, item, stop))
    except CuratorError as error:
        return end(job, item, promotion, refused(job, item, stop_of(error)))
    except BaseException:
        if promotion is not None:
            job.journal.promotions.give_up(promotion)
        raise
    return share(job, finish(job, promotion, item, receipt, entries))


def prepared(job: Job, item: Item) -> Item:
    """The item with the asked-for adaptations, proven to arrive as it is and to be clean. Raises Stop, CuratorError."""
    item = adapted(item, job.remedies)
    check_content(item)
    check_scrubbed(item, job.scrubber, job.policy)
    return item


def _write_and_prove(job: Job, item: Item, promotion: str) -> tuple[WriteAction, Proof]:
    try:
        with job.journal.item_lock(item.id, job.patience.lock):
            for _ in range(_REPLANS):
                the_plan = plan(item, read(job, item.id), job.remedies)
                try:
                    return carry_out(job, the_plan, promotion)
                except Changed:
                    continue
    except Busy:
        raise Stop(outcomes.BUSY, f"Another curator on this machine is writing the item {item.id}.") from None
    raise Stop(outcomes.MODIFIED, f"Somebody else keeps changing the item {item.id}.")


def carry_out(job: Job, the_plan: Plan, promotion: str) -> tuple[WriteAction, Proof]:
    """Does what was planned and proves it. Raises Stop, Changed, CuratorError."""
    answer = None if the_plan.action == "none" else intend_and_write(job, the_plan, promotion)
    return prove(job, the_plan, promotion, answer)


def next_item(item: Item) -> Item | None:
    """The same item under the next deterministic id, which lineage records; None when there is none left."""
    attempt = int(str(item.metadata.get("id_attempt", 1))) + 1
    if item.source_trace_id is None or attempt > MAX_ATTEMPTS:
        return None
    case = str(item.metadata.get("case", "1"))
    identity = lineage.item_id(item.dataset, item.source_trace_id, item.source_observation_id, case, attempt)
    return item.model_copy(update={"id": identity, "metadata": item.metadata | {"id_attempt": attempt}})


def proved(job: Job, item: Item, action: WriteAction, proof: Proof, reading: str) -> Receipt:
    """The receipt of an item that is there, once, as meant."""
    if proof.other_approval:
        action = "none"
    return Receipt(
        trace_id=item.source_trace_id or "",
        item_id=item.id,
        dataset=item.dataset,
        action=action,
        verdict="unchanged" if action == "none" else "verified",
        checks=checks_of(proof, reading),
        at=now(),
        reviewer=job.reviewer,
        rule=job.rule,
        fingerprint=lineage.content_fingerprint(item),
    )


def refused(job: Job, item: Item, stop: Stop) -> Receipt:
    """The receipt of an item that is not there as meant, with the reason and what can be done."""
    verdict: Verdict = stop.outcome.verdict
    return Receipt(
        trace_id=item.source_trace_id or "",
        item_id=item.id,
        dataset=item.dataset,
        action="none",
        verdict=verdict,
        checks=(Check(name=stop.problem.code, ok=False, detail=stop.problem.message),),
        problem=stop.problem,
        at=now(),
        reviewer=job.reviewer,
        rule=job.rule,
        remedies=stop.remedies,
    )


def finish(job: Job, promotion: str, item: Item, receipt: Receipt, entries: Sequence[Entry]) -> Finished:
    """Records a proved receipt and forgets a saved draft of the same case; the decision is still to be shared."""
    decision = promoted(job, promotion, receipt, entries)
    case = str(item.metadata.get("case", "1"))
    job.journal.finish(promotion, receipt, decision, batch=job.batch, case=case)
    return Finished(promotion=promotion, receipt=receipt, decision=decision, entries=tuple(entries))


def end(job: Job, item: Item, promotion: str | None, receipt: Receipt) -> Receipt:
    """Records a refusal or failure; keeps the draft when that was asked for."""
    known = None if promotion is None else job.journal.promotions.get(promotion)
    if known is not None and known.state in ("intent", "answered") and receipt.verdict == "failed":
        written: WriteAction = "created" if known.previous is None or known.previous.updated_at is None else "updated"
        receipt = receipt.model_copy(update={"action": written, "fingerprint": lineage.content_fingerprint(item)})
    if receipt.problem is not None and ("draft" in job.remedies or receipt.problem.code == outcomes.INTERRUPTED.code):
        job.journal.drafts.save(SavedDraft.of_item(item, rule=job.rule, reason=receipt.problem.code))
    job.journal.finish(promotion, receipt, batch=job.batch)
    return receipt
