"""What is stored: datasets with their items, where an item came from, the ledger."""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from curator.model import Dataset, StoredItem
from curator.tui.session.rooms import Report, Rooms

if TYPE_CHECKING:
    from curator.audit import AuditReport, Story
    from curator.promote import Verified
    from curator.rulebook import LoadedRule

FRESH = 300.0
"""Seconds for which the items of a dataset are believed, when looking for similar ones."""


class Items:
    """What is listed beside the queue."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._known: dict[str, tuple[float, list[StoredItem] | None]] = {}

    def datasets(self) -> list[Dataset]:
        """All datasets, last changed first. Raises GatewayError."""
        return sorted(self._rooms.gateway.datasets(), key=lambda d: d.updated_at, reverse=True)

    def counts(self, datasets: Sequence[Dataset]) -> dict[str, int]:
        """Dataset → how many active items it has; a request for each. Raises GatewayError."""
        return {each.name: self._rooms.gateway.items(each.name, limit=1).total_items for each in datasets}

    def of(self, dataset: str, report: Report) -> list[StoredItem]:
        """The active items of a dataset, newest first. Raises NotFound, GatewayError."""
        pages = self._rooms.gateway.items(dataset)
        found: list[StoredItem] = []
        for item in pages:
            found.append(item)
            if len(found) % 100 == 0:
                report("fetching items", len(found), pages.total_items)
        self._known[dataset] = (time.monotonic(), found)
        return found

    def known(self) -> list[StoredItem]:
        """The items that have been read so far."""
        return [item for _, items in list(self._known.values()) for item in items or []]

    def lately(self, dataset: str) -> list[StoredItem] | None:
        """The items of a dataset, read at most once in five minutes; None when there is no such dataset."""
        from curator.gateway import NotFound

        known = self._known.get(dataset)
        if known is not None and time.monotonic() - known[0] < FRESH:
            return known[1]
        try:
            items: list[StoredItem] | None = list(self._rooms.gateway.items(dataset))
        except NotFound:
            items = None
        self._known[dataset] = (time.monotonic(), items)
        return items

    def forget(self, dataset: str) -> None:
        """Something in the dataset has changed."""
        self._known.pop(dataset, None)

    def create_dataset(self, loaded: "LoadedRule") -> None:
        """Creates the dataset of a rule with its schemas, or brings the schemas up to date. Raises GatewayError."""
        self._rooms.promoter.create_dataset(loaded)
        self.forget(loaded.rule.dataset.name)

    def audit(self, dataset: str, report: Report) -> "AuditReport":
        """The audit of a dataset, by the rule that feeds it if there is just one. Raises UsageError, GatewayError."""
        from curator.audit import Processes, audit
        from curator.rulebook import rule_feeding
        from curator.scrub import Scrubber

        rule = rule_feeding(dataset, self._rooms.rules)
        return audit(
            self._rooms.gateway,
            self._rooms.journal,
            dataset,
            rule,
            at=datetime.now().astimezone(),
            workers=Processes(1, first=self._rooms.scrubber),
            scrub=Scrubber,
            policy=self._rooms.policy(rule.rule.rule if rule else None),
            progress=lambda what, done, total: report(what, done, total),
        )

    def story(self, dataset: str, item_id: str) -> "Story":
        """Where an item came from and what became of it. Raises UsageError, GatewayError."""
        from curator.audit import story_of

        at = datetime.now().astimezone()
        return story_of(self._rooms.gateway, self._rooms.journal, dataset, item_id, at=at)

    def verify(self, dataset: str, item_id: str, rule: str | None) -> "Verified":
        """Reads an item back and holds it against its receipt and lineage. Raises CuratorError."""
        known = rule if rule in self._rooms.named else None
        return next(self._rooms.promoter.verify(dataset, [item_id], rule=known))

    def url(self, dataset: str, item_id: str) -> str:
        """Where an item stands in Langfuse's web app. Raises NotFound, GatewayError."""
        gateway = self._rooms.gateway
        found = gateway.item(item_id)
        known = found.dataset_id if found is not None else None
        if known is None:
            named = gateway.dataset(dataset)
            known = named.id if named is not None else dataset
        return gateway.item_url(known, item_id)
