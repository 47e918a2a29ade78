"""Screens of a list beside a text that says more of its row, and of a text alone."""

from typing import ClassVar

from textual.app import ComposeResult

from curator.tui.screens.place import Place
from curator.tui.sections import Sheet
from curator.tui.widgets.reader import MaskedView, Reader
from curator.tui.widgets.text_view import TextView


class Reading(Place):
    """A list, and the text of the row that the cursor stands on."""

    @property
    def reader(self) -> Reader:
        """The pane of the text."""
        return self.query_one(Reader)

    @property
    def view(self) -> MaskedView:
        """The text."""
        return self.reader.view

    def back_to_list(self) -> bool:
        """From the text to the list; False when nobody was in the text."""
        inside = isinstance(self.focused, TextView)
        if inside:
            self.rows.focus()
        return inside

    def action_next_pane(self) -> None:
        self.view.focus()

    def action_previous_pane(self) -> None:
        self.rows.focus()

    def action_other_view(self) -> None:
        self.view.view = "json" if self.view.view == "chat" else "chat"

    def action_reveal(self) -> None:
        self.view.toggle_reveal()


class SheetScreen(Reading):
    """One text over the whole screen, personal values masked, under a line that says of what."""

    CSS_PATH = "lineage.tcss"
    panes = "#pane"
    AUTO_FOCUS = "#sheet"
    waiting: ClassVar[str]
    """What is done until the text is there."""

    def body(self) -> ComposeResult:
        yield Reader("sheet", id="pane")

    def on_mount(self) -> None:
        self.reader.query_one(".pane-title").display = False
        self.show_page().waiting(self.waiting)
        self.reload()

    def put(self, sheet: Sheet, rule: str | None, *, keep_place: bool = False) -> None:
        """Shows a text; `rule`: by whose policy personal values are looked for."""
        self.calm()
        self.show_panes()
        self.put_masked(self.view, sheet, rule, keep_place=keep_place)
        self.view.focus()

    def action_back(self) -> None:
        self.app.pop_screen()
