"""A pane with foreign text to read: its title, the text, and a line to search it with."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.timer import Timer
from textual.widgets import Static

from curator.model import Failure, Finding
from curator.model.errors import CuratorError
from curator.tui.document import Note, Section
from curator.tui.masks import Masks
from curator.tui.screens.place import Fetching
from curator.tui.sections import Sheet, of_failure
from curator.tui.text import Piece
from curator.tui.widgets.frame import LineInput, content
from curator.tui.widgets.text_view import TextView
from curator.tui.words import age, plural, signs

if TYPE_CHECKING:
    from curator.tui.app import CuratorApp
    from curator.tui.session import Session


class MaskedView(TextView):
    """A text view that keeps the findings, so that `r` can show and hide the values."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._findings: tuple[Finding, ...] | None = None
        self.revealed = False

    def put(self, sheet: Sheet, findings: tuple[Finding, ...] | None, *, keep_place: bool = False) -> None:
        """Shows a sheet; `findings` None: nobody has looked for personal values yet."""
        self._findings = findings
        self.show(sheet.sections, self._masks_now(), keep_place=keep_place)

    def found(self, findings: tuple[Finding, ...]) -> None:
        """The personal values in what is shown are known now."""
        self._findings = findings
        self.remask(self._masks_now())

    def hide_again(self) -> None:
        """Another text comes: what was revealed was the text before."""
        self.revealed = False

    def toggle_reveal(self) -> None:
        """Shows personal values, or masks them again."""
        self.revealed = not self.revealed
        self.remask(self._masks_now())

    def empty(self) -> None:
        """Shows nothing."""
        self._findings = ()
        self.show([])

    def refuse(self, error: CuratorError) -> None:
        """Says why there is nothing to show."""
        self._findings = ()
        notes = (Note((("bad", f"▲ {error.message}"),)), Note((("dim", error.remedy),)))
        self.show([Section("", None, "", notes=notes)])

    def _masks_now(self) -> Masks:
        return Masks(self._findings or (), revealed=self.revealed, checked=self._findings is not None)


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


REST = 0.12
"""Seconds that the cursor rests on a row before what belongs to it is drawn and fetched: never while a key is held."""


class FailurePreview(Reader, Fetching):
    """Why a failure is here, what was asked, what was answered; it follows the cursor once that rests."""

    def __init__(self, *, id: str) -> None:
        super().__init__("preview", id=id)
        self._rest: Timer | None = None
        self._shown: Failure | None = None

    @property
    def _session(self) -> "Session":
        return cast("CuratorApp", self.app).session

    def follow(self, failure: Failure) -> None:
        """The cursor stands on a failure. What was under way for another one is dropped."""
        if self._shown is None or failure.key != self._shown.key:
            self._drop()
        elif self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(REST, lambda: self._follow(failure))

    def _drop(self) -> None:
        """What is on its way is not wanted any more."""
        if self._rest is not None:
            self._rest.stop()
        self.drop("preview")
        self.drop("preview-values")

    def _follow(self, failure: Failure) -> None:
        if failure == self._shown:
            return
        again = self._shown is not None and failure.key == self._shown.key
        self._shown = failure
        self._say_which(failure)
        if not again:
            self.view.hide_again()
        self.view.put(of_failure(failure, None), None)
        self._fetch(failure)

    def clear(self) -> None:
        """The cursor stands on nothing."""
        self._drop()
        self._shown = None
        self.title([])
        self.view.empty()

    def _say_which(self, failure: Failure) -> None:
        role, sign = signs("state")[failure.state]
        facts = [age(failure.timestamp) + " ago", failure.environment or "", failure.trace_id[:12]]
        words = "  ".join(fact for fact in facts if fact)
        self.title([(role, f"{sign} "), ("strong", failure.name or "unnamed"), ("dim", f"  {words}")])

    def _fetch(self, failure: Failure) -> None:
        if failure.source_gone:
            self._look_for_values(failure, of_failure(failure, None))
            return
        self.fetch(
            "preview",
            lambda report: of_failure(failure, self._session.traces.seen(failure.trace_id)),
            lambda sheet: self._look_for_values(failure, sheet),
        )

    def _look_for_values(self, failure: Failure, sheet: Sheet) -> None:
        self.view.put(sheet, None)
        self.fetch(
            "preview-values",
            lambda report: self._session.traces.values_in(sheet.foreign, self._session.queue.rule_of(failure)),
            self.view.found,
        )

    def trouble(self, error: CuratorError) -> None:
        self.view.refuse(error)
