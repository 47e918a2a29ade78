"""A list of rows of any length: draws what is in sight, knows its cursor and its marks by key.

Textual's `DataTable` needs 20 s for 100,000 rows because it measures each; here rows are values, a column is a
function, and nothing is computed before it is looked at.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from curator.tui import actions
from curator.tui.text import Piece
from curator.tui.widgets.painted import Painted, fit

T = TypeVar("T")
GAP, NARROW = 2, 70
"""Cells between columns, one less in a list of less than so many cells."""
GUTTER = 3
"""Cells for the cursor bar, the mark and a blank."""
MOST_DRAWN = 2000
"""Rows that are kept as they were drawn."""


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
    most: int = 0
    """Cells that a column with a share takes at most; 0: as many as there are."""


class Rows(Painted, Generic[T], can_focus=True, inherit_bindings=False):
    """Rows with a cursor and marks; see `actions.of("list")` for its keys."""

    BINDINGS = actions.bindings("list")
    COMPONENT_CLASSES: ClassVar[set[str]] = Painted.COMPONENT_CLASSES | {"rows--cursor", "rows--hover"}

    cursor: reactive[int] = reactive(0)

    @dataclass
    class Moved(Message):
        """The cursor stands on another row (or on another value in the same row)."""

        rows: "Rows[Any]"
        row: Any

        @property
        def control(self) -> "Rows[Any]":
            return self.rows

    class Chosen(Moved):
        """A row was double-clicked."""

    @dataclass
    class MarksChanged(Message):
        """Other rows are marked than before."""

        rows: "Rows[Any]"

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
        self._last_mark: int | None = None
        self._drawn: dict[tuple[int, bool, bool], Strip] = {}
        """Rows as they were drawn: by number, whether the cursor stands there, whether the list has the keys."""

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

    @property
    def columns(self) -> tuple[Column[T], ...]:
        """What is shown of each row."""
        return self._columns

    @columns.setter
    def columns(self, columns: Sequence[Column[T]]) -> None:
        self._columns = tuple(columns)
        self.redraw()

    def redraw(self) -> None:
        """What the columns say of the rows has changed: all are drawn anew."""
        self._drawn.clear()
        self.refresh()

    def notify_style_update(self) -> None:
        self._drawn.clear()
        super().notify_style_update()

    def rows_in_sight(self) -> list[tuple[int, int]]:
        """Lines of the widget with the numbers of the rows that stand there."""
        top = self.scroll_offset.y - self.header
        lines = range(self.header, self.scrollable_content_region.height)
        return [(line, top + line) for line in lines if 0 <= top + line < len(self._rows)]

    def show(self, rows: Sequence[T], *, at: str | None = None) -> None:
        """Lists other rows. The cursor goes to the row with key `at`, else stays on its row, else in its place."""
        before = self.current
        wanted = at or (self._key(before) if before is not None else None)
        self._rows = rows
        self._last_mark = None
        self._drawn.clear()
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

    def watch_cursor(self, before: int, now: int) -> None:
        self.scroll_to_cursor()
        for number in (before, now):
            self.refresh_line(number + self.header)
        self._announce()

    def scroll_to_cursor(self) -> None:
        """Brings the cursor into sight, below the header."""
        self.scroll_to_region(Region(0, self.cursor, 1, 1 + self.header), animate=False, force=True, immediate=True)

    def on_resize(self, event: events.Resize) -> None:
        self._measure()
        self.scroll_to_cursor()
        self.redraw()

    # Drawing

    def _layout(self, width: int) -> list[tuple[Column[T], int]]:
        """Each column with its cells: those with a share divide what the others leave, and what some have too much."""
        columns = [c for c in self._columns if width >= c.from_width]
        left = width - GUTTER - (GAP - (width < NARROW)) * (len(columns) - 1) - sum(c.width for c in columns) - 1
        taken: dict[int, int] = {}
        while True:
            open_ = [(n, c) for n, c in enumerate(columns) if not c.width and n not in taken]
            shares = sum(c.share for _, c in open_)
            full = [(n, c.most) for n, c in open_ if c.most and left * c.share // shares > c.most]
            if not full:
                break
            for number, most in full:
                taken[number] = most
                left -= most
        for number, column in open_:  # the last takes what is left over
            taken[number] = max(4, left * column.share // shares)
            left, shares = left - taken[number], shares - column.share
        return [(column, column.width or taken[n]) for n, column in enumerate(columns)]

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        if self.header and y == 0:
            return self._head(width)
        number = y + self.scroll_offset.y - self.header
        if not 0 <= number < len(self._rows):
            return Strip.blank(width, self.rich_style)
        state = (number, number == self.cursor, self.has_focus)
        drawn = self._drawn.get(state)
        if drawn is None:
            if len(self._drawn) > MOST_DRAWN:
                self._drawn.clear()
            drawn = self._drawn[state] = self._draw(self._rows[number], width, here=state[1])
        return drawn

    def _head(self, width: int) -> Strip:
        pieces = [("dim", " " * GUTTER), *self._cells(width, lambda column: [("dim", column.title)])]
        return Strip(self.segments(pieces, self.rich_style)).adjust_cell_length(width, self.rich_style)

    def _cells(self, width: int, cell: Callable[[Column[T]], Sequence[Piece]]) -> list[Piece]:
        pieces: list[Piece] = []
        for column, size in self._layout(width):
            pieces += [("text", " " * (GAP - (width < NARROW)))] if pieces else []
            pieces += fit(cell(column), size, right=column.right)
        return pieces

    def _draw(self, row: T, width: int, *, here: bool) -> Strip:
        base = self.get_component_rich_style("rows--cursor") if here else self.rich_style
        bar = ("accent" if self.has_focus else "dim", "▌") if here else ("text", " ")
        mark = ("accent", "●") if self._key(row) in self.marks else ("text", " ")
        pieces = [bar, mark, ("text", " "), *self._cells(width, lambda column: column.cell(row))]
        return Strip(self.segments(pieces, base)).adjust_cell_length(width, base)

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self.refresh()

    # Mouse

    def on_click(self, event: events.Click) -> None:
        number = event.y + self.scroll_offset.y - self.header
        if event.y >= self.header and 0 <= number < len(self._rows):
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
            self._mark(self.marks ^ {self._key(row)})
            self._last_mark = self.cursor
            self.cursor += 1

    def mark_range(self) -> None:
        """Marks every row from the last one that was marked to the cursor; without one, the row under the cursor."""
        if self._rows:
            first = self.cursor if self._last_mark is None else self._last_mark
            low, high = sorted((first, self.cursor))
            self._mark(self.marks | {self._key(row) for row in self._rows[low : high + 1]})
            self._last_mark = self.cursor

    def toggle_all(self) -> None:
        """Marks everything listed; when all of it is marked, unmarks it."""
        keys = {self._key(row) for row in self._rows}
        self._mark(self.marks - keys if keys <= self.marks else self.marks | keys)

    def clear_marks(self) -> None:
        """Unmarks everything."""
        self._last_mark = None
        self._mark(set())

    def _mark(self, marks: set[str]) -> None:
        self.marks = marks
        self.post_message(self.MarksChanged(self))
        self.redraw()
