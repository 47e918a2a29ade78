"""One help page: a topic, or what a code means and what to do about it."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Label, Markdown, Static

from curator.help import page
from curator.model.errors import UsageError


class PageScreen(ModalScreen[None]):
    """The same page that `curator explain` prints; its links to other pages lead there."""

    CSS_PATH = "help.tcss"
    BINDINGS: ClassVar = [
        ("escape,q,question_mark", "close", "Close"),
        ("j,down", "scroll(1)", "Down"),
        ("k,up", "scroll(-1)", "Up"),
        ("ctrl+d,pagedown,space", "scroll(12)", "Half a page down"),
        ("ctrl+u,pageup", "scroll(-12)", "Half a page up"),
    ]

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name_of_page = name

    def compose(self) -> ComposeResult:
        with Vertical(id="help"):
            yield Label("", id="help-title")
            with VerticalScroll(id="help-body"):
                yield Markdown("", open_links=False, id="page")
            yield Static(Content.styled("j k scroll   esc close", "$faint"), id="help-foot")

    async def on_mount(self) -> None:
        self.query_one("#help-body").focus()
        await self._show(self._name_of_page)

    async def _show(self, name: str) -> None:
        try:
            found = page(name)
        except UsageError:
            self.query_one("#help-title", Label).update(Content(f"There is no page on {name}."))
            return
        title = f"{found.code}: {found.title}" if found.kind == "code" else found.title
        self.query_one("#help-title", Label).update(Content(title))
        await self.query_one(Markdown).update(found.text)
        self.query_one("#help-body").scroll_home(animate=False)

    @on(Markdown.LinkClicked)
    async def _follow(self, event: Markdown.LinkClicked) -> None:
        name = event.href.rpartition("/")[2]
        if name.endswith(".md"):
            await self._show(name.removesuffix(".md"))
        else:
            self.app.open_url(event.href)

    def action_scroll(self, by: int) -> None:
        self.query_one("#help-body").scroll_relative(y=by, animate=False)

    def action_close(self) -> None:
        self.dismiss(None)
