"""The lineage of one item as plain text: source, reasons, decisions, versions, runs."""

from collections.abc import Iterator, Sequence

from curator.audit.report.chapters import Chapter, Row, chapters
from curator.audit.story import Story
from curator.model.safe import visible

NAME = 14
"""Width of the names of facts."""
SIGNS = {"added": "+ ", "removed": "- ", "same": "  "}


def render(story: Story, parts: Sequence[Chapter] | None = None) -> str:
    """The whole way, one row per line; foreign text made harmless. `parts` are the chapters, masked by now."""
    head = [story.item.id, f"{story.item.status} in {story.item.dataset}"]
    lines = [*head, *(line for part in parts or chapters(story) for line in _lines(part))]
    return "".join(f"{visible(line)}\n" for line in lines)


def _lines(part: Chapter) -> Iterator[str]:
    yield ""
    yield f"{part.title}{f' ({part.note})' if part.note else ''}"
    yield from map(_line, part.rows)


def _line(row: Row) -> str:
    said = "  ".join(word for word in (row.own, row.text) if word)
    if row.kind == "fact":
        return f"  {row.name:<{NAME}}{said}"
    if row.kind == "moment":
        return f"  {row.name}  {said}"
    return f"      {SIGNS[row.kind]}{row.text}"
