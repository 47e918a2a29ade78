"""The time that a look at the queue covers, and how people write times."""

import re
from datetime import datetime, timedelta

from curator.model.base import Value
from curator.model.errors import UsageError

DEFAULT_SINCE = "7d"
_SPAN = re.compile(r"(\d{1,6})\s*([mhdw])", re.IGNORECASE)
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Window(Value):
    """From `since` (inclusive) to `until` (exclusive)."""

    since: datetime
    until: datetime


def parse_window(since: str | None, until: str | None, now: datetime) -> Window:
    """A window from spans back from now (`7d`, `12h`, `2w`, `30m`) or ISO dates and times; the last 7 days by default.

    Times without offset are read in the time zone of `now`. A date as `until` includes that day. Raises UsageError.
    """
    window = Window(
        since=parse_time(since or DEFAULT_SINCE, now, back=True),
        until=parse_time(until, now, back=True, end_of_day=True) if until else now,
    )
    if window.since >= window.until:
        raise UsageError(
            "The window ends before it begins.", code="WINDOW", remedy="Give --since an earlier time than --until."
        )
    return window


def parse_time(text: str, now: datetime, *, back: bool, end_of_day: bool = False) -> datetime:
    """A span from now (`3d`; into the past when `back`) or an ISO date or time. Raises UsageError."""
    span = _SPAN.fullmatch(text.strip())
    try:
        if span:
            distance = timedelta(**{_UNITS[span[2].lower()]: int(span[1])})
            return now - distance if back else now + distance
        time = datetime.fromisoformat(text.strip())
        if time.tzinfo is None:
            time = time.replace(tzinfo=now.tzinfo)
        is_date = len(text.strip()) <= len("2026-01-31")
        return time + timedelta(days=1) if end_of_day and is_date else time
    except (ValueError, OverflowError):
        raise UsageError(
            "That is neither a span of time nor a date.",
            code="WINDOW",
            remedy="Write 7d, 12h, 2w, or an ISO date such as 2026-11-09.",
        ) from None
