"""The week in numbers: what is open and decided, how the failures fall on days."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from curator.model import Failure, State

STATES: tuple[State, ...] = ("open", "promoted", "dismissed", "snoozed")


@dataclass(frozen=True)
class Day:
    """One day's failures."""

    open: int
    decided: int

    @property
    def total(self) -> int:
        """All failures of the day."""
        return self.open + self.decided


@dataclass(frozen=True)
class Week:
    """A summary of a queue."""

    states: dict[State, int]
    days: tuple[Day, ...]
    """Oldest first, every day of the window, at most 31."""

    @property
    def total(self) -> int:
        """All failures."""
        return sum(self.states.values())

    @property
    def decided(self) -> int:
        """Failures that are not open any more."""
        return self.total - self.states.get("open", 0)

    @property
    def part_decided(self) -> float:
        """From 0 to 1; 1 when there is nothing to decide."""
        return self.decided / self.total if self.total else 1.0


def week_of(failures: Sequence[Failure], since: datetime, until: datetime) -> Week:
    """The summary of all failures of a window, in the reader's time zone."""
    states = Counter(f.state for f in failures)
    dated = [(f.timestamp.astimezone().date(), f.state == "open") for f in failures if f.timestamp is not None]
    per_day = Counter(dated)
    last = until.astimezone().date()
    first = max(since.astimezone().date(), last - timedelta(days=30))
    dates = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return Week(
        states={state: states.get(state, 0) for state in STATES},
        days=tuple(Day(per_day[day, True], per_day[day, False]) for day in dates),
    )
