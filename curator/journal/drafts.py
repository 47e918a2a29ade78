"""What this machine keeps: drafts for later (or left behind by an interrupted promotion), always scrubbed, and its own
decisions, which cover the seconds to minutes until Langfuse shows their scores."""

import json
from datetime import datetime, timedelta

from pydantic import JsonValue

from curator.journal.database import Database, Row, now, stamp
from curator.model import Decision, Item, key_of
from curator.model.base import Value
from curator.model.lineage import PREPARED_BY, reviewed_observation

PREPARED = "prepared"
"""The reason of a draft in the inbox."""


class SavedDraft(Value):
    """The scrubbed content of a draft. One is kept per failure, rule and case: the newest."""

    trace_id: str
    rule: str
    case: str = "1"
    dataset: str
    item_id: str
    input: JsonValue
    expected_output: JsonValue
    metadata: dict[str, JsonValue]
    reason: str = ""
    """Why it was not promoted: a code, or `prepared` for a person to approve."""
    order: dict[str, JsonValue] = {}
    """What of a prepared draft was asked for (`Order`), after the scrub: enough to make it again from its trace."""
    saved_at: datetime

    @property
    def key(self) -> str:
        """Key of the failure that it was made of."""
        return key_of(self.trace_id, reviewed_observation(self))

    @property
    def prepared_by(self) -> str:
        """Who or what prepared it; empty when it is nobody's preparation."""
        return str(self.metadata.get(PREPARED_BY, ""))

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
    """The drafts of one scope. The column `trace_id` holds the failure's key."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def save(self, draft: SavedDraft) -> None:
        """Keeps a draft, in place of an older one of the same failure, rule and case."""
        # Escaped JSON by hand: pydantic refuses half characters and turns NaN into null.
        text = json.dumps(draft.model_dump() | {"saved_at": draft.saved_at.isoformat()})
        with self._db.write() as db:
            db.execute(
                "INSERT OR REPLACE INTO drafts (scope, trace_id, rule, case_name, saved_at, draft)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (self._db.scope, draft.key, draft.rule, draft.case, stamp(draft.saved_at), text),
            )

    def all(self) -> list[SavedDraft]:
        """Every draft, newest first."""
        query = "SELECT draft FROM drafts WHERE scope = ? ORDER BY saved_at DESC"
        return self._db.read(_draft, query, (self._db.scope,))

    def prepared(self) -> list[SavedDraft]:
        """The inbox: drafts that wait for a person to approve or decline them, newest first."""
        return [draft for draft in self.all() if draft.reason == PREPARED]

    def get(self, key: str, rule: str, case: str = "1") -> SavedDraft | None:
        """The draft of a failure, rule and case."""
        query = "SELECT draft FROM drafts WHERE scope = ? AND trace_id = ? AND rule = ? AND case_name = ?"
        return next(iter(self._db.read(_draft, query, (self._db.scope, key, rule, case))), None)

    def drop(self, key: str, rule: str, case: str = "1", *, saved_until: datetime | None = None) -> None:
        """Forgets a draft, unless it was saved after a moment; nothing happens when there is none."""
        with self._db.write() as db:
            db.execute(
                "DELETE FROM drafts WHERE scope = ? AND trace_id = ? AND rule = ? AND case_name = ? AND saved_at <= ?",
                (self._db.scope, key, rule, case, stamp(saved_until or now())),
            )


def _draft(row: Row) -> SavedDraft:
    return SavedDraft.model_validate(json.loads(row["draft"]))


KEPT = timedelta(days=7)
"""Long after any ingestion lag the shared score alone counts."""


class Decisions:
    """The newest local decision of each failure of one scope. The column `trace_id` holds the failure's key."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def remember(self, decision: Decision) -> None:
        """Keeps a decision, in place of an older one of the same failure; forgets those past `KEPT`."""
        with self._db.write() as db:
            db.execute(
                "INSERT INTO decisions (scope, trace_id, at, decision) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (scope, trace_id) DO UPDATE SET at = excluded.at, decision = excluded.decision"
                " WHERE excluded.at >= decisions.at",
                (self._db.scope, decision.key, stamp(decision.at), decision.model_dump_json()),
            )
            db.execute("DELETE FROM decisions WHERE scope = ? AND at < ?", (self._db.scope, stamp(now() - KEPT)))

    def all(self) -> list[Decision]:
        """Every local decision, oldest first: what `find_failures` takes as `decisions`."""
        query = "SELECT decision FROM decisions WHERE scope = ? ORDER BY at"
        return self._db.read(_decision, query, (self._db.scope,))

    def get(self, key: str) -> Decision | None:
        """The local decision of a failure, by its key."""
        query = "SELECT decision FROM decisions WHERE scope = ? AND trace_id = ?"
        return next(iter(self._db.read(_decision, query, (self._db.scope, key))), None)


def _decision(row: Row) -> Decision:
    return Decision.model_validate_json(row["decision"])
