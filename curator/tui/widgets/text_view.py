"""Shows a document: JSON, a conversation or prose of any size, masked where it must be, with search."""

import itertools
from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events, work
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.worker import get_current_worker

from curator.tui import actions
from curator.tui.document import Line, Section, View, find_in, lay_out
from curator.tui.masks import Masks
from curator.tui.text import estimated_size
from curator.tui.widgets.painted import Painted

IN_PLACE = 40_000
"""Characters that are laid out at once; more is laid out in a thread, with the old rows on screen until then."""


class TextView(Painted, can_focus=True, inherit_bindings=False):
    """A document of sections; see `actions.of("text")` for its keys."""

    BINDINGS = actions.bindings("text")
    COMPONENT_CLASSES: ClassVar[set[str]] = Painted.COMPONENT_CLASSES

    view: reactive[View] = reactive("chat")

    class SearchAsked(Message):
        """The user wants to search; the screen has the place to type in."""

    class Laid(Message):
        """New rows are on screen."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._sections: Sequence[Section] = ()
        self._masks = Masks()
        self._lines: Sequence[Line] = ()
        self._laid_for: tuple[int, object] = (0, None)
        self._query = ""
        self._hits: list[tuple[int, int, int]] = []
        self._hits_by_row: dict[int, list[int]] = {}
        self._hit = -1
        self._opened: set[str] = set()

    @property
    def lines(self) -> Sequence[Line]:
        """The rows on screen and beyond."""
        return self._lines

    @property
    def sections(self) -> Sequence[Section]:
        """What is shown."""
        return self._sections

    @property
    def hit_count(self) -> tuple[int, int]:
        """Which hit the view stands on, counted from 1, and how many there are."""
        return self._hit + 1, len(self._hits)

    def show(self, sections: Sequence[Section], masks: Masks | None = None, *, keep_place: bool = False) -> None:
        """Shows other sections; from the top unless `keep_place`."""
        self._sections = sections
        self._masks = masks or Masks()
        if not keep_place:
            self._opened = set()
            self.scroll_to(0, 0, animate=False, immediate=True)
        self._lay_out()

    def remask(self, masks: Masks) -> None:
        """The same text with other masks."""
        self.show(self._sections, masks, keep_place=True)

    def watch_view(self) -> None:
        self._lay_out()

    def on_resize(self, event: events.Resize) -> None:
        if self.scrollable_content_region.width != self._laid_for[0]:
            self._lay_out()

    def _lay_out(self) -> None:
        width = self.scrollable_content_region.width - 1
        if width <= 1:
            return
        size = sum(
            estimated_size(each, IN_PLACE)
            for section in self._sections
            for each in (section.value, [f"{said.text} {said.more}" for said in section.talk])
        )
        if size < IN_PLACE:
            self.workers.cancel_group(self, "lay-out")
            self._put(lay_out(self._sections, width, self._masks, self.view, self._opened), width)
        else:
            self._lay_out_aside(width)

    @work(thread=True, exclusive=True, group="lay-out", exit_on_error=False)
    def _lay_out_aside(self, width: int) -> None:
        worker = get_current_worker()
        lines = lay_out(self._sections, width, self._masks, self.view, frozenset(self._opened))
        if not worker.is_cancelled:
            self.app.call_from_thread(self._put, lines, width)

    def _put(self, lines: Sequence[Line], width: int) -> None:
        self._lines = lines
        self._laid_for = (width + 1, None)
        self.virtual_size = Size(width, len(lines))
        self._find()
        self.refresh()
        self.post_message(self.Laid())

    # Drawing

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        number = y + self.scroll_offset.y
        base = self.rich_style
        if number >= len(self._lines):
            return Strip.blank(width, base)
        segments = self.segments(self._lines[number].pieces, base)
        if number in self._hits_by_row:
            segments = self._with_hits(segments, self._hits_by_row[number], base)
        return Strip(segments).adjust_cell_length(width, base)

    def _with_hits(self, segments: list[Segment], hits: Sequence[int], base: Style) -> list[Segment]:
        spans = [(*self._hits[i][1:], "hit-here" if i == self._hit else "hit") for i in hits]
        out: list[Segment] = []
        at = 0
        for text, style, _ in segments:
            cuts = sorted({0, len(text), *(min(max(c - at, 0), len(text)) for span in spans for c in span[:2])})
            for start, end in itertools.pairwise(cuts):
                role = next((name for first, last, name in spans if first <= at + start < last), None)
                out.append(Segment(text[start:end], self.paint(role, style or base) if role else style))
            at += len(text)
        return out

    # Search

    def search(self, query: str) -> int:
        """Searches and goes to the first hit at or below the top row; returns how many hits there are."""
        self._query = query
        self._find()
        top = self.scroll_offset.y
        self._hit = next((i for i, hit in enumerate(self._hits) if hit[0] >= top), 0) if self._hits else -1
        self._go_to_hit()
        return len(self._hits)

    def _find(self) -> None:
        self._hits = find_in(self._lines, self._query)
        self._hits_by_row = {}
        for index, (row, _, _) in enumerate(self._hits):
            self._hits_by_row.setdefault(row, []).append(index)
        self._hit = min(self._hit, len(self._hits) - 1)

    def _go_to_hit(self) -> None:
        if self._hits:
            self.scroll_to_region(
                Region(0, self._hits[self._hit][0], 1, 1), animate=False, force=True, center=True, immediate=True
            )
        self.refresh()

    # Actions of the place "text"

    def action_down(self) -> None:
        self.scroll_relative(y=1, animate=False)

    def action_up(self) -> None:
        self.scroll_relative(y=-1, animate=False)

    def action_first(self) -> None:
        self.scroll_to(y=0, animate=False)

    def action_last(self) -> None:
        self.scroll_to(y=len(self._lines), animate=False)

    def action_page_down(self) -> None:
        self.scroll_relative(y=max(self.size.height // 2, 1), animate=False)

    def action_page_up(self) -> None:
        self.scroll_relative(y=-max(self.size.height // 2, 1), animate=False)

    def action_fold(self) -> None:
        """Opens everything that is folded; closes it when all of it is open."""
        folds = {line.fold for line in self._lines if line.fold}
        self._opened = self._opened - folds if folds <= self._opened else self._opened | folds
        self._lay_out()

    def on_click(self, event: events.Click) -> None:
        if fold := dict(self.folds_in_sight()).get(event.y):
            self.turn(fold)

    def folds_in_sight(self) -> list[tuple[int, str]]:
        """Lines of the widget on which a tool call or a retrieved text opens or closes, with its name."""
        top = self.scroll_offset.y
        rows = self._lines[top : top + self.scrollable_content_region.height]
        return [(line, row.fold) for line, row in enumerate(rows) if row.fold and not row.continues]

    def turn(self, fold: str) -> None:
        """Opens one fold, or closes it."""
        self._opened ^= {fold}
        self._lay_out()

    def action_search(self) -> None:
        self.post_message(self.SearchAsked())

    def action_next_hit(self) -> None:
        if self._hits:
            self._hit = (self._hit + 1) % len(self._hits)
            self._go_to_hit()

    def action_previous_hit(self) -> None:
        if self._hits:
            self._hit = (self._hit - 1) % len(self._hits)
            self._go_to_hit()
