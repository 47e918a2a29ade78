"""Experiment runs: which there are, whether they are whole, what their scores were; two of them go to *Compare*."""

from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from curator.model.errors import CuratorError
from curator.tui import actions
from curator.tui.run_words import of_run, whole_pieces
from curator.tui.screens.place import Copies
from curator.tui.screens.reading import Reading
from curator.tui.text import Piece
from curator.tui.widgets.reader import Reader
from curator.tui.widgets.rows import Column, Rows
from curator.tui.widgets.text_view import TextView
from curator.tui.words import age, plural

if TYPE_CHECKING:
    from curator.experiments import Listed, Run


class RunsScreen(Reading):
    """See `actions.of("runs")` for its keys."""

    BINDINGS = actions.bindings("runs")
    CSS_PATH = "runs.tcss"
    place = "runs"
    help_places = ("runs", "list", "text")
    list_id = "#runs"
    AUTO_FOCUS = "#runs"

    def __init__(self) -> None:
        super().__init__()
        self._looked: dict[str, Run] = {}
        self._marked: list[str] = []
        self._sweeping = False

    def body(self) -> ComposeResult:
        with Horizontal(id="panes"):
            with Vertical(id="left", classes="pane"):
                yield Static("", classes="pane-title", id="left-title")
                yield Rows(
                    [
                        Column(lambda run: [("text", run.label)], share=4, title="run"),
                        Column(lambda run: self._whole(run), share=3, most=24, title="whole?"),
                        Column(lambda run: [("dim", run.dataset.name)], share=3, title="dataset", from_width=72),
                        Column(_size, width=8, right=True, title="items"),
                        Column(lambda run: [("dim", age(run.started_at))], width=4, right=True, title="ago"),
                    ],
                    key=lambda run: run.reference,
                    id="runs",
                    header=True,
                )
            yield Reader("run", id="right")

    def on_mount(self) -> None:
        self.show_page().waiting("fetching runs")
        self.reload()

    # Data

    def reload(self) -> None:
        self.fetch("runs", lambda report: self.session.runs.lately(), self._fetched, self.failed)

    def _fetched(self, runs: "list[Listed]") -> None:
        self.calm()
        if not runs:
            self.show_page().nothing("runs")
            return
        self.show_panes()
        self._sweeping = True
        self.rows.show(runs)
        self._title()
        if not isinstance(self.focused, TextView):
            self.rows.focus()
        look, words = self.session.runs.integrity, "looking whether runs are whole"
        self.busily("integrity", words, lambda report: look(runs, report), self._swept, self._not_looked_at)

    def _swept(self, looked: "dict[str, Run]") -> None:
        self._sweeping = False
        self._looked_at(looked)
        self._look_at_current()

    def _looked_at(self, looked: "dict[str, Run]") -> None:
        self._looked |= looked
        self.rows.redraw()
        if (run := self.rows.current) is not None:
            self._show(run)

    def _not_looked_at(self, error: CuratorError) -> None:
        self._sweeping = False
        self.rows.redraw()
        self.trouble(error)

    def _title(self) -> None:
        pieces: list[Piece] = [("text", plural(len(self.rows.rows), "run"))]
        if self._marked:
            then = "c compares them" if len(self._marked) == 2 else "c compares it with this one"
            pieces += [("accent", f"  ● {len(self._marked)} marked"), ("dim", f"  {then}")]
        self.say("#left-title", pieces)

    # The run under the cursor

    @on(Rows.Moved, "#runs")
    def _moved(self, event: Rows.Moved) -> None:
        if isinstance(event, Rows.Chosen):
            self.action_open()
            return
        self.view.hide_again()
        self._show(event.row)
        self._look_at_current()

    def _look_at_current(self) -> None:
        """A run that lies beyond the sweep is looked at when the cursor comes to it."""
        listed = self.rows.current
        if listed is not None and listed.reference not in self._looked and not self._sweeping:
            look = self.session.runs.integrity
            self.fetch("one", lambda report: look([listed], report), self._looked_at, self._not_looked_at)

    def _show(self, listed: "Listed") -> None:
        run = self._looked.get(listed.reference)
        same = [each for each in self.rows.rows if each.dataset.name == listed.dataset.name]
        older = [each.reference for each in same if each.started_at < listed.started_at]
        sheet = of_run(listed, run, [self._looked[each] for each in reversed(older) if each in self._looked])
        self.reader.title([("text", listed.label)])
        self.put_masked(self.view, sheet, run.rule if run is not None else None, keep_place=True)

    def _whole(self, listed: "Listed") -> list[Piece]:
        if self._sweeping and listed.reference not in self._looked:
            return [("dim", "… looking")]
        return whole_pieces(self._looked.get(listed.reference))

    # Marks

    @on(Rows.MarksChanged, "#runs")
    def _marks_changed(self) -> None:
        marks = self.rows.marks
        self._marked = [key for key in self._marked if key in marks] + [k for k in marks if k not in self._marked]
        if len(self._marked) > 2:
            self._marked = self._marked[-2:]
            self.rows.marks = set(self._marked)
        self._title()

    # Actions of the place "runs"

    def action_mark(self) -> None:
        self.rows.toggle_mark()

    def action_compare(self) -> None:
        chosen = list(self._marked)
        if len(chosen) < 2 and self.rows.current is not None and self.rows.current.reference not in chosen:
            chosen.append(self.rows.current.reference)
        pair = [run for run in self.rows.rows if run.reference in chosen]
        if len(pair) < 2:
            self.tell([("text", "Mark a run with space, then press c on another one.")])
            return
        # The earlier run is the baseline; `x` takes the other one.
        earlier, later = sorted(pair, key=lambda run: run.started_at)
        self.curator.open_compare(earlier.reference, later.reference)

    def action_open(self) -> None:
        if self.rows.current is not None:
            self.view.focus()

    async def action_clear(self) -> None:
        if self.back_to_list():
            return
        if self._marked:
            self.rows.clear_marks()
        else:
            await self.curator.action_go("queue")

    def copies(self) -> Copies:
        run = self.rows.current
        if run is None:
            return []
        return [
            ("the run's name", run.reference),
            ("the command that gates it", f"curator gate {run.reference}"),
            *([("its result file", str(run.file))] if run.file else []),
        ]

    def go_to(self, reference: str) -> None:
        """Puts the cursor on a run."""
        place = next((n for n, run in enumerate(self.rows.rows) if run.reference == reference), None)
        if place is not None:
            self.rows.cursor = place


def _size(run: "Listed") -> list[Piece]:
    times = f" × {run.repeats}" if run.repeats > 1 else ""
    return [("strong", f"{run.items:,}"), ("dim", times)]
