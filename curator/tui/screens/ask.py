"""Questions over a screen: choose one of some, type a line, edit a text; no single key loses what was typed."""

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from textual import events
from textual.app import ComposeResult, SuspendNotSupported
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Input, Label, OptionList, Static, TextArea
from textual.widgets.option_list import Option

from curator.tui.text import safe
from curator.tui.widgets.cards import Options

Check = Callable[[str], object]
"""Raises ValueError with the reason when a text cannot be taken."""


class Line(Input):
    """One line to type into; of pasted lines none is lost: they are joined by blanks."""

    def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()  # of Textual's own, which keeps the first line
        event.stop()
        self.insert_text_at_cursor(" ".join(event.text.split()))


class Choose(ModalScreen[str | None]):
    """One of some answers, by number or by cursor and enter; with `own`, also a typed one."""

    CSS_PATH = "ask.tcss"

    def __init__(
        self,
        title: str,
        answers: Mapping[str, str] | Sequence[tuple[str, str]],
        *,
        note: str = "",
        own: str = "",
        hints: str = "",
    ) -> None:
        """`answers`: the value to return → the words to show; `own` is the placeholder of the line."""
        super().__init__()
        self._heading = title
        self._answers = list(answers.items() if isinstance(answers, Mapping) else answers)
        self._note = note
        self._own = own
        self._hints = hints

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Label(safe(self._heading, "bold"), id="title")
            if self._note:
                yield Static(safe_lines(self._note), id="note")
            yield Options(*(self._option(i, words) for i, (_, words) in enumerate(self._answers)), id="answers")
            if self._own:
                yield Line(placeholder=self._own, compact=True, id="own")
            one = "1" if len(self._answers) == 1 else f"1–{min(len(self._answers), 9)}"
            hints = f"{self._hints or f'{one} choose'}{'   tab write your own' if self._own else ''}   esc cancel"
            yield Static(Content.styled(hints, "$faint"), id="hints")

    @staticmethod
    def _option(index: int, words: str) -> Option:
        number = f"{index + 1} " if index < 9 else "  "
        return Option(Content.assemble((f" {number} ", "bold $accent"), safe(words)))

    def on_mount(self) -> None:
        options = self.query_one(OptionList)
        options.focus()
        options.highlighted = 0 if self._answers else None

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


class Confirm(Choose):
    """A question that `enter` answers with yes and `esc` with no."""

    def __init__(self, title: str, *, yes: str, note: str = "") -> None:
        super().__init__(title, [("yes", yes)], note=note, hints=f"enter {yes[:1].lower()}{yes[1:]}")


class _Typed(ModalScreen[str | None]):
    """What a line and a text have in common: `esc` asks once more when something would be lost."""

    def __init__(self, title: str, *, value: str, note: str, check: Check | None, error: str = "") -> None:
        super().__init__()
        self._heading, self._value, self._note, self._check = title, value, note, check
        self._error = error
        self._warned = False

    @property
    def typed(self) -> str:
        """What stands there now."""
        raise NotImplementedError

    def _head(self) -> ComposeResult:
        yield Label(safe(self._heading, "bold"), id="title")
        if self._note:
            yield Static(safe_lines(self._note), id="note")
        yield Static(safe(self._error, "$error"), id="error")

    def on_mount(self) -> None:
        self.say(self._error)

    def say(self, error: str) -> None:
        """Shows why the text cannot be taken as it is."""
        box = self.query_one("#error", Static)
        box.update(safe(error, "$error"))
        box.display = bool(error)

    def keep(self) -> None:
        """Takes the text, or says why not and stays."""
        if self._check is not None:
            try:
                self._check(self.typed)
            except (ValueError, RecursionError) as error:
                self.say(f"Not taken: {error}.")
                return
        self.dismiss(self.typed)

    def leave(self) -> None:
        """Drops the text; asks when something would be lost."""
        if self.typed == self._value or self._warned:
            self.dismiss(None)
            return
        self._warned = True
        self.say("esc again drops what you typed.")

    def on_key(self, event: events.Key) -> None:
        if event.key == "escape":
            event.stop()
            self.leave()
        else:
            self._warned = False


class AskLine(_Typed):
    """One line of text."""

    CSS_PATH = "ask.tcss"

    def __init__(
        self, title: str, *, value: str = "", note: str = "", placeholder: str = "", check: Check | None = None
    ) -> None:
        super().__init__(title, value=value, note=note, check=check)
        self._placeholder = placeholder

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield from self._head()
            yield Line(value=self._value, placeholder=self._placeholder, compact=True, id="own")
            yield Static(Content.styled("enter keep   esc cancel", "$faint"), id="hints")

    @property
    def typed(self) -> str:
        return self.query_one(Line).value

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.keep()


class AskText(_Typed):
    """Several lines of text, or JSON; `^e` goes on in $EDITOR."""

    CSS_PATH = "ask.tcss"

    def __init__(
        self,
        title: str,
        *,
        value: str,
        note: str = "",
        check: Check | None = None,
        error: str = "",
        typed: str = "",
        suffix: str = ".txt",
    ) -> None:
        """`typed`: what to go on with, in place of `value`; `error`: why it was not taken."""
        super().__init__(title, value=value, note=note, check=check, error=error)
        self._text = typed or value
        self._suffix = suffix

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="-tall" if len(self._text) > 200 or "\n" in self._text else "-text"):
            yield from self._head()
            yield TextArea(self._text, soft_wrap=True, compact=True, id="text")
            yield Static(Content.styled("^s keep   ^e in $EDITOR   esc cancel", "$faint"), id="hints")

    def on_mount(self) -> None:
        area = self.query_one(TextArea)
        area.focus()
        if not self._error:
            area.move_cursor(area.document.end)

    @property
    def typed(self) -> str:
        return self.query_one(TextArea).text

    def on_key(self, event: events.Key) -> None:
        if event.key == "ctrl+s":
            event.stop()
            self.keep()
        elif event.key == "ctrl+e":
            event.stop()
            event.prevent_default()
            after, error = edited(self, self.typed, suffix=self._suffix)
            if after is not None:
                self.query_one(TextArea).text = after
            self.say(error)
        # Textual calls `on_key` of every class: that of `_Typed` answers `esc`, once.


def safe_lines(text: str) -> Content:
    """Foreign text of several lines as content."""
    return Content("\n").join(safe(line, "$faint") for line in text.split("\n"))


def edited(screen: Screen[Any], text: str, *, suffix: str) -> tuple[str | None, str]:
    """`text` as the user's editor left it (None: as it was), and why it is not to be taken. Blocks; the terminal is
    lent."""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        words = shlex.split(editor)
    except ValueError:
        words = []
    if not words or shutil.which(words[0]) is None:
        return None, f"$EDITOR is {editor!r}, which is no program on this machine"
    try:
        with screen.app.suspend():
            return _in_editor(words, text, suffix)
    except SuspendNotSupported:
        return None, "This terminal cannot be lent to an editor"


def _in_editor(words: Sequence[str], text: str, suffix: str) -> tuple[str | None, str]:
    """The file is readable by the user alone, and gone afterwards however the editor ends."""
    with tempfile.TemporaryDirectory(prefix="curator-") as folder:
        path = Path(folder) / f"item{suffix}"
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
        try:
            done = subprocess.run([*words, str(path)], check=False)
            left = path.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            return None, f"$EDITOR failed: {error.strerror}"
        if done.returncode != 0:
            return None if left == text else left, f"$EDITOR ended with {done.returncode}; nothing was taken"
        return left, ""
