"""Intervals as characters: one row per score, on one scale with a line at zero; readable without colour."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len, set_cell_size

from curator.tui.text import Piece, visible
from curator.tui.words import signs

if TYPE_CHECKING:
    from curator.experiments import Metric

MEANS, DELTA, VERDICT = 15, 8, 11
"""Cells of the columns around the plot."""
LONGEST_NAME = 26
NARROWEST = 15


class _Columns(NamedTuple):
    name: int
    plot: int
    means: bool


def interval_plot(metrics: Sequence["Metric"], width: int, *, with_words: bool) -> list[list[Piece]]:
    """Rows of pieces, each at most `width` cells: pass-fail scores, then graded ones, each group with its own scale.

    `with_words` adds a row under each score that says how many items moved and how many move by chance.
    """
    rows: list[list[Piece]] = []
    longest = max((cell_len(visible(metric.name)) for metric in metrics), default=0)
    name = min(longest, LONGEST_NAME, max(width // 4, 8))
    plot = width - name - MEANS - DELTA - VERDICT - 4
    columns = _Columns(name, plot, True)
    if plot < NARROWEST:
        columns = _Columns(name, max(plot + MEANS + 1, NARROWEST), False)
    columns = columns._replace(plot=columns.plot - (columns.plot + 1) % 2)  # odd, so that zero has a cell
    for kind in ("pass-fail", "graded"):
        group = [metric for metric in metrics if metric.kind == kind]
        bound = nice(max((abs(x) for m in group for x in (*m.ci, m.delta)), default=0.0))
        for metric in group:
            rows.append(_row(metric, bound, columns))
            if with_words:
                said = words(metric)
                indent = min(columns.name + 1, max(width - len(said), 0))
                rows.append([("text", " " * indent), ("dim", said[:width])])
        if group:
            rows.append(_axis(bound, columns))
    return rows


def words(metric: "Metric") -> str:
    """`3 of 40 items moved, by chance 0–5; p 0.21`."""
    from curator.experiments import p_words

    errored = f", {metric.errored[0]} → {metric.errored[1]} errored" if any(metric.errored) else ""
    if metric.noise is None:
        chance = "one run each: noise unknown"
    else:
        low, high = metric.noise
        chance = f"by chance {f'{low}–{high}' if high > low else low}"
    return f"{metric.moved} of {metric.items} items moved, {chance}{errored}; {p_words(metric.p_value)}"


def nice(bound: float) -> float:
    """The next round number at or above `bound`: 1, 2 or 5 times a power of ten; 1 for next to nothing."""
    if bound < 1e-9:
        return 1.0
    power = 10.0 ** math.floor(math.log10(bound))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= bound * (1 - 1e-9))


def line(low: float, high: float, delta: float, bound: float, width: int) -> str:
    """The interval from `low` to `high` with its middle, drawn between `-bound` and `bound` with a line at zero."""

    def at(value: float) -> int:
        return round((min(max(value, -bound), bound) + bound) / (2 * bound) * (width - 1))

    zero, first, last = width // 2, at(low), at(high)
    cells = [" "] * width
    cells[zero] = "┊"
    for place in range(first, last + 1):
        cells[place] = "┼" if place == zero else "─"
    if first < last:
        cells[first], cells[last] = "├", "┤"
    cells[at(delta)] = "●"
    return "".join(cells)


def _row(metric: "Metric", bound: float, columns: _Columns) -> list[Piece]:
    role, sign = signs("metric")[metric.verdict]
    drawn = line(*metric.ci, metric.delta, bound, columns.plot)
    pieces: list[Piece] = [("text", _cut(metric.name, columns.name)), ("text", " ")]
    if columns.means:
        means = f"{metric.baseline:.3f} → {metric.candidate:.3f}"
        pieces.append(("dim", f"{means:>{MEANS}} "))
    pieces += [(role, drawn), ("strong", f"{metric.delta:>+{DELTA}.3f} ")]
    return [*pieces, (role, f" {sign} {metric.verdict.removesuffix(' detected')}")]


def _axis(bound: float, columns: _Columns) -> list[Piece]:
    before = columns.name + 1 + (MEANS + 1 if columns.means else 0)
    left, right = f"{-bound:g}", f"+{bound:g}"
    half = columns.plot // 2
    marks = f"{left:<{half}}0{right:>{half}}"
    if columns.plot >= 32:
        marks = f"{f'{left} worse':<{half}}0{f'better {right}':>{half}}"
    return [("dim", " " * before + marks)]


def _cut(name: str, width: int) -> str:
    shown = visible(name, limit=200)
    return set_cell_size(shown, width) if cell_len(shown) <= width else set_cell_size(shown, width - 1) + "…"
