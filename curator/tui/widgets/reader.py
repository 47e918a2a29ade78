"""A pane with foreign text to read: its title, the text, and a line to search it with."""

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from curator.tui.pieces import Piece
from curator.tui.widgets.frame import LineInput, content
from curator.tui.widgets.preview import MaskedView
from curator.tui.widgets.text_view import TextView
from curator.tui.words import plural


class SearchPane(Vertical):
    """A pane with a text and a line in it: `/` in the text opens the line."""

    @property
    def view(self) -> MaskedView:
        """The text."""
        return self.query_one(MaskedView)

    @on(TextView.SearchAsked)
    def _search(self, event: TextView.SearchAsked) -> None:
        event.stop()
        self.query_one(LineInput).open()

    @on(LineInput.Typed)
    def _searching(self, event: LineInput.Typed) -> None:
        event.stop()
        count = self.view.search(event.text)
        event.line.note(plural(count, "hit") if event.text else "")

    @on(LineInput.Left)
    def _searched(self, event: LineInput.Left) -> None:
        event.stop()
        if not event.kept or not event.text:
            event.line.put("")
            self.view.search("")
            event.line.display = False
        self.view.focus()


class Reader(SearchPane):
    """The text has the id `what`, the title `what-title`."""

    def __init__(self, what: str, *, id: str, title: str = "") -> None:
        super().__init__(id=id, classes="pane")
        self._what = what
        self._title = title

    def compose(self) -> ComposeResult:
        yield Static(self._title, classes="pane-title", id=f"{self._what}-title")
        yield MaskedView(id=self._what)
        yield LineInput("/", f"search in this {self._what}", id=f"{self._what}-search")

    def title(self, pieces: Sequence[Piece]) -> None:
        """Says what is shown."""
        self.query_one(".pane-title", Static).update(content(pieces))
