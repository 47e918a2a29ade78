"""The app: its places, its theme, its keys, and what belongs to no single screen."""

import time
from collections.abc import Callable, Sequence
from importlib import import_module
from inspect import isawaitable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import events, on
from textual.app import App
from textual.binding import BindingType
from textual.dom import DOMNode
from textual.filter import LineFilter, Monochrome, NoColor
from textual.screen import Screen
from textual.widget import Widget

from curator.model.errors import CuratorError, unexpected
from curator.tui import actions, themes
from curator.tui.screens.start import StartScreen
from curator.tui.text import Harmless, Piece, visible
from curator.tui.widgets.frame import content

# Everything that knows a failure or a trace is imported after the first paint: pydantic alone takes as long as that.
if TYPE_CHECKING:
    from curator.model import Decision, Failure
    from curator.promote import Undone
    from curator.tui.screens.help import How
    from curator.tui.screens.place import Place
    from curator.tui.screens.queue import QueueScreen
    from curator.tui.session import Act, Connected, Session


def _later(module: str, name: str) -> Callable[[], Screen[Any]]:
    """Makes a screen whose module is imported when one first goes there."""
    return lambda: cast("Screen[Any]", getattr(import_module(f"curator.tui.screens.{module}"), name)())


def pane_of(widget: Widget | None) -> Widget | None:
    """The pane that a widget stands in, or the widget itself where it is one; None without any."""
    if widget is None:
        return None
    return next(
        (each for each in widget.ancestors_with_self if isinstance(each, Widget) and each.has_class("pane")), widget
    )


class CuratorApp(App[CuratorError | None]):
    """curator in a terminal. It paints before settings, SDK, network or presidio are loaded.

    It ends with an error when the session cannot be opened (no keys, a malformed config file), else with None.
    """

    TITLE = "curator"
    # The first screen's layout is read with the app's: one that came later would have all styles worked out again.
    CSS_PATH = [Path(__file__).parent / "app.tcss", Path(__file__).parent / "screens/start.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = actions.bindings("app")
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        "queue": _later("queue", "QueueScreen"),
        "datasets": _later("datasets", "DatasetsScreen"),
        "runs": _later("runs", "RunsScreen"),
        "log": _later("log", "LogScreen"),
    }
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide"), (150, "-very-wide")]
    ENABLE_COMMAND_PALETTE = False
    ALLOW_IN_MAXIMIZED_VIEW = "TopBar, Hints, Banner, #bench-title, #decide, #trace-title"
    NOTIFICATION_TIMEOUT = 4

    session: "Session"
    """The project that is open; set after the first paint."""

    def __init__(self, open_session: "Callable[[], Session]") -> None:
        """`open_session` is called in a thread after the first paint."""
        super().__init__()
        self._open_session = open_session
        self._harmless = Harmless()
        self._no_colour = NoColor()
        self._busy = ""
        self._countdown = ""
        self._shares = 0
        self._connected: Connected | None = None
        self._lost: CuratorError | None = None
        for theme in themes.THEMES:
            self.register_theme(theme)
        self.theme = self._fitting(themes.remembered())

    def _fitting(self, wanted: str) -> str:
        """The wanted theme, if there is one of that name and the terminal has the colours for it."""
        if wanted in ("curator-dark", "curator-light") and (self.no_color or self.console.color_system == "standard"):
            return "curator-ansi"
        return wanted if wanted in self.available_themes else "curator-dark"

    def get_default_screen(self) -> Screen[None]:
        return StartScreen()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return super().get_theme_variable_defaults() | themes.own_variables(self.current_theme.dark)

    def get_line_filters(self) -> Sequence[LineFilter]:
        filters = super().get_line_filters()
        if self.no_color:
            # Greys are colours too: without colour, signs and text styles carry everything.
            filters = [*(f for f in filters if not isinstance(f, Monochrome)), self._no_colour]
        return [*filters, self._harmless]

    def on_mount(self) -> None:
        self.call_after_refresh(self._open)

    def _open(self) -> None:
        self.run_worker(self._open_in_thread, name="open", group="open", thread=True, exit_on_error=False)

    def _open_in_thread(self) -> None:
        from curator.tui.screens import queue

        assert queue
        try:
            session = self._open_session()
            # Read here, so that the app never waits for a file.
            wanted = session.rooms.standing.theme or session.settings.theme
        except CuratorError as error:
            self.call_from_thread(self.exit, error)
        except Exception as error:
            self.call_from_thread(self.exit, unexpected(error))
        else:
            self.call_later(self._opened, session, wanted)

    async def _opened(self, session: "Session", theme: str) -> None:
        self.session = session
        session.rooms.on_wait = self._waiting
        self.set_keymap(session.settings.keys)
        self.theme = self._fitting(theme)
        await self.switch_mode("queue")
        if unknown := actions.unknown_ids(session.settings.keys):
            self.tell([("warn", f"The config file gives keys to unknown actions: {', '.join(unknown)}.")], bad=True)
        self.queue_screen.start()

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

    def _waiting(self, seconds: float, why: str) -> None:
        """Called in any thread: a call waits for the server. The seconds are counted down."""
        self.call_later(self._count_down, time.monotonic() + seconds, why)

    def _count_down(self, until: float, why: str) -> None:
        left = round(until - time.monotonic())
        if left > 0:
            self._countdown = f"{why} trying again in {left} s"
            self.busy(self._countdown)
            self.set_timer(1, lambda: self._count_down(until, why))
        elif self._busy == self._countdown:
            self.busy("trying again")

    # What every screen uses

    def tell(self, pieces: Sequence[Piece], *, bad: bool = False) -> None:
        """A short message that goes away by itself; foreign text in it cannot act."""
        self.notify(visible(content(pieces).plain, limit=400), severity="error" if bad else "information", markup=False)

    def busy(self, what: str) -> None:
        """Something is under way (or, with an empty text, nothing is)."""
        self._busy = what
        self._show_connection()

    @property
    def is_busy(self) -> bool:
        """Whether something is under way that the top bar names."""
        return bool(self._busy)

    def connected(self, connected: "Connected") -> None:
        """The server answered."""
        self._connected, self._lost, self._busy = connected, None, ""
        self._show_connection()

    def disconnected(self, error: CuratorError) -> None:
        """The server did not answer, or refused."""
        self._lost, self._busy = error, ""
        self._show_connection()

    def connection_words(self) -> list[Piece]:
        """Project and server, and how they are, for the top bar."""
        host = visible(self.session.rooms.host, limit=60)
        name = visible(self._connected.project, limit=40) if self._connected else ""
        words: list[Piece] = [("text", name), ("dim", f"{' · ' if name else ''}{host}"), ("text", " ")]
        if self.size.width < 100:
            words = [("text", name or host), ("text", " ")]
            words = words if not self._busy else []
        if self._busy:
            return [("dim", f"{visible(self._busy, limit=60)} … "), *words]
        if self._lost is not None:
            return [*words, ("bad", "▲")]
        return [*words, ("good", "●") if self._connected else ("dim", "○")]

    def _show_connection(self) -> None:
        if (place := self._place) is not None:
            place.show_connection()

    # Sharing decisions

    def share(self, failures: "Sequence[Failure]", decisions: "Sequence[Decision]") -> None:
        """Shares decisions in the background, one batch after the other; a refusal takes them back."""
        self._shares += 1
        queue = self.queue_screen
        queue.fetch(
            f"share-{self._shares}",
            lambda report: self.session.queue.share(failures, decisions),
            lambda done: None,
            queue.not_shared,
        )

    def queue_changed(self, *, unmark: bool = False) -> None:
        """A failure was decided elsewhere: the queue lists anew."""
        if unmark:
            self.queue_screen.failures.clear_marks()
        self.queue_screen.changed(advance=True)

    # Ways to other screens

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
        self.queue_screen.look_at(rule)

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

    def action_copy(self) -> None:
        """Asks what to copy: the text that has the focus, or what its screen offers."""
        from curator.tui.screens.ask import Choose
        from curator.tui.widgets.text_view import TextView

        place = self._place
        if place is None:
            return
        offers = place.copies()
        if isinstance(place.focused, TextView):
            lines = place.focused.lines
            offers.insert(0, (f"this text as shown, {len(lines)} lines", "\n".join(line.text for line in lines)))
        if not offers:
            self.tell([("text", "There is nothing to copy here.")])
            return

        def chosen(number: str | None) -> None:
            if number is None:
                return
            words, what = offers[int(number)]
            if isinstance(what, str):
                self._copied(words, what)
            else:
                place.fetch("copy", lambda report: what(), lambda text: self._copied(words, text), place.trouble)

        self.push_screen(Choose("Copy what?", [(str(n), words) for n, (words, _) in enumerate(offers)]), chosen)

    def _copied(self, words: str, text: str) -> None:
        self.copy_to_clipboard(text)
        self.tell([("text", f"Copied {words}.")])

    # Actions by name: the palette and the help

    def _owner(self, screen: Screen[Any], place: actions.Place) -> DOMNode | None:
        """Which node implements the actions of a place on this screen."""
        if place == "app":
            return self
        if place in ("list", "text"):
            return screen.focused if actions.owns(screen.focused, place) else None
        return screen if actions.owns(screen, place) else None

    def use_theme(self, name: str) -> None:
        self.theme = name
        themes.remember(name)
        self.session.rooms.stand(theme=name)

    # The end

    def _fatal_error(self) -> None:
        """Ends after a mistake of curator's own. Textual would print the values of variables: texts of traces."""
        if self._exception is not None:
            self.exit(unexpected(self._exception))
        self._close_messages_no_wait()

    @on(events.DeliveryFailed)
    def _no_picture(self, event: events.DeliveryFailed) -> None:
        """Says why; Textual says only that it failed."""
        event.prevent_default()
        error = event.exception
        why = f"{error.strerror}: {error.filename}" if isinstance(error, OSError) else str(error)
        remedy = "Make that folder, or name another one as XDG_DOWNLOAD_DIR."
        self.tell([("bad", f"No picture was saved: {why}. {remedy}")], bad=True)

    async def action_quit(self) -> None:
        """Leaves, after the decisions that are still on their way."""
        pending = [w for w in self.workers if w.group.startswith("share-") and not w.is_finished]
        if pending:
            self.tell([("text", "Sharing your last decisions …")])
            await self.workers.wait_for_complete(pending)
        self.exit()

    # Actions of the place "app"

    async def action_go(self, place: str) -> None:
        if self._place is not None:
            await self.switch_mode(place)

    def action_help(self) -> None:
        self._menu("help")

    def action_command_palette(self) -> None:
        self._menu("search")

    def action_command(self) -> None:
        self._menu("command")

    def _menu(self, how: "How") -> None:
        from curator.tui.screens.help import Menu

        if (place := self._place) is not None:
            self.push_screen(Menu(how, self, place), self._chose)

    async def _chose(self, do: "Callable[[], object] | None") -> None:
        """Does what was chosen in a menu, on the screen below it."""
        if do is not None and isawaitable(found := do()):
            await found

    async def perform(self, action: actions.Action) -> None:
        """Does an action on the screen that is seen, as its key would."""
        if (node := self._owner(self.screen, action.place)) is not None:
            await self.run_action(action.name, node)

    def explain(self, code: str | None) -> None:
        """Opens the help page of a code."""
        from curator.tui.screens.help import PageScreen

        if code is None:
            self.tell([("text", "Nothing went wrong here.")])
        else:
            self.push_screen(PageScreen(code))

    def action_undo(self) -> None:
        if self._place is not None:
            receipt = getattr(self._place, "receipt", None)
            self.queue_screen.fetch(
                "undo", lambda report: self.session.acts.last(receipt), self._undo, self._not_undone
            )

    def _undo(self, act: "Act | None") -> None:
        """Takes back what was done last; asks first when it was not done here."""
        from curator.tui.screens.ask import Confirm

        if act is None:
            self.tell([("text", "There is nothing to take back.")])
        elif act.own and not act.meanwhile:
            self._take_back(act)
        else:
            note = f"It was done {act.when} ago by {act.reviewer}, in another terminal or an earlier one."
            note = f"Meanwhile it was {act.meanwhile}; that would be overwritten." if act.meanwhile else note
            question = Confirm(f"Take back: {act.words}?", yes="Take it back", note=note)
            self.push_screen(question, lambda answer: self._take_back(act) if answer else None)

    def _take_back(self, act: "Act") -> None:
        undo = self.session.acts.undo
        self.queue_screen.busily(
            "undo", "taking back", lambda report: undo(act), lambda undone: self._undone(act, undone), self._not_undone
        )

    def _undone(self, act: "Act", undone: "list[Undone]") -> None:
        problems = [each.problem for each in undone if each.problem is not None]
        done = [each for each in undone if each.ok]
        if done:
            self.tell(
                [("accent", "↶ "), ("text", f"Taken back: {act.words} ({done[0].outcome})."), ("dim", "  U redoes")]
            )
        elif not problems:
            self.tell([("text", "Something else was done meanwhile; nothing was taken back.")])
        for problem in problems[:2]:
            self.tell([("bad", f"Not taken back: {problem.message} {problem.remedy}")], bad=True)
        self._decided_anew(act)

    def _decided_anew(self, act: "Act") -> None:
        """The queue lists anew, with the cursor on what was decided about."""
        self.queue_screen.changed(at=act.key)
        if (place := self._place) is not None and place is not self.queue_screen:
            place.reload_after_undo()

    def _not_undone(self, error: CuratorError) -> None:
        if (place := self._place) is not None:
            place.trouble(error)

    def action_redo(self) -> None:
        if self._place is None:
            return
        act = self.session.acts.undone()
        if act is None:
            self.tell([("text", "Nothing was taken back here.")])
            return

        def done(said: str) -> None:
            self.tell([("accent", "↷ "), ("text", f"Done again: {act.words}{said}.")])
            self._decided_anew(act)

        redo = self.session.acts.redo
        self.queue_screen.busily("undo", "doing it again", lambda report: redo(act), done, self._not_undone)

    def action_zoom(self) -> None:
        screen = self.screen
        if screen.maximized is not None:
            screen.minimize()
        elif (pane := pane_of(screen.focused)) is not None:
            screen.maximized = pane

    def action_jump(self) -> None:
        from curator.tui.screens.jump import JumpScreen

        if (place := self._place) is not None:
            self.push_screen(JumpScreen(place))

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

    def action_refresh(self) -> None:
        if (place := self._place) is not None:
            place.reload()

    def action_cycle_theme(self) -> None:
        names = [theme.name for theme in themes.THEMES]
        place = names.index(self.theme) if self.theme in names else -1
        self.use_theme(names[(place + 1) % len(names)])
