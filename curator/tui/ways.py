"""Ways through the app: to its places and screens, by name from a command, to the browser; one short message."""

from collections.abc import Callable, Sequence
from importlib import import_module
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, cast

from textual.app import App
from textual.screen import Screen

from curator.model.errors import CuratorError
from curator.tui.text import Piece, visible
from curator.tui.widgets.frame import content

# The screens are imported after the first paint: pydantic alone takes as long as that.
if TYPE_CHECKING:
    from curator.model import Failure
    from curator.tui.screens.place import Place
    from curator.tui.screens.queue import QueueScreen
    from curator.tui.session import Session


def later(module: str, name: str) -> Callable[[], Screen[Any]]:
    """Makes a screen whose module is imported when one first goes there."""
    return lambda: cast("Screen[Any]", getattr(import_module(f"curator.tui.screens.{module}"), name)())


class Ways(App[CuratorError | None]):
    """An app on one project that can go anywhere in it."""

    session: "Session"
    """The project that is open; set after the first paint."""

    @property
    def queue_screen(self) -> "QueueScreen":
        """The queue, wherever the app stands."""
        from curator.tui.screens.queue import QueueScreen

        return next(s for s in self._screen_stacks["queue"] if isinstance(s, QueueScreen))

    @property
    def _place(self) -> "Place | None":
        """The screen that is seen, unless a question or the palette lies over it, or nothing is open yet."""
        if not hasattr(self, "session"):
            return None
        from curator.tui.screens.place import Place

        return self.screen if isinstance(self.screen, Place) else None

    def tell(self, pieces: Sequence[Piece], *, bad: bool = False) -> None:
        """A short message that goes away by itself; foreign text in it cannot act."""
        self.notify(visible(content(pieces).plain, limit=400), severity="error" if bad else "information", markup=False)

    async def action_go(self, place: str) -> None:
        if self._place is not None:
            await self.switch_mode(place)

    # Screens

    def open_trace(self, trace_id: str, failure: "Failure | None" = None) -> None:
        """Opens a trace; without a failure with what the queue knows of it."""
        from curator.tui.screens.trace import TraceScreen

        self.push_screen(TraceScreen(trace_id, failure or self.session.queue.get(trace_id)))

    def neighbour(self, key: str, by: int) -> "Failure | None":
        """The failure `by` rows further in the queue as it is listed; None at its ends."""
        rows = self.queue_screen.failures.rows
        place = next((i for i, row in enumerate(rows) if any(key in (f.key, f.trace_id) for f in row.all)), None)
        if place is None:
            # It has just been decided and left the list: its place holds the next one.
            place = self.queue_screen.failures.cursor - (1 if by > 0 else 0)
        wanted = place + by
        if not 0 <= wanted < len(rows):
            return None
        self.queue_screen.failures.cursor = wanted
        return rows[wanted].failure

    def open_workbench(
        self,
        key: str,
        failure: "Failure | None" = None,
        *,
        only_edit: bool = False,
        then: "Callable[[None], None] | None" = None,
    ) -> None:
        """Opens the workbench on a trace; `only_edit`: it writes nothing, `then` is called when it is left."""
        from curator.tui.screens.workbench import WorkbenchScreen

        failure = failure or self.session.queue.get(key)
        if failure is not None and failure.source_gone:
            self.tell([("warn", "The trace is not there any more: nothing is left to make an item of.")])
            return
        self.push_screen(WorkbenchScreen(key, failure, only_edit=only_edit), then)

    def back_to_queue(self) -> None:
        """Closes everything over the queue."""
        while len(self.screen_stack) > 1:
            self.pop_screen()

    def open_bulk(self, failures: "Sequence[Failure]") -> None:
        """Opens the promotion of several failures."""
        from curator.tui.screens.bulk import BulkScreen

        self.push_screen(BulkScreen(failures))

    def open_lineage(self, dataset: str, item_id: str, rule: str | None = None, *, like: str | None = None) -> None:
        """Opens the lineage of an item; `like`: with the difference to the failure of that key."""
        from curator.tui.screens.lineage import LineageScreen

        self.push_screen(LineageScreen(dataset, item_id, rule, like))

    async def open_run(self, reference: str) -> None:
        """Goes to a run in the list of runs."""
        from curator.tui.screens.runs import RunsScreen

        await self.action_go("runs")
        if isinstance(self.screen, RunsScreen):
            self.screen.go_to(reference)

    async def look_at_rule(self, rule: str) -> None:
        """Lists the failures of one rule."""
        await self.on_queue()
        self.queue_screen.show_rule(rule)

    def open_compare(self, baseline: str, candidate: str) -> None:
        """Compares two runs."""
        from curator.tui.screens.compare import CompareScreen

        self.push_screen(CompareScreen(baseline, candidate))

    def browse(self, trace_id: str) -> None:
        """Opens a trace in the browser."""
        self._with_url(lambda: self.session.rooms.gateway.trace_url(trace_id), self.open_url)

    def browse_item(self, dataset: str, item_id: str) -> None:
        """Opens an item in the browser."""
        self._with_url(lambda: self.session.items.url(dataset, item_id), self.open_url)

    def _with_url(self, find: Callable[[], str], use: Callable[[str], None]) -> None:
        if (place := self._place) is not None:
            place.fetch("address", lambda report: find(), use, place.trouble)

    def explain(self, code: str | None) -> None:
        """Opens the help page of a code."""
        from curator.tui.screens.help import PageScreen

        if code is None:
            self.tell([("text", "Nothing went wrong here.")])
        else:
            self.push_screen(PageScreen(code))

    # Commands

    async def run_command(self, name: str, words: Sequence[str]) -> None:
        """A command of the command line by its name, as far as it leads somewhere here."""
        from curator.tui.screens.help import COMMANDS

        if (command := COMMANDS.get(name)) is None:
            self.tell([("text", f"curator {name} belongs into a shell; `:` alone lists what can be done here.")])
        elif len(words) < len(command.needs):
            self.tell([("text", f"{name} takes {' '.join(command.needs)}.")])
        elif isawaitable(found := command.do(self, *words[: len(command.takes.split())])):
            await found

    async def on_queue(self, action: str = "") -> None:
        """Goes to the queue, whatever lies over it, and does an action there."""
        await self.action_go("queue")
        self.back_to_queue()
        if action:
            await self.run_action(action, self.queue_screen)

    async def audit(self, dataset: str, item_id: str = "") -> None:
        """Audits a dataset on the screen of datasets; with an item, tells where that came from."""
        from curator.tui.screens.datasets import DatasetsScreen

        if item_id:
            self.open_lineage(dataset, item_id)
            return
        await self.action_go("datasets")
        next(s for s in self._screen_stacks["datasets"] if isinstance(s, DatasetsScreen)).audit(dataset)
