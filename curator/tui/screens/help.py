"""One menu, asked in three ways: the help of a screen, a search over everything, a command by its name.

Whatever is listed can be done with `enter`. Also the pages that `curator explain` prints.
"""

import csv
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Label, Markdown, OptionList, Static
from textual.widgets.option_list import Option

from curator.help import Page, page, pages
from curator.model.errors import UsageError
from curator.tui import actions
from curator.tui.screens.ask import Line
from curator.tui.text import Piece, visible
from curator.tui.widgets.cards import Options, hanging
from curator.tui.widgets.frame import content
from curator.tui.words import tables

if TYPE_CHECKING:
    from curator.tui.app import CuratorApp
    from curator.tui.screens.place import Place
    from curator.tui.ways import Ways

Do = Callable[[], object]
How = Literal["help", "search", "command"]
MOST = 200
"""Entries that are listed at most; typing finds the others."""


@dataclass(frozen=True)
class Entry:
    """One thing that can be done."""

    group: str
    label: str
    do: Do
    keys: str = ""
    help: str = ""
    more: str = ""
    """What is searched besides, and shown last: the command that does the same."""

    @property
    def haystack(self) -> str:
        """What the words are looked for in."""
        return f"{self.label} {self.help} {self.more} {self.keys} {self.group}".lower()


def action_entries(app: "CuratorApp", places: Iterable[actions.Place]) -> Iterator[Entry]:
    """The actions of some places, with the user's own keys."""
    for place in dict.fromkeys(places):
        for each in actions.help_rows(place):
            keys = actions.keys_of(each, app.session.settings.keys)
            yield Entry(actions.PLACES[place], each.label, partial(app.perform, each), keys, each.help, each.twin)


def page_entries(app: "CuratorApp", found: Sequence[Page]) -> Iterator[Entry]:
    """Help pages."""
    for each in found:
        yield Entry("Pages", each.code, partial(app.explain, each.code), "", each.title)


def found_entries(app: "CuratorApp", screen: "Place") -> Iterator[Entry]:
    """Everything that can be found by its name."""
    yield from action_entries(app, (*screen.help_for_focus(), "app"))
    session = app.session
    for name, words in session.rooms.rule_names():
        yield Entry("Rules", name, partial(app.look_at_rule, name), "", words.removeprefix(name).strip())
    for failure in session.queue.all():
        signals = ", ".join(dict.fromkeys(signal.name for signal in failure.signals))
        label = f"{failure.name or 'unnamed'} {failure.trace_id[:12]}"
        do = partial(app.open_trace, failure.trace_id, failure)
        yield Entry("Traces", label, do, "", f"{failure.state}, {signals}", failure.trace_id)
    for item in session.items.known():
        do = partial(app.open_lineage, item.dataset, item.id)
        yield Entry("Items", item.id, do, "", item.dataset)
    for run in session.runs.known:
        yield Entry("Runs", run.label, partial(app.open_run, run.reference), "", run.dataset.name)
    yield from page_entries(app, pages())
    for theme in sorted(app.available_themes):
        yield Entry("Themes", theme, partial(app.use_theme, theme), "", "Change the colours.")


@dataclass(frozen=True)
class Command:
    """A command of the command line that leads somewhere here: a row of `commands.csv`."""

    takes: str
    """Names of its words; those in brackets may be left out."""
    words: str
    does: str
    """A method of the app with its first arguments; the command's words come after them."""
    alone: str
    """The same for the command without a word, where that is something else."""

    @property
    def needs(self) -> list[str]:
        """The words that must be there."""
        return [word for word in self.takes.split() if not word.startswith("[")]

    def do(self, app: "Ways", *words: str) -> object:
        """Does it; what it gives may have to be awaited."""
        method, *first = (self.does if words or not self.alone else self.alone).split()
        return getattr(app, method)(*first, *words)


def _read() -> Iterator[tuple[str, Command]]:
    table = Path(__file__).parent.with_name("commands.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(table.splitlines()):
        yield row.pop("name"), Command(**row)


COMMANDS = dict(_read())
"""The command line's names that lead somewhere here; the others belong into a shell."""


def command_entries(app: "CuratorApp") -> Iterator[Entry]:
    """Commands by their names."""
    for name, command in COMMANDS.items():
        label = f"{name} {command.takes}".strip()
        yield Entry("Commands", label, partial(app.run_command, name, ()), "", command.words)


class Menu(ModalScreen[Do | None]):
    """A list that typing narrows; `enter` does what the cursor stands on."""

    CSS_PATH = "help.tcss"

    def __init__(self, how: How, app: "CuratorApp", screen: "Place") -> None:
        super().__init__()
        self._how = how
        self._curator = app
        self._shown: list[Entry] = []
        if how == "command":
            self._entries = list(command_entries(app))
        elif how == "search":
            self._entries = list(found_entries(app, screen))
        else:
            first = list(dict.fromkeys([*screen.help_for_focus(), "app"]))
            others = [place for place in actions.PLACES if place not in first]
            self._entries = [*action_entries(app, first), *page_entries(app, found_pages([]))]
            self._elsewhere = list(action_entries(app, others))

    def compose(self) -> ComposeResult:
        title, placeholder = tables()["menu"][self._how].values()
        with Vertical(id="help"):
            yield Label(title, id="help-title")
            yield Line(placeholder=placeholder, compact=True, id="help-filter")
            yield Options(id="help-rows")
            yield Static(Content.styled("↑ ↓ choose   enter does it   esc close", "$faint"), id="help-foot")

    def on_mount(self) -> None:
        self.call_after_refresh(self._show, "")

    def on_resize(self) -> None:
        self._show(self.query_one("#help-filter", Input).value)

    @on(Input.Changed, "#help-filter")
    def _narrow(self, event: Input.Changed) -> None:
        self._show(event.value)

    def _found(self, words: Sequence[str]) -> list[Entry]:
        if self._how == "command":
            return [each for each in self._entries if not words or each.label.startswith(words[0])]
        entries = self._entries
        if self._how == "help" and words:
            more = list(page_entries(self._curator, found_pages(words)))
            entries = [*(each for each in entries if each.group != "Pages"), *self._elsewhere, *more]
        found = [each for each in entries if all(word in each.haystack for word in words)]
        if self._how == "search" and words:
            # What is called so stands before what only mentions it.
            whole = " ".join(words)
            found.sort(
                key=lambda each: [
                    not each.label.lower().startswith(whole),
                    not each.label.lower().startswith(words[0]),
                    words[0] not in each.label.lower(),
                ]
            )
        return found

    def _show(self, text: str) -> None:
        self._shown = self._found(text.lower().split())[:MOST]
        rows = self.query_one(Options)
        width = rows.scrollable_content_region.width - 2
        keys = max([10, *(cell_len(each.keys) for each in self._shown if self._how != "command")]) + 2
        keys = 2 if not any(each.keys for each in self._shown) else keys
        options: list[Option] = []
        group = ""
        for each in self._shown:
            if each.group != group and self._how != "command":
                group = each.group
                options.append(Option(Content.styled(f"{group}", "bold $primary"), disabled=True))
            options.append(Option(content(_row(each, keys, width)), id=str(self._shown.index(each))))
        if not options:
            options = [Option(Content.styled("Nothing is called that.", "$faint"), disabled=True)]
        rows.set_options(options)
        rows.highlighted = next((n for n, option in enumerate(options) if not option.disabled), None)
        rows.scroll_to(y=0, animate=False, immediate=True)

    @on(Input.Submitted, "#help-filter")
    def _submitted(self, event: Input.Submitted) -> None:
        if self._how == "command" and event.value.strip():
            try:
                name, *words = shlex.split(event.value)
            except ValueError:
                name, *words = event.value.split()
            self.dismiss(partial(self._curator.run_command, name, tuple(words)))
        else:
            self._take()

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self._take()

    def _take(self) -> None:
        rows = self.query_one(Options)
        option = rows.get_option_at_index(rows.highlighted) if rows.highlighted is not None else None
        if option is None or option.id is None:
            return
        entry = self._shown[int(option.id)]
        if self._how == "command" and entry.label.count(" ") and not entry.label.split()[1].startswith("["):
            # It takes words: they are typed behind its name.
            line = self.query_one("#help-filter", Input)
            line.value = f"{entry.label.split()[0]} "
            line.cursor_position = len(line.value)
            line.focus()
            return
        self.dismiss(entry.do)

    def on_key(self, event: events.Key) -> None:
        rows = self.query_one(Options)
        moves: dict[str, Callable[[], None]] = {
            "down": rows.action_cursor_down,
            "up": rows.action_cursor_up,
            "pagedown": rows.action_page_down,
            "pageup": rows.action_page_up,
        }
        if event.key == "escape":
            event.stop()
            self.dismiss(None)
        elif event.key in moves and not rows.has_focus:
            event.stop()
            moves[event.key]()


def _row(entry: Entry, keys_width: int, width: int) -> list[Piece]:
    keys = f"{entry.keys}" + " " * max(keys_width - cell_len(entry.keys), 1)
    said = f"  {entry.help}" if entry.help else ""
    words: list[Piece] = [("strong", visible(entry.label, limit=200)), ("text", said)]
    words += [("dim", f"  {entry.more}")] if entry.more and entry.group != "Traces" else []
    return [("accent", keys), *hanging(words, width - keys_width, indent=" " * keys_width, first="")]


def found_pages(words: Sequence[str]) -> list[Page]:
    """The help pages that have every word in name or title, those named so first; without words, the topics."""
    if not words:
        return [page for page in pages() if page.kind == "topic"]
    found = [p for p in pages() if all(word in f"{p.code} {p.title}".lower() for word in words)]
    return sorted(found, key=lambda p: (not p.code.lower().startswith(words[0]), p.kind != "topic"))


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
