"""How people write times."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curator.model.errors import ExitCode, UsageError
from curator.queue import parse_time, parse_window

ZONE = timezone(timedelta(hours=2))
NOW = datetime(2026, 11, 16, 12, 0, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("since", "until", "begin", "end"),
    [
        (None, None, NOW - timedelta(days=7), NOW),
        ("12h", None, NOW - timedelta(hours=12), NOW),
        ("2w", "30m", NOW - timedelta(weeks=2), NOW - timedelta(minutes=30)),
        (" 3 D ", None, NOW - timedelta(days=3), NOW),
        ("2026-11-09", None, datetime(2026, 11, 9, tzinfo=ZONE), NOW),
        ("2026-11-09", "2026-11-10", datetime(2026, 11, 9, tzinfo=ZONE), datetime(2026, 11, 11, tzinfo=ZONE)),
        (
            "2026-11-09T08:30",
            "2026-11-10T00:00:00Z",
            datetime(2026, 11, 9, 8, 30, tzinfo=ZONE),
            datetime(2026, 11, 10, tzinfo=UTC),
        ),
    ],
)
def test_windows(since: str | None, until: str | None, begin: datetime, end: datetime) -> None:
    window = parse_window(since, until, NOW)
    assert (window.since, window.until) == (begin, end)


@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("yesterday", None),
        ("7", None),
        ("7y", None),
        ("-7d", None),
        ("2026-13-01", None),
        ("999999w", None),
        ("1d", "2d"),
        ("2026-11-17", None),
        ("0d", None),
        ("7d", "soon"),
    ],
)
def test_what_is_no_window(since: str, until: str | None) -> None:
    with pytest.raises(UsageError) as error:
        parse_window(since, until, NOW)
    assert error.value.exit_code == ExitCode.USAGE


def test_a_span_to_come() -> None:
    assert parse_time("3d", NOW, back=False) == NOW + timedelta(days=3)


@given(text=st.text(max_size=20))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    try:
        assert parse_time(text, NOW, back=True, end_of_day=True).tzinfo is not None
    except UsageError:
        return
