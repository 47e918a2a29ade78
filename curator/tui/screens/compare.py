"""Two runs compared: the verdict, an interval per score, the items that moved, and what both runs answered to them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from curator.model.lineage import slug
from curator.tui import actions
from curator.tui.intervals import interval_plot
from curator.tui.run_words import (
    answer_title,
    caution_pieces,
    facts_pieces,
    of_answer,
    of_item,
    run_of,
    telling_repeat,
    verdict_pieces,
)
from curator.tui.screens.place import Copies, Place
from curator.tui.text import Piece
from curator.tui.widgets.frame import content
from curator.tui.widgets.reader import Reader
from curator.tui.widgets.rows import Column, Rows
from curator.tui.widgets.text_view import TextView
from curator.tui.words import plural, score_value

if TYPE_CHECKING:
    from curator.experiments import ItemChange
    from curator.tui.session import TwoRuns

SUMMARY = 0.55
"""How much of the screen the summary may take, before its scores do without a line of words each."""
SIDES = ("item", "baseline", "candidate")


class CompareScreen(Place):
    """See `actions.of("compare")` for its keys."""

    BINDINGS = actions.bindings("compare")
    CSS_PATH = "compare.tcss"
    place = "runs"
    panes = "#whole"
    help_places = ("compare", "list", "text")
    AUTO_FOCUS = "#moved"

    def __init__(self, baseline: str, candidate: str) -> None:
        super().__init__()
        self._references = (baseline, candidate)
        self._two: TwoRuns | None = None
        self._repeat = 0

    def body(self) -> ComposeResult:
        with Vertical(id="whole"):
            with VerticalScroll(id="summary", can_focus=False):
                yield Static(id="verdict")
                yield Static(id="facts")
                yield Static(id="cautions")
                yield Static(id="plot")
            with Horizontal(id="panes"):
                with Vertical(id="left", classes="pane"):
                    yield Static("", classes="pane-title", id="left-title")
                    yield Rows(
                        [
                            Column(self._item, share=2, most=30, title="item"),
                            Column(lambda c: [("text", c.score)], share=3, title="score"),
                            Column(_values, width=12, title="was → is"),
                            Column(_evidence, width=6, right=True, title="p", from_width=48),
                        ],
                        key=lambda change: f"{change.item_id}\n{change.score}",
                        id="moved",
                        header=True,
                    )
                with Vertical(id="right"):
                    yield Reader("item", id="about")
                    with Horizontal(id="answers"):
                        yield Reader("baseline", id="before")
                        yield Reader("candidate", id="after")

    def on_mount(self) -> None:
        self.reload()

    @property
    def moved(self) -> "Rows[ItemChange]":
        """The list of items that moved."""
        return self.query_one("#moved", Rows)

    def reader(self, side: str) -> Reader:
        """The pane of the item, or of a run's answer."""
        return self.query_one({"item": "#about", "baseline": "#before", "candidate": "#after"}[side], Reader)

    # Data

    def reload(self) -> None:
        if self._two is None:
            self.show_page().waiting("fetching both runs and comparing them")
        baseline, candidate = self._references
        self.fetch("runs", lambda report: self.session.runs.compare(baseline, candidate), self._compared, self.failed)

    def _compared(self, two: "TwoRuns") -> None:
        self.calm()
        self._two = two
        self.show_panes()
        self._summary()
        changes = two.comparison.changes
        self.query_one("#panes").display = two.comparison.comparable and bool(changes)
        self.say("#left-title", self._moved_words(two))
        self.moved.show(changes)
        self.moved.focus()

    # What it says

    def on_resize(self) -> None:
        if self._two is not None:
            self._summary()

    def _summary(self) -> None:
        two = self._two
        if two is None:
            return
        facts, cautions = facts_pieces(two), caution_pieces(two.comparison)
        self._put("#verdict", [verdict_pieces(two.comparison)])
        self._put("#facts", facts)
        self._put("#cautions", cautions)
        size, metrics = self.app.size, two.comparison.metrics
        plot = interval_plot(metrics, size.width - 5, with_words=True)
        if 3 + len(facts) + len(cautions) + len(plot) > (size.height - 2) * SUMMARY:
            plot = interval_plot(metrics, size.width - 5, with_words=False)
        self._put("#plot", plot)

    def _put(self, where: str, rows: Sequence[Sequence[Piece]]) -> None:
        box = self.query_one(where, Static)
        box.update(Content("\n").join(content(row) for row in rows))
        box.display = bool(rows)

    def _moved_words(self, two: "TwoRuns") -> list[Piece]:
        moved = len({change.item_id for change in two.comparison.changes})
        return [("text", f"{plural(moved, 'item')} moved"), ("dim", ", most evidence first")]

    def _item(self, change: "ItemChange") -> list[Piece]:
        sign: Piece = ("bad", "↓ ") if change.delta < 0 else ("good", "↑ ")
        own = f"{slug(self._two.candidate.dataset)}-" if self._two is not None else ""
        name = change.item_id
        return [sign, ("text", f"…{name.removeprefix(own)}" if own and name.startswith(own) else name)]

    # The item under the cursor

    @on(Rows.Moved, "#moved")
    def _item_moved(self, event: Rows.Moved) -> None:
        if isinstance(event, Rows.Chosen):
            self.action_open()
        elif self._two is not None:
            self._repeat = telling_repeat(self._two, event.row)
            for side in SIDES:
                self.reader(side).view.hide_again()
            self._show(event.row)

    def _show(self, change: "ItemChange") -> None:
        two = self._two
        if two is None:
            return
        sheets = {"item": of_item(two, change, self._repeat)}
        for side, run in (("baseline", two.baseline), ("candidate", two.candidate)):
            answer = run_of(run, change.item_id, self._repeat)
            sheets[side] = of_answer(side, answer)
            self.reader(side).title(answer_title(run, side, self._repeat, answer))
        self.reader("item").title([("strong", change.item_id)])
        for side, sheet in sheets.items():
            self.reader(side).view.put(sheet, None)
        foreign = {name: value for sheet in sheets.values() for name, value in sheet.foreign.items()}

        def found(findings: tuple[object, ...]) -> None:
            for side in SIDES:
                self.reader(side).view.found(findings)  # type: ignore[arg-type]

        self.fetch("values", lambda report: self.session.traces.values_in(foreign, two.candidate.rule), found)

    # Actions of the place "compare"

    def action_open(self) -> None:
        if self.moved.current is not None:
            self.add_class("-item")
            self.reader("candidate").view.focus()

    def action_back(self) -> None:
        if isinstance(self.focused, TextView):
            self.remove_class("-item")
            self.moved.focus()
        else:
            self.app.pop_screen()

    def action_swap(self) -> None:
        baseline, candidate = self._references
        self.app.switch_screen(CompareScreen(candidate, baseline))

    def action_next_repeat(self) -> None:
        self._turn(1)

    def action_previous_repeat(self) -> None:
        self._turn(-1)

    def _turn(self, by: int) -> None:
        if self._two is None or (change := self.moved.current) is None:
            return
        most = max(len(self._two.baseline.repeats), len(self._two.candidate.repeats))
        if most == 1:
            self.tell([("text", "Both runs asked once per item.")])
            return
        self._repeat = (self._repeat + by) % most
        self._show(change)

    def action_other_view(self) -> None:
        for side in SIDES:
            view = self.reader(side).view
            view.view = "json" if view.view == "chat" else "chat"

    def action_reveal(self) -> None:
        for side in SIDES:
            self.reader(side).view.toggle_reveal()

    def action_next_pane(self) -> None:
        self._step(1)

    def action_previous_pane(self) -> None:
        self._step(-1)

    def _step(self, by: int) -> None:
        if self.moved.current is None:
            return
        panes = [self.moved, *(self.reader(side).view for side in SIDES)]
        here = next((place for place, pane in enumerate(panes) if pane is self.focused), 0)
        there = panes[(here + by) % len(panes)]
        self.set_class(there is not self.moved, "-item")
        there.focus()

    def copies(self) -> Copies:
        change, pair = self.moved.current, " ".join(self._references)
        found: Copies = [("the command that compares", f"curator compare {pair}")]
        return [*([("the item's id", change.item_id)] if change is not None else []), *found]

    def action_browse(self) -> None:
        if self._two is None or (change := self.moved.current) is None:
            return
        answer = run_of(self._two.candidate, change.item_id, self._repeat)
        if answer is None or answer.trace_id is None:
            self.tell([("text", "This answer has no trace.")])
            return
        self.curator.browse(answer.trace_id)


def _values(change: "ItemChange") -> list[Piece]:
    return [("dim", f"{score_value(change.baseline)} → "), ("strong", score_value(change.candidate))]


def _evidence(change: "ItemChange") -> list[Piece]:
    from curator.experiments import p_words

    return [("dim", "–" if change.p_value is None else p_words(change.p_value).removeprefix("p "))]
