"""The first paint: the frame of the queue, before anything is known. It imports next to nothing."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.widgets import Static

from curator.tui import actions
from curator.tui.widgets.frame import Hints, bar_pieces, content


class StartScreen(Screen[None]):
    """Looks like the queue that will stand in its place a moment later."""

    BINDINGS: ClassVar[list[BindingType]] = actions.bindings("queue")

    def compose(self) -> ComposeResult:
        # As few widgets as can be: each costs time before anything is seen.
        yield Static(content(bar_pieces("queue")), id="start-bar")
        yield Static("", id="start-line")
        yield Static("opening", id="start-page")
        yield Hints(("queue", "app"))
