"""Text from outside as content for widgets, and the net below it.

Every foreign string passes `visible`, the one sanitiser of the house (`curator.model.safe`), before it is shown.
`Harmless` is an app-wide line filter, so that even a string that somebody forgot cannot reach the terminal with a
control character in it.
"""

from rich.segment import Segment
from textual.color import Color
from textual.content import Content
from textual.filter import LineFilter

from curator.model.safe import ACTS, visible

__all__ = ["Harmless", "safe", "visible"]


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
