"""Rows as the server sends them → values. Each function raises KeyError, TypeError or ValueError for an unreadable row.

Only what nothing works without is required; an unknown type, level or extra field is taken as it comes. Field names:
https://api.reference.langfuse.com, and the recordings of Langfuse 4.16.
"""

import json
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from curator.gateway.values import AnnotationQueue, Experiment, ExperimentItem, Project, ScoreConfig
from curator.model.base import Value
from curator.model.item import Dataset, StoredItem
from curator.model.trace import Comment, Observation, QueueEntry, Score

V = TypeVar("V", bound=Value)
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
    return str(error) if isinstance(error, Unreadable) else "a field has another form than Langfuse gives it"


class Unreadable(ValueError):
    """A field that cannot be read; the message is safe to print."""


def observation(row: Row) -> Observation:
    """A row of `GET /api/public/v2/observations`; a missing start time is replaced by the nearest known one."""
    start = _time(row.get("startTime")) or _time(row.get("createdAt")) or _time(row.get("endTime"))
    parent = _text(row.get("parentObservationId"))
    root = row.get("isRootObservation")
    return _read(
        Observation,
        row,
        parent_id=parent,
        is_root=bool(root) if root is not None else parent is None,
        start_time=_present(start),
        tags=tuple(str(tag) for tag in row.get("tags") or ()),
        input=_raw(row.get("input")),
        output=_raw(row.get("output")),
    )


def score(row: Row) -> Score:
    """A row of `GET /api/public/v3/scores`."""
    subject = _mapping(row.get("subject"))
    kind = subject.get("kind", "trace")
    value = row["value"]
    if value is not None and not isinstance(value, bool | int | float | str):
        raise Unreadable("`value` is no number, text or boolean")
    if isinstance(value, float) and not math.isfinite(value):
        raise Unreadable("`value` is no finite number")
    return _read(
        Score,
        row,
        value=value,
        timestamp=_present(_time(row.get("timestamp")) or _time(row.get("createdAt"))),
        subject=kind,
        trace_id=_text(subject.get("id") if kind == "trace" else subject.get("traceId")),
        observation_id=_text(subject.get("id")) if kind == "observation" else None,
        session_id=_text(subject.get("id")) if kind == "session" else None,
    )


def comment(row: Row) -> Comment:
    """A row of `GET /api/public/comments`."""
    return _read(Comment, row, content=str(row["content"]))


def annotation_queue(row: Row) -> AnnotationQueue:
    """A row of `GET /api/public/annotation-queues`."""
    return _read(AnnotationQueue, row)


def score_config(row: Row) -> ScoreConfig:
    """A row of `GET /api/public/score-configs`."""
    return _read(ScoreConfig, row)


def queue_entry(row: Row, queue_name: str) -> QueueEntry:
    """A row of `GET /api/public/annotation-queues/{id}/items`."""
    return _read(QueueEntry, row, queue_name=queue_name)


def dataset(row: Row) -> Dataset:
    """A dataset of `GET /api/public/v2/datasets`."""
    return _read(Dataset, row, updated_at=_present(_time(row.get("updatedAt")) or _time(row.get("createdAt"))))


def stored_item(row: Row) -> StoredItem:
    """An item of `GET /api/public/dataset-items`."""
    updated = _present(_time(row.get("updatedAt")) or _time(row.get("createdAt")))
    held = row.get("mediaReferences")
    media = tuple(str(each["referenceString"]) for each in held) if isinstance(held, list) else None
    known = {"dataset": _required(row, "datasetName"), "status": row["status"], "updated_at": updated, "media": media}
    return _read(StoredItem, row, **known)


def project(row: Row) -> Project:
    """A project of `GET /api/public/projects`."""
    days = row.get("retentionDays")
    return _read(Project, row, retention_days=int(days) if days else None)


def experiment(row: Row) -> Experiment:
    """A row of `GET /api/public/experiments`."""
    return _read(Experiment, row, item_count=int(row["itemCount"]))


def experiment_item(row: Row) -> ExperimentItem:
    """A row of `GET /api/public/experiment-items`."""
    return _read(
        ExperimentItem,
        row,
        item_id=_required(row, "experimentItemId"),
        dataset_id=_text(row.get("experimentDatasetId")),
        item_version=_time(row.get("experimentItemVersion")),
        item_metadata=_mapping(row.get("experimentItemMetadata")),
    )


def _read(kind: type[V], row: Row, **known: Any) -> V:
    """A row as a value: a field's name is the server's key with underscores, its type says how it is read.

    `known`: fields that the server calls otherwise, or that take more than their key.
    """
    for name, key, read, default in _fields(kind):
        if name not in known:
            found = read(row, key)
            known[name] = default if found is None else found
    return kind(**known)


@cache
def _fields(kind: type[Value]) -> list[tuple[str, str, Callable[[Row, str], Any], Any]]:
    """Name, key, how it is read, and what it is when nothing is there, for every field."""
    found = []
    for name, field in kind.model_fields.items():
        form = str | None if field.annotation is str and not field.is_required() else field.annotation
        found.append((name, to_camel(name), READERS.get(form, READERS[Any]), field.get_default()))
    return found


def _scores(rows: object) -> tuple[Score, ...]:
    """Scores that came with an experiment. One that cannot be read makes the whole row unreadable: fail closed."""
    if rows is None:
        return ()
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise Unreadable("`scores` is no list of objects")
    return tuple(score(row) for row in rows)


def _required(row: Row, key: str) -> str:
    value = row[key]
    if not isinstance(value, str) or not value:
        raise Unreadable(f"`{key}` is empty or no text")
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
        raise Unreadable("a time is not written as ISO 8601") from None
    if time.year not in YEARS:
        raise Unreadable(f"a time lies before {YEARS.start} or after {YEARS.stop - 1}")
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _present(value: datetime | None) -> datetime:
    if value is None:
        raise Unreadable("it has no time")
    return value


READERS: dict[Any, Callable[[Row, str], Any]] = {
    str: _required,
    str | None: lambda row, key: _text(row.get(key)),
    float | None: lambda row, key: _number(row.get(key)),
    datetime: lambda row, key: _present(_time(row.get(key))),
    datetime | None: lambda row, key: _time(row.get(key)),
    dict[str, Any]: lambda row, key: _mapping(row.get(key)),
    tuple[Score, ...]: lambda row, key: _scores(row.get(key)),
    Any: lambda row, key: row.get(key),
}
