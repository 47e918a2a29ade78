"""Rows of score configs, annotation queues, queue items and comments, as their APIs answer them, as table rows."""

import json
from collections.abc import Callable
from typing import Any

from curator.sandbox.load_values import BadRow, milliseconds, required

Row = dict[str, Any]

# What tells the kinds apart (all these keys are there), and the table that a kind goes to.
KEYS = {
    "comment": ("objectType", "objectId", "content"),
    "queue_item": ("queueId", "objectType", "objectId", "status"),
    "queue": ("name", "scoreConfigIds"),
    "score_config": ("name", "dataType", "isArchived"),
}
TABLES = {
    "comment": "comments",
    "queue_item": "annotation_queue_items",
    "queue": "annotation_queues",
    "score_config": "score_configs",
}


def kind_of(row: Row) -> str | None:
    """Which of the kinds a row is, or None."""
    return next((kind for kind, keys in KEYS.items() if all(key in row for key in keys)), None)


def convert(kind: str, row: Row) -> Row:
    """The table row. Raises BadRow."""
    created = milliseconds(row.get("createdAt"), "createdAt")
    if created is None:
        raise BadRow("createdAt is missing")
    updated = milliseconds(row.get("updatedAt"), "updatedAt")
    times = {"created_ms": created, "updated_ms": created if updated is None else updated}
    return {"id": required(row, "id"), **_CONVERTERS[kind](row), **times}


def _comment(row: Row) -> Row:
    return {
        "object_type": required(row, "objectType"),
        "object_id": required(row, "objectId"),
        "content": required(row, "content"),
        "author_user_id": row.get("authorUserId"),
    }


def _queue_item(row: Row) -> Row:
    return {
        "queue_id": required(row, "queueId"),
        "object_id": required(row, "objectId"),
        "object_type": required(row, "objectType"),
        "status": required(row, "status"),
        "completed_ms": milliseconds(row.get("completedAt"), "completedAt"),
    }


def _queue(row: Row) -> Row:
    if not isinstance(row["scoreConfigIds"], list):
        raise BadRow("scoreConfigIds is no list")
    return {
        "name": required(row, "name"),
        "description": row.get("description"),
        "score_config_ids": json.dumps(row["scoreConfigIds"]),
    }


def _score_config(row: Row) -> Row:
    categories = row.get("categories")
    return {
        "name": required(row, "name"),
        "data_type": required(row, "dataType"),
        "is_archived": int(bool(row["isArchived"])),
        "description": row.get("description"),
        "min_value": row.get("minValue"),
        "max_value": row.get("maxValue"),
        "categories": None if categories is None else json.dumps(categories),
    }


_CONVERTERS: dict[str, Callable[[Row], Row]] = {
    "comment": _comment,
    "queue_item": _queue_item,
    "queue": _queue,
    "score_config": _score_config,
}
