"""What the hand-drawn widgets share: roles of text and their styles, which the style sheet decides."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.scroll_view import ScrollView

from curator.tui.text import Piece, visible

ROLES = (
    "text", "strong", "dim", "heading", "good", "bad", "warn", "accent", "info", "key", "string", "quote", "number",
    "constant", "punctuation", "mask", "found", "hit", "hit-here", "role-user", "role-assistant", "role-system",
    "role-tool", "role-other",
)  # fmt: skip


def class_of(role: str) -> str:
    """The component class of a role, as the style sheets name it."""
    return f"as-{role}"


class Painted(ScrollView):
    """A widget that draws its rows itself, in roles; only the rows in sight cost anything."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {class_of(role) for role in ROLES}
    ALLOW_SELECT = False

    def paint(self, role: str, base: Style) -> Style:
        """The style of a role on the background of `base`."""
        return base + self.get_component_rich_style(class_of(role), partial=True)

    def segments(self, pieces: Iterable[Piece], base: Style) -> list[Segment]:
        """Styled segments of pieces that are already fit to be shown."""
        return [Segment(text, self.paint(role, base)) for role, text in pieces if text]


def fit(pieces: Sequence[Piece], width: int, *, right: bool = False) -> list[Piece]:
    """Pieces cut or padded to exactly `width` cells; a cut is shown as `…`. Texts are made visible."""
    shown = [(role, visible(text, limit=4 * width + 8)) for role, text in pieces]
    total = sum(cell_len(text) for _, text in shown)
    if total <= width:
        blank = ("text", " " * (width - total))
        return [blank, *shown] if right else [*shown, blank]
    out: list[Piece] = []
    room = width - 1
    for role, text in shown:
        size = cell_len(text)
        if size > room:
            out.append((role, set_cell_size(text, room) + "…"))
            break
        out.append((role, text))
        room -= size
    return out
