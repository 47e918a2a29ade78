"""Takes an item out of every run without deleting it, as provably as it was written: intent, write, read-back."""

from datetime import UTC, datetime

from curator.gateway.errors import GatewayError
from curator.help import outcomes
from curator.journal import Busy
from curator.model import Check, Item, Receipt, StoredItem, lineage
from curator.model.errors import CuratorError
from curator.promote.job import Job
from curator.promote.plan import Plan, differences
from curator.promote.proof import look
from curator.promote.stops import Stop, stop_of
from curator.promote.write import intend_and_write, read


def archive(job: Job, before: StoredItem) -> Receipt:
    """Archives an item that still is as `before`; proved by the id that reads as archived and the list without it.

    Undoable like a promotion. Never raises for the server.
    """
    item = before.to_write("ARCHIVED")
    promotion = job.journal.promotions.begin(_plain(item), rule=job.rule, reviewer=job.reviewer)
    try:
        with job.journal.item_lock(item.id, job.patience.lock):
            require_unchanged(job, before)
            answer = intend_and_write(job, Plan.model_construct(action="updated", item=item, before=before), promotion)
            _prove_archived(job, item, answer)
    except Busy:
        stop = Stop(outcomes.BUSY, f"Another curator on this machine is writing the item {item.id}.")
        return end_without_trace(job, item, promotion, stop)
    except Stop as stop:
        return end_without_trace(job, item, promotion, stop)
    except CuratorError as error:
        return end_without_trace(job, item, promotion, stop_of(error))
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


def require_unchanged(job: Job, before: StoredItem) -> None:
    """What was previewed is what is overwritten. Raises Stop."""
    stored = read(job, before.id)
    if stored is None or (stored.updated_at, stored.dataset_id) != (before.updated_at, before.dataset_id):
        raise Stop(outcomes.CHANGED, f"The item {before.id} was changed since the preview.")


def end_without_trace(job: Job, item: Item, promotion: str | None, stop: Stop) -> Receipt:
    """Records that it came to nothing, or that nobody knows; says nothing about the item's trace."""
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
