"""Takes responsibility for an item that somebody made by hand: from now on it says who approved it, and as what."""

from curator.audit.fixes.lineage import added, made_now, metadata_of, with_metadata
from curator.audit.fixes.values import Desk, Proposal
from curator.model import StoredItem
from curator.model.lineage import SOURCE
from curator.promote.reading import Found

ADOPTED = "adopted"
"""The value of `source` on adopted items: no review made them, one took them over."""


def adopt(desk: Desk, item: StoredItem, source: Found | None) -> Proposal:
    """Lineage of today, with what the metadata held before. Raises Refusal, CuratorError."""
    old = metadata_of(item)
    metadata = {**old, **made_now(desk, item, source), SOURCE: ADOPTED}
    return Proposal(
        item_id=item.id,
        fix="adopt",
        changes=tuple(added(metadata, old)),
        before=item,
        item=with_metadata(item, metadata),
    )
