"""What every benchmark gives: rows of one table, each with the obvious way measured in the same run."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One thing that was measured, curator's way beside the obvious way."""

    name: str
    ours: float
    obvious: float | None
    unit: str
    note: str = ""
    """What the obvious way is, or what the numbers are about."""

    @property
    def ratio(self) -> float | None:
        """How many times less curator takes; None when there is nothing to compare with."""
        return self.obvious / self.ours if self.obvious is not None and self.ours else None

    def cells(self) -> tuple[str, str, str, str, str]:
        """As the table shows it."""
        ratio = "" if self.ratio is None else f"{self.ratio:.1f} ×"
        return self.name, self._shown(self.ours), self._shown(self.obvious), ratio, self.note

    def _shown(self, value: float | None) -> str:
        if value is None:
            return ""
        digits = 0 if self.unit in ("", "requests", "MiB") or value >= 100 else 1 if value >= 10 else 2
        return f"{value:,.{digits}f} {self.unit}".strip()


def table(rows: Sequence[Row], *, markdown: bool = False) -> str:
    """One table, for a terminal or for a page."""
    heads = ("measured", "curator", "obvious way", "ratio", "the obvious way, or what it is about")
    body = [row.cells() for row in rows]
    if markdown:
        lines = ["| " + " | ".join(cells) + " |" for cells in (heads, *body)]
        return "\n".join([lines[0], "|---|--:|--:|--:|---|", *lines[1:]])
    widths = [max(len(cells[at]) for cells in (heads, *body)) for at in range(len(heads))]
    aligned = (
        "  ".join(c.rjust(w) if 0 < at < 4 else c.ljust(w) for at, (c, w) in enumerate(zip(cells, widths, strict=True)))
        for cells in (heads, *body)
    )
    return "\n".join(line.rstrip() for line in aligned)


def seconds(action: Callable[[], object], times: int = 5) -> float:
    """The median time of an action, after one that does not count."""
    action()
    took = []
    for _ in range(times):
        began = time.perf_counter()
        action()
        took.append(time.perf_counter() - began)
    return statistics.median(took)
