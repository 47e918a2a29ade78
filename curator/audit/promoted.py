"""What this machine's journal knows of a dataset's items."""

from curator.audit.values import Promoted
from curator.journal import Journal


def promoted_items(journal: Journal | None, dataset: str) -> dict[str, Promoted]:
    """Item id → its newest good promotion; without items that curator itself took back, archived or erased."""
    if journal is None:
        return {}
    ledger = journal.ledger.recorded()
    times = {each.entry.id: each.entry.at for each in ledger}
    undone = {each.restore.promotion: times.get(each.undone_by) for each in ledger if each.undone_by is not None}
    found: dict[str, Promoted] = {}
    for promotion in journal.promotions.of_dataset(dataset):
        receipt, answer = promotion.receipt, promotion.answer
        if receipt is None or not receipt.ok:
            continue
        before = found.pop(receipt.item_id, None)
        if promotion.id in undone:
            restored_at = undone[promotion.id]
            updated = promotion.previous is not None and promotion.previous.updated_at is not None
            if updated and before is not None and restored_at is not None:
                found[receipt.item_id] = before.model_copy(update={"written": None, "touched": restored_at})
        elif answer is None or answer.status == "ACTIVE":
            written = None if answer is None else answer.updated_at
            found[receipt.item_id] = Promoted(receipt=receipt, written=written, touched=receipt.at)
    return found
