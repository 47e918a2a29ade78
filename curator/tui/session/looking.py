"""What is there: datasets with their items, the ledger."""

from datetime import datetime
from typing import TYPE_CHECKING

from curator.model import Dataset, StoredItem
from curator.tui.session.rooms import Rooms
from curator.tui.session.values import Report

if TYPE_CHECKING:
    from curator.audit.story import Story
    from curator.audit.values import AuditReport
    from curator.journal import LedgerEntry


class Looking(Rooms):
    """What is listed beside the queue."""

    def datasets(self) -> list[Dataset]:
        """All datasets, last changed first. Raises GatewayError."""
        return sorted(self.gateway.datasets(), key=lambda d: d.updated_at, reverse=True)

    def item_count(self, dataset: str) -> int:
        """How many active items a dataset has; one request. Raises GatewayError."""
        return self.gateway.items(dataset, limit=1).total_items

    def items(self, dataset: str, report: Report) -> list[StoredItem]:
        """The active items of a dataset, newest first. Raises NotFound, GatewayError."""
        pages = self.gateway.items(dataset)
        found: list[StoredItem] = []
        for item in pages:
            found.append(item)
            if len(found) % 100 == 0:
                report("fetching items", len(found), pages.total_items)
        return found

    def audit(self, dataset: str, report: Report) -> "AuditReport":
        """The audit of a dataset, by the rule that feeds it if there is just one. Raises UsageError, GatewayError."""
        from curator.audit.run import audit
        from curator.audit.workers import Processes
        from curator.scrub.scrubber import Scrubber

        feeding = [rule for rule in self.rules if rule.rule.dataset.name == dataset]
        rule = feeding[0] if len(feeding) == 1 else None
        return audit(
            self.gateway,
            self.journal,
            dataset,
            rule,
            at=datetime.now().astimezone(),
            workers=Processes(1, first=self.scrubber),
            scrub=Scrubber,
            policy=self.policy(rule.rule.rule if rule else None),
            progress=lambda what, done, total: report(what, done, total),
        )

    def story(self, dataset: str, item_id: str) -> "Story":
        """Where an item came from and what became of it. Raises UsageError, GatewayError."""
        from curator.audit.story import story_of

        return story_of(self.gateway, self.journal, dataset, item_id, at=datetime.now().astimezone())

    def ledger(self, limit: int = 2000) -> "list[LedgerEntry]":
        """What was done on this machine, newest first. Raises ConfigError."""
        return self.journal.ledger.entries(limit)[::-1]
