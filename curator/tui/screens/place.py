"""What the screens have in common: the frame, the session, how errors and waits are shown."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import Static
from textual.worker import get_current_worker

from curator.model import Decision, Failure, State
from curator.model.errors import CuratorError, unexpected
from curator.tui import actions
from curator.tui.screens.ask import Choose
from curator.tui.session import Report, says_of
from curator.tui.text import Piece
from curator.tui.widgets.frame import Banner, Hints, LineInput, Page, Spinner, TopBar, content
from curator.tui.words import plural, sentences, signs

if TYPE_CHECKING:
    from curator.tui.app import CuratorApp
    from curator.tui.sections import Sheet
    from curator.tui.session import Session
    from curator.tui.widgets.reader import MaskedView
    from curator.tui.widgets.rows import Rows


T = TypeVar("T")
X = TypeVar("X")
Copies = list[tuple[str, str | Callable[[], str]]]
"""What can be copied: words, and the text or what asks the server for it."""


@dataclass
class Fetched(Message, bubble=False):
    """The result of a call, with what to do with it."""

    group: str
    ticket: int
    apply: Callable[[], None]


class Fetching(Widget):
    """A widget or screen that asks for data."""

    _tickets: dict[str, int]

    def fetch(
        self,
        group: str,
        call: Callable[[Report], T],
        then: Callable[[T], None],
        failed: Callable[[CuratorError], None] | None = None,
        progress: Report | None = None,
    ) -> None:
        """Runs `call` in a thread, then `then(result)` or `failed(error)`; voids older calls of the group.

        Without `failed`, `trouble` says what is wrong.
        """
        ticket, refused = self._ticket(group), failed or self.trouble

        def run() -> None:
            worker = get_current_worker()

            def report(what: str, done: int, total: int | None) -> None:
                if worker.is_cancelled:
                    raise _Cancelled
                if progress is not None:
                    self.post_message(Fetched(group, ticket, lambda: progress(what, done, total)))

            def outcome() -> Callable[[], None]:
                try:
                    result = call(report)
                except CuratorError as error:
                    refusal = error
                    return lambda: refused(refusal)
                except _Cancelled:
                    return lambda: None
                except Exception as error:
                    surprise = unexpected(error)
                    return lambda: refused(surprise)
                return lambda: then(result)

            self.post_message(Fetched(group, ticket, outcome()))

        self.run_worker(run, name=group, group=group, thread=True, exclusive=True, exit_on_error=False)

    def trouble(self, error: CuratorError) -> None:
        """The last call failed, but older data is still on screen."""
        raise NotImplementedError

    def drop(self, group: str) -> bool:
        """Cancels the call of a group; its result is not wanted any more. Tells whether one was under way."""
        self._ticket(group)
        return bool(self.workers.cancel_group(self, group))

    def _ticket(self, group: str) -> int:
        if not hasattr(self, "_tickets"):
            self._tickets = {}
        self._tickets[group] = self._tickets.get(group, 0) + 1
        return self._tickets[group]

    @on(Fetched)
    def _apply_fetched(self, message: Fetched) -> None:
        message.stop()
        if self._tickets.get(message.group) == message.ticket and self.is_attached:
            message.apply()


class _Cancelled(Exception):
    """The result is not wanted any more."""


class Place(Screen[None], Fetching):
    """A full screen of the app."""

    place: ClassVar[str] = "queue"
    """Which entry of the top bar is lit."""
    panes: ClassVar[str] = "#panes"
    """What a page stands in for while it is not there."""
    help_places: ClassVar[tuple[actions.Place, ...]] = ()
    """Places of the action table that the help of this screen lists first."""
    list_id: ClassVar[str] = ""
    """Selector of its list; empty without one."""

    @property
    def rows(self) -> "Rows[Any]":
        """Its list."""
        return cast("Rows[Any]", self.query_one(self.list_id))

    @property
    def curator(self) -> "CuratorApp":
        """The app."""
        return cast("CuratorApp", self.app)

    @property
    def session(self) -> "Session":
        """The project that is open."""
        return self.curator.session

    def compose(self) -> ComposeResult:
        yield TopBar(self.place)
        yield from self.head()
        yield Banner()
        with Vertical(classes="page-holder", id="instead"):
            yield Page()
        yield from self.body()
        yield Hints(label=self.hint)

    def head(self) -> ComposeResult:
        """What stands over the panes."""
        yield from ()

    def body(self) -> ComposeResult:
        """The panes."""
        yield from ()

    def help_for_focus(self) -> tuple[actions.Place, ...]:
        """Places of the action table that the help lists first: those of the pane that has the focus."""
        return self.help_places

    def hint(self, action: actions.Action) -> str:
        """What the foot says of an action's key; empty while the key would do nothing here."""
        return action.label

    def on_screen_resume(self) -> None:
        self.show_connection()

    def on_resize(self) -> None:
        # How much of the server's name there is room for, and how wide a page may be.
        self.show_connection()
        self.call_after_refresh(self._fit_pages)

    def _fit_pages(self) -> None:
        for page in self.query(Page):
            page.fit()

    def show_connection(self) -> None:
        """The project, and whether its server answers."""
        for bar in self.query(TopBar):
            bar.show_connection(self.curator.connection_words(), busy=self.curator.is_busy)

    def show_page(self) -> Page:
        """Puts the page in the place of the panes, and gives it, to be told why."""
        self.query_one("#instead").display = True
        self.query_one(self.panes).display = False
        return self.query_one(Page)

    def show_panes(self) -> None:
        """Puts the panes in the place of the page, whose spinner would go on ticking unseen."""
        self.query_one("Page Spinner", Spinner).turn(False)
        self.query_one("#instead").display = False
        self.query_one(self.panes).display = True

    def trouble(self, error: CuratorError) -> None:
        self.query_one(Banner).show(error)

    def failed(self, error: CuratorError) -> None:
        """A call failed: the page says it where it stands, else the banner over older data."""
        self.curator.busy("")
        if self.query_one("#instead").display:
            self.query_one(Page).refused(error)
        else:
            self.trouble(error)

    def busily(
        self,
        group: str,
        words: str,
        call: Callable[[Report], T],
        then: Callable[[T], None],
        failed: Callable[[CuratorError], None] | None = None,
    ) -> None:
        """As `fetch`, while the top bar names what is under way and how far; a failure stands over the older data."""

        def show(what: str, done: int, total: int | None) -> None:
            self.curator.busy(f"{what} {done:,} of {total:,}" if total else what)

        def over(after: Callable[[X], None]) -> Callable[[X], None]:
            def ended(result: X) -> None:
                self.curator.busy("")
                after(result)

            return ended

        self.curator.busy(words)
        self.fetch(group, call, over(then), over(failed or self.trouble), progress=show)

    def calm(self) -> None:
        """The last call went well."""
        self.query_one(Banner).clear()

    def reload(self) -> None:
        """Asks the server again."""

    def ask(self, question: ModalScreen[str | None], then: Callable[[str], None]) -> None:
        """Asks over this screen; `then` hears the answer, unless the question was left without one."""
        self.app.push_screen(question, lambda answer: None if answer is None else then(answer))

    def say(self, where: str, pieces: Sequence[Piece], *, layout: bool = True) -> None:
        """Puts words into the place `where`, a selector; `layout`: it may take more room then."""
        self.query_one(where, Static).update(content(pieces), layout=layout)

    def put_masked(self, view: "MaskedView", sheet: "Sheet", rule: str | None, *, keep_place: bool = False) -> None:
        """Shows a sheet of foreign text, hidden until it was looked through for personal values."""
        view.put(sheet, None, keep_place=keep_place)
        find = self.session.traces.values_in
        self.fetch("values", lambda report: find(sheet.foreign, rule), view.found)

    def reload_after_undo(self) -> None:
        """An action was taken back while this screen was open."""
        self.reload()

    def copies(self) -> Copies:
        """What `y` offers to copy here: words, and the text or what asks the server for it."""
        return []

    def item_copies(self, dataset: str, item_id: str) -> Copies:
        """What can be copied of an item."""
        return [
            ("the item's id", item_id),
            ("the address in Langfuse", lambda: self.session.items.url(dataset, item_id)),
            ("the command that verifies it", f"curator verify {dataset} {item_id}"),
        ]

    def tell(self, pieces: Sequence[Piece], *, bad: bool = False) -> None:
        """A short message that goes away by itself."""
        self.curator.tell(pieces, bad=bad)


class Filtered(Place):
    """A screen whose list is narrowed by the line `#filter` at its foot."""

    @property
    def line(self) -> LineInput:
        """The line."""
        return self.query_one("#filter", LineInput)

    def filter_by(self, text: str) -> None:
        """The line says something else."""

    def drop_filter(self) -> None:
        """Hides the line; nothing narrows the list any more."""
        self.line.put("")
        self.line.display = False
        self.filter_by("")

    def action_filter(self) -> None:
        self.line.open()

    @on(LineInput.Typed, "#filter")
    def _filtering(self, event: LineInput.Typed) -> None:
        self.filter_by(event.text)

    @on(LineInput.Left, "#filter")
    def _filtered(self, event: LineInput.Left) -> None:
        if not event.kept or not event.text.strip():
            self.drop_filter()
        self.query_one(self.list_id).focus()


class Deciding(Place):
    """A screen on which failures can be decided about."""

    def changed(self, *, advance: bool = False, at: str | None = None) -> None:
        """Decisions were made or taken back; `advance`: the row that was decided has gone."""

    def ask_dismissal(self, failures: Sequence[Failure]) -> None:
        """Asks for a reason, then dismisses."""
        if not failures:
            return

        question = Choose(f"Dismiss {in_short(failures)}: why?", sentences("dismiss"), own="another reason")
        self.ask(question, lambda reason: self.decide(failures, "dismissed", reason))

    def ask_snooze(self, failures: Sequence[Failure]) -> None:
        """Asks until when, then snoozes."""
        if not failures:
            return

        def answered(days: str) -> None:
            self.decide(failures, "snoozed", "", datetime.now(UTC) + timedelta(days=int(days)))

        self.ask(Choose(f"Snooze {in_short(failures)}", sentences("snooze")), answered)

    def reopen(self, failures: Sequence[Failure]) -> None:
        """Takes decisions back: the failures are open again."""
        if decided := [f for f in failures if f.state != "open"]:
            self.decide(decided, "open", "reopened")
        else:
            self.tell([("text", "That is open already.")])

    def decide(self, failures: Sequence[Failure], state: State, reason: str, until: datetime | None = None) -> None:
        """Decides about failures: seen at once here, shared with everybody in the background.

        What somebody else has decided meanwhile is told before it is overwritten.
        """

        def looked(others: list[tuple[Failure, Decision]]) -> None:
            if not others:
                self._decide(failures, state, reason, until)
                return
            note = "\n".join(f"{in_short([failure])}: {says_of([(failure, by)])}" for failure, by in others[:5])
            mine = [failure for failure in failures if failure not in [each for each, _ in others]]
            answers = {"theirs": "Keep what they decided", "mine": "Overwrite it with mine"}

            def answered(answer: str | None) -> None:
                self.session.queue.learned([decision for _, decision in others])
                chosen = failures if answer == "mine" else mine if answer == "theirs" else []
                if chosen:
                    self._decide(chosen, state, reason, until)
                else:
                    self.curator.queue_changed()

            self.app.push_screen(Choose("Somebody has decided meanwhile", answers, note=note), answered)

        self.fetch(
            "elsewhere",
            lambda report: self.session.queue.elsewhere(failures),
            looked,
            lambda error: self._decide(failures, state, reason, until),  # sharing will say what is wrong
        )

    def _decide(self, failures: Sequence[Failure], state: State, reason: str, until: datetime | None) -> None:
        decisions = [
            Decision(
                trace_id=failure.trace_id,
                observation_id=failure.reviewed_id,
                state=state,
                reviewer=self.session.rooms.reviewer,
                reason=reason,
                rule=self.session.queue.rule_of(failure),
                until=until,
                at=datetime.now(UTC),
            )
            for failure in failures
        ]
        self.session.queue.apply(decisions)
        self.curator.share(failures, decisions)
        role, sign = signs("state")[state]
        done = "Reopened" if state == "open" else state.capitalize()
        self.tell([(role, f"{sign} "), ("text", f"{done} {in_short(failures)}."), ("dim", "  u takes it back")])
        self.curator.queue_changed()
        if self is not self.curator.queue_screen:
            self.changed(advance=True)

    def not_shared(self, error: CuratorError) -> None:
        """Sharing a decision failed: it has been taken back here too."""
        self.changed()
        self.trouble(error)


def in_short(failures: Sequence[Failure]) -> str:
    """The name of one failure, the number of several."""
    if len(failures) == 1:
        return failures[0].name or failures[0].trace_id[:12]
    return plural(len(failures), "failure")
