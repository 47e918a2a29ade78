"""The log: what was done on this machine, newest first, and what a killed process left; `u` takes the last one back."""

from datetime import datetime
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from curator.journal import LedgerEntry
from curator.model import split_key
from curator.model.errors import CuratorError
from curator.queue import parse_log_filter
from curator.tui import actions
from curator.tui.screens.place import Copies, Filtered
from curator.tui.text import Piece
from curator.tui.widgets.frame import LineInput
from curator.tui.widgets.rows import Column, Rows
from curator.tui.words import age, clock, plural, signs

if TYPE_CHECKING:
    from curator.journal import Promotion, SavedDraft
    from curator.promote import Resumed

MOST = 2000
"""Entries that are listed."""
LEFT = "unfinished"
"""The verdict of a promotion that has no receipt: nobody has looked yet what became of it."""
KEPT = "not written"
"""The verdict of a promotion of which a draft is kept: it was refused, or its process was killed before it wrote."""


class LogScreen(Filtered):
    """See `actions.of("log")` for its keys."""

    BINDINGS = actions.bindings("log")
    CSS_PATH = "log.tcss"
    place = "log"
    help_places = ("log", "list")
    list_id = "#entries"
    AUTO_FOCUS = "#entries"

    def __init__(self) -> None:
        super().__init__()
        self._entries: list[LedgerEntry] = []
        self._left = 0

    def body(self) -> ComposeResult:
        with Horizontal(id="panes"):
            yield Rows(
                [
                    Column(_action, width=10, title="action"),
                    Column(lambda e: [("dim", age(e.at))], width=4, right=True, title="ago"),
                    Column(_outcome, width=12, title="outcome"),
                    Column(self._workflow, share=2, title="workflow", from_width=100, most=26),
                    Column(lambda e: [("text", e.item_id or e.trace_id)], share=3, title="item or trace"),
                    Column(lambda e: [("dim", e.rule)], share=1, from_width=100, title="rule"),
                    Column(lambda e: [("dim", e.reviewer)], width=14, from_width=80, title="reviewer"),
                ],
                key=lambda e: e.id,
                id="entries",
                header=True,
            )
        yield LineInput("/", "words, action:promote, item:…, by:…, -outcome:verified, since:3d", id="filter")
        yield Static("", id="entry")

    def on_mount(self) -> None:
        self.show_page().waiting("reading the journal")

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self.reload()

    def reload(self) -> None:
        self.fetch("log", lambda report: self._everything(), self._read, self.failed)

    def _everything(self) -> "tuple[list[LedgerEntry], list[Promotion], list[SavedDraft]]":
        """What was done on this machine, newest first; what a killed process left; what is kept unwritten."""
        journal = self.session.rooms.journal
        return journal.ledger.entries(MOST)[::-1], journal.promotions.unfinished(), self.session.acts.kept()

    def _read(self, found: "tuple[list[LedgerEntry], list[Promotion], list[SavedDraft]]") -> None:
        entries, left, kept = found
        self.calm()
        self._left = len(left)
        self._entries = [*(_unwritten(p, LEFT, p.started_at, p.reviewer) for p in reversed(left)), *map(_kept, kept)]
        self._entries += entries
        self._list()
        if self._entries and not self.line.has_focus_within:
            self.rows.focus()

    def _list(self) -> None:
        line = self.line.text.strip()
        try:
            chosen = parse_log_filter(line, datetime.now().astimezone())
        except CuratorError as error:
            self.line.note(error.message)  # not typed to its end yet: the rows stay as they were
            return
        shown = [each for each in self._entries if chosen(each)]
        self.line.note(f"{len(shown):,} of {len(self._entries):,}" if line else "")
        self.rows.show(shown)
        if self._entries:
            self.show_panes()
        else:
            self.show_page().nothing("log")

    def _workflow(self, entry: LedgerEntry) -> list[Piece]:
        failure = self.session.queue.get(entry.key)
        return [("dim", (failure.name or "") if failure is not None else "")]

    @on(Rows.Moved, "#entries")
    def _moved(self, event: Rows.Moved) -> None:
        entry: LedgerEntry = event.row
        words: list[Piece] = [("dim", f" {clock(entry.at)}")]
        if entry.verdict == LEFT:
            words += [("warn", "   its process was killed; what became of it is unknown: "), ("accent", "p")]
            words += [("warn", f" finishes {plural(self._left, 'promotion')}, or says why not")]
        if entry.verdict == KEPT:
            words += [("warn", "   nothing was written, its draft is kept: "), ("accent", "p")]
            words += [("warn", " opens it, "), ("accent", "e"), ("warn", " says why")]
        for name, value in (
            ("trace", entry.trace_id),
            ("dataset", entry.dataset),
            ("problem", entry.problem),
            ("content", (entry.fingerprint or "")[:12]),
        ):
            if value:
                words += [("dim", f"   {name} "), ("text", value)]
        self.say("#entry", words, layout=False)

    # Actions of the place "log"

    @on(Rows.Chosen, "#entries")
    def action_open(self) -> None:
        if self.rows.current is not None:
            self.curator.open_trace(self.rows.current.trace_id, self.session.queue.get(self.rows.current.key))

    def action_explain(self) -> None:
        self.curator.explain(self.rows.current.problem if self.rows.current is not None else None)

    def filter_by(self, text: str) -> None:
        self._list()

    def action_resume(self) -> None:
        if self.rows.current is not None and self.rows.current.verdict == KEPT:
            self.curator.open_workbench(self.rows.current.key)
            return
        if not self._left:
            self.tell([("text", "Nothing was interrupted.")])
            return
        resume, words = self.session.acts.resume, "finishing what was interrupted"
        self.busily("resume", words, lambda report: resume(), self._resumed, self.failed)

    def _resumed(self, resumed: "list[Resumed]") -> None:
        done = sum(each.outcome in ("verified", "shared") for each in resumed)
        self.tell([("text", f"{done} of {plural(len(resumed), 'promotion')} finished.")])
        self.reload()
        self.curator.queue_screen.reload()

    def copies(self) -> Copies:
        entry = self.rows.current
        if entry is None:
            return []
        ids = [("the item's id", entry.item_id), ("the trace's id", entry.trace_id), ("the code", entry.problem)]
        return [*((words, text) for words, text in ids if text), ("the line as JSON", entry.model_dump_json())]

    async def action_back(self) -> None:
        if self.line.text:
            self.drop_filter()
        else:
            await self.curator.action_go("queue")


def _unwritten(
    what: "Promotion | SavedDraft", verdict: str, at: datetime, reviewer: object, **more: str | None
) -> LedgerEntry:
    """A line for what the ledger has none of yet."""
    return LedgerEntry(
        id=f"{verdict} {what.item_id} {at}",
        at=at,
        action="promote",
        trace_id=what.trace_id,
        item_id=what.item_id,
        dataset=what.dataset,
        rule=what.rule,
        reviewer=str(reviewer),
        verdict=verdict,
        **more,
    )


def _kept(draft: "SavedDraft") -> LedgerEntry:
    said_by, observation = draft.metadata.get("reviewer", ""), split_key(draft.key)[1]
    return _unwritten(draft, KEPT, draft.saved_at, said_by, observation_id=observation, problem=draft.reason or None)


def _action(entry: LedgerEntry) -> list[Piece]:
    role, sign = signs("ledger").get(entry.action, ("dim", "·"))
    if entry.verdict in (LEFT, KEPT):
        role, sign = "warn", "◌"
    elif entry.verdict is not None and entry.verdict not in ("verified", "unchanged"):
        role, sign = "bad", "✕"
    return [(role, f"{sign} "), ("text", entry.action)]


def _outcome(entry: LedgerEntry) -> list[Piece]:
    if entry.verdict is None:
        return [("dim", "shared")]
    if entry.verdict in (LEFT, KEPT):
        return [("warn", entry.verdict)]
    good = entry.verdict in ("verified", "unchanged")
    return [("good" if good else "bad", entry.verdict)]
