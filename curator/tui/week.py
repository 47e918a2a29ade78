"""The week in numbers: what is open and decided, which signals made the failures, how they fall on days."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from curator.model import Failure, State

STATES: tuple[State, ...] = ("open", "promoted", "dismissed", "snoozed")


@dataclass(frozen=True)
class Day:
    """One day's failures."""

    label: str
    open: int
    decided: int
    left: int = 0
    """Failures that were open at the end of the day: made until then, not yet decided."""

    @property
    def total(self) -> int:
        """All failures of the day."""
        return self.open + self.decided


@dataclass(frozen=True)
class Week:
    """A summary of a queue."""

    states: dict[State, int]
    signals: tuple[tuple[str, int], ...]
    """Names of signals with how many failures have them, most frequent first."""
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
    signals: Counter[str] = Counter()
    per_day: Counter[tuple[object, bool]] = Counter()
    for failure in failures:
        signals.update({signal.name for signal in failure.signals})
        if failure.timestamp is not None:
            per_day[failure.timestamp.astimezone().date(), failure.state == "open"] += 1
    last = until.astimezone().date()
    first = max(since.astimezone().date(), last - timedelta(days=30))
    dates = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    made = Counter(f.timestamp.astimezone().date() for f in failures if f.timestamp is not None)
    done = Counter(f.decision.at.astimezone().date() for f in failures if f.decision is not None and f.state != "open")
    undated = sum(f.state != "open" and f.decision is None for f in failures)
    left = [
        max(0, sum(n for day, n in made.items() if day <= d) - sum(n for day, n in done.items() if day <= d) - undated)
        for d in dates
    ]
    return Week(
        states={state: states.get(state, 0) for state in STATES},
        signals=tuple(sorted(signals.items(), key=lambda each: (-each[1], each[0]))),
        days=tuple(
            Day(d.strftime("%a %d"), per_day[d, True], per_day[d, False], open_then)
            for d, open_then in zip(dates, left, strict=True)
        ),
    )
