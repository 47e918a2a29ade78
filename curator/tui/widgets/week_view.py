"""The week at a glance: tabs by state with counts, the window, failures per day, what part is decided."""

from dataclasses import dataclass
from typing import Literal

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Label, Static

from curator.model import State
from curator.tui.session.failures import STATES, Week
from curator.tui.text import Piece
from curator.tui.widgets.frame import content
from curator.tui.words import bar, signs, sparkline

Shown = State | Literal["prepared"] | None
"""The state that is listed: `prepared` are drafts that wait for approval, None is all."""
TABS: tuple[Shown, ...] = (*STATES, "prepared", None)


class StateTab(Label):
    """One state with its count; a click lists it."""

    @dataclass
    class Picked(Message):
        """The user clicked a tab."""

        state: Shown

    def __init__(self, state: Shown) -> None:
        super().__init__("", classes="state-tab")
        self.state = state

    def put(self, count: int | None, here: bool) -> None:
        """Shows the count; None while nobody knows."""
        role, sign = signs("state")[self.state] if self.state is not None else ("text", "∗")
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
    """One line: tabs, window, progress."""

    def compose(self) -> ComposeResult:
        for state in TABS:
            yield StateTab(state)
        yield Static("", id="progress")

    def show(self, week: Week | None, state: Shown, window: str, *, prepared: int, narrow: bool) -> None:
        """Puts the numbers in place; `prepared` drafts are named while there are some."""
        for tab in self.query(StateTab):
            if tab.state == "prepared":
                tab.display = prepared > 0 or state == "prepared"
                tab.put(prepared, tab.state == state)
                continue
            count = None if week is None else week.total if tab.state is None else week.states[tab.state]
            tab.put(count, tab.state == state)
        pieces: list[Piece] = [("dim", window)]
        if week is not None and week.total and not narrow:
            full, rest = bar(week.part_decided, 10)
            pieces += [("info", f"  {sparkline(week.days)}")]
            pieces += [("good", f"  {full}"), ("dim", f"{rest} {week.part_decided:.0%} decided")]
        self.query_one("#progress", Static).update(content(pieces))
