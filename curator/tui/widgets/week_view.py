"""The week at a glance: tabs by state with counts, progress, failures per day, signals."""

from collections.abc import Sequence
from typing import Literal

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Label, Static

from curator.model import State
from curator.tui.text import Piece, visible
from curator.tui.week import STATES, Week
from curator.tui.widgets.frame import content
from curator.tui.words import STATE_SIGNS, bar, sparkline

Shown = State | Literal["prepared"] | None
"""The state that is listed: `prepared` are drafts that wait for approval, None is all."""
TABS: tuple[Shown, ...] = (*STATES, "prepared", None)


SIGNS: dict[str, tuple[str, str]] = {**STATE_SIGNS, "prepared": ("✍", "accent")}


class StateTab(Label):
    """One state with its count; a click lists it."""

    class Picked(Message):
        """The user clicked a tab."""

        def __init__(self, state: Shown) -> None:
            super().__init__()
            self.state = state

    def __init__(self, state: Shown) -> None:
        super().__init__("", classes="state-tab")
        self.state = state

    def put(self, count: int | None, here: bool) -> None:
        """Shows the count; None while nobody knows."""
        sign, role = ("∗", "text") if self.state is None else SIGNS[self.state]
        name = (self.state or "all").capitalize()
        self.update(
            content(
                [
                    (role, f"{sign} "),
                    ("underline" if here else "dim", name),
                    ("strong" if here else "dim", "" if count is None else f" {count:,}"),
                ]
            )
        )

    def on_click(self, event: events.Click) -> None:
        self.post_message(self.Picked(self.state))


class WeekBar(Horizontal):
    """One line: tabs, marks, window, progress."""

    def compose(self) -> ComposeResult:
        for state in TABS:
            yield StateTab(state)
        yield Static("", id="marked")
        yield Static("", id="progress")

    def show(self, week: Week | None, state: Shown, marked: int, window: str, *, prepared: int, narrow: bool) -> None:
        """Puts the numbers in place; `prepared` drafts are named while there are some."""
        for tab in self.query(StateTab):
            if tab.state == "prepared":
                tab.display = prepared > 0 or state == "prepared"
                tab.put(prepared, tab.state == state)
                continue
            count = None if week is None else week.total if tab.state is None else week.states[tab.state]
            tab.put(count, tab.state == state)
        self.query_one("#marked", Static).update(content([("accent", f"● {marked} marked")] if marked else []))
        pieces: list[Piece] = [("dim", window)]
        if week is not None and week.total and not narrow:
            full, rest = bar(week.part_decided, 10)
            pieces += [("info", f"  {sparkline([d.total for d in week.days])}")]
            pieces += [("good", f"  {full}"), ("dim", f"{rest} {week.part_decided:.0%} decided")]
        self.query_one("#progress", Static).update(content(pieces))


class WeekPanel(Vertical):
    """The same at length, where there is room: progress, failures per day, signals."""

    _week: Week | None = None

    def on_resize(self) -> None:
        if self._week is not None:
            self.show(self._week)

    def compose(self) -> ComposeResult:
        yield Static("", id="week-progress")
        yield Static("", id="week-days")
        yield Static("", id="week-signals")

    def show(self, week: Week) -> None:
        """Puts the charts in place."""
        self._week = week
        width = max(self.size.width - 4, 20)
        full, rest = bar(week.part_decided, width)
        self.query_one("#week-progress", Static).update(
            content(
                [
                    ("heading", "Triage\n"),
                    ("good", full),
                    ("dim", f"{rest}\n"),
                    ("strong", f"{week.decided:,}"),
                    ("dim", f" of {week.total:,} decided\n"),
                    ("info", sparkline([day.left for day in week.days])),
                    ("dim", f" left, day by day: {week.states['open']:,}"),
                ]
            )
        )
        self.query_one("#week-days", Static).update(_days(week, width))
        self.query_one("#week-signals", Static).update(_signals(week.signals, width))


def _days(week: Week, width: int) -> Content:
    days = week.days[-14:]
    top = max((d.total for d in days), default=0) or 1
    room = max(width - 12, 6)
    lines = [content([("heading", "Failures per day")])]
    for day in days:
        decided = round(day.decided / top * room)
        left = max(round(day.total / top * room) - decided, 1 if day.open else 0)
        lines.append(
            content(
                [
                    ("dim", f"{day.label} "),
                    ("good", "█" * decided),
                    ("info", "▒" * left),
                    ("dim", f" {day.total}" if day.total else "·"),
                ]
            )
        )
    lines.append(content([("good", "█"), ("dim", " decided  "), ("info", "▒"), ("dim", " open")]))
    return Content("\n").join(lines)


def _signals(signals: Sequence[tuple[str, int]], width: int) -> Content:
    top = max((count for _, count in signals), default=0) or 1
    name_width = min(max((len(visible(name)) for name, _ in signals), default=0), max(width // 2, 8), 20)
    room = max(width - name_width - 6, 4)
    lines = [content([("heading", "Signals")])]
    for name, count in signals[:12]:
        shown = visible(name)
        shown = shown if len(shown) <= name_width else shown[: name_width - 1] + "…"
        lines.append(
            content(
                [
                    ("text", f"{shown:<{name_width}} "),
                    ("warn", "▆" * max(1, round(count / top * room))),
                    ("dim", f" {count}"),
                ]
            )
        )
    return Content("\n").join(lines)
