"""The record of every promotion, written before each step, so that a kill at any point leaves a plain story.

`draft` (nothing asked of the server yet) → `intent` (a write may be under way) → `answered` (the server said yes) →
`done` (there is a receipt). The scrubbed item is kept as it was approved; one that was not written is dropped then.
"""

import json
import threading
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple

from curator.journal.database import Database, Row, now, stamp
from curator.journal.ledger import LedgerEntry, entry_of, standing
from curator.journal.locks import Owner, is_alive
from curator.model import Decision, Item, Receipt, StoredItem
from curator.model.base import Value

PREVIOUS_KEPT = timedelta(days=30)
"""For so long an undo needs no help of the server's own versions."""
Step = Literal["draft", "intent", "answered", "done"]
Entry = tuple[str, str]
"""An annotation-queue entry: queue id, entry id."""


class Previous(Value):
    """What stood under the id before the write; None values for an id that was free."""

    updated_at: datetime | None = None
    """Version of the item before the write: Langfuse can list the state at that time."""
    content: StoredItem | None = None
    """The item before the write, when it is clean of personal values; else only Langfuse holds it."""


class Promotion(Value):
    """One promotion as the journal knows it."""

    id: str
    dataset: str
    item_id: str
    trace_id: str
    rule: str
    reviewer: str
    state: Step
    started_at: datetime
    item: Item | None = None
    """What is being written; of a proved promotion, what was approved."""
    previous: Previous | None = None
    """None until the write was intended."""
    answer: StoredItem | None = None
    """Times and status of the server's answer; its content is left out."""
    receipt: Receipt | None = None
    decision: Decision | None = None
    """The decision that still has to be shared."""
    entries: tuple[Entry, ...] = ()
    """Annotation-queue entries to complete, or completed, with it."""


class Promotions:
    """Writes and finds promotions of one scope."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._folder = db.path.parent / "locks"
        self._owning = threading.Lock()
        self._owner: Owner | None = None

    def begin(self, item: Item, *, rule: str, reviewer: str, entries: Sequence[Entry] = ()) -> str:
        """Records a scrubbed item as the draft of a promotion; returns the promotion's id."""
        with self._owning:
            self._owner = self._owner or Owner(self._folder, self._db.patience)
            owner = self._owner.name
        identity, moment = uuid.uuid4().hex, stamp(now())
        row = {
            "id": identity, "scope": self._db.scope, "dataset": item.dataset, "item_id": item.id, "rule": rule,
            "trace_id": item.source_trace_id or "", "reviewer": reviewer, "state": "draft", "owner": owner,
            "started_at": moment, "updated_at": moment, "item": item.model_dump_json(), "entries": json.dumps(entries),
        }  # fmt: skip
        with self._db.write() as db:
            names, marks = ", ".join(row), ", ".join("?" * len(row))
            db.execute(f"INSERT INTO promotions ({names}) VALUES ({marks})", tuple(row.values()))
        return identity

    def retarget(self, promotion: str, item: Item) -> None:
        """Records that the item goes on under another id; nothing has been written under the first."""
        self._set(promotion, state="draft", item_id=item.id, item=item.model_dump_json())

    def intend(self, promotion: str, previous: Previous) -> None:
        """Records that the write is about to be sent, and what it replaces."""
        self._set(promotion, state="intent", previous=previous.model_dump_json())

    def replaced(self, promotion: str, previous: Previous) -> None:
        """Records what the write replaced after all."""
        self._set(promotion, previous=previous.model_dump_json())

    def answered(self, promotion: str, answer: StoredItem) -> None:
        """Records that the server accepted the write. Only when and how is kept, not the content."""
        bare = answer.model_copy(update={"input": None, "expected_output": None, "metadata": None})
        self._set(promotion, state="answered", answer=bare.model_dump_json())

    def finish(self, promotion: str, receipt: Receipt, decision: Decision | None, approved: Item | None = None) -> None:
        """Records the receipt, the item as approved and the decision to share; forgets old previous versions."""
        self._set(
            promotion,
            state="done",
            item_id=receipt.item_id,
            item=None if approved is None else approved.model_dump_json(),
            owner=None,
            receipt=receipt.model_dump_json(),
            decision=None if decision is None else decision.model_dump_json(),
        )
        with self._db.write() as db:
            db.execute(
                "UPDATE promotions SET previous = json_remove(previous, '$.content') WHERE scope = ? AND state = 'done'"
                " AND updated_at < ? AND json_extract(previous, '$.content') NOT NULL",
                (self._db.scope, stamp(now() - PREVIOUS_KEPT)),
            )

    def shared(self, promotion: str) -> None:
        """Records that the decision has reached Langfuse."""
        self._set(promotion, decision=None)

    def give_up(self, promotion: str) -> None:
        """Leaves an unfinished promotion for `unfinished` to find (after an interrupt)."""
        self._set(promotion, owner=None)

    def unfinished(self) -> list[Promotion]:
        """Promotions that nobody works on any more and that have no receipt, oldest first."""
        query = "SELECT * FROM promotions WHERE scope = ? AND state <> 'done' ORDER BY started_at"
        found = self._db.read(lambda row: (row["owner"], _promotion(row)), query, (self._db.scope,))
        return [promotion for owner, promotion in found if not is_alive(self._folder, owner)]

    def unshared(self) -> list[Promotion]:
        """Finished promotions whose decision has not reached Langfuse, oldest first."""
        query = "SELECT * FROM promotions WHERE scope = ? AND decision IS NOT NULL ORDER BY started_at"
        return self._db.read(_promotion, query, (self._db.scope,))

    def supersede(self, item_id: str, by: str) -> None:
        """Forgets promotions of an item that nobody works on any more, now that another one is proved."""
        rows = self._db.rows(
            "SELECT id, owner FROM promotions WHERE scope = ? AND item_id = ? AND state <> 'done' AND id <> ?",
            (self._db.scope, item_id, by),
        )
        gone = [row["id"] for row in rows if not is_alive(self._folder, row["owner"])]
        with self._db.write() as db:
            db.executemany("DELETE FROM promotions WHERE id = ?", [(each,) for each in gone])

    def of_item(self, item_id: str) -> list[Promotion]:
        """Every promotion of an item, oldest first."""
        query = "SELECT * FROM promotions WHERE scope = ? AND item_id = ? ORDER BY started_at, rowid"
        return self._db.read(_promotion, query, (self._db.scope, item_id))

    def approved(self, item_id: str) -> list[Promotion]:
        """The proved promotions of an item, oldest first."""
        return [each for each in self.of_item(item_id) if each.receipt is not None and each.receipt.ok]

    def touched(self, item_id: str, since: datetime, *, besides: str) -> bool:
        """Whether another promotion of this machine has worked on an item since a moment."""
        query = "SELECT 1 FROM promotions WHERE item_id = ? AND updated_at >= ? AND id <> ? LIMIT 1"
        return self._db.row(query, (item_id, stamp(since), besides)) is not None

    def get(self, promotion: str) -> Promotion | None:
        """The promotion with that id."""
        return next(iter(self._db.read(_promotion, "SELECT * FROM promotions WHERE id = ?", (promotion,))), None)

    def of_dataset(self, dataset: str) -> list[Promotion]:
        """Every promotion into a dataset that has a receipt, oldest first."""
        query = "SELECT * FROM promotions WHERE scope = ? AND dataset = ? AND state = 'done' ORDER BY updated_at, rowid"
        return self._db.read(_promotion, query, (self._db.scope, dataset))

    def of_trace(self, trace_id: str, dataset: str) -> list[Promotion]:
        """Every promotion of a trace into a dataset that has a receipt, oldest first."""
        query = (
            "SELECT * FROM promotions WHERE scope = ? AND trace_id = ? AND dataset = ? AND state = 'done'"
            " ORDER BY updated_at, rowid"
        )
        return self._db.read(_promotion, query, (self._db.scope, trace_id, dataset))

    def close(self) -> None:
        """Ends this process's sign of life."""
        if self._owner is not None:
            self._owner.close()
            self._owner = None

    def _set(self, promotion: str, **columns: object) -> None:
        columns["updated_at"] = stamp(now())
        assignments = ", ".join(f"{name} = ?" for name in columns)
        with self._db.write() as db:
            db.execute(f"UPDATE promotions SET {assignments} WHERE id = ?", (*columns.values(), promotion))


def _promotion(row: Row) -> Promotion:
    plain = ("id", "dataset", "item_id", "trace_id", "rule", "reviewer", "state", "started_at")
    parts = ("item", "previous", "answer", "receipt", "decision", "entries")
    read = {name: json.loads(row[name]) for name in parts if row[name] is not None}
    return Promotion.model_validate({name: row[name] for name in plain} | read)


if TYPE_CHECKING:
    from curator.journal import Journal


class LastApproval(NamedTuple):
    """A proved promotion whose item should be there, active; `restored_at` as of `Standing`."""

    promotion: Promotion
    receipt: Receipt
    restored_at: datetime | None


def last_approvals(journal: "Journal", dataset: str) -> dict[str, LastApproval]:
    """Item id → the newest proved promotion that nobody on this machine has taken back or archived."""
    recorded = journal.ledger.recorded()
    lines = {each.restore.promotion: each.entry for each in recorded if each.entry.action == "promote"}
    known: dict[str, tuple[LedgerEntry, Promotion, Receipt]] = {}
    for promotion in journal.promotions.of_dataset(dataset):
        if promotion.receipt is not None:
            line = lines.get(promotion.id) or entry_of(promotion.receipt)  # the demo's receipts have no line
            known[line.id] = line, promotion, promotion.receipt
    undone = [each.entry for each in recorded if each.entry.action == "undo"]
    return {
        item_id: LastApproval(*known[line.id][1:], restored_at)
        for item_id, (line, restored_at) in standing([*(each[0] for each in known.values()), *undone], dataset).items()
    }
