"""What frames every screen: the bar on top, the banner of a failed call, the page that stands in for missing data."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, Label, Static

from curator.model.errors import CuratorError
from curator.tui import actions
from curator.tui.text import Piece, safe, visible

PLACE_KEYS = {"queue": ("Q", "Queue"), "datasets": ("D", "Datasets"), "runs": ("R", "Runs"), "log": ("L", "Log")}


def content(pieces: Sequence[Piece]) -> Content:
    """Pieces as content in the theme's colours, for widgets that Textual draws."""
    return Content.assemble(
        *((visible(text, limit=2000, newlines=True), STYLES.get(role, "")) for role, text in pieces)
    )


STYLES = {
    "strong": "bold",
    "dim": "$faint",
    "heading": "bold $primary",
    "good": "$success",
    "bad": "$error",
    "warn": "$warning",
    "accent": "$accent",
    "info": "$primary",
    "mask": "$mask",
    "key": "$syntax-key",
    "underline": "bold underline",
}


def bar_pieces(place: str) -> list[Piece]:
    """What `TopBar` looks like at a place."""
    pieces: list[Piece] = [("heading", "curator")]
    for name, (key, title) in PLACE_KEYS.items():
        pieces += [("accent", f"  {key}"), ("strong" if name == place else "dim", f" {title}")]
    return pieces


class PlaceLabel(Label):
    """One place in the top bar: its key and its name."""

    def __init__(self, place: str, here: bool) -> None:
        key, name = PLACE_KEYS[place]
        super().__init__(content([("accent", key), ("strong" if here else "dim", f" {name}")]))
        self.place = place
        self.set_class(here, "-here")

    async def on_click(self, event: events.Click) -> None:
        await self.app.run_action(f"app.go('{self.place}')")


class TopBar(Horizontal):
    """Where one is, where one can go, and which project this is."""

    def __init__(self, place: str) -> None:
        super().__init__()
        self._place = place

    def compose(self) -> ComposeResult:
        yield Label(Content.styled("curator", "bold $primary"), id="brand")
        for place in PLACE_KEYS:
            yield PlaceLabel(place, place == self._place)
        yield Static("", id="connection")
        yield Spinner(id="busy")

    def show_connection(self, pieces: Sequence[Piece], *, busy: bool = False) -> None:
        """What is known of the connection, at the right; `busy`: something is under way."""
        if self.children:  # a screen that is just being opened says it when it is there
            self.query_one("#busy", Spinner).turn(busy)
            self.query_one("#connection", Static).update(content(pieces))


class Banner(Static):
    """Over data that is still good: the last call failed, and what to do; as many rows as its words need."""

    _error: CuratorError | None = None

    def show(self, error: CuratorError) -> None:
        """Shows an error."""
        self._error = error
        self.update(
            Content.assemble(
                ("▲ ", "bold $error"),
                (visible(error.message, limit=300), "$error"),
                (f"  {visible(error.remedy, limit=300)}" if error.remedy else "", "$faint"),
                ("  ^r", "$accent"),
                (" retries; what you see is from before", "$faint"),
            )
        )
        self.display = True

    def clear(self) -> None:
        """The last call went well."""
        self._error = None
        self.display = False


class Spinner(Static):
    """One cell that turns while something is under way; still where animations are off."""

    FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
    TURN = 0.1
    """Seconds per frame."""

    def on_mount(self) -> None:
        self.turn(False)

    def turn(self, yes: bool) -> None:
        """Starts or stops; it is not seen while nothing is under way."""
        self.display = yes
        self.auto_refresh = self.TURN if yes and self.app.animation_level != "none" else None

    def render(self) -> Content:
        place = int(time.monotonic() / self.TURN) if self.auto_refresh else 0
        return Content.styled(self.FRAMES[place % len(self.FRAMES)], "$primary")


class Page(Vertical):
    """Stands in for data that is not there: still coming, none, or refused."""

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Spinner()
            yield Static("", id="page-words")

    WIDEST = 68
    """Cells of a line that is read at ease."""
    _words = Content("")

    def _put(self, words: Content, *, turning: bool = False, error: bool = False) -> None:
        self.set_class(error, "-error")
        self.query_one(Spinner).turn(turning)
        self._words = words
        self.fit()
        self.query_one("#page-words", Static).update(words)

    def fit(self) -> None:
        """As wide as its words, and never wider than the place that it stands in: what does not fit is wrapped."""
        holder = self.parent
        room = holder.size.width - 6 if isinstance(holder, Widget) and holder.size.width else self.app.size.width - 6
        longest = max((cell_len(line.plain) for line in self._words.split("\n", allow_blank=True)), default=1)
        self.query_one("#page-words", Static).styles.width = max(1, min(longest, self.WIDEST, room))

    def waiting(self, what: str, done: int = 0, total: int | None = None, *, way_out: str = "") -> None:
        """A wait, with numbers as soon as there are some; `way_out` says what `esc` does."""
        amount = f"{done:,} of {total:,}" if total else f"{done:,}" if done else ""
        words = Content.assemble((visible(what, limit=200), ""), (f"  {amount}" if amount else "", "$faint"))
        if way_out:
            words = Content("\n\n").join([words, content([("accent", "esc"), ("dim", f" {way_out}")])])
        self._put(words, turning=True)

    def nothing(self, what: str, **said: str) -> None:
        """A good state without rows: what that means, and what one can do; see `[empty.…]` of the tables."""
        from curator.tui.words import tables  # late: the first paint has no rows

        found = tables()["empty"][what]
        parts = [content([("good", f"{found['sign']}  "), ("strong", found["title"].format_map(said))]), Content("")]
        parts += [content([(role, text.format_map(said)) for role, text in hint]) for hint in found["hints"]]
        self._put(Content("\n").join(parts))

    def refused(self, error: CuratorError) -> None:
        """A failed call without older data to show."""
        self._put(
            Content("\n").join(
                [
                    Content.assemble(("▲  ", "bold $error"), safe(error.message)),
                    safe(error.remedy, "$faint", limit=1000),
                    Content(""),
                    content([("accent", "^r"), ("dim", " try again   "), ("accent", "q"), ("dim", " quit")]),
                ]
            ),
            error=True,
        )


class LineInput(Horizontal):
    """A line to type into at the foot of a pane, hidden until it is asked for."""

    @dataclass
    class Typed(Message):
        """The text changed."""

        line: "LineInput"
        text: str

        @property
        def control(self) -> "LineInput":
            return self.line

    @dataclass
    class Left(Typed):
        """The user left the line: `kept` with enter, dropped with escape."""

        kept: bool

    def __init__(self, sign: str, placeholder: str, *, id: str) -> None:
        super().__init__(id=id)
        self._sign = sign
        self._placeholder = placeholder

    def compose(self) -> ComposeResult:
        yield Label(Content.styled(self._sign, "bold $accent"))
        yield Input(placeholder=self._placeholder, compact=True)
        yield Static("", classes="note")

    def open(self) -> None:
        """Shows the line and lets the user type."""
        self.display = True
        self.query_one(Input).focus()

    def put(self, text: str) -> None:
        """Sets the text without telling anybody."""
        box = self.query_one(Input)
        with box.prevent(Input.Changed):
            box.value = text

    def note(self, text: str) -> None:
        """A remark at the end of the line: how many hits."""
        self.query_one(".note", Static).update(Content.styled(visible(text), "$faint"))

    @property
    def text(self) -> str:
        """What stands in the line."""
        return self.query_one(Input).value

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Typed(self, event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Left(self, event.value, kept=True))

    def on_key(self, event: events.Key) -> None:
        if event.key == "escape":
            event.stop()
            event.prevent_default()
            self.post_message(self.Left(self, self.text, kept=False))
        elif event.key == "down":
            event.stop()
            self.post_message(self.Left(self, self.text, kept=True))


class Hints(Static):
    """The foot of a screen: the keys of what has the focus, as many as the width takes; a click presses one."""

    DEFAULT_CSS = "Hints { dock: bottom; height: 1; }"

    def __init__(
        self, places: Sequence[actions.Place] = (), label: Callable[[actions.Action], str] = attrgetter("label")
    ) -> None:
        """`places`: whose keys are shown while nothing has the focus; `label`: see `Place.hint`."""
        super().__init__("")
        self._places, self._label = places, label
        self._spots: list[tuple[int, int, actions.Action]] = []

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._changed)
        self.watch(self.screen, "focused", lambda: self.put())

    def on_unmount(self) -> None:
        self.screen.bindings_updated_signal.unsubscribe(self)

    def on_resize(self) -> None:
        self.put()

    def _changed(self, screen: Screen[Any]) -> None:
        if self.is_attached and screen is self.screen:
            self.call_after_refresh(self.put)

    def _shown(self) -> list[tuple[str, str, actions.Action]]:
        """Key, label and action by their ranks; of several keys the first is enough to know."""
        ids = [action.id for place in self._places for action in actions.of(place)]
        ids += [active.binding.id or "" for active in self.screen.active_bindings.values() if active.enabled]
        ranked = [action for each in dict.fromkeys(ids) if (action := actions.BY_ID.get(each)) and action.rank]
        mine = getattr(self.app, "_keymap", {})
        found = [(actions.written(mine.get(a.id, a.keys)).split(" ")[0], self._label(a), a) for a in ranked]
        return sorted((each for each in found if each[1]), key=lambda each: each[2].rank)

    def put(self) -> None:
        """Shows what the width takes; the help stands last, whatever the width."""
        width = self.size.width - 1
        if width <= 0 or not self.app.screen_stack:  # without a screen the app is ending
            return
        shown = self._shown()
        left = width - sum(len(key) + len(label) + 3 for key, label, action in shown if action.id == "app.help")
        pieces: list[Piece] = []
        self._spots, at = [], 0
        for key, label, action in shown:
            size = len(key) + len(label) + 3
            if action.id == "app.help" or at + size <= left:
                pieces += [("accent", f" {key}"), ("dim", f" {label} ")]
                self._spots.append((at, at + size, action))
                at += size
        self.update(content(pieces))

    async def on_click(self, event: events.Click) -> None:
        action = next((each for start, end, each in self._spots if start <= event.x < end), None)
        if action is not None:
            node = next(
                (a.node for a in self.screen.active_bindings.values() if a.binding.id == action.id), self.screen
            )
            name = f"screen.{action.name}" if action.place in actions.ON_SCREEN else action.name
            await self.app.run_action(name, node)
