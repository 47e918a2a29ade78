"""Writes what was proposed through the verified write of a promotion: journalled, read back, undoable."""

import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from curator.audit.fixes.values import Desk, Proposal
from curator.gateway.errors import GatewayError
from curator.help import outcomes
from curator.journal import Busy, Journal
from curator.model import Check, Decision, Item, Receipt, StoredItem, lineage
from curator.model.errors import CuratorError
from curator.promote import Choices, Job, Promoter
from curator.promote.one import promote_one
from curator.promote.plan import Plan, differences
from curator.promote.proof import look
from curator.promote.stops import Stop, stop_of
from curator.promote.write import intend_and_write, read


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
            yield _archive(job, proposal.item, proposal.before)
        else:
            yield _rewrite(job, proposal.item, proposal.before, adopted=proposal.fix == "adopt")


def _rule_name(desk: Desk) -> str:
    return desk.rule.rule.rule if desk.rule is not None else ""


def _rewrite(job: Job, item: Item, before: StoredItem, *, adopted: bool) -> Receipt:
    try:
        _require_unchanged(job, before)
    except Stop as stop:
        return _end(job, item, None, stop)
    if item.source_trace_id and not adopted:
        # The trace has long been promoted: this, and not an open failure, is what an undo goes back to.
        job.journal.decisions.remember(
            Decision(
                trace_id=item.source_trace_id,
                state="promoted",
                reviewer=str(item.metadata.get("reviewer", "")),
                rule=job.rule or None,
                item_id=item.id,
                at=_now(),
            )
        )
    return promote_one(job, item)


def _archive(job: Job, item: Item, before: StoredItem) -> Receipt:
    """As a promotion: intent, write, read-back; proved by the id that reads as archived and the list without it."""
    promotion = job.journal.promotions.begin(_plain(item), rule=job.rule, reviewer=job.reviewer)
    try:
        with job.journal.item_lock(item.id, job.patience.lock):
            _require_unchanged(job, before)
            answer = intend_and_write(job, Plan.model_construct(action="updated", item=item, before=before), promotion)
            _prove_archived(job, item, answer)
    except Busy:
        stop = Stop(outcomes.BUSY, f"Another curator on this machine is writing the item {item.id}.")
        return _end(job, item, promotion, stop)
    except Stop as stop:
        return _end(job, item, promotion, stop)
    except CuratorError as error:
        return _end(job, item, promotion, stop_of(error))
    except BaseException:
        job.journal.promotions.give_up(promotion)
        raise
    receipt = _receipt(job, item, ok=True).model_copy(
        update={"checks": (Check(name="archived", ok=True, detail="by id and by list"),)}
    )
    job.journal.finish(promotion, receipt, batch=job.choices.batch)
    return receipt


def _prove_archived(job: Job, item: Item, answer: StoredItem) -> None:
    """Raises Stop."""
    try:
        reading = look(job, item)
    except GatewayError as error:
        raise stop_of(error, verdict="failed") from None
    stored = reading.by_id
    if stored is None or stored.updated_at < answer.updated_at or reading.listed is not None:
        raise Stop(outcomes.STALE_READ, f"Langfuse accepted it, but the item {item.id} does not read as archived.")
    if found := differences(item, stored):
        raise Stop(outcomes.REWRITTEN, f"Langfuse stored something else than was sent: {found[0]}.", path=found[0].path)


def _require_unchanged(job: Job, before: StoredItem) -> None:
    """What was previewed is what is overwritten. Raises Stop."""
    stored = read(job, before.id)
    if stored is None or (stored.updated_at, stored.dataset_id) != (before.updated_at, before.dataset_id):
        raise Stop(outcomes.CHANGED, f"The item {before.id} was changed since the preview.")


def _end(job: Job, item: Item, promotion: str | None, stop: Stop) -> Receipt:
    known = None if promotion is None else job.journal.promotions.get(promotion)
    written = known is not None and known.state in ("intent", "answered") and stop.outcome.verdict == "failed"
    receipt = _receipt(job, item, ok=False).model_copy(
        update={
            "action": "updated" if written else "none",
            "verdict": stop.outcome.verdict,
            "problem": stop.problem,
            "checks": (Check(name=stop.problem.code, ok=False, detail=stop.problem.message),),
        }
    )
    job.journal.finish(promotion, receipt, batch=job.choices.batch)
    return receipt


def _receipt(job: Job, item: Item, *, ok: bool) -> Receipt:
    """Without the trace: that an item is archived says nothing about what was decided of its source."""
    return Receipt(
        trace_id="",
        item_id=item.id,
        dataset=item.dataset,
        action="updated" if ok else "none",
        verdict="verified" if ok else "refused",
        at=_now(),
        reviewer=job.reviewer,
        rule=job.rule,
        fingerprint=lineage.content_fingerprint(item),
        digest=lineage.approval_digest(item),
    )


def _plain(item: Item) -> Item:
    """The item for the journal, which keeps it until the receipt stands; it takes only objects as metadata."""
    metadata = item.metadata if isinstance(item.metadata, dict) else {}
    return item.model_copy(update={"metadata": metadata})


def _now() -> datetime:
    return datetime.now(UTC)
