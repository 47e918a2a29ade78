"""Small questions over a screen: choose one of a few, or type one line or several."""

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Label, OptionList, Static, TextArea
from textual.widgets.option_list import Option

from curator.tui.text import safe
from curator.tui.widgets.options import Options


class Choose(ModalScreen[str | None]):
    """One of up to nine answers by its number (or by cursor and enter); with `own`, also a typed one."""

    CSS_PATH = "ask.tcss"

    def __init__(self, title: str, answers: Sequence[tuple[str, str]], *, note: str = "", own: str = "") -> None:
        """`answers` are pairs of the value to return and the words to show; `own` is the placeholder of the line."""
        super().__init__()
        self._heading = title
        self._answers = list(answers)
        self._note = note
        self._own = own

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Label(safe(self._heading, "bold"), id="title")
            if self._note:
                yield Static(safe(self._note, "$faint"), id="note")
            yield Options(*(self._option(i, words) for i, (_, words) in enumerate(self._answers)), id="answers")
            if self._own:
                yield Input(placeholder=self._own, compact=True, id="own")
            hints = "1–9 choose   tab write your own   esc cancel" if self._own else "1–9 choose   esc cancel"
            yield Static(Content.styled(hints, "$faint"), id="hints")

    @staticmethod
    def _option(index: int, words: str) -> Option:
        number = f"{index + 1} " if index < 9 else "  "
        return Option(Content.assemble((f" {number} ", "bold $accent"), safe(words)))

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()

    def on_key(self, event: events.Key) -> None:
        if event.key == "escape":
            event.stop()
            self.dismiss(None)
        elif isinstance(self.focused, OptionList):
            if event.key.isdigit() and 0 < int(event.key) <= len(self._answers):
                event.stop()
                self.dismiss(self._answers[int(event.key) - 1][0])
            elif event.key in ("j", "k"):
                event.stop()
                options = self.query_one(OptionList)
                options.action_cursor_down() if event.key == "j" else options.action_cursor_up()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._answers[event.option_index][0])

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self.dismiss(event.value.strip())


class AskLine(ModalScreen[str | None]):
    """One line of text; an empty one is no answer unless `optional`."""

    CSS_PATH = "ask.tcss"

    def __init__(self, title: str, *, value: str = "", note: str = "", placeholder: str = "") -> None:
        super().__init__()
        self._heading = title
        self._value = value
        self._note = note
        self._placeholder = placeholder

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Label(safe(self._heading, "bold"), id="title")
            if self._note:
                yield Static(safe(self._note, "$faint"), id="note")
            yield Input(value=self._value, placeholder=self._placeholder, compact=True, id="own")
            yield Static(Content.styled("enter keep   esc cancel", "$faint"), id="hints")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value)

    def on_key(self, event: events.Key) -> None:
        if event.key == "escape":
            event.stop()
            self.dismiss(None)


class AskText(ModalScreen[str | None]):
    """Several lines of text, or JSON."""

    CSS_PATH = "ask.tcss"

    def __init__(self, title: str, *, value: str, note: str = "") -> None:
        super().__init__()
        self._heading = title
        self._value = value
        self._note = note

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="-tall"):
            yield Label(safe(self._heading, "bold"), id="title")
            if self._note:
                yield Static(safe(self._note, "$faint"), id="note")
            yield TextArea(self._value, soft_wrap=True, compact=True, id="text")
            yield Static(Content.styled("^s keep   esc cancel", "$faint"), id="hints")

    def on_key(self, event: events.Key) -> None:
        if event.key == "escape":
            event.stop()
            self.dismiss(None)
        elif event.key == "ctrl+s":
            event.stop()
            self.dismiss(self.query_one(TextArea).text)
