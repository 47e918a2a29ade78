"""The preview beside the queue: it follows the cursor, and fetches once the cursor rests."""

from typing import TYPE_CHECKING, cast

from textual.timer import Timer

from curator.model import Failure
from curator.tui.fetch import Fetching
from curator.tui.sections import Sheet, of_failure
from curator.tui.widgets.reader import Reader
from curator.tui.words import STATE_SIGNS, age

if TYPE_CHECKING:
    from curator.tui.app import CuratorApp
    from curator.tui.session import Session

REST = 0.12
"""Seconds that the cursor rests on a row before its preview is fetched."""


class FailurePreview(Reader, Fetching):
    """Why a failure is here, what was asked, what was answered."""

    def __init__(self, *, id: str) -> None:
        super().__init__("preview", id=id)
        self._rest: Timer | None = None
        self._shown: str | None = None

    @property
    def _session(self) -> "Session":
        return cast("CuratorApp", self.app).session

    def follow(self, failure: Failure, *, again: bool = False) -> None:
        """The cursor stands on a failure: says at once what the list knows, fetches the rest when it stays there."""
        self._say_which(failure)
        if failure.trace_id == self._shown and not again:
            return
        self._shown = failure.trace_id
        if self._rest is not None:
            self._rest.stop()
        self.view.hide_again()
        self.view.put(of_failure(failure, None), None)
        self._rest = self.set_timer(REST, lambda: self._fetch(failure))

    def clear(self) -> None:
        """The cursor stands on nothing."""
        self._shown = None
        self.title([])
        self.view.empty()

    def _say_which(self, failure: Failure) -> None:
        sign, role = STATE_SIGNS[failure.state]
        facts = [age(failure.timestamp) + " ago", failure.environment or "", failure.trace_id[:12]]
        words = "  ".join(fact for fact in facts if fact)
        self.title([(role, f"{sign} "), ("strong", failure.name or "unnamed"), ("dim", f"  {words}")])

    def _fetch(self, failure: Failure) -> None:
        if failure.source_gone:
            self._look_for_values(failure, of_failure(failure, None))
            return
        self.fetch(
            "preview",
            lambda report: of_failure(failure, self._session.root(failure.trace_id)),
            lambda sheet: self._look_for_values(failure, sheet),
            self.view.refuse,
        )

    def _look_for_values(self, failure: Failure, sheet: Sheet) -> None:
        self.view.put(sheet, None)
        self.fetch(
            "preview-values",
            lambda report: self._session.values_in(sheet.foreign, self._session.rule_of(failure)),
            self.view.found,
            self.view.refuse,
        )
