"""Drafts that a reviewer keeps for later, or that an interrupted promotion leaves behind: always scrubbed."""

import json
from datetime import datetime

from pydantic import JsonValue

from curator.journal.database import Database, Row, now, stamp
from curator.model import Item
from curator.model.base import Value


class SavedDraft(Value):
    """The scrubbed content of a draft. One is kept per trace, rule and case: the newest."""

    trace_id: str
    rule: str
    case: str = "1"
    dataset: str
    item_id: str
    input: JsonValue
    expected_output: JsonValue
    metadata: dict[str, JsonValue]
    reason: str = ""
    """Why it was not promoted: a code, or `saved` by the reviewer."""
    saved_at: datetime

    @classmethod
    def of_item(cls, item: Item, *, rule: str, reason: str) -> "SavedDraft":
        """The draft of an item that did not get written."""
        return cls(
            trace_id=item.source_trace_id or "",
            rule=rule,
            case=str(item.metadata.get("case", "1")),
            dataset=item.dataset,
            item_id=item.id,
            input=item.input,
            expected_output=item.expected_output,
            metadata=item.metadata,
            reason=reason,
            saved_at=now(),
        )


class Drafts:
    """The drafts of one scope."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def save(self, draft: SavedDraft) -> None:
        """Keeps a draft, in place of an older one of the same trace, rule and case."""
        # Escaped JSON by hand: pydantic refuses half characters and turns NaN into null.
        text = json.dumps(draft.model_dump() | {"saved_at": draft.saved_at.isoformat()})
        with self._db.write() as db:
            db.execute(
                "INSERT OR REPLACE INTO drafts (scope, trace_id, rule, case_name, saved_at, draft)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (self._db.scope, draft.trace_id, draft.rule, draft.case, stamp(draft.saved_at), text),
            )

    def all(self) -> list[SavedDraft]:
        """Every draft, newest first."""
        query = "SELECT draft FROM drafts WHERE scope = ? ORDER BY saved_at DESC"
        return self._db.read(_draft, query, (self._db.scope,))

    def get(self, trace_id: str, rule: str, case: str = "1") -> SavedDraft | None:
        """The draft of a trace, rule and case."""
        query = "SELECT draft FROM drafts WHERE scope = ? AND trace_id = ? AND rule = ? AND case_name = ?"
        return next(iter(self._db.read(_draft, query, (self._db.scope, trace_id, rule, case))), None)

    def drop(self, trace_id: str, rule: str, case: str = "1", *, saved_until: datetime | None = None) -> None:
        """Forgets a draft, unless it was saved after a moment; nothing happens when there is none."""
        with self._db.write() as db:
            db.execute(
                "DELETE FROM drafts WHERE scope = ? AND trace_id = ? AND rule = ? AND case_name = ? AND saved_at <= ?",
                (self._db.scope, trace_id, rule, case, stamp(saved_until or now())),
            )


def _draft(row: Row) -> SavedDraft:
    return SavedDraft.model_validate(json.loads(row["draft"]))
