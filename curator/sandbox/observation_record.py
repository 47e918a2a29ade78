"""One observation as the sandbox stores it, and the ways from and to the row that the API shows."""

import json
import math
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import xxhash

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


def insert(db: sqlite3.Connection, records: Iterable[Row]) -> None:
    """Write records (dicts with the keys of `DEFAULTS`); a record replaces the one with its trace and id."""
    batch = list(records)
    try:
        db.executemany(_INSERT, batch)
    except UnicodeEncodeError:
        db.executemany(_INSERT, [well_formed(record) for record in batch])


def well_formed(record: Row) -> Row:
    """The record without lone surrogates, which no database takes: each becomes U+FFFD, as in ClickHouse's JSON."""
    return {
        name: value.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if isinstance(value, str) else value
        for name, value in record.items()
    }


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


def _integer(text: str) -> int | str:
    return int(text) if len(text) < 17 and abs(int(text)) < 2**53 else text


def _number(text: str) -> int | float | str:
    value = float(text)
    if not math.isfinite(value):
        return text
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
