"""The demo's rows, read from their data files, moved to now and put into a sandbox. `python -m tests.demo.maker` makes
the files: `rows.jsonl`, the two weeks of the shop, and `datasets.jsonl`, three datasets with their sources and runs."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

from curator.sandbox import item_versions, observation_record, score_record
from curator.sandbox.load_rows import convert, write_records
from curator.sandbox.store import Store, insert, iso, milliseconds

Row = dict[str, Any]

ROWS = Path(__file__).with_name("rows.jsonl")
"""A line per row, its kind first. Kinds beyond KINDS say what was planted in the traces: tests are held against it."""
KINDS = ("observations", "scores", "comments", "score_configs", "annotation_queues", "queue_entries")
DATASETS = Path(__file__).with_name("datasets.jsonl")
DEMO_RULE = Path(__file__).parent / "audit_example" / "audit-example.yaml"
"""The rule by which the dataset `audit-example` is audited."""
KEY = "{{service key %s}}"
"""What stands in the files for an invented key: no file holds one that a scanner would have to find."""
SHOWN_AFTER = timedelta(seconds=1)
"""Traces and scores of datasets appear that long after `now`: who stops the clock at `now` sees the shop alone."""


def write(store: Store, now: datetime) -> None:
    """Puts the shop as of `now` (with a time zone) into the store, all or nothing; what has the same id is replaced.

    The rows are visible at once, whatever the sandbox's lag is.
    """
    shop = read(ROWS, now)
    with store.write() as db:
        write_records(db, (convert(row) for kind in KINDS for row in shop[kind]))


def plant(store: Store, now: datetime) -> None:
    """Puts the datasets with their source traces and runs into the store, in place of earlier ones, all or nothing."""
    rows = read(DATASETS, now)
    visible = {"visible_ms": milliseconds(now + SHOWN_AFTER)}
    with store.write() as db:
        for row in rows["datasets"]:
            insert(db, "datasets", row, replace=True)
            db.execute("DELETE FROM item_versions WHERE dataset_id = ?", (row["id"],))
        for row in rows["items"]:
            times = {name: row[name] and milliseconds(datetime.fromisoformat(row[name])) for name in ENDS}
            item_versions.insert(db, row | times)
        observations = [(row, row.pop("experiment", {})) for row in rows["observations"]]
        observation_record.insert(db, [convert(row)[1] | columns | visible for row, columns in observations])
        score_record.load(db, [convert(row)[1] | visible for row in rows["scores"]])


ENDS = ("valid_from", "valid_to")


def demo_receipts(now: datetime) -> list[Row]:
    """What the machine that promoted the items of `audit-example` recorded of them, oldest first."""
    return read(DATASETS, now)["receipts"]


def service_key(random: Random) -> str:
    """An invented service key in the shape of a real one. Made at run time: no source file holds a key."""
    alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
    return "sk-" + "proj-" + "".join(random.choice(alphabet) for _ in range(48))


def keys() -> Iterator[tuple[str, str]]:
    """Every invented key with what stands for it in the files."""
    for number in range(20):
        yield service_key(Random(f"kestrel-pine/key/{number}")), KEY % number
    yield service_key(Random("audit-example")), KEY % "of the returns desk"


def read(path: Path, now: datetime) -> dict[str, list[Row]]:
    """The rows of a data file by kind, as of `now`: only times, and the releases that go by them, depend on it."""
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
