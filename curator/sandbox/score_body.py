"""Bodies of POST /api/public/scores: what is refused at once, and what is accepted and dropped by the worker."""

import json
import re
import sqlite3
import uuid
from typing import Any

from curator.sandbox import issues, score_record
from curator.sandbox.fields import Row, snake
from curator.sandbox.issues import UNDEFINED, Issue, Path, is_datetime, is_number, to_milliseconds
from curator.sandbox.query import Body

DATA_TYPES = ("NUMERIC", "CATEGORICAL", "BOOLEAN", "CORRECTION", "TEXT")
WRITABLE_SOURCES = ("API", "ANNOTATION")
TEXT_LENGTH = 500
OPTIONAL_TEXTS = ("traceId", "sessionId", "datasetRunId", "observationId", "comment")
ONE_SUBJECT = (
    "Provide exactly one of the following: traceId (with optional observationId), sessionId or datasetRunId. "
    "ObservationId requires traceId."
)
NEEDS_CONFIG = "configId is required when source is ANNOTATION (except for CORRECTION scores)."
_OWN = ("comment", "configId", "queueId", "observationId", "sessionId")
COLUMNS = {key: snake(key) for key in _OWN} | {"datasetRunId": "experiment_id"}


def issues_of(body: Any) -> list[Issue]:
    """What is wrong with the shape of one score; an empty list when it is accepted."""
    if not isinstance(body, dict):
        return [issues.invalid_type([], "object", body)] * 2  # both halves of the schema complain
    reader = Body(body)
    _check_common(reader)
    _check_value(reader)
    wrong = reader.issues
    if any(issue["code"] != "custom" for issue in wrong):
        return wrong
    subjects = [bool(body.get(key)) for key in ("traceId", "sessionId", "datasetRunId")]
    if sum(subjects) != 1 or (body.get("observationId") and not subjects[0]):
        wrong.append(issues.custom(ONE_SUBJECT, ["traceId", "sessionId", "datasetRunId", "observationId"]))
    annotation = body.get("source") == "ANNOTATION" and body.get("dataType") != "CORRECTION"
    if annotation and not body.get("configId"):
        wrong.append(issues.custom(NEEDS_CONFIG, ["configId"]))
    return wrong


def _check_common(body: Body) -> None:
    body.text("id")
    if not body.required("name") and isinstance(body.given.get("name"), str):
        body.issues.append(issues.too_small(["name"], 1, "string"))
    for key in OPTIONAL_TEXTS:
        body.text(key)
    environment = body.given.get("environment", "default")
    if not isinstance(environment, str):
        body.issues.append(issues.invalid_type(["environment"], "string", environment))
    body.text("queueId")
    body.one_of("source", WRITABLE_SOURCES, "API")
    timestamp = body.given.get("timestamp")
    if timestamp is not None and not (isinstance(timestamp, str) and is_datetime(timestamp)):
        body.issues.append(issues.invalid_datetime(["timestamp"]))


def _check_value(body: Body) -> None:
    kind = body.given.get("dataType", UNDEFINED)
    value = body.given.get("value", UNDEFINED)
    at: Path = ["value"]
    wrong = body.issues.append
    if kind is UNDEFINED:
        if not is_number(value) and not isinstance(value, str):
            wrong(
                issues.invalid_union(
                    at, [[issues.invalid_type([], "string", value)], [issues.invalid_type([], "number", value)]]
                )
            )
    elif kind not in DATA_TYPES:
        wrong(issues.no_discriminator([], "dataType"))
        return
    elif kind in ("NUMERIC", "BOOLEAN"):
        if not is_number(value):
            wrong(issues.invalid_type(at, "number", value))
        elif kind == "BOOLEAN" and value not in (0, 1):
            wrong(issues.custom("Value must be a number equal to either 0 or 1 for data type BOOLEAN", at))
    elif not isinstance(value, str):
        wrong(issues.invalid_type(at, "string", value))
    elif kind == "TEXT" and not value:
        wrong(issues.too_small(at, 1, "string"))
    elif kind == "TEXT" and len(value) > TEXT_LENGTH:
        wrong(issues.too_big(at, TEXT_LENGTH, "string"))
    if kind != "CORRECTION":
        body.text("configId")
    elif (config := body.given.get("configId")) is not None:
        wrong(issues.invalid_type(["configId"], "undefined", config))


def normal_environment(name: str) -> str:
    """The environment that Langfuse stores for a name: lower case, without the reserved prefix, or `default`."""
    stripped = re.sub(r"^(?:langfuse[-_]?)+", "", name.lower())[:40]
    return stripped if re.fullmatch(r"[a-z0-9_-]+", stripped) else "default"


def write(db: sqlite3.Connection, body: Row, now_ms: int, lag_ms: int) -> str:
    """Store a checked score, to be seen after the lag. Returns its id, also when the worker drops it.

    The worker drops a score that names an unknown config or violates its config, without telling anybody.
    """
    score_id = body.get("id") or str(uuid.uuid4())
    inflated = _inflate(body, _config(db, body))
    if inflated is None:
        return score_id
    timestamp = to_milliseconds(body["timestamp"]) if body.get("timestamp") else now_ms
    assert timestamp is not None
    record = score_record.DEFAULTS | {
        "id": score_id,
        "visible_ms": now_ms + lag_ms,
        "timestamp_ms": timestamp,
        "created_ms": now_ms // 1000 * 1000,
        "updated_ms": now_ms + lag_ms,
        "source": body.get("source", "API"),
        "environment": normal_environment(body.get("environment", "default")),
        "trace_id": body.get("traceId") or None,
        "metadata": score_record.raw_metadata(body.get("metadata")),
    }
    record |= {column: body.get(key) or None for key, column in COLUMNS.items()}
    record |= inflated
    given = {column for key, column in COLUMNS.items() if key in body}
    given |= {"source", *inflated}
    earlier = score_record.newest(db, score_id)
    score_record.append(db, score_record.merge(earlier, record, given), now_ms)
    return score_id


def _config(db: sqlite3.Connection, body: Row) -> Row | None:
    if not body.get("configId"):
        return {}
    row = db.execute("SELECT * FROM score_configs WHERE id = ?", (body["configId"],)).fetchone()
    return None if row is None else dict(row)


def _inflate(body: Row, config: Row | None) -> Row | None:
    """Name, type and value columns of a score, or None when the worker drops it."""
    if config is None:
        return None
    value, name, kind = body["value"], body["name"], body.get("dataType")
    if config:
        name = config["name"]
        if config["is_archived"] or (kind and kind != config["data_type"]):
            return None
        kind = config["data_type"]
        if not _fits(value, config):
            return None
    if isinstance(value, int | float):
        text = None
        if kind == "BOOLEAN":
            text = "True" if value == 1 else "False"
        kind = "BOOLEAN" if kind == "BOOLEAN" else "NUMERIC"
        return {"name": name, "data_type": kind, "value": float(value), "string_value": text}
    if kind == "CORRECTION":
        if not body.get("traceId"):
            return None
        return {"name": "output", "data_type": kind, "value": 0.0, "string_value": value}
    number = _category_value(value, config) if config else 0.0
    return {
        "name": name,
        "data_type": "TEXT" if kind == "TEXT" else "CATEGORICAL",
        "value": number,
        "string_value": value,
    }


def _fits(value: Any, config: Row) -> bool:
    number = is_number(value)
    match config["data_type"]:
        case "NUMERIC":
            low, high = config["min_value"], config["max_value"]
            return number and (low is None or value >= low) and (high is None or value <= high)
        case "BOOLEAN":
            return number and value in (0, 1)
        case "CATEGORICAL":
            labels = {category["label"] for category in json.loads(config["categories"] or "[]")}
            return isinstance(value, str) and value in labels
        case _:
            return isinstance(value, str) and 1 <= len(value) <= TEXT_LENGTH


def _category_value(label: str, config: Row) -> float:
    categories = json.loads(config["categories"] or "[]")
    return next((float(one["value"]) for one in categories if one["label"] == label), 0.0)
