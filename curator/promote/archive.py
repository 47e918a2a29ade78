"""Takes an item out of every run without deleting it, as provably as it was written: intent, write, read-back."""

from dataclasses import replace

from curator.help import outcomes
from curator.journal import Busy
from curator.model import Check, Item, Receipt, StoredItem, lineage
from curator.model.errors import CuratorError
from curator.promote.job import Job
from curator.promote.one import end, receipt_of, refused
from curator.promote.plan import Plan
from curator.promote.proof import prove_archived
from curator.promote.stops import Stop, stop_of
from curator.promote.write import Changed, intend_and_write, read


def archive(job: Job, before: StoredItem) -> Receipt:
    """Archives an item that still is as `before`; proved by the id that reads as archived and the list without it.

    Says nothing of its trace: what was decided of that stays. Undoable like a promotion. Never raises for the server.
    """
    job, item = replace(job, shares=False), before.to_write("ARCHIVED")
    promotion = job.journal.promotions.begin(_plain(item), rule=job.rule, reviewer=job.reviewer)
    try:
        with job.journal.item_lock(item.id, job.patience.lock):
            require_unchanged(job, before)
            answer = intend_and_write(job, Plan.model_construct(action="updated", item=item, before=before), promotion)
            prove_archived(job, item, answer)
    except Busy:
        stop = Stop(outcomes.BUSY, f"Another curator on this machine is writing the item {item.id}.")
        return end(job, item, promotion, refused(job, item, stop))
    except Changed:
        return end(job, item, promotion, refused(job, item, _changed(before)))
    except Stop as stop:
        return end(job, item, promotion, refused(job, item, stop))
    except CuratorError as error:
        return end(job, item, promotion, refused(job, item, stop_of(error)))
    except BaseException:
        job.journal.promotions.give_up(promotion)
        raise
    receipt = receipt_of(job, item).model_copy(
        update={
            "action": "updated",
            "verdict": "verified",
            "checks": (Check(name="archived", ok=True, detail="by id and by list"),),
            "fingerprint": lineage.content_fingerprint(item),
            "digest": lineage.approval_digest(item),
        }
    )
    job.journal.finish(promotion, receipt, batch=job.choices.batch)
    return receipt


def require_unchanged(job: Job, before: StoredItem) -> None:
    """What was previewed is what is overwritten. Raises Stop."""
    stored = read(job, before.id)
    if stored is None or (stored.updated_at, stored.dataset_id) != (before.updated_at, before.dataset_id):
        raise _changed(before)


def _changed(before: StoredItem) -> Stop:
    return Stop(outcomes.CHANGED, f"The item {before.id} was changed since the preview.")


def _plain(item: Item) -> Item:
    """The item for the journal, which keeps it until the receipt stands; it takes only objects as metadata."""
    metadata = item.metadata if isinstance(item.metadata, dict) else {}
    return item.model_copy(update={"metadata": metadata})
