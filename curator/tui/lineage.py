"""The chapters of an item's story as sections of a document."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from curator.model import join_path
from curator.tui.document import Note, Section
from curator.tui.pieces import Piece
from curator.tui.sections import Sheet

if TYPE_CHECKING:
    from curator.audit.report.chapters import Row
    from curator.audit.story import Story

NAME = 14
"""Width of the names of facts."""
DIFFERENCE = {"added": ("good", "+ "), "removed": ("bad", "- "), "same": ("dim", "  ")}
"""How a line of a difference is painted, and the sign that says the same without colour."""


def of_story(story: "Story") -> Sheet:
    """The same rows that `curator audit DATASET ITEM` prints."""
    from curator.audit.report.chapters import chapters

    sheet = Sheet()
    for number, part in enumerate(chapters(story)):
        name = f"chapter{number}"
        notes = tuple(_notes(part.rows, name))
        sheet.foreign[name] = [note.text for note in notes]
        sheet.sections.append(Section(part.title, None, name, note=part.note, notes=notes))
    return sheet


def _notes(rows: "Sequence[Row]", name: str) -> Iterator[Note]:
    for number, row in enumerate(rows):
        path = join_path(name, number)
        if row.kind in DIFFERENCE:
            role, sign = DIFFERENCE[row.kind]
            yield Note((), f"    {sign}{row.text}", path, role)
        else:
            yield Note(tuple(_lead(row)), row.text, path)


def _lead(row: "Row") -> Iterator[Piece]:
    if row.kind == "fact":
        yield "key", f"{row.name:<{NAME}}"
    else:
        yield "dim", f"{row.name}  "
    if row.own:
        yield "text", f"{row.own}{'  ' if row.text else ''}"
