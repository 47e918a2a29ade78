"""The log: what was done on this machine, newest first; `u` takes the last action back."""

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Footer, Static

from curator.journal import LedgerEntry
from curator.model.errors import CuratorError
from curator.tui import actions
from curator.tui.pieces import Piece
from curator.tui.screens.place import Place
from curator.tui.widgets.frame import Banner, Page, TopBar, content
from curator.tui.widgets.rows import Column, Rows
from curator.tui.words import age, clock

SIGNS: dict[str, tuple[str, str]] = {
    "promote": ("✓", "good"),
    "dismiss": ("✕", "dim"),
    "snooze": ("◷", "warn"),
    "reopen": ("○", "info"),
    "undo": ("↶", "accent"),
}


class LogScreen(Place):
    """See `actions.of("log")` for its keys."""

    BINDINGS = actions.bindings("log")
    CSS_PATH = "log.tcss"
    place = "log"
    help_places = ("log", "list")
    AUTO_FOCUS = "#entries"

    def compose(self) -> ComposeResult:
        yield TopBar("log")
        yield Banner()
        with Vertical(classes="page-holder", id="instead"):
            yield Page()
        with Horizontal(id="panes"):
            yield Rows(
                [
                    Column(_action, width=10, title="action"),
                    Column(lambda e: [("dim", age(e.at))], width=4, right=True, title="ago"),
                    Column(_outcome, width=12, title="outcome"),
                    Column(lambda e: [("text", e.item_id or e.trace_id)], share=3, title="item or trace"),
                    Column(lambda e: [("dim", e.rule)], share=1, from_width=100, title="rule"),
                    Column(lambda e: [("dim", e.reviewer)], width=14, from_width=80, title="reviewer"),
                ],
                key=lambda e: e.id,
                id="entries",
                header=True,
            )
        yield Static("", id="entry")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.show_page().waiting("reading the journal")

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self.reload()

    def reload(self) -> None:
        self.fetch("log", lambda report: self.session.ledger(), self._read, self._not_read)

    def _read(self, entries: list[LedgerEntry]) -> None:
        self.calm()
        if entries:
            self.show_panes()
            self.query_one("#entries", Rows).show(entries)
            self.query_one("#entries").focus()
        else:
            self.show_page().nothing(
                "∅", "Nothing was done yet.", [[("dim", "Promotions and decisions made on this machine stand here.")]]
            )

    def _not_read(self, error: CuratorError) -> None:
        self.show_page().refused(error)

    @on(Rows.Moved, "#entries")
    def _moved(self, event: Rows.Moved) -> None:
        entry: LedgerEntry = event.row
        words: list[Piece] = [("dim", f" {clock(entry.at)}")]
        for name, value in (
            ("trace", entry.trace_id),
            ("dataset", entry.dataset),
            ("problem", entry.problem),
            ("content", (entry.fingerprint or "")[:12]),
        ):
            if value:
                words += [("dim", f"   {name} "), ("text", value)]
        self.query_one("#entry", Static).update(content(words))

    # Actions of the place "log"

    @property
    def _entry(self) -> LedgerEntry | None:
        return self.query_one("#entries", Rows).current

    @on(Rows.Chosen, "#entries")
    def action_open(self) -> None:
        if self._entry is not None:
            self.curator.open_trace(self._entry.trace_id, self.session.failure(self._entry.trace_id))

    def action_explain(self) -> None:
        self.curator.explain(self._entry.problem if self._entry is not None else None)

    async def action_back(self) -> None:
        await self.curator.action_go("queue")


def _action(entry: LedgerEntry) -> list[Piece]:
    sign, role = SIGNS.get(entry.action, ("·", "dim"))
    if entry.verdict is not None and entry.verdict not in ("verified", "unchanged"):
        sign, role = "✕", "bad"
    return [(role, f"{sign} "), ("text", entry.action)]


def _outcome(entry: LedgerEntry) -> list[Piece]:
    if entry.verdict is None:
        return [("dim", "shared")]
    good = entry.verdict in ("verified", "unchanged")
    return [("good" if good else "bad", entry.verdict)]
