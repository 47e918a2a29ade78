"""Writes the demo's data file anew: `python -m tests.demo.maker`."""

import json
from dataclasses import asdict, fields, is_dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

from curator.sandbox.demo.data import KEY, ROWS, DemoData, Row
from curator.sandbox.demo.steps import service_key
from tests.demo.maker.build import make

NOW = datetime(2026, 11, 22, 16, 3, 21, 456000, tzinfo=UTC)
TIMES = ("startTime", "endTime", "completionStartTime", "timestamp", "createdAt", "updatedAt", "completedAt")


def lines() -> str:
    """The file's text."""
    data = make(NOW)
    text = "".join(
        json.dumps([field.name, _still(row)], ensure_ascii=False) + "\n"
        for field in fields(DemoData)
        for row in getattr(data, field.name)
    )
    for number in range(20):
        text = text.replace(service_key(Random(f"kestrel-pine/key/{number}")), KEY % number)
    return text


def _still(row: Any) -> Row:
    """A row with its times as milliseconds before now, and without what follows from them."""
    given: Row = asdict(row) if is_dataclass(row) and not isinstance(row, type) else row
    still = {}
    for key, value in given.items():
        if key in TIMES:
            still[f"{key}@"] = None if value is None else _before(value)
        else:
            still[key] = "" if key == "release" else value
    return still


def _before(text: str) -> int:
    return round((NOW - datetime.fromisoformat(text)).total_seconds() * 1000)


if __name__ == "__main__":
    ROWS.write_text(lines(), encoding="utf-8")
