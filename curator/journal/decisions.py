"""What this machine decided lately: covers the seconds to minutes until Langfuse shows a decision's score."""

from datetime import timedelta

from curator.journal.database import Database, Row, now, stamp
from curator.model import Decision

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
