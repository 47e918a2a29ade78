"""Puts the demo data into a sandbox's store, all or nothing."""

import json
import sqlite3
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from curator.sandbox import observation_record, score_record
from curator.sandbox.demo.data import DemoData, build
from curator.sandbox.load_rows import convert
from curator.sandbox.store import Store

Row = dict[str, Any]


def write(store: Store, now: datetime) -> DemoData:
    """Takes the demo data as of `now` and writes it in one transaction; what has the same id is replaced.

    The rows are visible at once, whatever the sandbox's lag is.
    """
    data = build(now)
    with store.write() as db:
        observation_record.insert(db, (convert(row)[1] for row in data.observations))
        score_record.load(db, (convert(row)[1] for row in data.scores))
        _replace(db, "score_configs", map(_config, data.score_configs))
        _replace(db, "annotation_queues", map(_queue, data.annotation_queues))
        _replace(db, "annotation_queue_items", map(_entry, data.queue_entries))
        _replace(db, "comments", map(_comment, sorted(data.comments, key=lambda row: str(row["createdAt"]))))
    return data


def _replace(db: sqlite3.Connection, table: str, records: Iterable[Row]) -> None:
    batch = list(records)
    columns = list(batch[0])
    db.executemany(
        f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) VALUES ({', '.join(f':{c}' for c in columns)})", batch
    )


def _times(row: Row) -> Row:
    return {"created_ms": _milliseconds(row["createdAt"]), "updated_ms": _milliseconds(row["updatedAt"])}


def _milliseconds(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def _config(row: Row) -> Row:
    return {
        "id": row["id"],
        "name": row["name"],
        "data_type": row["dataType"],
        "is_archived": 0,
        "description": row["description"],
        "min_value": row["minValue"],
        "max_value": row["maxValue"],
        "categories": None if row["categories"] is None else json.dumps(row["categories"]),
        **_times(row),
    }


def _queue(row: Row) -> Row:
    return {
        "id": row["id"],
        "name": row["name"],
        "description": row["description"],
        "score_config_ids": json.dumps(row["scoreConfigIds"]),
        **_times(row),
    }


def _entry(row: Row) -> Row:
    return {
        "id": row["id"],
        "queue_id": row["queueId"],
        "object_id": row["objectId"],
        "object_type": row["objectType"],
        "status": row["status"],
        "completed_ms": None if row["completedAt"] is None else _milliseconds(row["completedAt"]),
        **_times(row),
    }


def _comment(row: Row) -> Row:
    return {
        "id": row["id"],
        "object_type": row["objectType"],
        "object_id": row["objectId"],
        "content": row["content"],
        "author_user_id": row["authorUserId"],
        **_times(row),
    }
