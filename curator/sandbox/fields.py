"""The fields of everything that the API shows: how a key is called, which column keeps it, and in which form.

The table `fields.csv` is read in both directions: `shown` makes what the API answers of a stored row, `record` makes
the columns of a row that somebody saved from it. What takes more than one column stays with its resource.
"""

import csv
import json
import re
import sqlite3
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from curator.sandbox.observation_record import EPOCH, iso, parse_raw

PROJECT_ID = "curator-sandbox"
LOADED = "load"
"""The group of keys that only saved rows have."""
_MILLISECOND = datetime.resolution * 1000

Row = dict[str, Any]


class BadRow(ValueError):
    """A saved row that cannot be used; the message says why, without its content."""


class Field(NamedTuple):
    """A line of the table."""

    resource: str
    group: str
    key: str
    column: str
    form: str


with Path(__file__).with_name("fields.csv").open(encoding="utf-8") as _file:
    TABLE = [Field(**line) for line in csv.DictReader(_file)]


@lru_cache
def of(resource: str, groups: frozenset[str] | None = None) -> list[Field]:
    """The fields of a resource that the API shows for the field groups asked for (None: all of them)."""
    return [
        field
        for field in TABLE
        if field.resource == resource and field.group != LOADED and (groups is None or field.group in groups)
    ]


def shown(resource: str, row: sqlite3.Row, groups: Collection[str] | None = None) -> Row:
    """A stored row as the API answers it."""
    fields = of(resource, None if groups is None else frozenset(groups))
    return {field.key: _SHOWN[field.form](row[field.column] if field.column else None) for field in fields}


def record(resource: str, row: Row) -> Row:
    """The columns that a saved row fills; of several keys of a column the first that is there. Raises BadRow."""
    found: Row = {}
    for field in TABLE:
        if field.resource == resource and field.column and field.column not in found:
            value = _READ[field.form](row.get(field.key), field.key)
            if value is not None:
                found[field.column] = value
    return found


def metadata(text: str, cut: int | None = None) -> Row:
    """Stored metadata as it is shown; `cut` is how many characters of each raw value are read."""
    stored: dict[str, str] = json.loads(text)
    return {name: parse_raw(value[:cut]) for name, value in stored.items()}


def milliseconds(value: Any, name: str) -> int | None:
    """A time (ISO text, UTC unless it says otherwise, or milliseconds) as milliseconds since 1970; None when absent."""
    if value is None or value == "":
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return int(value)
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise BadRow(f"{name} is no time") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    # Whole arithmetic: a float timestamp would lose milliseconds.
    return (moment - EPOCH) // _MILLISECOND


def camel(row: Row) -> Row:
    """The row with its keys as the API calls them: the blob storage export writes them with underscores."""
    return {re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), name): value for name, value in row.items()}


def snake(name: str) -> str:
    """A key of the API as the column that keeps it is called: `dataType` → `data_type`."""
    return re.sub(r"(?=[A-Z])", "_", name).lower()


def text(value: Any, _: str = "") -> str | None:
    """A text, JSON when it is none; None when it is absent or empty."""
    if value is None or value == "":
        return None
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def required(value: Any, name: str) -> str:
    """A text that must be there and not be empty."""
    if not isinstance(value, str) or not value:
        raise BadRow(f"{name} is missing")
    return value


def _numbers(value: Any, name: str) -> str | None:
    if isinstance(value, str) and value:
        try:
            value = json.loads(value)
        except ValueError:
            raise BadRow(f"{name} is no JSON object") from None
    if value is None or value == "":
        return None
    if not isinstance(value, dict):
        raise BadRow(f"{name} is no JSON object")
    try:
        numbers = {key: float(number) for key, number in value.items() if number is not None}
    except (TypeError, ValueError):
        raise BadRow(f"{name} holds something that is no number") from None
    return json.dumps({key: int(n) if n.is_integer() else n for key, n in numbers.items()})


def _tags(value: Any, _: str) -> str | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(tag, str) for tag in value):
        raise BadRow("tags are no list of texts")
    return json.dumps(value, ensure_ascii=False)


def _list(value: Any, name: str) -> str:
    if not isinstance(value, list):
        raise BadRow(f"{name} is no list")
    return json.dumps(value)


def _whole(value: Any, name: str) -> int | None:
    try:
        return None if value in (None, "") else int(value)
    except (TypeError, ValueError):
        raise BadRow(f"{name} is no number") from None


def _as_is(value: Any, _: str = "") -> Any:
    return value


def _or_null(value: Any) -> Any:
    return value or None


def _number(value: float | None) -> float | None:
    return int(value) if value is not None and value.is_integer() else value


def _loaded(value: str | None) -> Any:
    return json.loads(value) if value else None


# Form → how it is shown, and how it is read from a saved row (None: leave what the column has of itself).
_FORMS: dict[str, tuple[Callable[[Any], Any], Callable[[Any, str], Any]]] = {
    "text": (_as_is, text),
    "text?": (_or_null, text),  # Langfuse shows an empty one as null
    "text!": (_as_is, required),
    "value": (_as_is, _as_is),
    "time": (iso, milliseconds),
    "flag": (bool, lambda value, _: int(bool(value))),
    "derived flag": (bool, lambda *_: None),
    "whole": (_as_is, _whole),
    "number": (_number, _as_is),
    "price": (_as_is, lambda value, _: None if value is None else str(value)),
    "raw": (lambda value: parse_raw(value) if value else None, text),
    "json": (_loaded, lambda value, _: None if value is None else json.dumps(value)),
    "list!": (_loaded, _list),
    "numbers": (_loaded, _numbers),
    "tags": (_loaded, _tags),
    "metadata": (metadata, lambda *_: None),
    "project": (lambda _: PROJECT_ID, lambda *_: None),
}
_SHOWN = {form: show for form, (show, _) in _FORMS.items()}
_READ = {form: read for form, (_, read) in _FORMS.items()}
