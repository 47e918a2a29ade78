"""Puts the example into a sandbox's store, and its receipts into a journal."""

import json
import sqlite3
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from curator.model import Item
from curator.sandbox import item_versions, observation_record, score_record
from curator.sandbox.demo.audit_example import build
from curator.sandbox.demo.audit_example.build import DATASET, DATASET_ID, Planned, Version
from curator.sandbox.load_rows import convert
from curator.sandbox.store import Store, iso

if TYPE_CHECKING:
    from curator.journal import Journal

Row = dict[str, Any]

SHOWN_AFTER = timedelta(seconds=1)
"""Traces and scores appear that long after `now`: who stops the clock at `now` sees the two weeks of the shop alone."""


class Planted(NamedTuple):
    """The rows that were written, in the shapes of the v2 observations and v3 scores APIs."""

    observations: tuple[Row, ...]
    scores: tuple[Row, ...]


def plant(store: Store, now: datetime) -> Planted:
    """Writes the example as of `now` (with a time zone), all or nothing, in place of an earlier one."""
    items = build.planned(now)
    visible = {"visible_ms": item_versions.milliseconds(now + SHOWN_AFTER)}
    sources = list(build.source_rows(items))
    runs = list(build.run_rows(items, now))
    scores = [score for _, _, found in runs for score in found]
    with store.write() as db:
        _write_dataset(db, now)
        db.execute("DELETE FROM item_versions WHERE dataset_id = ?", (DATASET_ID,))
        for item in items:
            _write_item(db, item)
        observation_record.insert(db, [convert(row)[1] | visible for row in sources])
        observation_record.insert(db, [convert(row)[1] | experiment | visible for row, experiment, _ in runs])
        score_record.load(db, [convert(row)[1] | visible for row in scores])
    return Planted((*sources, *(row for row, _, _ in runs)), tuple(scores))


def plant_receipts(journal: "Journal", now: datetime) -> None:
    """Records the example's receipts, unless the journal holds promotions into it already.

    They are no actions of this machine: the ledger, and so undo, know nothing of them.
    """
    if journal.promotions.of_dataset(DATASET):
        return
    for receipt in build.receipts(now):
        item = Item(
            id=receipt.item_id,
            dataset=DATASET,
            input=None,
            expected_output=None,
            metadata={},
            source_trace_id=receipt.trace_id or None,
        )
        promotion = journal.promotions.begin(item, rule=receipt.rule, reviewer=receipt.reviewer)
        journal.promotions.finish(promotion, receipt, None)


def _write_dataset(db: sqlite3.Connection, now: datetime) -> None:
    input_schema, expected_schema = build.dataset_schemas()
    created = iso(now - timedelta(days=120))
    columns = {
        "id": DATASET_ID,
        "name": DATASET,
        "description": "One planted case for each audit code, among clean ones.",
        "metadata": json.dumps({"retention_days": 90}),
        "input_schema": json.dumps(input_schema),
        "expected_output_schema": json.dumps(expected_schema),
        "created_at": created,
        "updated_at": created,
    }
    marks = ", ".join(f":{name}" for name in columns)
    db.execute(f"INSERT OR REPLACE INTO datasets ({', '.join(columns)}) VALUES ({marks})", columns)


def _write_item(db: sqlite3.Connection, item: Planned) -> None:
    starts = [item_versions.milliseconds(version.at) for version in item.versions]
    ends: list[int | None] = [*starts[1:], None]
    for version, start, end in zip(item.versions, starts, ends, strict=True):
        item_versions.insert(db, _columns(item, version) | {"valid_from": start, "valid_to": end})
    if item.doubled:
        item_versions.insert(db, _columns(item, item.current) | {"valid_from": starts[-1] + 40})


def _columns(item: Planned, version: Version) -> Row:
    columns: Row = {"id": item.id, "dataset_id": DATASET_ID}
    if version.deleted:
        return columns | {"is_deleted": 1}
    return columns | {
        "status": version.status,
        "input": json.dumps(version.input),
        "expected_output": json.dumps(version.expected_output),
        "metadata": None if version.metadata is None else json.dumps(version.metadata),
        "source_trace_id": item.trace_id,
        "source_observation_id": item.observation_id,
    }
