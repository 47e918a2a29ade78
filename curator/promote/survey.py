"""What a dataset holds, by pages of its list: before many writes, and after."""

import math
from collections.abc import Collection
from datetime import datetime

from curator.gateway.errors import NotFound
from curator.help import outcomes
from curator.journal.database import now
from curator.model import StoredItem
from curator.model.base import Value
from curator.promote.job import Job
from curator.promote.stops import Stop

PAGE = 100


class Survey(Value):
    """A dataset before the writes."""

    at: datetime
    total: int
    """What the server counts."""
    listed: dict[str, StoredItem]
    """The wanted items that its list shows, as far as it was read."""
    surplus: int
    """Rows that the server counts and does not show: ids with several current rows. 0 when not all pages were read."""
    new_ids: frozenset[str]
    """Wanted ids that need no look of their own."""

    def stored(self, job: Job, item_id: str) -> StoredItem | None:
        """What stands under a wanted id: from the list, else by a look (archived items are not listed).

        Raises GatewayError.
        """
        if item_id in self.listed:
            return self.listed[item_id]
        return None if item_id in self.new_ids else job.gateway.item(item_id)

    def doubtful(self, item_id: str) -> bool:
        """Whether this id may be one of those with several rows."""
        return self.surplus > 0 and item_id in self.listed


class Rows(Value):
    """The wanted items that the list shows after the writes."""

    rows: dict[str, StoredItem]
    odd: bool
    """True when the server counts more or fewer items than the writes explain."""


def survey(job: Job, dataset: str, wanted: Collection[str], new_ids: Collection[str]) -> Survey:
    """Reads the list where that costs less than looking ids up. Raises Stop for a missing dataset, GatewayError."""
    at, pages = now(), job.gateway.items(dataset, limit=PAGE)
    new = frozenset(new_ids) & frozenset(wanted)
    try:
        total = pages.total_items
    except NotFound:
        raise Stop(outcomes.DATASET_MISSING, f"Langfuse has no dataset named {dataset!r}.") from None
    rows: dict[str, StoredItem] = {}
    if _pages(total) - 1 <= max(len(wanted) - len(new), _affordable(wanted)):
        rows = {row.id: row for row in pages}
    return Survey(
        at=at,
        total=total,
        listed={item_id: row for item_id, row in rows.items() if item_id in wanted},
        surplus=max(0, total - len(rows)) if rows else 0,
        new_ids=new,
    )


def newest_rows(job: Job, dataset: str, wanted: Collection[str], before: Survey, created: int) -> Rows:
    """Reads the newest pages until every wanted item has been seen; whole, when that costs little.

    `created` is the number of new items among the writes. Raises GatewayError.
    """
    pages = job.gateway.items(dataset, limit=PAGE)
    total = pages.total_items
    whole = _pages(total) - 1 <= _affordable(wanted)
    missing, rows = set(wanted), dict[str, StoredItem]()
    for read, row in enumerate(pages, 1):
        rows.setdefault(row.id, row)
        missing.discard(row.id)
        if not whole and (not missing or read >= PAGE * (2 + _affordable(wanted))):
            break
    odd = total - len(rows) != before.surplus if whole else total != before.total + created
    return Rows(rows={item_id: rows[item_id] for item_id in wanted if item_id in rows}, odd=odd)


def _affordable(wanted: Collection[str]) -> int:
    """Pages beyond the first that may be read for so many items."""
    return 1 + len(wanted) // 25


def _pages(total: int) -> int:
    return math.ceil(total / PAGE)
