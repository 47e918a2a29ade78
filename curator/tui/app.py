"""The app: its places, its theme, its keys, and what belongs to no single screen."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.dom import DOMNode
from textual.filter import LineFilter, Monochrome, NoColor
from textual.screen import Screen

from curator.model.errors import CuratorError, unexpected
from curator.tui import actions, themes
from curator.tui.pieces import Piece
from curator.tui.screens.start import StartScreen
from curator.tui.text import Harmless, visible
from curator.tui.widgets.frame import content

# Everything that knows a failure or a trace is imported after the first paint: pydantic alone takes as long as that.
if TYPE_CHECKING:
    from curator.model import Decision, Failure
    from curator.promote import Undone
    from curator.tui.screens.place import Place
    from curator.tui.screens.queue import QueueScreen
    from curator.tui.session import Connected, Session


def _queue() -> Screen[None]:
    from curator.tui.screens.queue import QueueScreen

    return QueueScreen()


def _datasets() -> Screen[None]:
    from curator.tui.screens.datasets import DatasetsScreen

    return DatasetsScreen()


def _runs() -> Screen[None]:
    from curator.tui.screens.runs import RunsScreen

    return RunsScreen()


def _log() -> Screen[None]:
    from curator.tui.screens.log import LogScreen

    return LogScreen()


class CuratorApp(App[CuratorError | None]):
    """curator in a terminal. It paints before settings, SDK, network or presidio are loaded.

    It ends with an error when the session cannot be opened (no keys, a malformed config file), else with None.
    """

    TITLE = "curator"
    # The first screen's layout is read with the app's: one that came later would have all styles worked out again.
    CSS_PATH = [Path(__file__).parent / "app.tcss", Path(__file__).parent / "screens/start.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = actions.bindings("app")
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        "queue": _queue,
        "datasets": _datasets,
        "runs": _runs,
        "log": _log,
    }
    HORIZONTAL_BREAKPOINTS = [
        (0, "-narrow"),
        (100, "-wide"),
        (150, "-very-wide"),
    ]
    ENABLE_COMMAND_PALETTE = True
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
            wanted = session.standing.theme or session.settings.theme
        except CuratorError as error:
            self.call_from_thread(self.exit, error)
        except Exception as error:
            self.call_from_thread(self.exit, unexpected(error))
        else:
            self.call_later(self._opened, session, wanted)

    async def _opened(self, session: "Session", theme: str) -> None:
        self.session = session
        session.on_wait = self._waiting
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

    def _waiting(self, words: str) -> None:
        self.call_later(self.busy, words)

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
        host = visible(self.session.host, limit=60)
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
            lambda report: self.session.share(failures, decisions),
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
        """Opens a trace."""
        from curator.tui.screens.trace import TraceScreen

        self.push_screen(TraceScreen(trace_id, failure))

    def neighbour(self, trace_id: str, by: int) -> "Failure | None":
        """The failure `by` rows further in the queue as it is listed; None at its ends."""
        rows = self.queue_screen.failures.rows
        place = next((i for i, f in enumerate(rows) if f.trace_id == trace_id), None)
        if place is None:
            # It has just been decided and left the list: its place holds the next one.
            place = self.queue_screen.failures.cursor - (1 if by > 0 else 0)
        wanted = place + by
        if not 0 <= wanted < len(rows):
            return None
        self.queue_screen.failures.cursor = wanted
        return rows[wanted]

    def open_workbench(self, trace_id: str, failure: "Failure | None" = None) -> None:
        """Opens the workbench on a trace."""
        from curator.tui.screens.workbench import WorkbenchScreen

        if failure is not None and failure.source_gone:
            self.tell([("warn", "The trace is gone (retention deleted it): nothing is left to make an item of.")])
            return
        self.push_screen(WorkbenchScreen(trace_id, failure))

    def back_to_queue(self) -> None:
        """Closes everything over the queue."""
        while len(self.screen_stack) > 1:
            self.pop_screen()

    def open_bulk(self, failures: "Sequence[Failure]") -> None:
        """Opens the promotion of several failures."""
        from curator.tui.screens.bulk import BulkScreen

        self.push_screen(BulkScreen(failures))

    def copy_link(self, trace_id: str) -> None:
        """Copies a trace's address."""
        self._with_url(lambda: self.session.trace_url(trace_id), self._copy_url)

    def browse(self, trace_id: str) -> None:
        """Opens a trace in the browser."""
        self._with_url(lambda: self.session.trace_url(trace_id), self.open_url)

    def copy_item_link(self, dataset: str, item_id: str) -> None:
        """Copies an item's address."""
        self._with_url(lambda: self.session.item_url(dataset, item_id), self._copy_url)

    def browse_item(self, dataset: str, item_id: str) -> None:
        """Opens an item in the browser."""
        self._with_url(lambda: self.session.item_url(dataset, item_id), self.open_url)

    def _with_url(self, find: Callable[[], str], use: Callable[[str], None]) -> None:
        if (place := self._place) is not None:
            place.fetch("address", lambda report: find(), use, place.trouble)

    def _copy_url(self, url: str) -> None:
        self.copy_to_clipboard(url)
        self.tell([("text", f"Copied {url}")])

    # The palette, from the same table as the keys

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        if not hasattr(self, "session"):
            return
        from curator.tui.screens.place import Place

        # The palette itself is the app's screen by now: `screen` is the one below it.
        places = ("app", *(screen.help_for_focus() if isinstance(screen, Place) else ()))
        for place in places:
            for action in actions.of(place):
                if action.id == "app.command-palette":
                    continue
                node = self._owner(screen, place)
                if node is not None:
                    yield SystemCommand(action.label, action.help, partial(self.run_action, action.name, node))
        for theme in sorted(self.available_themes):
            yield SystemCommand(f"Theme {theme}", "Change the colours", partial(self._use_theme, theme))

    def _owner(self, screen: Screen[Any], place: actions.Place) -> DOMNode | None:
        """Which node implements the actions of a place on this screen."""
        if place == "app":
            return self
        if place in ("list", "text"):
            return screen.focused if actions.owns(screen.focused, place) else None
        return screen

    def _use_theme(self, name: str) -> None:
        self.theme = name
        themes.remember(name)
        self.session.stand(theme=name)

    # The end

    def _fatal_error(self) -> None:
        """Ends after a mistake of curator's own. Textual would print the values of variables: texts of traces."""
        if self._exception is not None:
            self.exit(unexpected(self._exception))
        self._close_messages_no_wait()

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
        from curator.tui.screens.help import HelpScreen

        if (place := self._place) is not None:
            self.push_screen(HelpScreen(place.help_for_focus(), self.session.settings.keys))

    def explain(self, code: str | None) -> None:
        """Opens the help page of a code."""
        from curator.tui.screens.page import PageScreen

        if code is None:
            self.tell([("text", "Nothing went wrong here.")])
        else:
            self.push_screen(PageScreen(code))

    def action_undo(self) -> None:
        if self._place is None:
            return
        screen = self.queue_screen
        self.busy("taking back")
        receipt = getattr(self._place, "receipt", None)
        screen.fetch("undo", lambda report: self.session.undo(receipt), self._undone, self._not_undone)

    def _undone(self, undone: "list[Undone]") -> None:
        self.busy("")
        if not undone:
            self.tell([("text", "There is nothing to take back.")])
            return
        problems = [each.problem for each in undone if each.problem is not None]
        done = [each for each in undone if each.ok]
        if done:
            what = f"{done[0].entry.action} of {len(done)}" if len(done) > 1 else done[0].entry.action
            self.tell([("accent", "↶ "), ("text", f"Taken back: {what} ({done[0].outcome}).")])
        for problem in problems[:2]:
            self.tell([("bad", f"Not taken back: {problem.message} {problem.remedy}")], bad=True)
        self.queue_screen.changed()
        if (place := self._place) is not None and place is not self.queue_screen:
            place.reload_after_undo()

    def _not_undone(self, error: CuratorError) -> None:
        self.busy("")
        if (place := self._place) is not None:
            place.trouble(error)

    def action_refresh(self) -> None:
        if (place := self._place) is not None:
            place.reload()

    def action_cycle_theme(self) -> None:
        names = [theme.name for theme in themes.THEMES]
        place = names.index(self.theme) if self.theme in names else -1
        self._use_theme(names[(place + 1) % len(names)])
