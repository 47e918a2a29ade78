"""One score as the sandbox stores it: a log of versions, of which the newest visible one counts."""

import json
import sqlite3
from collections.abc import Iterable
from typing import Any

from curator.sandbox.fields import Row, shown
from curator.sandbox.observation_record import well_formed
from curator.sandbox.store import defaults, insert

# A score can be overwritten and deleted, and both become visible only when ingestion has caught up: every write is a
# new row, and a row counts when it is visible and no visible row of the same id came after it.
DEFAULTS = defaults("scores")
# What counts as a score: the newest version of an id that is visible at `?` (twice).
CURRENT = (
    "s.visible_ms <= ? AND NOT s.deleted AND NOT EXISTS "
    "(SELECT 1 FROM scores n WHERE n.id = s.id AND n.seq > s.seq AND n.visible_ms <= ?)"
)
# What a later write of the same id cannot change.
IMMUTABLE = ("timestamp_ms", "trace_id", "created_ms", "environment")


def append(db: sqlite3.Connection, record: Row, now_ms: int) -> None:
    """Add a version. Versions that no reader can see any more are removed."""
    record = well_formed(record)
    insert(db, "scores", record)
    db.execute(
        "DELETE FROM scores WHERE id = ?1 AND seq < (SELECT max(seq) FROM scores WHERE id = ?1 AND visible_ms <= ?2)",
        (record["id"], now_ms),
    )


def load(db: sqlite3.Connection, records: Iterable[Row]) -> None:
    """Write scores that are visible at once; each replaces every version of its id."""
    batch = [well_formed(record) for record in records]
    db.executemany("DELETE FROM scores WHERE id = ?", [(record["id"],) for record in batch])
    insert(db, "scores", *batch)


def newest(db: sqlite3.Connection, score_id: str) -> Row | None:
    """The newest version of a score, visible or not; None when there is none or it was deleted."""
    query = "SELECT * FROM scores WHERE id = ? ORDER BY seq DESC LIMIT 1"
    row = db.execute(query, (well_formed({"id": score_id})["id"],)).fetchone()
    return None if row is None or row["deleted"] else dict(row)


def merge(earlier: Row | None, record: Row, given: set[str]) -> Row:
    """A write over an earlier version: what was not given stays, and some columns never change."""
    if earlier is None:
        return record
    kept = {name for name in DEFAULTS if name in IMMUTABLE or name not in given}
    kept -= {"deleted", "visible_ms", "updated_ms", "metadata"}
    metadata = json.loads(earlier["metadata"]) | json.loads(record["metadata"])
    return {**record, **{name: earlier[name] for name in kept}, "metadata": json.dumps(metadata)}


def raw_metadata(metadata: Any) -> str:
    """Score metadata as Langfuse stores it: names with texts."""
    if metadata is None:
        return "{}"
    if not isinstance(metadata, dict):
        metadata = {"metadata": metadata}
    texts = {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        for name, value in metadata.items()
    }
    return json.dumps(texts, ensure_ascii=False)


def to_api(row: sqlite3.Row, groups: set[str]) -> Row:
    """The row that `GET /api/public/v3/scores` answers for the field groups asked for."""
    subject = {"subject": _subject(row)} if "subject" in groups else {}
    value = {"dataType": row["data_type"], "value": _value(row)}
    return shown("score", row, {"core", *groups}) | subject | value


def _subject(row: sqlite3.Row) -> Row:
    if row["experiment_id"]:
        return {"kind": "experiment", "id": row["experiment_id"]}
    if row["observation_id"]:
        subject = {"kind": "observation", "id": row["observation_id"]}
        return subject | ({"traceId": row["trace_id"]} if row["trace_id"] else {})
    if row["session_id"]:
        return {"kind": "session", "id": row["session_id"]}
    return {"kind": "trace", "id": row["trace_id"]}


def _value(row: sqlite3.Row) -> Any:
    match row["data_type"]:
        case "NUMERIC":
            value: float = row["value"]
            return int(value) if value.is_integer() else value
        case "BOOLEAN":
            return row["value"] == 1
        case _:
            return row["string_value"]
