"""Lays values out as lines of styled text: JSON, a conversation, or prose. Pure: no widget, no terminal.

Made for what traces really hold: strings of 5 MB, 10,000 lines of JSON, 400 levels of nesting. Nothing recurses, and a
line is laid out once per width.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len

from curator.conversation import Line as Said
from curator.model import join_path
from curator.tui.masks import Masks
from curator.tui.text import Piece, visible
from curator.tui.words import signs

View = Literal["chat", "json"]
MIN_WIDTH = 16
NARROWEST = 8
"""Cells that a text keeps however deep it stands."""
INLINE = 56
"""A container of scalars that fits into this many characters stands on one line."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the screen. `continues` tells the wrapped rest of the row before it."""

    pieces: tuple[Piece, ...]
    continues: bool = False
    fold: str = ""
    """What opens or closes here; empty where nothing does."""

    @property
    def text(self) -> str:
        """The row without its styles."""
        return "".join(text for _, text in self.pieces)


@dataclass(frozen=True, slots=True)
class Paper:
    """What values are laid out on."""

    width: int
    """Cells of a row."""
    masks: Masks
    quoted: bool = False
    """Whether keys stand in quotes, as JSON has them."""

    def key(self, path: str, key: str) -> list[Piece]:
        """A key of an object with its colon."""
        quote: list[Piece] = [("quote", '"')] if self.quoted else []
        return [*quote, *self.masks.pieces(path, key, "key", in_key=True), *quote, ("punctuation", ": ")]


LOOKING = Line((("dim", "looking for personal values …"),))


@dataclass(frozen=True, slots=True)
class Note:
    """A remark: a few words of curator's own, then a text from outside that stands at `path`."""

    lead: tuple[Piece, ...]
    text: str = ""
    path: str = ""
    role: str = "text"
    """How the text is painted."""


@dataclass(frozen=True)
class Section:
    """A titled value, or notes; `path` is where the value stands in what the findings were made on."""

    title: str
    value: object
    path: str
    note: str = ""
    notes: tuple[Note, ...] | None = None
    talk: tuple[Said, ...] = ()
    """The same as a conversation; the view "json" shows the value where there is one."""
    talk_path: str = ""


def lay_out(
    sections: Sequence[Section], width: int, masks: Masks, view: View = "chat", opened: Collection[str] = ()
) -> list[Line]:
    """The rows of a document; `opened` are the folds that are open. Only a conversation has two views."""
    width = max(width, MIN_WIDTH)
    paper = Paper(width, masks, quoted=view == "json")
    lines: list[Line] = []
    for section in sections:
        if lines:
            lines.append(Line(()))
        if section.title:
            note: tuple[Piece, ...] = (("dim", f"  {visible(section.note, limit=200)}"),) if section.note else ()
            lines.append(Line((("heading", section.title), *note)))
        if section.notes is not None:
            lines.extend(line for note in section.notes for line in _note_lines(note, width, masks))
        elif section.talk and (view == "chat" or section.value is None):
            lines.extend([LOOKING] if masks.hides else _talk_lines(section, width, masks, opened))
        else:
            lines.extend(_value_lines(section.value, section.path, paper))
    return lines


def _note_lines(note: Note, width: int, masks: Masks) -> Iterator[Line]:
    lead = [(role, visible(text, limit=1000)) for role, text in note.lead]
    text = list(paragraphs(masks.pieces(note.path, note.text, note.role))) if note.text else [[]]
    lead_width = sum(cell_len(part) for _, part in lead)
    if not lead or not note.text or lead_width + sum(cell_len(part) for _, part in text[0]) <= width:
        yield from _hanging(wrap([*lead, *text[0]], width - 2))
    else:
        yield from _hanging(wrap(lead, width - 2))
        yield from _indented(wrap(text[0], width - 2))
    for paragraph in text[1:]:
        yield from _indented(wrap(paragraph, width - 2))


def _hanging(lines: Iterable[Line]) -> Iterator[Line]:
    """The first row as it is, the rows that continue it indented."""
    for line in lines:
        yield Line((("text", "  "), *line.pieces), True) if line.continues else line


def _value_lines(value: object, path: str, paper: Paper) -> Iterator[Line]:
    if paper.masks.hides and value is not None:
        yield LOOKING
    elif value is None or value == "":
        yield Line((("dim", "– nothing –"),))
    elif isinstance(value, str):
        yield from _prose(value, path, paper.width, paper.masks)
    else:
        yield from _json_lines(value, path, paper)


def _talk_lines(section: Section, width: int, masks: Masks, opened: Collection[str]) -> Iterator[Line]:
    """A conversation: messages at length, everything else on one line each, which opens."""
    for number, said in enumerate(section.talk):
        here = join_path(section.talk_path, number)
        if said.kind == "message":
            if number:
                yield Line(())
            known = said.label if said.label in ("user", "assistant", "system", "tool") else "other"
            yield Line(((f"role-{known}", f"▌{visible(said.label, limit=40)}"),))
            yield from _indented(_prose(said.text, join_path(here, "text"), width - 2, masks))
            continue
        role, sign = signs("talk")[said.kind]
        head = [("text", "  "), (role, f"{sign} "), *masks.pieces(join_path(here, "label"), said.label, "key")]
        is_open = here in opened
        rest = [] if is_open else [("text", " "), *masks.pieces(join_path(here, "text"), said.text, "text")]
        first, *cut = wrap([(name, visible(text)) for name, text in (*head, *rest)], width - 5)
        fold = here if said.more else ""
        sign = (" −" if is_open else " +") if fold else ""
        yield Line((*first.pieces, ("dim", "…" if cut else ""), ("accent", sign)), fold=fold)
        if is_open:
            yield from _indented(_indented(_prose(said.more, join_path(here, "more"), width - 4, masks)))


def _indented(lines: Iterable[Line]) -> Iterator[Line]:
    for line in lines:
        yield Line((("text", "  "), *line.pieces), line.continues)


def _prose(text: str, path: str, width: int, masks: Masks) -> Iterator[Line]:
    for paragraph in paragraphs(masks.pieces(path, text, "text")):
        yield from wrap(paragraph, width)


def paragraphs(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    """Pieces, split at newlines, made visible."""
    current: list[Piece] = []
    for role, text in pieces:
        first, *rest = visible(text, newlines=True).split("\n")
        current.append((role, first))
        for part in rest:
            yield current
            current = [(role, part)]
    yield current


def wrap(pieces: Sequence[Piece], width: int, indent: str = "", hanging: str = "") -> Iterator[Line]:
    """One paragraph as rows of at most `width` cells, broken at blanks where there are some."""
    text = "".join(part for _, part in pieces)
    room = max(width - max(len(indent), len(hanging)), NARROWEST)
    breaks = list(_breaks(text, room))
    if len(breaks) == 1:
        yield Line((("punctuation", indent), *pieces) if indent else tuple(pieces))
        return
    bounds = iter(pieces)
    role, part = next(bounds)
    used = 0  # characters of `part` that stand on earlier rows
    at = 0
    for number, end in enumerate(breaks):
        row: list[Piece] = [("punctuation", (hanging or indent) if number else indent)] if indent else []
        while at < end:
            if used == len(part):
                role, part = next(bounds)
                used = 0
                continue
            take = min(end - at, len(part) - used)
            row.append((role, part[used : used + take]))
            used += take
            at += take
        yield Line(tuple(row), continues=number > 0)


def _breaks(text: str, width: int) -> Iterator[int]:
    """Offsets at which rows end; the last is the length of the text."""
    start, length = 0, len(text)
    narrow = text.isascii() or cell_len(text) == length
    while True:
        end = start + width if narrow else _fitting(text, start, width)
        if end >= length:
            yield length
            return
        blank = text.rfind(" ", start + 1, end + 1)
        end = blank + 1 if blank > start + width // 2 else end
        yield end
        start = end


def _fitting(text: str, start: int, width: int) -> int:
    """The offset after the last character that still fits into `width` cells; at least one character."""
    end = min(start + width, len(text))
    while end > start + 1 and (over := cell_len(text[start:end]) - width) > 0:
        end = max(start + 1, end - max(1, over // 2))
    return end


@dataclass(slots=True)
class _Frame:
    """A container that is being laid out."""

    entries: Iterator[tuple[str | int, object]]
    closer: str
    path: str
    left: int


def _json_lines(value: object, path: str, paper: Paper) -> Iterator[Line]:
    stack: list[_Frame] = []
    yield from _entry(None, value, path, paper, stack, last=True)
    while stack:
        frame = stack[-1]
        entry = next(frame.entries, None)
        if entry is None:
            stack.pop()
            comma = "," if stack and stack[-1].left else ""
            yield Line((("punctuation", f"{_indent(len(stack), paper.width)}{frame.closer}{comma}"),))
            continue
        frame.left -= 1
        key, item = entry
        here = join_path(frame.path, key)
        yield from _entry(key, item, here, paper, stack, last=frame.left == 0)


def _indent(depth: int, width: int) -> str:
    """Blanks; beyond a third of the width the depth is written as a number instead."""
    most = max(width // 6, 2)
    return "  " * depth if depth <= most else "  " * (most - 2) + f"⋯{depth} "


def _entry(
    key: str | int | None, value: object, path: str, paper: Paper, stack: list[_Frame], *, last: bool
) -> Iterator[Line]:
    """The rows of one entry; a container that does not fit on one row is pushed on the stack."""
    pieces = paper.key(path, key) if isinstance(key, str) else []
    comma: list[Piece] = [] if last else [("punctuation", ",")]
    width, indent = paper.width, _indent(len(stack), paper.width)
    if isinstance(value, (dict, list)) and value and not (inline := _inline(value, path, paper)):
        pieces.append(("punctuation", "{" if isinstance(value, dict) else "["))
        entries: Iterator[tuple[str | int, object]]
        entries = iter(value.items()) if isinstance(value, dict) else iter(enumerate(value))
        stack.append(_Frame(entries, "}" if isinstance(value, dict) else "]", path, len(value)))
        comma = []
    elif isinstance(value, (dict, list)):
        pieces += inline if value else [("punctuation", "{}" if isinstance(value, dict) else "[]")]
    else:
        pieces += _scalar(value, path, paper.masks)
    for number, paragraph in enumerate(paragraphs([*pieces, *comma])):
        if number == 0:
            yield from wrap(paragraph, width, indent, indent + "  ")
        else:
            yield from wrap(paragraph, width, indent + "  ")


def _scalar(value: object, path: str, masks: Masks) -> Iterator[Piece]:
    if isinstance(value, str):
        yield "quote", '"'
        yield from masks.pieces(path, value, "string")
        yield "quote", '"'
    else:
        role = "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else "constant"
        yield from masks.pieces(path, _written(value), role)


def _written(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        return str(value)  # an int of more digits than Python converts, or a value that no JSON holds


def _inline(value: "dict[str, object] | list[object]", path: str, paper: Paper) -> list[Piece]:
    """A short container of scalars on one row; empty when it is not short."""
    if len(value) > 6:
        return []
    entries: list[tuple[str | int, object]]
    entries = [*value.items()] if isinstance(value, dict) else [*enumerate(value)]
    size = 2
    for key, item in entries:
        if isinstance(item, (dict, list)) or (isinstance(item, str) and (len(item) > INLINE or "\n" in item)):
            return []
        size += (len(str(key)) + 2 if isinstance(value, dict) else 0) + (len(item) + 4 if isinstance(item, str) else 8)
    if size > INLINE:
        return []
    pieces: list[Piece] = [("punctuation", "{" if isinstance(value, dict) else "[")]
    for number, (key, item) in enumerate(entries):
        here = join_path(path, key)
        if number:
            pieces.append(("punctuation", ", "))
        if isinstance(key, str):
            pieces += paper.key(here, key)
        pieces += _scalar(item, here, paper.masks)
    return [*pieces, ("punctuation", "}" if isinstance(value, dict) else "]")]


def find_in(lines: Sequence[Line], query: str) -> list[tuple[int, int, int]]:
    """Where `query` occurs (any case): row, first and last column in characters; hits across wrapped rows count."""
    wanted = query.lower()
    if not wanted:
        return []
    hits = []
    number = 0
    while number < len(lines):
        end = number + 1
        while end < len(lines) and lines[end].continues:
            end += 1
        texts = [line.text for line in lines[number:end]]
        whole = "".join(texts).lower()
        at = whole.find(wanted)
        while at >= 0:
            row, column = number, at
            while column >= len(texts[row - number]):
                column -= len(texts[row - number])
                row += 1
            hits.append((row, column, column + len(wanted)))
            at = whole.find(wanted, at + len(wanted))
        number = end
    return hits
