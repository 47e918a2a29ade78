"""The demo's rows, read from their data files, moved to now and put into a sandbox. `python -m tests.demo.maker` makes
the files: `rows.jsonl`, the two weeks of the shop, and `datasets.jsonl`, two datasets with their runs."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

from curator.sandbox import item_versions, observation_record, score_record
from curator.sandbox.load_rows import convert, write_records
from curator.sandbox.store import Store, insert, iso

Row = dict[str, Any]

ROWS = Path(__file__).with_name("rows.jsonl")
"""A line per row, its kind first."""
DATASETS = Path(__file__).with_name("datasets.jsonl")
RULE = Path(__file__).parent / "audit_example" / "audit-example.yaml"
"""The rule by which the dataset `audit-example` is audited."""
KEY = "{{service key %s}}"
"""What stands in the files for an invented key: no file holds one that a scanner would have to find."""
TIME = "{{%s}}"
"""What stands there for a time: milliseconds before now."""
WEEK = "{{week %s}}"
"""... and for a release that is named by its week."""
SHOWN_AFTER = timedelta(seconds=1)
"""Traces and scores of datasets appear that long after `now`: who stops the clock at `now` sees the shop alone."""


@dataclass(frozen=True)
class Planted:
    """What was put into one trace: the truth to hold queues, drafts and audits against."""

    trace_id: str
    workflow: str
    case: str
    """What the case is about, such as `refund` or `retrieval miss`."""
    failure: bool
    """Somebody or something says that the answer was not good."""


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
    """The shop as of `now` (with a time zone): only times, and the releases that go by them, depend on it."""
    rows = _rows(ROWS, now)
    planted = tuple(Planted(**row) for row in rows.pop("traces"))
    personal = tuple(PersonalValue(**row) for row in rows.pop("personal"))
    return DemoData(traces=planted, personal=personal, **{kind: tuple(each) for kind, each in rows.items()})


def write(store: Store, now: datetime) -> DemoData:
    """Puts the shop as of `now` into the store, in one transaction; what has the same id is replaced.

    The rows are visible at once, whatever the sandbox's lag is.
    """
    data = build(now)
    truth = ("traces", "personal")
    with store.write() as db:
        kinds = [getattr(data, field.name) for field in fields(data) if field.name not in truth]
        write_records(db, (convert(row) for rows in kinds for row in rows))
    return data


def plant(store: Store, now: datetime) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """Puts the datasets with their source traces and runs into the store, in place of earlier ones, all or nothing.

    Returns the rows of observations and of scores, in the shapes of their APIs.
    """
    rows = _rows(DATASETS, now)
    visible = {"visible_ms": item_versions.milliseconds(now + SHOWN_AFTER)}
    with store.write() as db:
        for row in rows["datasets"]:
            insert(db, "datasets", row, replace=True)
            db.execute("DELETE FROM item_versions WHERE dataset_id = ?", (row["id"],))
        for row in rows["items"]:
            times = {name: row[name] and item_versions.milliseconds(datetime.fromisoformat(row[name])) for name in ENDS}
            item_versions.insert(db, row | times)
        observations = [(row, row.pop("experiment", {})) for row in rows["observations"]]
        observation_record.insert(db, [convert(row)[1] | columns | visible for row, columns in observations])
        score_record.load(db, [convert(row)[1] | visible for row in rows["scores"]])
    return tuple(row for row, _ in observations), tuple(rows["scores"])


ENDS = ("valid_from", "valid_to")


def receipts(now: datetime) -> list[Row]:
    """What the machine that promoted the items of `audit-example` recorded of them, oldest first."""
    return _rows(DATASETS, now)["receipts"]


def service_key(random: Random) -> str:
    """An invented service key in the shape of a real one. Made at run time: no source file holds a key."""
    alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
    return "sk-" + "proj-" + "".join(random.choice(alphabet) for _ in range(48))


def keys() -> Iterator[tuple[str, str]]:
    """Every invented key with what stands for it in the files."""
    for number in range(20):
        yield service_key(Random(f"kestrel-pine/key/{number}")), KEY % number
    yield service_key(Random("audit-example")), KEY % "of the returns desk"


def _rows(path: Path, now: datetime) -> dict[str, list[Row]]:
    now = now.astimezone(UTC).replace(microsecond=now.microsecond // 1000 * 1000)

    def moved(found: re.Match[str]) -> str:
        moment = now - timedelta(milliseconds=int(found[2]))
        return f"{moment:%G.%V}" if found[1] else iso(moment)

    rows: dict[str, list[Row]] = defaultdict(list)
    for kind, row in map(json.loads, re.sub(r"\{\{(week )?(\d+)\}\}", moved, _text(path)).splitlines()):
        rows[kind].append(row)
    return rows


@lru_cache(maxsize=2)
def _text(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    for key, sign in keys():
        text = text.replace(sign, key)
    return text
