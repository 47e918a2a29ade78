"""Text in columns of terminal cells; wide signs count as two, so that columns stay aligned."""

import shutil
from collections.abc import Sequence
from datetime import datetime

from curator.cli.output import plain


def width() -> int:
    """Columns of the terminal, at least 80; 80 when the output is no terminal."""
    return max(80, shutil.get_terminal_size((80, 24)).columns)


def cell(text: str | None, cells: int) -> str:
    """Foreign text made harmless and exactly `cells` wide: cut with `…`, or filled with blanks."""
    from rich.cells import cell_len, set_cell_size

    shown = " ".join(plain(text or "").split())
    if cell_len(shown) > cells:
        return set_cell_size(set_cell_size(shown, max(cells - 1, 0)).rstrip() + "…", cells)
    return set_cell_size(shown, cells)


def row(parts: Sequence[tuple[str | None, int]]) -> str:
    """One line; the last part takes what is left of the terminal and is not filled."""
    used = sum(cells + 2 for _, cells in parts[:-1])
    last, least = parts[-1]
    line = [cell(text, cells) for text, cells in parts[:-1]]
    return "  ".join([*line, cell(last, max(least, width() - used)).rstrip()]).rstrip()


def when(time: datetime | None) -> str:
    """A time for people, in local time, to the minute."""
    return time.astimezone().strftime("%m-%d %H:%M") if time else ""


def duration(seconds: float | None) -> str:
    """A duration for people."""
    if seconds is None:
        return ""
    if seconds < 10:
        return f"{seconds:.2f} s"
    return f"{seconds:.0f} s" if seconds < 600 else f"{seconds / 60:.0f} min"


def number(value: object) -> str:
    """A score's value for people."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None else str(value)
