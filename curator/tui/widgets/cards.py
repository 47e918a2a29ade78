"""A list of entries of several lines each, with the keys of every list."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual.content import Content
from textual.style import Style
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from curator.tui import actions
from curator.tui.document import paragraphs, wrap
from curator.tui.text import Piece


@dataclass(frozen=True)
class Card:
    """One entry; without a key it is only read, the cursor passes over it."""

    content: Content
    key: str = ""


def hanging(pieces: Sequence[Piece], width: int, indent: str = "  ", first: str | None = None) -> list[Piece]:
    """Pieces as rows of at most `width` cells, each row but the first after `indent` (the first after `first`)."""
    rows: list[Piece] = []
    start = indent if first is None else first
    for each in paragraphs(pieces):
        for line in wrap(each, max(width - max(cell_len(indent), cell_len(start)), 10)):
            rows += [("text", ("\n" + indent) if rows else start), *line.pieces]
    return rows


class Options(OptionList):
    """In 16 colours and without any, the cursor is reversed; Textual leaves `reverse` out of such styles."""

    def get_visual_style(self, *component_classes: str, partial: bool = False) -> Style:
        style = super().get_visual_style(*component_classes, partial=partial)
        reverse = any(self.get_component_styles(name).text_style.reverse for name in component_classes)
        return style + Style(reverse=True) if reverse else style


class Cards(Options, inherit_bindings=False):
    """Entries with a cursor; see `actions.of("list")` for its keys."""

    BINDINGS = actions.bindings("list")

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, compact=True)
        self._cards: list[Card] = []
        self._make: Callable[[int], Sequence[Card]] = lambda width: ()
        self._made_for = 0

    def on_resize(self) -> None:
        if self.scrollable_content_region.width != self._made_for:
            self.show(self._make)

    def show(self, make: Callable[[int], Sequence[Card]]) -> None:
        """Shows other entries, made for a width in cells; the cursor stays on its entry, else in its place."""
        self._make = make
        self._made_for = self.scrollable_content_region.width
        cards = make(max(self._made_for, 20))
        before = self.current
        place = self.highlighted
        top = self.scroll_offset.y if self._cards else 0
        self._cards = list(cards)
        self.set_options(Option(card.content, disabled=not card.key) for card in cards)
        keys = [card.key for card in self._cards]
        if before and before in keys:
            self.highlighted = keys.index(before)
        elif any(keys):
            near = min(place or 0, len(keys) - 1)
            self.highlighted = next((i for i in [*range(near, len(keys)), *range(near, -1, -1)] if keys[i]), None)
        self.scroll_to(y=top, animate=False, immediate=True)
        # An entry may have grown by a line, such as the reason of a finding that is kept.
        self.call_after_refresh(self.scroll_to_highlight)

    def scroll_to_highlight(self, top: bool = False) -> None:
        """Only where somebody is: Textual scrolls a list that is just being shown too, past its first lines."""
        if self.has_focus:
            super().scroll_to_highlight(top)

    def on_focus(self) -> None:
        self.call_after_refresh(self.scroll_to_highlight)

    @property
    def current(self) -> str | None:
        """The key of the entry under the cursor."""
        place = self.highlighted
        return self._cards[place].key if place is not None and place < len(self._cards) else None

    def go_to(self, key: str) -> bool:
        """Puts the cursor on an entry; False when there is none."""
        place = next((i for i, card in enumerate(self._cards) if card.key == key), None)
        if place is not None:
            self.highlighted = place
        return place is not None

    def cards_in_sight(self) -> list[tuple[int, str]]:
        """First lines of the widget with the keys of the entries that stand there."""
        found: dict[str, int] = {}
        top = self.scroll_offset.y
        for line, (option, _) in list(enumerate(self._lines))[top : top + self.size.height]:
            key = self._cards[option].key if option < len(self._cards) else ""
            if key:
                found.setdefault(key, line - top)
        return [(line, key) for key, line in found.items()]

    def action_down(self) -> None:
        self._move(1)

    def action_up(self) -> None:
        self._move(-1)

    def _move(self, by: int) -> None:
        """To the next entry that can be chosen, without going round; at the ends the text scrolls."""
        place = -1 if self.highlighted is None else self.highlighted
        candidates = range(place + 1, len(self._cards)) if by > 0 else range(place - 1, -1, -1)
        target = next((i for i in candidates if self._cards[i].key), None)
        if target is not None:
            self.highlighted = target
        else:
            self.scroll_relative(y=2 * by, animate=False)

    # action_first and action_last are Textual's own.
