"""The first paint: the frame of the queue, before anything is known. It imports next to nothing."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import Footer, Static

from curator.tui import actions
from curator.tui.widgets.frame import Page, TopBar


class StartScreen(Screen[None]):
    """Looks like the queue that will stand in its place a moment later."""

    BINDINGS: ClassVar[list[BindingType]] = actions.bindings("queue")
    CSS_PATH = "start.tcss"

    def compose(self) -> ComposeResult:
        yield TopBar("queue")
        yield Static("", id="start-line")
        with Vertical(classes="page-holder", id="start-page"):
            yield Page()
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(Page).waiting("opening")
