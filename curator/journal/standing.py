"""Which promotions still stand: the items that this machine proved, without what was taken back or archived since."""

from datetime import datetime
from typing import TYPE_CHECKING

from curator.journal.promotions import Promotion
from curator.model import Receipt
from curator.model.base import Value

if TYPE_CHECKING:
    from curator.journal import Journal


class Standing(Value):
    """A proved promotion whose item should be there, active."""

    promotion: Promotion
    receipt: Receipt
    restored_at: datetime | None = None
    """When an undo of a later write brought this state back; None when nothing came after it."""


def standing(journal: "Journal", dataset: str) -> dict[str, Standing]:
    """Item id → the newest proved promotion that nobody on this machine has taken back or archived."""
    ledger = journal.ledger.recorded()
    times = {each.entry.id: each.entry.at for each in ledger}
    undone = {each.restore.promotion: times.get(each.undone_by) for each in ledger if each.undone_by is not None}
    found: dict[str, Standing] = {}
    taken_back: dict[str, datetime] = {}
    for promotion, receipt in _proved(journal, dataset):
        item_id = receipt.item_id
        if promotion.id in undone:
            before, at = found.pop(item_id, None), undone[promotion.id]
            if at is not None:
                taken_back[item_id] = max(at, taken_back.get(item_id, at))
                if before is not None and _was_update(promotion):
                    found[item_id] = before.model_copy(update={"restored_at": at})
        elif promotion.answer is None:
            # It found the item as it should be. What it found was taken back later: then so is this.
            if item_id not in taken_back or receipt.at > taken_back[item_id]:
                found[item_id] = Standing(promotion=promotion, receipt=receipt)
        elif promotion.answer.status == "ACTIVE":
            found[item_id] = Standing(promotion=promotion, receipt=receipt)
        else:
            found.pop(item_id, None)
    return found


def _proved(journal: "Journal", dataset: str) -> list[tuple[Promotion, Receipt]]:
    """Promotions with a good receipt, in the order of their receipts."""
    every = ((each, each.receipt) for each in journal.promotions.of_dataset(dataset))
    good = [(promotion, receipt) for promotion, receipt in every if receipt is not None and receipt.ok]
    return sorted(good, key=lambda pair: pair[1].at)


def _was_update(promotion: Promotion) -> bool:
    """Whether something stood under the id before: taking the promotion back brought that back."""
    return promotion.previous is not None and promotion.previous.updated_at is not None
