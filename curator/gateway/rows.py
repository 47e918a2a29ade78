"""Rows as the server sends them → values. Each function raises KeyError, TypeError or ValueError for an unreadable row.

Only what nothing works without is required; an unknown type, level or extra field is taken as it comes. Field names:
https://api.reference.langfuse.com, and the recordings of Langfuse 4.16.
"""

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from curator.gateway.values import AnnotationQueue, Experiment, ExperimentItem, Project
from curator.model.item import Dataset, StoredItem
from curator.model.trace import Comment, Observation, QueueEntry, Score

Row = Mapping[str, Any]
YEARS = range(1970, 2200)
"""A time outside of these years is a fault of the server, and breaks the arithmetic of offsets."""


def what_is_wrong(error: Exception) -> str:
    """Why a row cannot be read: the field and its fault, never a value."""
    if isinstance(error, KeyError):
        return f"`{error.args[0]}` is missing"
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False, include_url=False)[0]
        return f"`{'.'.join(map(str, first['loc']))}`: {first['msg']}"
    return str(error) if isinstance(error, Odd) else "a field has another form than Langfuse gives it"


class Odd(ValueError):
    """A field that cannot be read; the message is safe to print."""


def observation(row: Row) -> Observation:
    """A row of `GET /api/public/v2/observations`; a missing start time is replaced by the nearest known one."""
    start = _time(row.get("startTime")) or _time(row.get("createdAt")) or _time(row.get("endTime"))
    parent = _text(row.get("parentObservationId"))
    root = row.get("isRootObservation")
    return Observation(
        id=_required(row, "id"),
        trace_id=_required(row, "traceId"),
        parent_id=parent,
        is_root=bool(root) if root is not None else parent is None,
        type=_text(row.get("type")) or "SPAN",
        name=_text(row.get("name")),
        level=_text(row.get("level")) or "DEFAULT",
        status_message=_text(row.get("statusMessage")),
        start_time=_present(start),
        end_time=_time(row.get("endTime")),
        latency=_number(row.get("latency")),
        environment=_text(row.get("environment")),
        version=_text(row.get("version")),
        release=_text(row.get("release")),
        user_id=_text(row.get("userId")),
        session_id=_text(row.get("sessionId")),
        trace_name=_text(row.get("traceName")),
        tags=tuple(str(tag) for tag in row.get("tags") or ()),
        model=_text(row.get("model")),
        total_cost=_number(row.get("totalCost")),
        input=_raw(row.get("input")),
        output=_raw(row.get("output")),
        metadata=_mapping(row.get("metadata")),
    )


def score(row: Row) -> Score:
    """A row of `GET /api/public/v3/scores`."""
    subject = _mapping(row.get("subject"))
    kind = subject.get("kind", "trace")
    value = row["value"]
    if value is not None and not isinstance(value, bool | int | float | str):
        raise Odd("`value` is no number, text or boolean")
    if isinstance(value, float) and not math.isfinite(value):
        raise Odd("`value` is no finite number")
    return Score(
        id=_required(row, "id"),
        name=_required(row, "name"),
        value=value,
        data_type=_text(row.get("dataType")) or "NUMERIC",
        source=_text(row.get("source")) or "API",
        timestamp=_present(_time(row.get("timestamp")) or _time(row.get("createdAt"))),
        subject=kind,
        trace_id=_text(subject.get("id") if kind == "trace" else subject.get("traceId")),
        observation_id=_text(subject.get("id")) if kind == "observation" else None,
        session_id=_text(subject.get("id")) if kind == "session" else None,
        comment=_text(row.get("comment")),
        author_user_id=_text(row.get("authorUserId")),
        queue_id=_text(row.get("queueId")),
        environment=_text(row.get("environment")),
        metadata=_mapping(row.get("metadata")),
    )


def comment(row: Row) -> Comment:
    """A row of `GET /api/public/comments`."""
    return Comment(
        id=_required(row, "id"),
        object_type=_required(row, "objectType"),
        object_id=_required(row, "objectId"),
        content=str(row["content"]),
        author_user_id=_text(row.get("authorUserId")),
        created_at=_present(_time(row.get("createdAt"))),
    )


def annotation_queue(row: Row) -> AnnotationQueue:
    """A row of `GET /api/public/annotation-queues`."""
    return AnnotationQueue(
        id=_required(row, "id"), name=_required(row, "name"), description=_text(row.get("description"))
    )


def queue_entry(row: Row, queue_name: str) -> QueueEntry:
    """A row of `GET /api/public/annotation-queues/{id}/items`."""
    return QueueEntry(
        id=_required(row, "id"),
        queue_id=_required(row, "queueId"),
        queue_name=queue_name,
        object_type=_required(row, "objectType"),
        object_id=_required(row, "objectId"),
        status=_required(row, "status"),
        created_at=_present(_time(row.get("createdAt"))),
    )


def dataset(row: Row) -> Dataset:
    """A dataset of `GET /api/public/v2/datasets`."""
    created = _present(_time(row.get("createdAt")))
    return Dataset(
        id=_required(row, "id"),
        name=_required(row, "name"),
        description=_text(row.get("description")),
        metadata=row.get("metadata"),
        input_schema=row.get("inputSchema"),
        expected_output_schema=row.get("expectedOutputSchema"),
        created_at=created,
        updated_at=_time(row.get("updatedAt")) or created,
    )


def stored_item(row: Row) -> StoredItem:
    """An item of `GET /api/public/dataset-items`."""
    created = _present(_time(row.get("createdAt")))
    return StoredItem(
        id=_required(row, "id"),
        dataset=_required(row, "datasetName"),
        dataset_id=_required(row, "datasetId"),
        input=row.get("input"),
        expected_output=row.get("expectedOutput"),
        metadata=row.get("metadata"),
        source_trace_id=_text(row.get("sourceTraceId")),
        source_observation_id=_text(row.get("sourceObservationId")),
        status=row["status"],
        created_at=created,
        updated_at=_time(row.get("updatedAt")) or created,
    )


def project(row: Row) -> Project:
    """A project of `GET /api/public/projects`."""
    days = row.get("retentionDays")
    return Project(id=_required(row, "id"), name=_required(row, "name"), retention_days=int(days) if days else None)


def experiment(row: Row) -> Experiment:
    """A row of `GET /api/public/experiments`."""
    return Experiment(
        id=_required(row, "id"),
        name=_required(row, "name"),
        description=_text(row.get("description")),
        start_time=_present(_time(row.get("startTime"))),
        end_time=_time(row.get("endTime")),
        item_count=int(row["itemCount"]),
        dataset_id=_text(row.get("datasetId")),
        metadata=_mapping(row.get("metadata")),
        scores=_scores(row.get("scores")),
    )


def experiment_item(row: Row) -> ExperimentItem:
    """A row of `GET /api/public/experiment-items`."""
    return ExperimentItem(
        id=_required(row, "id"),
        trace_id=_required(row, "traceId"),
        experiment_id=_required(row, "experimentId"),
        experiment_name=_required(row, "experimentName"),
        item_id=_required(row, "experimentItemId"),
        dataset_id=_text(row.get("experimentDatasetId")),
        item_version=_time(row.get("experimentItemVersion")),
        start_time=_present(_time(row.get("startTime"))),
        end_time=_time(row.get("endTime")),
        level=_text(row.get("level")) or "DEFAULT",
        environment=_text(row.get("environment")),
        input=row.get("input"),
        output=row.get("output"),
        expected_output=row.get("expectedOutput"),
        metadata=_mapping(row.get("metadata")),
        item_metadata=_mapping(row.get("experimentItemMetadata")),
        scores=_scores(row.get("scores")),
    )


def _scores(rows: object) -> tuple[Score, ...]:
    """Scores that came with an experiment. One that cannot be read makes the whole row unreadable: fail closed."""
    if rows is None:
        return ()
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise Odd("`scores` is no list of objects")
    return tuple(score(row) for row in rows)


def _required(row: Row, key: str) -> str:
    value = row[key]
    if not isinstance(value, str) or not value:
        raise Odd(f"`{key}` is empty or no text")
    return value


def _text(value: object) -> str | None:
    """A text; the v2 API sends `""` for none."""
    return value if isinstance(value, str) and value else None


def _raw(value: object) -> str | None:
    """Input or output: a raw string by the v2 API; other JSON is turned back into its text."""
    if value is None or value == "":
        return None
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _number(value: object) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        return None
    return float(value)


def _mapping(value: object) -> dict[str, Any]:
    return {str(key): item for key, item in value.items()} if isinstance(value, Mapping) else {}


def _time(value: object) -> datetime | None:
    """A time with its offset; UTC when the server names none."""
    if not isinstance(value, str) or not value:
        return None
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        raise Odd("a time is not written as ISO 8601") from None
    if time.year not in YEARS:
        raise Odd(f"a time lies before {YEARS.start} or after {YEARS.stop - 1}")
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _present(value: datetime | None) -> datetime:
    if value is None:
        raise Odd("it has no time")
    return value
