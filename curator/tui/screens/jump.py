"""Letters over every pane, row and tool call in sight: typing them goes there."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.geometry import Offset
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Static

from curator.tui.widgets.cards import Cards
from curator.tui.widgets.rows import Rows
from curator.tui.widgets.text_view import TextView

if TYPE_CHECKING:
    from curator.tui.screens.place import Place

LETTERS = "asdfghjklqwertyuiopzxcvbnm"
Target = tuple[Offset, Callable[[], object]]


def targets(screen: "Place") -> Iterator[Target]:
    """Where one can go: every row in sight, every pane without rows, every call in it, which is opened."""
    for widget in screen.focus_chain:
        region = widget.region
        if isinstance(widget, Rows):
            for line, number in widget.rows_in_sight():
                yield region.offset + Offset(0, line), partial(_go, widget, partial(setattr, widget, "cursor", number))
        elif isinstance(widget, Cards):
            for line, key in widget.cards_in_sight():
                yield region.offset + Offset(0, line), partial(_go, widget, partial(widget.go_to, key))
        elif isinstance(widget, Widget) and region.area:
            yield region.offset, widget.focus
            if isinstance(widget, TextView):
                for line, fold in widget.folds_in_sight():
                    yield region.offset + Offset(2, line), partial(_go, widget, partial(widget.turn, fold))


def _go(widget: Widget, then: Callable[[], object]) -> None:
    widget.focus()
    then()


class JumpScreen(ModalScreen[None]):
    """The screen below with letters over it."""

    CSS_PATH = "jump.tcss"

    def __init__(self, below: "Place") -> None:
        super().__init__()
        found = list(targets(below))
        codes = LETTERS if len(found) <= len(LETTERS) else ["".join(pair) for pair in product(LETTERS, repeat=2)]
        self._targets = dict(zip(codes, found, strict=False))
        self._typed = ""

    def compose(self) -> ComposeResult:
        for code, (offset, _) in self._targets.items():
            label = Static(code, classes="jump-label")
            label.styles.offset = (offset.x, offset.y)
            yield label

    def on_key(self, event: events.Key) -> None:
        event.stop()
        if event.key == "escape":
            self.dismiss(None)
            return
        self._typed += event.character or ""
        if self._typed in self._targets:
            go = self._targets[self._typed][1]
            self.dismiss(None)
            self.app.call_later(go)
        elif not any(code.startswith(self._typed) for code in self._targets):
            self.dismiss(None)
