"""Items that the list cannot tell about: those that receipts know and it does not show, and doubled rows."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from curator.audit.values import ById
from curator.gateway import Gateway
from curator.model import StoredItem


def read_one_by_one(
    gateway: Gateway,
    items: Sequence[StoredItem],
    promoted: Collection[str],
    *,
    uncounted: int,
    most: int | None,
    left_out: list[str],
) -> dict[str, ById | None]:
    """Item id → what reading it by id shows, for `most` items at most (None: for all that it takes); None: not there.

    The list shows the newest row of a doubled id, reading by id an older one. When the server counts `uncounted` rows
    more than there are ids, items are read, the newest first, until these rows are found. Raises GatewayError.
    """
    dataset_id = items[0].dataset_id if items else None
    versions: dict[str, set[datetime]] = defaultdict(set)
    for item in items:
        versions[item.id].add(item.updated_at)
    absent = [item_id for item_id in promoted if item_id not in versions]
    found: dict[str, ById | None] = {}
    for item_id in absent[:most]:
        stored = gateway.item(item_id)
        here = stored is not None and dataset_id in (None, stored.dataset_id)
        found[item_id] = ById(status=stored.status, updated_at=stored.updated_at) if stored and here else None
    if len(found) < len(absent):
        left_out.append(
            f"{len(absent) - len(found)} of {len(absent)} promoted items that are not listed (--deep looks)"
        )
    missing = uncounted - sum(len(each) - 1 for each in versions.values())
    suspects = [item_id for item_id, each in versions.items() if len(each) == 1] if missing > 0 else []
    for position, item_id in enumerate(suspects):
        if missing <= 0:
            break
        if most is not None and len(found) >= most:
            left_out.append(f"{len(suspects) - position} items that may be current more than once (--deep looks)")
            break
        stored = gateway.item(item_id)
        found[item_id] = None if stored is None else ById(status=stored.status, updated_at=stored.updated_at)
        missing -= stored is not None and stored.updated_at < max(versions[item_id])
    return found
