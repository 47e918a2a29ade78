"""The journal: a crash-safe local record of drafts, promotions, decisions and the ledger.

One SQLite file (`journal.sqlite3`, mode 0600) in the state folder, for every Langfuse project, any number of processes
and threads. It never holds text that has not passed the scrub.

Every commit is synced to the disk (`synchronous = FULL`) before the request that follows it is sent: the intent before
the write, its answer before the reading back, receipt, ledger and the decision owed before its score. After a
power cut the disk so knows at least of every write that may have happened, and `promote --resume` looks.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from curator.config import Connection, state_folder
from curator.journal.database import Database, now
from curator.journal.drafts import PREPARED, Decisions, Drafts, SavedDraft
from curator.journal.export import export_ledger, read_ledger
from curator.journal.ledger import Ledger, LedgerEntry, UndoableEntry, Undoing, standing
from curator.journal.locks import PATIENCE, Busy, item_lock, require_locks
from curator.journal.promotions import Entry, LastApproval, Previous, Promotion, Promotions, last_approvals
from curator.model import Decision, Item, Receipt

FILE = "journal.sqlite3"


class Journal:
    """The journal of one Langfuse project on this machine. Thread-safe; a context manager."""

    def __init__(self, scope: str, path: Path | None = None, patience: float = PATIENCE) -> None:
        """Opens or creates the journal. `scope` names the project (`scope_of`).

        Other processes are waited for `patience` seconds. Raises ConfigError.
        """
        self.path = path or state_folder() / FILE
        self._db = Database(self.path, scope, patience)
        self.promotions = Promotions(self._db)
        self.drafts = Drafts(self._db)
        self.decisions = Decisions(self._db)
        self.ledger = Ledger(self._db)

    @classmethod
    def of(cls, connection: Connection) -> "Journal":
        """The journal of the project that a connection leads to."""
        return cls(scope_of(connection), patience=connection.limits.lock_seconds)

    @contextmanager
    def item_lock(self, item_id: str, patience: float) -> Iterator[None]:
        """Holds the right to write an item id on this machine. Raises Busy after `patience` seconds."""
        with item_lock(self.path.parent / "locks", item_id, patience):
            yield

    def finish(
        self,
        promotion: str | None,
        receipt: Receipt,
        decision: Decision | None = None,
        *,
        batch: str = "",
        approved: Item | None = None,
    ) -> None:
        """Ends a promotion: receipt, ledger and the decision to share, all or nothing.

        `promotion` is None for one that was refused before it began. `approved` is the item as it was proved: it is
        kept, so that a later change can be named with old and new, and a saved draft of its case is forgotten. A write
        that nobody has seen the end of (`unknown`) stays open for `resume`.
        """
        with self._db.write():
            if receipt.action == "unknown" and not receipt.ok and promotion is not None:
                self.promotions.give_up(promotion)
            elif promotion is not None:
                self.promotions.finish(promotion, receipt, decision, approved)
            before = self.decisions.get(receipt.key)
            if decision is not None:
                self.decisions.remember(decision)
            self.ledger.promoted(receipt, promotion=promotion, before=before, batch=batch)
            if promotion is not None and receipt.ok:
                self.promotions.supersede(receipt.item_id, promotion)
            begun = None if promotion is None else self.promotions.get(promotion)
            if approved is not None and begun is not None:
                case = str(approved.metadata.get("case", "1"))
                self.drafts.drop(receipt.key, receipt.rule, case, saved_until=begun.started_at)

    def decide(self, decision: Decision, *, batch: str = "") -> None:
        """Records a dismissal, a snooze or a reopening: local state and ledger, all or nothing."""
        with self._db.write():
            before = self.decisions.get(decision.key)
            self.decisions.remember(decision)
            self.ledger.decided(decision, before, batch=batch)
            if decision.state == "dismissed":  # what was prepared of it is declined
                for draft in self.drafts.prepared():
                    if draft.key == decision.key:
                        self.drafts.drop(draft.key, draft.rule, draft.case)

    def roll_back(self, promotion: Promotion, reason: str) -> None:
        """Turns a promotion that was never sent into a saved draft, and forgets it."""
        with self._db.write() as db:
            if promotion.item is not None:
                self.drafts.save(SavedDraft.of_item(promotion.item, rule=promotion.rule, reason=reason))
            db.execute("DELETE FROM promotions WHERE id = ?", (promotion.id,))

    def undo(self, entry: LedgerEntry, decision: Decision | None) -> None:
        """Records that an entry was taken back, and the decision that holds again."""
        with self._db.write():
            if decision is not None:
                self.decisions.remember(decision)
            self.ledger.undone(entry)

    def compact(self) -> None:
        """Takes what was forgotten off the disk at once. Raises ConfigError."""
        self._db.compact()

    def close(self) -> None:
        """Ends this process's sign of life and closes the file."""
        self.promotions.close()
        self._db.close()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def scope_of(connection: Connection) -> str:
    """Names a project by server and public key, without holding either."""
    return hashlib.sha256(f"{connection.base_url}\n{connection.public_key}".encode()).hexdigest()[:24]
