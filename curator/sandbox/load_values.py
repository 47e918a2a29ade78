"""Values of loaded rows, checked: what every kind of row reads the same way."""

from datetime import UTC, datetime
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = datetime.resolution * 1000


class BadRow(ValueError):
    """A line that cannot be used; the message says why, without its content."""


def required(row: dict[str, Any], name: str) -> str:
    """A text that must be there and not be empty."""
    value = row.get(name)
    if not isinstance(value, str) or not value:
        raise BadRow(f"{name} is missing")
    return value


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
    return (moment - _EPOCH) // _MILLISECOND
