"""Completes the lineage of an item that curator promoted, from its source trace and the rule."""

from curator.audit.fixes.lineage import BACKFILLED, added, made_now, with_metadata
from curator.audit.fixes.values import Desk, Proposal, Refusal
from curator.model import StoredItem
from curator.model.lineage import REQUIRED_KEYS
from curator.promote.reading import Found


def backfill(desk: Desk, item: StoredItem, source: Found | None) -> Proposal:
    """What is recorded stays; what is missing is filled in, and lineage names it. Raises Refusal, CuratorError."""
    recorded = {key: value for key, value in dict(item.metadata or {}).items() if value is not None}
    missing = [key for key in REQUIRED_KEYS if key not in recorded]
    today = made_now(desk, item, source)
    filled = {key: value for key, value in today.items() if key not in recorded}
    still = [key for key in missing if key not in filled]
    if still == missing:
        raise Refusal(
            "FIX_NOTHING_LEFT",
            f"Its source trace is gone, so {', '.join(still)} cannot be recovered.",
            "Promote the case anew from another trace, or archive it.",
        )
    before = recorded.get(BACKFILLED)
    noted = sorted({*(before if isinstance(before, list) else []), *(key for key in missing if key in filled)})
    metadata = {**recorded, **filled, BACKFILLED: noted}
    changes = added(metadata, recorded)
    changes += [f"metadata.{key}: cannot be recovered, the source trace is gone" for key in still]
    return Proposal(
        item_id=item.id, fix="backfill", changes=tuple(changes), before=item, item=with_metadata(item, metadata)
    )
