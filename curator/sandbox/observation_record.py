"""One observation as the sandbox stores it, and the ways from and to the row that the API shows."""

import json
import math
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import xxhash

from curator.sandbox.projects import PROJECT_ID

Row = dict[str, Any]

# Metadata is stored as Langfuse stores it: names with *raw* values (JSON text as the SDK sent it). Times are
# milliseconds since 1970, texts are never NULL, `is_root` is Langfuse's definition of a root observation and
# `visible_ms` is when ingestion has caught up.
SCHEMA = """
CREATE TABLE IF NOT EXISTS observations (
    trace_id TEXT NOT NULL,
    id TEXT NOT NULL,
    trace_hash INTEGER NOT NULL,
    start_ms INTEGER NOT NULL,
    end_ms INTEGER,
    parent_id TEXT NOT NULL,
    is_app_root INTEGER NOT NULL,
    is_root INTEGER GENERATED ALWAYS AS (parent_id = '' OR is_app_root) STORED,
    type TEXT NOT NULL,
    name TEXT NOT NULL,
    level TEXT NOT NULL,
    status_message TEXT NOT NULL,
    version TEXT NOT NULL,
    environment TEXT NOT NULL,
    bookmarked INTEGER NOT NULL,
    public INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    completion_start_ms INTEGER,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    visible_ms INTEGER NOT NULL,
    trace_name TEXT NOT NULL,
    release TEXT NOT NULL,
    tags TEXT NOT NULL,
    model TEXT NOT NULL,
    model_id TEXT NOT NULL,
    input_price TEXT,
    output_price TEXT,
    total_price TEXT,
    model_parameters TEXT NOT NULL,
    usage_details TEXT NOT NULL,
    cost_details TEXT NOT NULL,
    pricing_tier_id TEXT,
    pricing_tier_name TEXT,
    prompt_id TEXT NOT NULL,
    prompt_name TEXT NOT NULL,
    prompt_version INTEGER,
    experiment_id TEXT NOT NULL,
    experiment_name TEXT NOT NULL,
    experiment_description TEXT NOT NULL,
    experiment_dataset_id TEXT NOT NULL,
    experiment_metadata TEXT NOT NULL,
    experiment_item_id TEXT NOT NULL,
    experiment_item_root_id TEXT NOT NULL,
    experiment_item_version TEXT,
    experiment_item_expected_output TEXT NOT NULL,
    experiment_item_metadata TEXT NOT NULL,
    metadata TEXT NOT NULL,
    input TEXT NOT NULL,
    output TEXT NOT NULL,
    PRIMARY KEY (trace_id, id)
);
CREATE INDEX IF NOT EXISTS observations_time ON observations (start_ms DESC, trace_hash DESC, id DESC);
CREATE INDEX IF NOT EXISTS observations_roots ON observations (start_ms DESC, trace_hash DESC, id DESC) WHERE is_root;
CREATE INDEX IF NOT EXISTS observations_level ON observations (level, start_ms DESC) WHERE level <> 'DEFAULT';
CREATE INDEX IF NOT EXISTS observations_id ON observations (id);
CREATE INDEX IF NOT EXISTS observations_session ON observations (session_id, start_ms DESC) WHERE session_id <> '';
CREATE INDEX IF NOT EXISTS observations_user ON observations (user_id, start_ms DESC) WHERE user_id <> '';
CREATE INDEX IF NOT EXISTS observations_experiment ON observations (experiment_id) WHERE experiment_id <> '';
"""

# Every column with what a row has when nothing was said about it.
DEFAULTS: Row = {
    "trace_id": "",
    "id": "",
    "trace_hash": 0,
    "start_ms": 0,
    "end_ms": None,
    "parent_id": "",
    "is_app_root": 0,
    "type": "SPAN",
    "name": "",
    "level": "DEFAULT",
    "status_message": "",
    "version": "",
    "environment": "default",
    "bookmarked": 0,
    "public": 0,
    "user_id": "",
    "session_id": "",
    "completion_start_ms": None,
    "created_ms": 0,
    "updated_ms": 0,
    "visible_ms": 0,
    "trace_name": "",
    "release": "",
    "tags": "[]",
    "model": "",
    "model_id": "",
    "input_price": None,
    "output_price": None,
    "total_price": None,
    "model_parameters": "",
    "usage_details": "{}",
    "cost_details": "{}",
    "pricing_tier_id": None,
    "pricing_tier_name": None,
    "prompt_id": "",
    "prompt_name": "",
    "prompt_version": None,
    "experiment_id": "",
    "experiment_name": "",
    "experiment_description": "",
    "experiment_dataset_id": "",
    "experiment_metadata": "{}",
    "experiment_item_id": "",
    "experiment_item_root_id": "",
    "experiment_item_version": None,
    "experiment_item_expected_output": "",
    "experiment_item_metadata": "{}",
    "metadata": "{}",
    "input": "",
    "output": "",
}
_INSERT = (
    f"INSERT OR REPLACE INTO observations ({', '.join(DEFAULTS)}) "
    f"VALUES ({', '.join(f':{column}' for column in DEFAULTS)})"
)

# The columns that each field group needs beside the core.
CORE = ("trace_id", "id", "start_ms", "end_ms", "parent_id", "type", "completion_start_ms")
GROUPS: dict[str, tuple[str, ...]] = {
    "core": (),
    "basic": (
        "name",
        "level",
        "status_message",
        "version",
        "environment",
        "bookmarked",
        "public",
        "user_id",
        "session_id",
        "is_root",
    ),
    "time": ("created_ms", "updated_ms"),
    "io": ("input", "output"),
    "metadata": ("metadata",),
    "model": ("model", "model_id", "model_parameters", "input_price", "output_price", "total_price"),
    "usage": ("usage_details", "cost_details", "pricing_tier_id", "pricing_tier_name"),
    "prompt": ("prompt_id", "prompt_name", "prompt_version"),
    "metrics": (),
    "trace_context": ("trace_name", "release", "tags", "name", "is_root"),
}
METADATA_CUT = 200


def insert(db: sqlite3.Connection, records: Iterable[Row]) -> None:
    """Write records (dicts with the keys of `DEFAULTS`); a record replaces the one with its trace and id."""
    db.executemany(_INSERT, records)


@lru_cache(maxsize=4096)
def trace_hash(trace_id: str) -> int:
    """The hash by which Langfuse orders observations that start in the same millisecond."""
    return int(xxhash.xxh32_intdigest(trace_id.encode()))


def iso(milliseconds: int | None) -> str | None:
    """A time as the API writes it."""
    if milliseconds is None:
        return None
    moment = datetime.fromtimestamp(milliseconds // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"


def raw_metadata(name: str, value: Any) -> str:
    """The raw text that SDK 5 sends for a metadata value: JSON, texts included.

    What the OpenTelemetry layer adds (`scope.*`, `resourceAttributes.*`) is plain text.
    """
    if isinstance(value, str) and name.startswith(("scope.", "resourceAttributes.")):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def parse_raw(text: str) -> Any:
    """A raw text as Langfuse shows it: parsed when it is JSON, with numbers that a double cannot hold kept as texts."""
    try:
        return json.loads(text, parse_int=_integer, parse_float=_number, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return text


def to_api(row: sqlite3.Row, groups: set[str], *, full_metadata: bool) -> Row:
    """The row that `GET /api/public/v2/observations` answers for the field groups asked for."""
    shown: Row = {
        "id": row["id"],
        "traceId": row["trace_id"],
        "startTime": iso(row["start_ms"]),
        "endTime": iso(row["end_ms"]),
        "projectId": PROJECT_ID,
        "parentObservationId": row["parent_id"] or None,
        "type": row["type"],
    }
    if "basic" in groups:
        shown |= {
            "name": row["name"],
            "level": row["level"],
            "statusMessage": row["status_message"],
            "version": row["version"],
            "environment": row["environment"],
        }
    if "time" in groups:
        shown["completionStartTime"] = iso(row["completion_start_ms"])
        shown["createdAt"] = iso(row["created_ms"])
        shown["updatedAt"] = iso(row["updated_ms"])
    if "io" in groups:
        shown["input"] = row["input"] or None
        shown["output"] = row["output"] or None
    if "metadata" in groups:
        cut = None if full_metadata else METADATA_CUT
        stored: dict[str, str] = json.loads(row["metadata"])
        shown["metadata"] = {name: parse_raw(value[:cut]) for name, value in stored.items()}
    shown |= _model(row, groups) | _usage(row, groups)
    if "prompt" in groups:
        shown["promptId"] = row["prompt_id"]
        shown["promptName"] = row["prompt_name"]
        shown["promptVersion"] = row["prompt_version"]
    shown["latency"] = _seconds(row["start_ms"], row["end_ms"], "metrics" in groups)
    shown["timeToFirstToken"] = _seconds(row["start_ms"], row["completion_start_ms"], "metrics" in groups)
    if "basic" in groups:
        shown |= {
            "userId": row["user_id"],
            "sessionId": row["session_id"],
            "isRootObservation": bool(row["is_root"]),
            "bookmarked": bool(row["bookmarked"]),
            "public": bool(row["public"]),
        }
    if "trace_context" in groups:
        shown["traceName"] = row["trace_name"] or (row["name"] if row["is_root"] else None) or None
        shown["release"] = row["release"]
        shown["tags"] = json.loads(row["tags"])
    return shown | _prices(row, groups)


def _model(row: sqlite3.Row, groups: set[str]) -> Row:
    if "model" not in groups:
        return {}
    parameters = row["model_parameters"]
    return {
        "model": row["model"],
        "internalModelId": row["model_id"],
        "modelParameters": parse_raw(parameters) if parameters else None,
    }


def _prices(row: sqlite3.Row, groups: set[str]) -> Row:
    # These four are on every row; only the group `model` fills them.
    if "model" not in groups:
        return {"modelId": None, "inputPrice": None, "outputPrice": None, "totalPrice": None}
    return {
        "modelId": row["model_id"] or None,
        "inputPrice": row["input_price"],
        "outputPrice": row["output_price"],
        "totalPrice": row["total_price"],
    }


def _usage(row: sqlite3.Row, groups: set[str]) -> Row:
    if "usage" not in groups:
        return {}
    usage: dict[str, float] = json.loads(row["usage_details"])
    cost: dict[str, float] = json.loads(row["cost_details"])
    return {
        "usageDetails": usage,
        "inputUsage": _sum(usage, "input") or 0,
        "outputUsage": _sum(usage, "output") or 0,
        "totalUsage": usage.get("total", 0),
        "costDetails": cost,
        "inputCost": _sum(cost, "input"),
        "outputCost": _sum(cost, "output"),
        "totalCost": cost.get("total", 0),
        "usagePricingTierId": row["pricing_tier_id"],
        "usagePricingTierName": row["pricing_tier_name"],
    }


def _sum(details: dict[str, float], word: str) -> float | None:
    found = [value for name, value in details.items() if word in name]
    return sum(found) if found else None


def _seconds(start: int, end: int | None, measured: bool) -> float | None:
    """The time between two moments; as a metric, zero counts as not known (so the server answers)."""
    if end is None or (measured and end == start):
        return None
    seconds = (end - start) / 1000
    return int(seconds) if seconds.is_integer() else seconds


def _integer(text: str) -> int | str:
    return int(text) if len(text) < 17 and abs(int(text)) < 2**53 else text


def _number(text: str) -> int | float | str:
    value = float(text)
    if not math.isfinite(value):
        return text
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
