"""One observation as the sandbox stores it, and the ways from and to the row that the API shows."""

import json
import math
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import xxhash

from curator.sandbox import store

Row = dict[str, Any]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Metadata is stored as Langfuse stores it: names with *raw* values (JSON text as the SDK sent it). Times are
# milliseconds since 1970, texts are never NULL, `is_root` is Langfuse's definition of a root observation and
# `visible_ms` is when ingestion has caught up.
DEFAULTS = store.defaults("observations")


def insert(db: sqlite3.Connection, records: Iterable[Row]) -> None:
    """Write records (dicts with the keys of `DEFAULTS`); a record replaces the one with its trace and id."""
    batch = list(records)
    try:
        store.insert(db, "observations", *batch, replace=True)
    except UnicodeEncodeError:
        store.insert(db, "observations", *map(well_formed, batch), replace=True)


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
    return None if milliseconds is None else store.iso(EPOCH + timedelta(milliseconds=milliseconds))


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
