"""The demo's rows, read from their data file and moved to now. `python -m tests.demo.maker` writes the file."""

import json
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

from curator.sandbox.demo.steps import Planted, service_key
from curator.sandbox.store import iso

Row = dict[str, Any]

ROWS = Path(__file__).with_name("rows.jsonl")
"""A line per row, its kind first. Times are milliseconds before now, under keys that end in `@`."""
KEY = "{{service key %s}}"
"""What stands in the file for an invented key: no file holds one that a scanner would have to find."""


@dataclass(frozen=True)
class PersonalValue:
    """A personal value, or a secret, that occurs in a trace: synthetic, and known."""

    trace_id: str
    type: str
    value: str


@dataclass(frozen=True)
class DemoData:
    """Rows in the shapes of the v2 observations, v3 scores, comments, score-config and annotation-queue APIs.

    `traces` says what was planted in each trace and `personal` which personal values its texts hold.
    """

    observations: tuple[Row, ...]
    scores: tuple[Row, ...]
    comments: tuple[Row, ...]
    score_configs: tuple[Row, ...]
    annotation_queues: tuple[Row, ...]
    queue_entries: tuple[Row, ...]
    traces: tuple[Planted, ...]
    personal: tuple[PersonalValue, ...]


def build(now: datetime) -> DemoData:
    """The demo data as of `now` (with a time zone): only times, and the releases that go by them, depend on it."""
    now = now.astimezone(UTC).replace(microsecond=now.microsecond // 1000 * 1000)
    rows: dict[str, list[Any]] = {field.name: [] for field in fields(DemoData)}
    for kind, row in _lines():
        rows[kind].append(_moved(row, now))
    planted = [Planted(**row) for row in rows.pop("traces")]
    personal = [PersonalValue(**row) for row in rows.pop("personal")]
    return DemoData(
        traces=tuple(planted), personal=tuple(personal), **{kind: tuple(each) for kind, each in rows.items()}
    )


@lru_cache(maxsize=1)
def _lines() -> tuple[tuple[str, Row], ...]:
    text = ROWS.read_text(encoding="utf-8")
    for number in range(text.count("{{service key ")):
        text = text.replace(KEY % number, service_key(Random(f"kestrel-pine/key/{number}")))
    return tuple((line[0], line[1]) for line in map(json.loads, text.splitlines()))


def _moved(row: Row, now: datetime) -> Row:
    moved: Row = {}
    for key, value in row.items():
        if key.endswith("@"):
            moved[key[:-1]] = None if value is None else iso(now - timedelta(milliseconds=value))
        else:
            moved[key] = value
    if "release" in moved:
        year, week, _ = datetime.fromisoformat(moved["startTime"]).isocalendar()
        moved["release"] = f"{year}.{week:02d}"
    return moved
