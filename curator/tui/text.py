"""Text from outside as content for widgets, and the net below it.

Every foreign string passes `visible`, the one sanitiser of the house (`curator.model.safe`), before it is shown.
`Harmless` is an app-wide line filter, so that even a string that somebody forgot cannot reach the terminal with a
control character in it.
"""

import json
import re

from rich.segment import Segment
from textual.color import Color
from textual.content import Content
from textual.filter import LineFilter

from curator.model.safe import ACTS, visible

__all__ = ["Harmless", "Piece", "editable", "estimated_size", "safe", "unescaped", "visible"]


def safe(text: object, style: str = "", *, limit: int | None = 500) -> Content:
    """Foreign text as content for a widget: plain, visible, never markup, one line, at most `limit` characters."""
    return Content.styled(visible(str(text), limit=limit), style) if style else Content(visible(str(text), limit=limit))


class Harmless(LineFilter):
    """The last net: drops from every rendered segment what a terminal could act on.

    It deletes instead of naming, because a segment's width was measured before and such characters measure nothing.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        if not any(ACTS.search(segment.text) for segment in segments if not segment.text.isascii()) and not any(
            segment.text.isascii() and not segment.text.isprintable() for segment in segments
        ):
            return segments
        return [Segment(ACTS.sub("", text), style, control) for text, style, control in segments]


Piece = tuple[str, str]
"""A role (the name of a style) and a text."""


def estimated_size(value: object, enough: int) -> int:
    """Characters in the strings of a value, roughly; stops counting at `enough`."""
    total = 0
    stack = [value]
    while stack and total < enough:
        item = stack.pop()
        if isinstance(item, str):
            total += len(item)
        elif isinstance(item, dict):
            total += 8 * len(item)
            stack.extend(item.values())
        elif isinstance(item, list):
            total += 8 * len(item)
            stack.extend(item)
        else:
            total += 4
    return total


def editable(text: str, *, newlines: bool = False) -> str:
    """`text` with unseen characters as escapes such as `\\u202e`; newlines stay when `newlines`."""
    if "\\" not in text and visible(text, newlines=newlines) == text:
        return text
    return "".join(_escaped(char, newlines) for char in text)


def _escaped(char: str, newlines: bool) -> str:
    if char == "\\":
        return "\\\\"
    if visible(char, newlines=newlines) == char:
        return char
    return json.dumps(char)[1:-1]


def unescaped(text: str) -> str:
    """What `editable` was given. Raises ValueError for an escape that JSON does not know."""
    if "\\" not in text:
        return text
    tokens = re.findall(r"\\.|.", text, re.DOTALL)
    result: str = json.loads('"' + "".join('\\"' if token == '"' else token for token in tokens) + '"', strict=False)
    return result
