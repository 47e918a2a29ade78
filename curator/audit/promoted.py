"""What this machine's journal knows of a dataset's items."""

from curator.audit.values import Promoted
from curator.journal import Journal, standing


def promoted_items(journal: Journal | None, dataset: str) -> dict[str, Promoted]:
    """Item id → its newest good promotion; without items that curator itself took back, archived or erased."""
    found: dict[str, Promoted] = {}
    for item_id, each in standing(journal, dataset).items() if journal is not None else ():
        answer = each.promotion.answer
        found[item_id] = Promoted(
            receipt=each.receipt,
            written=None if answer is None or each.restored_at is not None else answer.updated_at,
            touched=each.restored_at or each.receipt.at,
        )
    return found
