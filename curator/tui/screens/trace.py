"""One trace: its steps in time, what went in and out of each, what people said, what was made of it."""

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from curator.model import Failure, Trace
from curator.tui import actions
from curator.tui.screens.place import Copies, Deciding
from curator.tui.screens.reading import Reading
from curator.tui.sections import Sheet, add_content, of_comments, of_observation, of_scores, of_stored
from curator.tui.session import Around
from curator.tui.steps import Step, bar_pieces, label_pieces, latency_pieces, steps_around, steps_of
from curator.tui.widgets.reader import Reader
from curator.tui.widgets.rows import Column, Rows
from curator.tui.words import age, duration, plural, signs

BAR = 10
"""Cells of a time bar."""


class TraceScreen(Deciding, Reading):
    """See `actions.of("trace")` for its keys."""

    BINDINGS = actions.bindings("trace")
    CSS_PATH = "trace.tcss"
    place = "queue"
    help_places = ("trace", "list", "text")
    list_id = "#steps"
    AUTO_FOCUS = "#steps"

    def __init__(self, trace_id: str, failure: Failure | None = None) -> None:
        super().__init__()
        self.trace_id = trace_id
        self.failure = failure
        self._trace: Trace | None = None
        self._around = Around()
        self._shown: str | None = None

    def head(self) -> ComposeResult:
        yield Static("", id="trace-title")

    def body(self) -> ComposeResult:
        with Horizontal(id="panes"):
            with Vertical(id="left", classes="pane"):
                yield Rows(
                    [
                        Column(label_pieces),
                        Column(latency_pieces, width=8, right=True),
                        Column(lambda step: bar_pieces(step, BAR), width=BAR, from_width=52),
                    ],
                    key=lambda step: step.key,
                    id="steps",
                )
            yield Reader("step", id="right")

    def on_mount(self) -> None:
        self._title()
        self.reload()

    # Data

    def reload(self) -> None:
        if self._trace is None:
            self.show_page().waiting("fetching the trace", way_out="goes back")
        again = self._trace is not None
        get = self.session.traces.get
        self.fetch("trace", lambda report: get(self.trace_id, fresh=again), self._fetched, self.failed)

    def _fetched(self, trace: Trace) -> None:
        self._trace = trace
        self.calm()
        self.show_panes()
        self._title()
        self._list()
        self.rows.focus()
        self.fetch("around", lambda report: self.session.traces.around(trace), self._fetched_around)

    def _fetched_around(self, around: Around) -> None:
        self._around = around
        self._list()

    def _list(self) -> None:
        if self._trace is not None:
            around = steps_around(self._trace, self._around.siblings, self._around.items)
            self.rows.show([*steps_of(self._trace), *around])

    def _title(self) -> None:
        failure = self._now
        root = self._trace.root if self._trace else None
        state = failure.state if failure else "open"
        role, sign = signs("state")[state]
        name = (self._trace.name if self._trace else failure.name if failure else None) or "trace"
        facts = [
            f"{age(root.start_time)} ago" if root else "",
            duration(root.latency) if root else "",
            plural(len(self._trace.observations), "step") if self._trace else "",
            (root.environment or "") if root else "",
            " ".join(f"#{tag}" for tag in root.tags[:5]) if root else "",
            self.trace_id[:32],
        ]
        words = "  ".join(fact for fact in facts if fact)
        self.say("#trace-title", [(role, f"{sign} "), ("strong", name), ("dim", f"  {words}")])

    def changed(self, *, advance: bool = False, at: str | None = None) -> None:
        self._title()
        if advance:
            self.action_next()

    # The step under the cursor

    @on(Rows.Moved, "#steps")
    def _moved(self, event: Rows.Moved) -> None:
        step: Step = event.row
        if step.key == self._shown and not isinstance(event, Rows.Chosen):
            return
        self._shown = step.key
        self._step_title(step)
        self.view.hide_again()
        rule = self.session.queue.rule_of(self.failure) if self.failure else None
        self.put_masked(self.view, self._sheet(step), rule)

    def _sheet(self, step: Step) -> Sheet:
        trace = self._trace
        if trace is None:
            return Sheet()
        if step.kind == "conversation":
            sheet = Sheet()
            add_content(sheet, trace, self.failure.reviewed_id if self.failure else None)
            return sheet
        if step.kind == "scores":
            return of_scores(trace.scores)
        if step.kind == "comments":
            return of_comments(trace.comments)
        if step.item is not None:
            return of_stored(step.item)
        if step.observation is not None:
            return of_observation(step.observation)
        return Sheet()

    def _step_title(self, step: Step) -> None:
        pieces = label_pieces(step)[1:]
        if step.kind == "observation" and step.observation is not None:
            one = step.observation
            facts = [one.type.lower(), one.model or "", duration(one.latency)]
            facts.append(f"${one.total_cost:.5f}" if one.total_cost else "")
            pieces.append(("dim", "  " + "  ".join(fact for fact in facts if fact)))
        self.reader.title(pieces)

    # Actions of the place "trace"

    def action_back(self) -> None:
        if not self.back_to_list():
            self.app.pop_screen()

    @on(Rows.Chosen, "#steps")
    def action_open(self) -> None:
        step: Step | None = self.rows.current
        if step is not None and step.kind == "sibling" and step.observation is not None:
            self.curator.open_trace(step.observation.trace_id)
        else:
            self.view.focus()

    def action_promote(self) -> None:
        self.curator.open_workbench(self._key, self._now)

    @property
    def _key(self) -> str:
        """What the failure is known by; of a trace that no rule finds its id."""
        return self.failure.key if self.failure else self.trace_id

    @property
    def _now(self) -> Failure | None:
        """The failure as it stands now."""
        return self.session.queue.get(self._key) or self.failure

    def _mine(self) -> list[Failure]:
        failure = self._now
        if failure is None:
            self.tell([("text", "No rule finds this trace, so there is nothing to decide.")])
        return [failure] if failure else []

    def action_dismiss_failure(self) -> None:
        self.ask_dismissal(self._mine())

    def action_snooze(self) -> None:
        self.ask_snooze(self._mine())

    def action_next(self) -> None:
        self._step_over(1)

    def action_previous(self) -> None:
        self._step_over(-1)

    def _step_over(self, by: int) -> None:
        neighbour = self.curator.neighbour(self._key, by)
        if neighbour is None:
            self.tell([("text", "That was the last one." if by > 0 else "That is the first one.")])
            return
        self.app.switch_screen(TraceScreen(neighbour.trace_id, neighbour))

    def copies(self) -> Copies:
        step: Step | None = self.rows.current
        return [
            ("the trace's id", self.trace_id),
            ("the address in Langfuse", lambda: self.session.rooms.gateway.trace_url(self.trace_id)),
            *([("the step's id", step.observation.id)] if step is not None and step.observation is not None else []),
            ("the command that shows it", f"curator show {self.trace_id}"),
        ]

    def action_browse(self) -> None:
        self.curator.browse(self.trace_id)
