"""Intervals as characters: on scale, with a line at zero, as wide as they may be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from curator.experiments.compare import compare_runs
from curator.tui.intervals import interval_plot, line, nice, words
from tests.experiments.builders import column, make_run, seed_runs

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False)


def drawn(width: int, *, with_words: bool = False) -> list[str]:
    rows = interval_plot(compare_runs(*seed_runs()).metrics, width, with_words=with_words)
    return ["".join(text for _, text in row) for row in rows]


def test_a_line_is_drawn_to_scale() -> None:
    assert line(-0.5, 0.5, 0.0, 1.0, 9) == "  ├─●─┤  "
    assert line(0.25, 1.0, 0.5, 1.0, 9) == "    ┊├●─┤"
    assert line(-1.0, 0.0, -0.5, 1.0, 9) == "├─●─┤    "
    assert line(0.0, 0.0, 0.0, 1.0, 9) == "    ●    "
    assert line(-0.75, 0.75, 0.5, 1.0, 9) == " ├──┼─●┤ "


@given(NUMBERS, NUMBERS, NUMBERS, st.integers(5, 80).map(lambda n: n | 1))
def test_a_line_has_its_width_and_its_point(low: float, high: float, delta: float, width: int) -> None:
    low, high = sorted((low, high))
    bound = nice(max(abs(low), abs(high), abs(delta)))
    text = line(low, high, delta, bound, width)
    assert len(text) == width
    assert text.count("●") == 1


@pytest.mark.parametrize(("bound", "round_"), [(0.0, 1.0), (0.03, 0.05), (0.2, 0.2), (0.21, 0.5), (1.0, 1.0), (7, 10)])
def test_scales_end_at_round_numbers(bound: float, round_: float) -> None:
    assert nice(bound) == pytest.approx(round_)


@pytest.mark.parametrize("width", [60, 75, 116, 196])
def test_rows_fit_and_zero_stands_in_one_column(width: int) -> None:
    rows = drawn(width, with_words=True)
    assert max(cell_len(row) for row in rows) <= width
    starts = [row for row in rows if row.lstrip().startswith(("-0.2", "-0.5"))]
    axis = [row.index("0", row.index("-0.") + 4) for row in starts]
    assert len(axis) == 2  # pass-fail and graded have a scale each
    assert axis[0] == axis[1]
    for row in drawn(width):
        if "no change" in row and "faith" in row:
            assert row[axis[0]] in "┊┼●├┤"


def test_words_say_what_is_known_of_chance() -> None:
    metric = next(m for m in compare_runs(*seed_runs()).metrics if m.name == "relevance")
    assert words(metric) == "2 of 40 items moved, one run each: noise unknown; p 1.00"


def test_a_long_name_is_cut() -> None:
    runs = [make_run(label, {"x" * 300: column([1.0] * 10)}) for label in ("a", "b")]
    [row, _] = interval_plot(compare_runs(*runs).metrics, 76, with_words=False)
    assert "…" in row[0][1]
    assert cell_len("".join(text for _, text in row)) <= 76
