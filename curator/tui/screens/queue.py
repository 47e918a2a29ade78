"""The queue: what needs a decision, why, and a preview that follows the cursor."""

from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widgets import Static

from curator.model import Note
from curator.model.errors import CuratorError
from curator.queue import in_line
from curator.tui import actions
from curator.tui.screens.ask import AskLine, Choose, Confirm
from curator.tui.screens.place import Copies, in_short
from curator.tui.screens.queue_list import Listing
from curator.tui.screens.rules import FirstRules, TrialScreen
from curator.tui.session import QueueRead, Report
from curator.tui.widgets.failures import FailureRows, Row
from curator.tui.widgets.frame import Banner, Hints, LineInput, Page, TopBar
from curator.tui.widgets.reader import REST, FailurePreview, MaskedView
from curator.tui.widgets.rows import Rows
from curator.tui.widgets.week_view import WeekBar
from curator.tui.words import plural, sentences

if TYPE_CHECKING:
    from curator.promote import Resumed


class QueueScreen(Listing, FirstRules):
    """See `actions.of("queue")` for its keys."""

    BINDINGS = actions.bindings("queue")
    CSS_PATH = "queue.tcss"
    place = "queue"
    panes = "#failures"
    help_places = ("queue", "list", "text")
    AUTO_FOCUS = "#failures"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]
    """Up to 109 cells the preview stands below the list: beside it neither could be read."""

    def __init__(self) -> None:
        super().__init__()
        self._rest: Timer | None = None
        self._arrived = 0
        """Failures that were there when rows were last listed while more arrived."""
        self.answered = False
        """Whether the first question to the server was answered or refused."""

    # Building

    def compose(self) -> ComposeResult:
        yield TopBar("queue")
        yield WeekBar()
        yield Banner()
        with Horizontal(id="panes"):
            with Vertical(id="left", classes="pane"):
                yield Static("", id="place")
                yield FailureRows(id="failures")
                with Vertical(classes="page-holder", id="instead"):
                    yield Page()
                yield LineInput("/", "words, score<0.3, signal:…, group:…, is:seen, -tag:…, @view", id="filter")
            yield FailurePreview(id="right")
        yield Hints()

    def on_mount(self) -> None:
        last = self.session.rooms.last_place
        self._state = last.state if last.state != "all" else None  # type: ignore[assignment]
        self.failures.excerpts = self.session.traces.excerpts
        self.watch(self.failures, "scroll_y", self._rest_soon, init=False)
        self._choose_columns()
        if last.filter:
            self.line.put(last.filter)
            self.line.display = True
        self.show_page().waiting("connecting")
        self._show_week()

    def start(self) -> None:
        """Called by the app after the first paint."""
        self.reload()
        self.fetch("warm", lambda report: self.session.rooms.warm(), lambda model: None, lambda error: None)

    @property
    def preview(self) -> MaskedView:
        """The text of the preview."""
        return self.query_one(FailurePreview).view

    # Data

    def _ask_for_everything(self, report: Report) -> QueueRead:
        """In a thread."""
        last = self.session.rooms.last_place
        self.session.drafts.read_inbox()
        return self.session.queue.read(last.since, last.rule, report)

    def reload(self) -> None:
        if self._read is None:
            self.show_page().waiting("looking for failures", way_out="stops")
        self._arrived = 0
        self.curator.busy("asking Langfuse")
        self.fetch("queue", self._ask_for_everything, self._has_read, self._could_not_read, progress=self._progress)

    def _progress(self, what: str, done: int, total: int | None) -> None:
        """Rows are listed as they arrive; until the first, the page says what is being done."""
        known = len(self.session.queue.all())
        if not known:
            self.query_one(Page).waiting(what, done, total, way_out="stops")
        elif known > 1.1 * self._arrived:  # listing takes as long as there are rows: not for every page of many
            self._arrived = known
            self._list(at=None if self.failures.rows else self.session.rooms.last_place.trace_id)
        self.curator.busy(what)

    def _has_read(self, read: QueueRead) -> None:
        self.answered = True
        if self._read is None:
            self.fetch("resume", lambda report: self.session.acts.resume(), self._resumed, lambda error: None)
        self._read = read
        self.calm()
        self.curator.connected(read.connected)
        # Whoever has moved on while rows arrived stays where they are.
        self._list(at=None if self.failures.cursor else self.session.rooms.last_place.trace_id)
        for remark in read.notes:
            self.tell([("warn", remark)])
        if self._fold == "group" or (not self.session.rooms.last_place.fold and self.session.groups.wanted):
            self._group(asked=False)

    def _resumed(self, resumed: "list[Resumed]") -> None:
        if resumed:
            done = sum(each.outcome in ("verified", "shared") for each in resumed)
            kept = sum(each.outcome == "draft" for each in resumed)
            said = f"{plural(len(resumed), 'promotion')} left from before: {done} finished, {kept} kept as draft."
            self.tell([("text", said), ("dim", "  L lists them")])
            self.reload()

    def _could_not_read(self, error: CuratorError) -> None:
        self.answered = True
        self.curator.disconnected(error)
        if self.failures.rows:
            self.trouble(error)
        elif error.code == "RULES_NONE":
            self.show_page().nothing("rules", remedy=error.remedy)
        else:
            self.show_page().refused(error)

    # What follows the cursor

    @on(Rows.Moved, "#failures")
    def _moved(self, event: Rows.Moved) -> None:
        row: Row = event.row
        self._show_place()
        self.query_one(FailurePreview).follow(row.failure)
        self._rest_soon()

    def on_resize(self) -> None:
        self._show_week()
        self._rest_soon()

    def _rest_soon(self) -> None:
        """Other rows may be in sight: they are read once nothing moves any more."""
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(REST, self._rested)

    def _rested(self) -> None:
        """The cursor rests: where it stands is kept, and the messages of the rows in sight are read."""
        row = self.failures.current
        if row is not None and self._read is not None:  # until then the row of the last time may still arrive
            self.session.rooms.stand(trace_id=row.key)
        self._read_excerpts()

    @on(Rows.Chosen, "#failures")
    def _chosen(self, event: Rows.Chosen) -> None:
        self.action_open()

    # Actions of the place "queue"

    def action_open(self) -> None:
        row = self.failures.current
        if row is not None and row.group is not None:
            self._inside = row.group
            self._list(at=row.key)
        elif row is not None and row.by:
            self.action_promote()
        elif row is not None:
            self.curator.open_trace(row.failure.trace_id, row.failure)

    def action_promote(self) -> None:
        rows = self.failures.marked or [row for row in [self.failures.current] if row is not None]
        # One item stands for a group: its representative's.
        chosen = [each for row in rows for each in ([row.failure] if row.group is not None else row.all)]
        if len(chosen) > 1:
            self.curator.open_bulk(chosen)
        elif chosen:
            self.curator.open_workbench(chosen[0].key, chosen[0])

    def action_dismiss_failure(self) -> None:
        self.ask_dismissal(self.chosen())

    def action_snooze(self) -> None:
        self.ask_snooze(self.chosen())

    def action_annotate(self) -> None:
        """Asks for a note on what is chosen, and shares it."""
        failures, me = self.chosen(), self.session.rooms.reviewer
        if not failures:
            return
        own = {in_line(note) for each in failures for note in each.notes if note.reviewer == me}

        def answered(line: str) -> None:
            share = self.session.queue.note
            self.fetch(f"note-{failures[0].key}", lambda report: share(failures, line), done)

        def done(notes: list[Note]) -> None:
            words = in_line(notes[0]) or "taken away"
            self.tell([("accent", "✎ "), ("text", f"Note on {what}: {words}")])
            self.changed()

        what = in_short(failures)
        question = AskLine(
            f"Note on {what}",
            value=own.pop() if len(own) == 1 else "",
            placeholder="what you see; with a verdict: pass: … or fail: …",
            note="Every reviewer reads it, personal values replaced. An empty one takes yours away.",
        )
        self.ask(question, answered)

    def action_item(self) -> None:
        """Opens the item that came from the failure, else the one that it resembles."""
        failure = row.failure if (row := self.failures.current) is not None else None
        like = failure.seen.item_id if failure is not None and failure.seen is not None else None
        item = failure.items[0] if failure is not None and failure.items else like
        if failure is None or item is None:
            self.tell([("text", "No item came from it, and none is known to be like it.")])
            return
        rule = self.session.queue.rule_of(failure)
        dataset = self.session.rooms.named[rule].rule.dataset.name
        self.curator.open_lineage(dataset, item, rule, like=failure.key if item == like else None)

    def action_decline(self) -> None:
        """Declines the prepared drafts of what is chosen, after a question."""
        inbox = self.session.drafts.inbox
        keys = [failure.key for failure in self.chosen() if failure.key in inbox]
        if not keys:
            self.tell([("text", "No draft was prepared here.")])
            return

        def answered(yes: str) -> None:
            decline = self.session.drafts.decline
            self.fetch("decline", lambda report: [decline(key) for key in keys], declined)

        def declined(done: object) -> None:
            self.tell([("text", f"Declined {plural(len(keys), 'prepared draft')}; the failures stay.")])
            self.changed(advance=True)

        by = ", ".join(dict.fromkeys(inbox[key].prepared_by for key in keys))
        title = f"Decline {plural(len(keys), 'draft')} that {by} prepared?"
        self.ask(Confirm(title, yes="Decline"), answered)

    def action_reopen(self) -> None:
        self.reopen(self.chosen())

    def action_window(self) -> None:
        def chosen(since: str) -> None:
            self.session.rooms.stand(since=since)
            self._show_week()
            self.reload()

        question = Choose("How far back to look", sentences("window"), own="such as 3d, 36h or 2026-01-31")
        self.ask(question, chosen)

    def action_rules(self) -> None:
        rules = [("", "all of them"), *self.session.rooms.rule_names()]
        self.ask(Choose("Which workflow to look at", rules), lambda rule: self.show_rule(rule or None))

    def action_focus_preview(self) -> None:
        self.preview.focus()

    def action_focus_list(self) -> None:
        self.failures.focus()

    def action_reveal(self) -> None:
        self.preview.toggle_reveal()

    def copies(self) -> Copies:
        row = self.failures.current
        if row is None:
            return []
        failure, session = row.failure, self.session
        rule = session.queue.rule_of(failure)
        return [
            ("the trace's id", failure.trace_id),
            ("the address in Langfuse", lambda: session.rooms.gateway.trace_url(failure.trace_id)),
            ("the command that promotes it", f"curator promote {failure.key} --rules {rule}"),
            ("the command that shows it", f"curator show {failure.key}"),
            *([("the session's id", failure.session_id)] if failure.session_id else []),
        ]

    def action_browse(self) -> None:
        if (row := self.failures.current) is not None:
            self.curator.browse(row.failure.trace_id)

    def action_try_rule(self) -> None:
        row, chosen = self.failures.current, self.session.rooms.last_place.rule
        rule = chosen or (self.session.queue.rule_of(row.failure) if row is not None else None)
        if self.session.queue.by_defaults and not chosen:
            self.tell([("text", "There is no rule yet to try."), ("dim", "  N makes one")])
        elif rule is not None:
            self.app.push_screen(TrialScreen(rule))

    def show_rule(self, rule: str | None) -> None:
        """Lists the failures of one rule, or of all."""
        self.session.rooms.stand(rule=rule)
        self.reload()
