"""Rows of saved observations, scores and reviews, in the shapes that Langfuse gives them, as records of the store.

Shapes: what the APIs answer (`GET /v2/observations`, `GET /v3/scores`, and the older v1 and v2 score rows), the exports
of the web interface (the same names in camel case, inputs and outputs parsed) and the blob storage export (snake case,
times without a zone). Which key fills which column is in `fields.csv`.
"""

import hashlib
import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from curator.sandbox import fields, observation_record, score_record
from curator.sandbox.fields import BadRow, Row
from curator.sandbox.observation_record import raw_metadata, trace_hash
from curator.sandbox.store import TABLES, defaults, insert

REVIEWS = TABLES["reviews"]
DEFAULTS = {kind: defaults(review["table"]) for kind, review in REVIEWS.items()}
SCORE_TYPES = ("NUMERIC", "CATEGORICAL", "BOOLEAN", "CORRECTION", "TEXT")


def write_records(db: sqlite3.Connection, records: Iterable[tuple[str, Row]]) -> None:
    """Writes what `convert` made of rows; a record replaces the one with its id, and of two the later one counts."""
    kinds: dict[str, list[Row]] = defaultdict(list)
    for kind, record in records:
        kinds[kind].append(record)
    observation_record.insert(db, kinds.pop("observation", ()))
    score_record.load(db, {record["id"]: record for record in kinds.pop("score", ())}.values())
    for kind, batch in kinds.items():
        insert(db, REVIEWS[kind]["table"], *batch, replace=True)


def convert(row: Any) -> tuple[str, Row]:
    """The kind of a row (`observation`, `score` or one of `REVIEWS`) and its record. Raises BadRow."""
    if not isinstance(row, dict):
        raise BadRow("not a JSON object")
    if "startTime" not in row and any("_" in name for name in row):
        row = fields.camel(row)
    if _is_score(row):
        return "score", _score(row)
    kind = next((kind for kind, review in REVIEWS.items() if row.keys() >= set(review["keys"])), None)
    if kind:
        return kind, _review(kind, row)
    if "startTime" in row:
        return "observation", _observation(row)
    if "timestamp" in row and "id" in row:
        return "observation", _trace(row)
    raise BadRow("no observation (startTime), trace (timestamp), score (name, value), queue, comment or score config")


def _is_score(row: Row) -> bool:
    value = "value" in row or "stringValue" in row
    return value and "name" in row and ("dataType" in row or "source" in row)


def _timed(record: Row, name: str, column: str) -> Row:
    """The record with the times of making and changing it, which are its own time unless the row says otherwise."""
    if column not in record:
        raise BadRow(f"{name} is missing")
    record.setdefault("created_ms", record[column])
    record.setdefault("updated_ms", record["created_ms"])
    return record


def _observation(row: Row) -> Row:
    record = observation_record.DEFAULTS | _timed(fields.record("observation", row), "startTime", "start_ms")
    root = bool(row.get("isRootObservation")) and bool(record["parent_id"])
    metadata = _metadata(row.get("metadata"))
    return record | {"trace_hash": trace_hash(record["trace_id"]), "is_app_root": int(root), "metadata": metadata}


def _metadata(value: Any) -> str:
    if value is None or value == "" or value == {}:
        return "{}"
    pairs = value if isinstance(value, dict) else {"metadata": value}
    return json.dumps({name: raw_metadata(name, one) for name, one in pairs.items()}, ensure_ascii=False)


def _trace(row: Row) -> Row:
    """A row of a trace export, as the root observation that holds the same facts."""
    trace_id = fields.required(row.get("id"), "id")
    root_id = hashlib.sha256(trace_id.encode()).hexdigest()[:16]
    latency = row.get("latency")
    start = fields.milliseconds(row["timestamp"], "timestamp")
    end = start + round(latency * 1000) if start is not None and isinstance(latency, int | float) else None
    root = {**row, "id": root_id, "traceId": trace_id, "startTime": start, "endTime": end, "traceName": row.get("name")}
    return _observation({**root, "parentObservationId": None, "type": "SPAN"})


def _score(row: Row) -> Row:
    subject = row.get("subject")
    where: Row = subject if isinstance(subject, dict) else {}
    kind = where.get("kind")
    trace_id = {"trace": where.get("id"), "observation": where.get("traceId")}.get(str(kind), row.get("traceId"))
    data_type, number, text = _score_value(row)
    record = score_record.DEFAULTS | _timed(fields.record("score", row), "timestamp", "timestamp_ms")
    record |= {
        "data_type": data_type,
        "value": number,
        "string_value": text,
        "trace_id": trace_id or None,
        "observation_id": (where.get("id") if kind == "observation" else row.get("observationId")) or None,
        "session_id": (where.get("id") if kind == "session" else row.get("sessionId")) or None,
        "experiment_id": (where.get("id") if kind == "experiment" else row.get("datasetRunId")) or None,
        "metadata": score_record.raw_metadata(row.get("metadata")),
    }
    if not any(record[name] for name in ("trace_id", "session_id", "experiment_id")):
        raise BadRow("the score has no trace, session or experiment")
    return record


def _score_value(row: Row) -> tuple[str, float, str | None]:
    value, text = row.get("value"), row.get("stringValue")
    data_type = row.get("dataType") or ("CATEGORICAL" if isinstance(value, str) else "NUMERIC")
    if data_type not in SCORE_TYPES:
        raise BadRow("dataType is unknown")
    if data_type in ("NUMERIC", "BOOLEAN"):
        if not isinstance(value, int | float):
            raise BadRow("value is no number")
        word = None if data_type == "NUMERIC" else ("True" if value == 1 else "False")
        return data_type, float(value), word
    if isinstance(value, str):
        return data_type, 0.0, value
    words = row.get("longStringValue") if data_type == "CORRECTION" and not text else text
    if not isinstance(words, str):
        raise BadRow("value is no text")
    return data_type, float(value or 0), words


def _review(kind: str, row: Row) -> Row:
    return DEFAULTS[kind] | _timed(fields.record(kind, row), "createdAt", "created_ms")
