"""Experiment runs: which there are, how whole they look, what their scores were."""

import shlex
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Footer, Static

from curator.errors import CuratorError
from curator.tui import actions
from curator.tui.pieces import Piece
from curator.tui.screens.place import Place
from curator.tui.sections import Sheet
from curator.tui.widgets.frame import Banner, Page, TopBar, content
from curator.tui.widgets.preview import MaskedView
from curator.tui.widgets.rows import Column, Rows
from curator.tui.widgets.text_view import TextView
from curator.tui.words import age, clock, plural, score_value

if TYPE_CHECKING:
    from curator.gateway.values import Experiment


class RunsScreen(Place):
    """See `actions.of("runs")` for its keys."""

    BINDINGS = actions.bindings("runs")
    CSS_PATH = "runs.tcss"
    place = "runs"
    help_places = ("runs", "list", "text")
    AUTO_FOCUS = "#runs"

    def compose(self) -> ComposeResult:
        yield TopBar("runs")
        yield Banner()
        with Vertical(classes="page-holder", id="instead"):
            yield Page()
        with Horizontal(id="panes"):
            with Vertical(id="left", classes="pane"):
                yield Static("", classes="pane-title", id="left-title")
                yield Rows(
                    [
                        Column(lambda run: [("text", run.name)], share=3, title="run"),
                        Column(lambda run: [("strong", f"{run.item_count:,}")], width=6, right=True, title="items"),
                        Column(lambda run: [("dim", age(run.start_time))], width=4, right=True, title="ago"),
                    ],
                    key=lambda run: run.id,
                    id="runs",
                    header=True,
                )
            with Vertical(id="right", classes="pane"):
                yield Static("", classes="pane-title", id="right-title")
                yield MaskedView(id="detail")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self._instead(True)
        self.query_one(Page).waiting("fetching runs")
        self.reload()

    def reload(self) -> None:
        self.fetch("runs", lambda report: self.session.runs(), self._fetched, self._not_fetched)

    def _fetched(self, runs: "list[Experiment]") -> None:
        self.calm()
        self._instead(not runs)
        if not runs:
            hint: list[Piece] = [("text", "curator run --rules R --task module:function"), ("dim", " makes one")]
            self.query_one(Page).nothing("∅", "No experiment ran in the last ninety days.", [hint])
            return
        self.query_one("#left-title", Static).update(content([("text", plural(len(runs), "run"))]))
        self.query_one("#runs", Rows).show(runs)
        self.query_one("#runs").focus()

    def _not_fetched(self, error: CuratorError) -> None:
        if self.query_one("#runs", Rows).rows:
            self.trouble(error)
        else:
            self._instead(True)
            self.query_one(Page).refused(error)

    def _instead(self, yes: bool) -> None:
        self.query_one("#instead").display = yes
        self.query_one("#panes").display = not yes

    @on(Rows.Moved, "#runs")
    def _moved(self, event: Rows.Moved) -> None:
        run: Experiment = event.row
        self.query_one("#right-title", Static).update(content([("text", run.name)]))
        sheet = Sheet()
        if run.scores:
            notes: list[tuple[list[Piece], str | None]] = [
                ([("text", score.name), ("strong", f"  {score_value(score.value)}  ")], score.comment)
                for score in run.scores
            ]
            sheet.add_notes("Scores of the run", "scores", notes)
        sheet.add_facts(
            {
                "items": str(run.item_count),
                "start": clock(run.start_time),
                "end": clock(run.end_time),
                "description": run.description,
                "id": run.id,
            }
        )
        if run.metadata:
            sheet.add("Metadata", "metadata", run.metadata)
        compare: list[Piece] = [("text", f"curator compare BASELINE {shlex.quote(run.name)}")]
        sheet.add_notes("Compare", "compare", [(compare, None)])
        detail = self.query_one("#detail", MaskedView)
        detail.put(sheet, None)
        self.fetch("values", lambda report: self.session.values_in(sheet.foreign, None), detail.found, self.trouble)

    # Actions of the place "runs"

    async def action_back(self) -> None:
        if isinstance(self.focused, TextView):
            self.query_one("#runs").focus()
        else:
            await self.curator.action_go("queue")
