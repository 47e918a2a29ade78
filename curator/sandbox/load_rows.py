"""Rows of saved observations, scores and reviews, in the shapes that Langfuse gives them, as records of the store.

Shapes: what the APIs answer (`GET /v2/observations`, `GET /v3/scores`, and the older v1 and v2 score rows), the exports
of the web interface (the same names in camel case, inputs and outputs parsed) and the blob storage export (snake case,
times without a zone).
"""

import hashlib
import json
import re
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from curator.sandbox import observation_record, score_record
from curator.sandbox.observation_record import raw_metadata, trace_hash
from curator.sandbox.store import insert_or_replace

Row = dict[str, Any]

# What tells the kinds of a review apart (all these keys are there), and the table that a kind goes to.
KEYS = {
    "comment": ("objectType", "objectId", "content"),
    "queue_item": ("queueId", "objectType", "objectId", "status"),
    "queue": ("name", "scoreConfigIds"),
    "score_config": ("name", "dataType", "isArchived"),
}
TABLES = {
    "comment": "comments",
    "queue_item": "annotation_queue_items",
    "queue": "annotation_queues",
    "score_config": "score_configs",
}
SCORE_TYPES = ("NUMERIC", "CATEGORICAL", "BOOLEAN", "CORRECTION", "TEXT")


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = datetime.resolution * 1000


class BadRow(ValueError):
    """A line that cannot be used; the message says why, without its content."""


def write_records(db: sqlite3.Connection, records: Iterable[tuple[str, Row]]) -> None:
    """Writes what `convert` made of rows; a record replaces the one with its id, and of two the later one counts."""
    kinds: dict[str, list[Row]] = defaultdict(list)
    for kind, record in records:
        kinds[kind].append(record)
    observation_record.insert(db, kinds.pop("observation", ()))
    score_record.load(db, {record["id"]: record for record in kinds.pop("score", ())}.values())
    for kind, batch in kinds.items():
        insert_or_replace(db, TABLES[kind], batch)


def convert(row: Any) -> tuple[str, Row]:
    """The kind of a row (`observation`, `score` or one of `KEYS`) and its record. Raises BadRow."""
    if not isinstance(row, dict):
        raise BadRow("not a JSON object")
    if "startTime" not in row and any("_" in name for name in row):
        row = {_camel(name): value for name, value in row.items()}
    if _is_score(row):
        return "score", _score(row)
    kind = next((kind for kind, keys in KEYS.items() if all(key in row for key in keys)), None)
    if kind:
        return kind, _review(kind, row)
    if "startTime" in row:
        return "observation", _observation(row)
    if "timestamp" in row and "id" in row:
        return "observation", _trace(row)
    raise BadRow("no observation (startTime), trace (timestamp), score (name, value), queue, comment or score config")


def required(row: dict[str, Any], name: str) -> str:
    """A text that must be there and not be empty."""
    value = row.get(name)
    if not isinstance(value, str) or not value:
        raise BadRow(f"{name} is missing")
    return value


def milliseconds(value: Any, name: str) -> int | None:
    """A time (ISO text, UTC unless it says otherwise, or milliseconds) as milliseconds since 1970; None when absent."""
    if value is None or value == "":
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return int(value)
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise BadRow(f"{name} is no time") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    # Whole arithmetic: a float timestamp would lose milliseconds.
    return (moment - _EPOCH) // _MILLISECOND


def _is_score(row: Row) -> bool:
    value = "value" in row or "stringValue" in row
    return value and "name" in row and ("dataType" in row or "source" in row)


def _camel(name: str) -> str:
    return re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), name)


def _text(value: Any) -> str:
    """A text column: empty when absent."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _object(value: Any, name: str) -> Row:
    if isinstance(value, str) and value:
        try:
            value = json.loads(value)
        except ValueError:
            raise BadRow(f"{name} is no JSON object") from None
    if value is None or value == "":
        return {}
    if not isinstance(value, dict):
        raise BadRow(f"{name} is no JSON object")
    return value


def _numbers(value: Any, name: str) -> str:
    found = _object(value, name)
    try:
        numbers = {key: float(number) for key, number in found.items() if number is not None}
    except (TypeError, ValueError):
        raise BadRow(f"{name} holds something that is no number") from None
    return json.dumps({key: int(n) if n.is_integer() else n for key, n in numbers.items()})


def _metadata(value: Any) -> str:
    if value is None or value == "" or value == {}:
        return "{}"
    pairs = value if isinstance(value, dict) else {"metadata": value}
    return json.dumps({name: raw_metadata(name, one) for name, one in pairs.items()}, ensure_ascii=False)


def _tags(value: Any) -> str:
    if value is None:
        return "[]"
    if not isinstance(value, list) or not all(isinstance(tag, str) for tag in value):
        raise BadRow("tags are no list of texts")
    return json.dumps(value, ensure_ascii=False)


def _observation(row: Row) -> Row:
    trace_id = required(row, "traceId")
    start = milliseconds(row["startTime"], "startTime")
    if start is None:
        raise BadRow("startTime is missing")
    end = milliseconds(row.get("endTime"), "endTime")
    parent = _text(row.get("parentObservationId"))
    created = milliseconds(row.get("createdAt"), "createdAt")
    parameters = row.get("modelParameters")
    record = observation_record.DEFAULTS | {
        "trace_id": trace_id,
        "id": required(row, "id"),
        "trace_hash": trace_hash(trace_id),
        "start_ms": start,
        "end_ms": end,
        "parent_id": parent,
        "is_app_root": int(bool(row.get("isRootObservation")) and bool(parent)),
        "type": _text(row.get("type")) or "SPAN",
        "name": _text(row.get("name")),
        "level": _text(row.get("level")) or "DEFAULT",
        "status_message": _text(row.get("statusMessage")),
        "version": _text(row.get("version")),
        "environment": _text(row.get("environment")) or "default",
        "bookmarked": int(bool(row.get("bookmarked"))),
        "public": int(bool(row.get("public"))),
        "user_id": _text(row.get("userId")),
        "session_id": _text(row.get("sessionId")),
        "completion_start_ms": milliseconds(row.get("completionStartTime"), "completionStartTime"),
        "created_ms": start if created is None else created,
        "trace_name": _text(row.get("traceName")),
        "release": _text(row.get("release")),
        "tags": _tags(row.get("tags", row.get("traceTags"))),
        "model": _text(row.get("model") or row.get("providedModelName")),
        "model_id": _text(row.get("internalModelId") or row.get("modelId")),
        "input_price": _price(row.get("inputPrice")),
        "output_price": _price(row.get("outputPrice")),
        "total_price": _price(row.get("totalPrice")),
        "model_parameters": "" if parameters is None else _text(parameters),
        "usage_details": _numbers(row.get("usageDetails"), "usageDetails"),
        "cost_details": _numbers(row.get("costDetails"), "costDetails"),
        "pricing_tier_id": row.get("usagePricingTierId"),
        "pricing_tier_name": row.get("usagePricingTierName"),
        "prompt_id": _text(row.get("promptId")),
        "prompt_name": _text(row.get("promptName")),
        "prompt_version": _version(row.get("promptVersion")),
        "metadata": _metadata(row.get("metadata")),
        "input": _text(row.get("input")),
        "output": _text(row.get("output")),
    }
    updated = milliseconds(row.get("updatedAt"), "updatedAt")
    record["updated_ms"] = record["created_ms"] if updated is None else updated
    return record


def _price(value: Any) -> str | None:
    return None if value is None else str(value)


def _version(value: Any) -> int | None:
    try:
        return None if value in (None, "") else int(value)
    except (TypeError, ValueError):
        raise BadRow("promptVersion is no number") from None


def _trace(row: Row) -> Row:
    """A row of a trace export, as the root observation that holds the same facts."""
    trace_id = required(row, "id")
    root_id = hashlib.sha256(trace_id.encode()).hexdigest()[:16]
    latency = row.get("latency")
    start = milliseconds(row["timestamp"], "timestamp")
    end = start + round(latency * 1000) if start is not None and isinstance(latency, int | float) else None
    root = {**row, "id": root_id, "traceId": trace_id, "startTime": start, "endTime": end, "traceName": row.get("name")}
    return _observation({**root, "parentObservationId": None, "type": "SPAN"})


def _score(row: Row) -> Row:
    subject = row.get("subject")
    where: Row = subject if isinstance(subject, dict) else {}
    kind = where.get("kind")
    trace_id = {"trace": where.get("id"), "observation": where.get("traceId")}.get(str(kind), row.get("traceId"))
    data_type, number, text = _score_value(row)
    timestamp = milliseconds(row.get("timestamp"), "timestamp")
    if timestamp is None:
        raise BadRow("timestamp is missing")
    created = milliseconds(row.get("createdAt"), "createdAt")
    updated = milliseconds(row.get("updatedAt"), "updatedAt")
    record = score_record.DEFAULTS | {
        "id": required(row, "id"),
        "timestamp_ms": timestamp,
        "created_ms": timestamp if created is None else created,
        "updated_ms": timestamp if updated is None else updated,
        "name": required(row, "name"),
        "data_type": data_type,
        "value": number,
        "string_value": text,
        "source": _text(row.get("source")) or "API",
        "environment": _text(row.get("environment")) or "default",
        "trace_id": trace_id or None,
        "observation_id": (where.get("id") if kind == "observation" else row.get("observationId")) or None,
        "session_id": (where.get("id") if kind == "session" else row.get("sessionId")) or None,
        "experiment_id": (where.get("id") if kind == "experiment" else row.get("datasetRunId")) or None,
        "config_id": row.get("configId"),
        "queue_id": row.get("queueId"),
        "author_user_id": row.get("authorUserId"),
        "comment": row.get("comment"),
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
    created = milliseconds(row.get("createdAt"), "createdAt")
    if created is None:
        raise BadRow("createdAt is missing")
    updated = milliseconds(row.get("updatedAt"), "updatedAt")
    times = {"created_ms": created, "updated_ms": created if updated is None else updated}
    return {"id": required(row, "id"), **_CONVERTERS[kind](row), **times}


def _comment(row: Row) -> Row:
    return {
        "object_type": required(row, "objectType"),
        "object_id": required(row, "objectId"),
        "content": required(row, "content"),
        "author_user_id": row.get("authorUserId"),
    }


def _queue_item(row: Row) -> Row:
    return {
        "queue_id": required(row, "queueId"),
        "object_id": required(row, "objectId"),
        "object_type": required(row, "objectType"),
        "status": required(row, "status"),
        "completed_ms": milliseconds(row.get("completedAt"), "completedAt"),
    }


def _queue(row: Row) -> Row:
    if not isinstance(row["scoreConfigIds"], list):
        raise BadRow("scoreConfigIds is no list")
    return {
        "name": required(row, "name"),
        "description": row.get("description"),
        "score_config_ids": json.dumps(row["scoreConfigIds"]),
    }


def _score_config(row: Row) -> Row:
    categories = row.get("categories")
    return {
        "name": required(row, "name"),
        "data_type": required(row, "dataType"),
        "is_archived": int(bool(row["isArchived"])),
        "description": row.get("description"),
        "min_value": row.get("minValue"),
        "max_value": row.get("maxValue"),
        "categories": None if categories is None else json.dumps(categories),
    }


_CONVERTERS: dict[str, Callable[[Row], Row]] = {
    "comment": _comment,
    "queue_item": _queue_item,
    "queue": _queue,
    "score_config": _score_config,
}
