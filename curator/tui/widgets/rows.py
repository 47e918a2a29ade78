"""A list of rows of any length: draws what is in sight, knows its cursor and its marks by key.

Textual's `DataTable` needs 20 s for 100,000 rows because it measures each; here rows are values, a column is a
function, and nothing is computed before it is looked at.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from rich.segment import Segment
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from curator.tui import actions
from curator.tui.pieces import Piece
from curator.tui.widgets.painted import Painted, fit

T = TypeVar("T")
GAP = 2
GUTTER = 3
"""Cells for the cursor bar, the mark and a blank."""


@dataclass(frozen=True)
class Column(Generic[T]):
    """One column: how wide, and what it shows of a row."""

    cell: Callable[[T], Sequence[Piece]]
    width: int = 0
    """Cells; 0 takes a share of what is left."""
    share: int = 1
    title: str = ""
    right: bool = False
    from_width: int = 0
    """The column is shown when the list is at least that wide."""


class Rows(Painted, Generic[T], can_focus=True, inherit_bindings=False):
    """Rows with a cursor and marks; see `actions.of("list")` for its keys."""

    BINDINGS = actions.bindings("list")
    COMPONENT_CLASSES: ClassVar[set[str]] = Painted.COMPONENT_CLASSES | {"rows--cursor", "rows--hover"}

    cursor: reactive[int] = reactive(0)

    class Moved(Message):
        """The cursor stands on another row (or on another value in the same row)."""

        def __init__(self, rows: "Rows[Any]", row: Any) -> None:
            super().__init__()
            self.rows = rows
            self.row = row

        @property
        def control(self) -> "Rows[Any]":
            return self.rows

    class Chosen(Moved):
        """A row was double-clicked."""

    class MarksChanged(Message):
        """Other rows are marked than before."""

        def __init__(self, rows: "Rows[Any]") -> None:
            super().__init__()
            self.rows = rows

        @property
        def control(self) -> "Rows[Any]":
            return self.rows

    def __init__(
        self, columns: Sequence[Column[T]], key: Callable[[T], str], *, id: str | None = None, header: bool = False
    ) -> None:
        super().__init__(id=id)
        self._columns = tuple(columns)
        self._key = key
        self._rows: Sequence[T] = ()
        self.header = header
        self.marks: set[str] = set()

    @property
    def rows(self) -> Sequence[T]:
        """What is listed."""
        return self._rows

    @property
    def current(self) -> T | None:
        """The row under the cursor; None when the list is empty."""
        return self._rows[self.cursor] if 0 <= self.cursor < len(self._rows) else None

    @property
    def marked(self) -> list[T]:
        """The listed rows that are marked, in the order of the list."""
        return [row for row in self._rows if self._key(row) in self.marks] if self.marks else []

    def show(self, rows: Sequence[T], *, at: str | None = None) -> None:
        """Lists other rows. The cursor goes to the row with key `at`, else stays on its row, else in its place."""
        before = self.current
        wanted = at or (self._key(before) if before is not None else None)
        self._rows = rows
        found = next((i for i, row in enumerate(rows) if self._key(row) == wanted), None) if wanted else None
        place = found if found is not None else min(self.cursor, max(len(rows) - 1, 0))
        self._measure()
        if place != self.cursor:
            self.cursor = place
        else:
            self._announce()
        self.scroll_to_cursor()
        self.refresh()

    def _measure(self) -> None:
        self.virtual_size = Size(self.scrollable_content_region.width, len(self._rows) + self.header)

    def _announce(self) -> None:
        if (row := self.current) is not None:
            self.post_message(self.Moved(self, row))

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(cursor, len(self._rows) - 1))

    def watch_cursor(self) -> None:
        self.scroll_to_cursor()
        self.refresh()
        self._announce()

    def scroll_to_cursor(self) -> None:
        """Brings the cursor into sight, and the header with the first row."""
        top = 0 if self.cursor == 0 else self.cursor + self.header
        self.scroll_to_region(Region(0, top, 1, 1), animate=False, force=True, immediate=True)

    def on_resize(self, event: events.Resize) -> None:
        self._measure()
        self.scroll_to_cursor()
        self.refresh()

    # Drawing

    def _layout(self, width: int) -> list[tuple[Column[T], int]]:
        columns = [c for c in self._columns if width >= c.from_width]
        left = width - GUTTER - GAP * (len(columns) - 1) - sum(c.width for c in columns) - 1
        shares = sum(c.share for c in columns if not c.width)
        return [(c, c.width or max(4, left * c.share // shares)) for c in columns]

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        number = y + self.scroll_offset.y - self.header
        base = self.rich_style
        if number == -1:
            pieces: list[Piece] = [("dim", " " * GUTTER)]
            for index, (column, size) in enumerate(self._layout(width)):
                pieces += [("text", " " * GAP)] if index else []
                pieces += fit([("dim", column.title)], size, right=column.right)
            return Strip(self.segments(pieces, base)).adjust_cell_length(width, base)
        if not 0 <= number < len(self._rows):
            return Strip.blank(width, base)
        row = self._rows[number]
        here = number == self.cursor
        if here:
            base = self.get_component_rich_style("rows--cursor")
        bar = ("accent" if self.has_focus else "dim", "▌") if here else ("text", " ")
        mark = ("accent", "●") if self._key(row) in self.marks else ("text", " ")
        pieces = [bar, mark, ("text", " ")]
        for index, (column, size) in enumerate(self._layout(width)):
            pieces += [("text", " " * GAP)] if index else []
            pieces += fit(column.cell(row), size, right=column.right)
        segments: list[Segment] = self.segments(pieces, base)
        return Strip(segments).adjust_cell_length(width, base)

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self.refresh()

    # Mouse

    def on_click(self, event: events.Click) -> None:
        number = event.y + self.scroll_offset.y - self.header
        if 0 <= number < len(self._rows):
            self.cursor = number
            if event.chain == 2 and (row := self.current) is not None:
                self.post_message(self.Chosen(self, row))

    # Actions of the place "list"

    def action_down(self) -> None:
        self.cursor += 1

    def action_up(self) -> None:
        self.cursor -= 1

    def action_first(self) -> None:
        self.cursor = 0

    def action_last(self) -> None:
        self.cursor = len(self._rows) - 1

    def action_page_down(self) -> None:
        self.cursor += max(self.size.height // 2, 1)

    def action_page_up(self) -> None:
        self.cursor -= max(self.size.height // 2, 1)

    # Marks

    def toggle_mark(self) -> None:
        """Marks or unmarks the row under the cursor and goes on."""
        if (row := self.current) is not None:
            self.marks ^= {self._key(row)}
            self.post_message(self.MarksChanged(self))
            self.cursor += 1
            self.refresh()

    def toggle_all(self) -> None:
        """Marks everything listed; when all of it is marked, unmarks it."""
        keys = {self._key(row) for row in self._rows}
        self.marks = self.marks - keys if keys <= self.marks else self.marks | keys
        self.post_message(self.MarksChanged(self))
        self.refresh()

    def clear_marks(self) -> None:
        """Unmarks everything."""
        self.marks = set()
        self.post_message(self.MarksChanged(self))
        self.refresh()
