"""Writes the demo's data files anew: `python -m tests.demo.maker`."""

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, fields, is_dataclass
from datetime import UTC, datetime
from typing import Any

from curator.sandbox.demo.data import DATASETS, ROWS, Row, keys
from tests.demo.maker import audit_example, golden, recurrence
from tests.demo.maker.build import make
from tests.demo.truth import DemoData

NOW = datetime(2026, 11, 22, 16, 3, 21, 456000, tzinfo=UTC)
TIME = "{{%s}}"
"""What stands in the files for a time: milliseconds before now."""
WEEK = "{{week %s}}"
"""... and for a release that is named by its week."""
TIMES = re.compile(r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def shop() -> str:
    """The text of `rows.jsonl`."""
    data = make(NOW)
    return lines((field.name, row) for field in fields(DemoData) for row in getattr(data, field.name))


def datasets() -> str:
    """The text of `datasets.jsonl`."""
    return lines(row for module in (audit_example, golden, recurrence) for row in module.rows(NOW))


def lines(rows: Iterable[tuple[str, Any]]) -> str:
    """Rows with their times as milliseconds before now, with weeks for releases, and without invented keys."""
    text = "".join(json.dumps([kind, _still(row)], ensure_ascii=False) + "\n" for kind, row in rows)
    for key, sign in keys():
        text = text.replace(key, sign)
    return TIMES.sub(lambda found: TIME % _before(found[0]), text)


def _still(row: Any) -> Row:
    given: Row = asdict(row) if is_dataclass(row) and not isinstance(row, type) else row
    return given | {"release": WEEK % _before(given["startTime"])} if "release" in given else given


def _before(text: str) -> int:
    return round((NOW - datetime.fromisoformat(text)).total_seconds() * 1000)


if __name__ == "__main__":
    ROWS.write_text(shop(), encoding="utf-8")
    DATASETS.write_text(datasets(), encoding="utf-8")
