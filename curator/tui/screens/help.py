"""The help: keys of the screen it was asked from, then of everything; and the pages that `curator explain` prints."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Label, Static

from curator.help import Page, pages
from curator.tui.actions import PLACES, HelpRow, Place, help_rows
from curator.tui.pieces import Piece
from curator.tui.widgets.cards import hanging
from curator.tui.widgets.frame import content


class HelpScreen(ModalScreen[None]):
    """Everything that the keys do here, and below it what they do elsewhere; typing narrows it."""

    CSS_PATH = "help.tcss"
    BINDINGS: ClassVar = [("escape,question_mark,q", "close", "Close")]

    def __init__(self, first: Sequence[Place], keymap: Mapping[str, str]) -> None:
        super().__init__()
        self._first = list(dict.fromkeys([*first, "app"]))
        self._keymap = keymap
        self._pages: list[Page] = []

    def compose(self) -> ComposeResult:
        with Vertical(id="help"):
            yield Label("Help", id="help-title")
            yield Input(placeholder="type to narrow: promote, mask, gate, LIN001 …", compact=True, id="help-filter")
            with VerticalScroll(id="help-body"):
                yield Static(id="help-rows")
            yield Static(
                Content.styled("↑ ↓ scroll   enter open the first page   esc close", "$faint"),
                id="help-foot",
            )

    def on_mount(self) -> None:
        self.call_after_refresh(self._show, "")

    def on_resize(self) -> None:
        self._show(self.query_one("#help-filter", Input).value)

    @on(Input.Changed, "#help-filter")
    def _narrow(self, event: Input.Changed) -> None:
        self._show(event.value)

    def _show(self, words: str) -> None:
        places: list[Place] = [*self._first, *(place for place in PLACES if place not in self._first)]
        wanted = words.lower().split()
        blocks = []
        for place in places:
            rows = [
                row
                for row in help_rows(place, self._keymap)
                if all(w in f"{row.keys} {row.label} {row.help} {row.twin} {PLACES[place]}".lower() for w in wanted)
            ]
            if rows:
                width = self.query_one("#help-body").scrollable_content_region.width
                blocks.append(_block(PLACES[place], rows, width, here=place in self._first))
        self._pages = found_pages(wanted)
        if self._pages:
            blocks.append(_page_block(self._pages, first=bool(wanted)))
        self.query_one("#help-rows", Static).update(
            Content("\n\n").join(blocks) if blocks else Content.styled("Nothing is called that.", "$faint")
        )

    @on(Input.Submitted, "#help-filter")
    def _open(self, event: Input.Submitted) -> None:
        from curator.tui.screens.page import PageScreen

        if event.value.strip() and self._pages:
            self.app.push_screen(PageScreen(self._pages[0].code))

    def on_key(self, event: object) -> None:
        body = self.query_one("#help-body", VerticalScroll)
        key = getattr(event, "key", "")
        if key in ("down", "up", "pagedown", "pageup"):
            {
                "down": body.scroll_down,
                "up": body.scroll_up,
                "pagedown": body.scroll_page_down,
                "pageup": body.scroll_page_up,
            }[key](animate=False)

    def action_close(self) -> None:
        self.dismiss(None)


def found_pages(words: Sequence[str]) -> list[Page]:
    """The help pages that have every word in name or title, those named so first; without words, the topics."""
    if not words:
        return [page for page in pages() if page.kind == "topic"]
    found = [p for p in pages() if all(word in f"{p.code} {p.title}".lower() for word in words)]
    return sorted(found, key=lambda p: (not p.code.lower().startswith(words[0]), p.kind != "topic"))


def _page_block(found: Sequence[Page], *, first: bool) -> Content:
    lines = [Content.styled("Pages", "bold $primary")]
    for number, each in enumerate(found[:40]):
        key = "enter" if first and number == 0 else ""
        lines.append(content([("accent", f"  {key:<10}"), ("text", each.code), ("dim", f"  {each.title}")]))
    return Content("\n").join(lines)


def _block(title: str, rows: Sequence[HelpRow], width: int, *, here: bool) -> Content:
    keys_width = max(12, max(cell_len(row.keys) for row in rows) + 4)
    lines = [Content.styled(title, "bold $primary" if here else "bold $faint")]
    for row in rows:
        keys = f"  {row.keys}" + " " * (keys_width - cell_len(row.keys) - 2)
        words: list[Piece] = [("text", row.help), ("dim", f"  {row.twin}" if row.twin else "")]
        text = hanging(words, width, indent=" " * keys_width, first="")
        lines.append(content([("accent", keys), *text]))
    return Content("\n").join(lines)
