"""The app: its places, its theme, its keys, and what belongs to no single screen."""

import io
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from inspect import isawaitable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events, on
from textual.binding import BindingType
from textual.dom import DOMNode
from textual.filter import LineFilter, Monochrome, NoColor
from textual.screen import Screen
from textual.widget import Widget

from curator.model.errors import CuratorError, unexpected
from curator.tui import actions, themes
from curator.tui.screens.start import StartScreen
from curator.tui.text import Harmless, Piece, visible
from curator.tui.ways import Ways, later

# Everything that knows a failure or a trace is imported after the first paint: pydantic alone takes as long as that.
if TYPE_CHECKING:
    from curator.model import Decision, Failure
    from curator.promote import Undone
    from curator.tui.screens.help import How
    from curator.tui.session import Act, Connected, Session


class CuratorApp(Ways):
    """curator in a terminal. It paints before settings, SDK, network or presidio are loaded.

    It ends with an error when the session cannot be opened (no keys, a malformed config file), else with None.
    """

    TITLE = "curator"
    # The first screen's layout is read with the app's: one that came later would have all styles worked out again.
    CSS_PATH = [Path(__file__).parent / "app.tcss", Path(__file__).parent / "screens/start.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = actions.bindings("app")
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        "queue": later("queue", "QueueScreen"),
        "datasets": later("datasets", "DatasetsScreen"),
        "runs": later("runs", "RunsScreen"),
        "log": later("log", "LogScreen"),
    }
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide"), (150, "-very-wide")]
    ENABLE_COMMAND_PALETTE = False
    ALLOW_IN_MAXIMIZED_VIEW = "TopBar, Hints, Banner, #bench-title, #decide, #trace-title"
    NOTIFICATION_TIMEOUT = 4

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
            wanted = session.rooms.last_place.theme or session.settings.theme
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
        queue, share = self.queue_screen, self.session.queue.share
        words = f"share-{self._shares}"
        queue.fetch(words, lambda report: share(failures, decisions), lambda done: None, queue.not_shared)

    def queue_changed(self, *, unmark: bool = False) -> None:
        """A failure was decided elsewhere: the queue lists anew."""
        if unmark:
            self.queue_screen.failures.clear_marks()
        self.queue_screen.changed(advance=True)

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

        def chosen(number: str) -> None:
            words, what = offers[int(number)]
            if isinstance(what, str):
                self._copied(words, what)
            else:
                place.fetch("copy", lambda report: what(), lambda text: self._copied(words, text))

        place.ask(Choose("Copy what?", [(str(n), words) for n, (words, _) in enumerate(offers)]), chosen)

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

    def action_screenshot(self, filename: str | None = None, path: str | None = None) -> None:
        """Saves this moment's screen; what stands unmasked on it (names of traces, tags) is read by the gate first."""
        picture = self.export_screenshot()
        name = filename or f"curator_{datetime.now(UTC).astimezone():%Y-%m-%dT%H_%M_%S}.svg"

        def save(svg: str) -> None:
            self.deliver_text(
                io.StringIO(svg),
                save_directory=path,
                save_filename=name,
                open_method="browser",
                mime_type="image/svg+xml",
            )

        if hasattr(self, "session"):
            place, rooms = self._place or self.queue_screen, self.session.rooms
            place.fetch("picture", lambda report: rooms.outgoing.picture(picture), save)
        else:
            save(picture)

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

    def action_undo(self) -> None:
        if self._place is not None:
            last, receipt = self.session.acts.last, getattr(self._place, "receipt", None)
            self.queue_screen.fetch("undo", lambda report: last(receipt), self._undo, self._not_undone)

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
        elif (here := screen.focused) is not None:
            around = (each for each in here.ancestors_with_self if isinstance(each, Widget) and each.has_class("pane"))
            screen.maximized = next(around, here)

    def action_jump(self) -> None:
        from curator.tui.screens.jump import JumpScreen

        if (place := self._place) is not None:
            self.push_screen(JumpScreen(place))

    def action_refresh(self) -> None:
        if (place := self._place) is not None:
            place.reload()

    def action_cycle_theme(self) -> None:
        names = [theme.name for theme in themes.THEMES]
        place = names.index(self.theme) if self.theme in names else -1
        self.use_theme(names[(place + 1) % len(names)])
