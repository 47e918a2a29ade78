"""The queue: what needs a decision, why, and a preview that follows the cursor."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Footer

from curator.model import Failure
from curator.model.errors import CuratorError
from curator.tui import actions
from curator.tui.decide import Deciding
from curator.tui.screens.ask import Choose
from curator.tui.session import Look
from curator.tui.widgets.failure_preview import FailurePreview
from curator.tui.widgets.failures import failure_rows, matches
from curator.tui.widgets.frame import Banner, LineInput, Page, TopBar
from curator.tui.widgets.preview import MaskedView
from curator.tui.widgets.rows import Rows
from curator.tui.widgets.text_view import TextView
from curator.tui.widgets.week_view import TABS, Shown, StateTab, WeekBar, WeekPanel
from curator.tui.words import plural

if TYPE_CHECKING:
    from curator.promote import Resumed

WINDOWS = (("24h", "last 24 hours"), ("7d", "last 7 days"), ("14d", "last 14 days"), ("30d", "last 30 days"))


class QueueScreen(Deciding):
    """See `actions.of("queue")` for its keys."""

    BINDINGS = actions.bindings("queue")
    CSS_PATH = "queue.tcss"
    place = "queue"
    panes = "#failures"
    help_places = ("queue", "list", "text")
    AUTO_FOCUS = "#failures"

    def __init__(self) -> None:
        super().__init__()
        self._look: Look | None = None
        self._state: Shown = "open"
        self.answered = False
        """Whether the first question to the server was answered or refused."""

    # Building

    def compose(self) -> ComposeResult:
        yield TopBar("queue")
        yield WeekBar()
        yield Banner()
        with Horizontal(id="panes"):
            with Vertical(id="left", classes="pane"):
                yield failure_rows(id="failures")
                with Vertical(classes="page-holder", id="instead"):
                    yield Page()
                yield LineInput("/", "words over name, signal, rule, tag, session, id", id="filter")
            yield FailurePreview(id="right")
            yield WeekPanel()
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        standing = self.session.standing
        self._state = standing.state if standing.state != "all" else None  # type: ignore[assignment]
        if standing.filter:
            self.query_one("#filter", LineInput).put(standing.filter)
            self.query_one("#filter", LineInput).display = True
        self.show_page().waiting("connecting")
        self._show_week()

    def start(self) -> None:
        """Called by the app after the first paint."""
        self.reload()
        self.fetch("warm", lambda report: self.session.warm(), lambda model: None, lambda error: None)

    @property
    def failures(self) -> Rows[Failure]:
        """The list."""
        return self.query_one("#failures", Rows)

    @property
    def preview(self) -> MaskedView:
        """The text of the preview."""
        return self.query_one(FailurePreview).view

    # Data

    def reload(self) -> None:
        standing = self.session.standing
        if self._look is None:
            self.show_page().waiting("looking for failures", way_out="stops")
        self.curator.busy("asking Langfuse")
        self.fetch(
            "queue",
            lambda report: self.session.look(standing.since, standing.rule, report),
            self._looked,
            self._not_looked,
            progress=self._progress,
        )

    def _progress(self, what: str, done: int, total: int | None) -> None:
        if self._look is None:
            self.query_one(Page).waiting(what, done, total, way_out="stops")
        self.curator.busy(what)

    def _looked(self, look: Look) -> None:
        self.answered = True
        if self._look is None:
            self.fetch("resume", lambda report: self.session.resume(), self._resumed, lambda error: None)
        self._look = look
        self.calm()
        self.curator.connected(look.connected)
        self._list(at=self.session.standing.trace_id)
        for remark in look.notes:
            self.tell([("warn", remark)])

    def _resumed(self, resumed: "list[Resumed]") -> None:
        if resumed:
            done = sum(each.outcome in ("verified", "shared") for each in resumed)
            self.tell(
                [
                    ("text", f"{plural(len(resumed), 'promotion')} left from before: {done} finished."),
                    ("dim", "  L tells"),
                ]
            )
            self.reload()

    def _not_looked(self, error: CuratorError) -> None:
        self.answered = True
        self.curator.disconnected(error)
        if self._look is None:
            self.show_page().refused(error)
        else:
            self.trouble(error)

    def changed(self, *, advance: bool = False) -> None:
        """Decisions were made or taken back: lists again what this state holds."""
        rows = self.failures
        place = rows.cursor
        if advance:
            rows.marks -= {f.key for f in self.session.failures if f.state != self._state}
        self._list()
        if advance:
            rows.cursor = place

    def _list(self, at: str | None = None) -> None:
        if self._look is None:
            return
        words = self.query_one("#filter", LineInput).text.lower().split()
        everything = self.session.failures
        chosen = [f for f in everything if self._state is None or f.state == self._state]
        shown = [f for f in chosen if matches(f, words)] if words else chosen
        self.query_one("#filter", LineInput).note(f"{len(shown):,} of {len(chosen):,}" if words else "")
        self.failures.show(shown, at=at)
        if shown:
            self.show_panes()
        else:
            self._say_why_empty(bool(words), len(everything))
            self.query_one(FailurePreview).clear()
        self._show_week()

    def _say_why_empty(self, filtered: bool, total: int) -> None:
        page = self.show_page()
        if filtered:
            page.nothing("∅", "Nothing matches the filter.", [[("accent", "esc"), ("dim", " drops it")]])
        elif self._state == "open" and total:
            decided = [("dim", f"All {plural(total, 'failure')} of this window are decided.  ")]
            page.nothing(
                "✓",
                "Nothing is open.",
                [
                    decided,
                    [("accent", "s"), ("dim", " other states   "), ("accent", "t"), ("dim", " look further back")],
                ],
            )
        elif self._state is None or not total:
            page.nothing(
                "∅",
                "No rule finds a failure in this window.",
                [[("accent", "t"), ("dim", " look further back   "), ("accent", "w"), ("dim", " other workflow")]],
            )
        else:
            page.nothing("∅", f"Nothing is {self._state}.", [[("accent", "s"), ("dim", " other states")]])

    def show_panes(self) -> None:
        super().show_panes()
        if self.focused is None:
            self.failures.focus()

    def _show_week(self) -> None:
        since = dict(WINDOWS).get(self.session.standing.since, f"since {self.session.standing.since}")
        rule = self.session.standing.rule
        words = f"{rule} · {since}" if rule else since
        week = self.session.week
        marked = len(self.failures.marks)
        self.query_one(WeekBar).show(week, self._state, marked, words, self.app.size.width < 110)
        if week is not None:
            self.query_one(WeekPanel).show(week)

    def on_resize(self) -> None:
        self._show_week()

    # What follows the cursor

    @on(Rows.Moved, "#failures")
    def _moved(self, event: Rows.Moved) -> None:
        failure: Failure = event.row
        self.session.stand(trace_id=failure.key)
        self.query_one(FailurePreview).follow(failure, again=isinstance(event, Rows.Chosen))

    @on(Rows.Chosen, "#failures")
    def _chosen(self, event: Rows.Chosen) -> None:
        self.action_open()

    # Filter

    @on(LineInput.Typed, "#filter")
    def _filtering(self, event: LineInput.Typed) -> None:
        self.session.stand(filter=event.text)
        self._list()

    @on(LineInput.Left, "#filter")
    def _filtered(self, event: LineInput.Left) -> None:
        line = self.query_one("#filter", LineInput)
        if not event.kept or not event.text.strip():
            line.put("")
            line.display = False
            self.session.stand(filter="")
            self._list()
        self.failures.focus()

    # Marks and states

    @on(Rows.MarksChanged, "#failures")
    def _marks_changed(self) -> None:
        self._show_week()
        self.refresh_bindings()

    @on(StateTab.Picked)
    def _picked(self, event: StateTab.Picked) -> None:
        self._go_to_state(event.state)

    def _go_to_state(self, state: Shown) -> None:
        self._state = state
        self.session.stand(state=state or "all")
        self.failures.clear_marks()
        self._list()

    def chosen(self) -> Sequence[Failure]:
        """What an action is about: the marked failures, else the one under the cursor."""
        rows = self.failures
        marked = rows.marked
        return marked or ([rows.current] if rows.current is not None else [])

    # Actions of the place "queue"

    def action_open(self) -> None:
        if (failure := self.failures.current) is not None:
            self.curator.open_trace(failure.trace_id, failure)

    def action_promote(self) -> None:
        chosen = self.chosen()
        if len(chosen) > 1:
            self.curator.open_bulk(chosen)
        elif chosen:
            self.curator.open_workbench(chosen[0].key, chosen[0])

    def action_dismiss_failure(self) -> None:
        self.ask_dismissal(self.chosen())

    def action_snooze(self) -> None:
        self.ask_snooze(self.chosen())

    def action_reopen(self) -> None:
        self.reopen(self.chosen())

    def action_mark(self) -> None:
        self.failures.toggle_mark()

    def action_mark_all(self) -> None:
        self.failures.toggle_all()

    def action_filter(self) -> None:
        self.query_one("#filter", LineInput).open()

    def action_clear(self) -> None:
        line = self.query_one("#filter", LineInput)
        if isinstance(self.focused, TextView):
            self.failures.focus()
        elif self.session.standing.filter:
            line.put("")
            line.display = False
            self.session.stand(filter="")
            self._list()
        elif self.failures.marks:
            self.failures.clear_marks()
        elif self.drop("queue"):
            self.curator.busy("")
            if self._look is None:
                self.query_one(Page).nothing("∅", "Stopped asking.", [[("accent", "^r"), ("dim", " asks again")]])
            else:
                self.tell([("text", "Stopped asking; what you see is from before.")])

    def action_next_state(self) -> None:
        self._go_to_state(TABS[(TABS.index(self._state) + 1) % len(TABS)])

    def action_window(self) -> None:
        def chosen(since: str | None) -> None:
            if since:
                self.session.stand(since=since)
                self._show_week()
                self.reload()

        self.app.push_screen(Choose("How far back to look", WINDOWS, own="such as 3d, 36h or 2026-01-31"), chosen)

    def action_rules(self) -> None:
        def chosen(rule: str | None) -> None:
            if rule is not None:
                self.session.stand(rule=rule or None)
                self.reload()

        rules = [(name, words) for name, words in self.session.rule_names()]
        self.app.push_screen(Choose("Which workflow to look at", [("", "all of them"), *rules]), chosen)

    def action_focus_preview(self) -> None:
        self.preview.focus()

    def action_focus_list(self) -> None:
        self.failures.focus()

    def action_reveal(self) -> None:
        self.preview.toggle_reveal()

    def action_copy_link(self) -> None:
        if (failure := self.failures.current) is not None:
            self.curator.copy_link(failure.trace_id)

    def action_browse(self) -> None:
        if (failure := self.failures.current) is not None:
            self.curator.browse(failure.trace_id)
