"""The numbers behind a comparison: right level, enough power, honest about what single runs can tell."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from curator.experiments import statistics


def deltas(*values: float) -> np.ndarray:
    return np.array(values)


def test_mcnemar_is_the_exact_binomial_test() -> None:
    p, test = statistics.paired_p(deltas(-1, -1, -1, -1, -1, -1, -1, 1, 0, 0))
    assert test == "exact binomial"
    assert float(p) == pytest.approx(stats.binomtest(1, 8, 0.5).pvalue)


def test_permutation_agrees_with_mcnemar_where_both_apply() -> None:
    signs = deltas(-1, -1, -1, -1, -1, -1, -1, 1, 0, 0)
    exact, _ = statistics.paired_p(signs)
    flipped, test = statistics.paired_p(signs * 0.5)
    assert test == "paired permutation"
    assert float(flipped) == pytest.approx(float(exact))


def test_nothing_moved() -> None:
    p, _ = statistics.paired_p(np.zeros(40))
    assert float(p) == 1.0
    assert statistics.interval(np.zeros(40)) == (0.0, 0.0)


def test_a_batch_is_tested_row_by_row() -> None:
    rng = np.random.default_rng(3)
    rows = rng.normal(0.3, 1, size=(5, 12))
    together, _ = statistics.paired_p(rows)
    alone = [float(statistics.paired_p(row)[0]) for row in rows]
    assert together == pytest.approx(alone, abs=0.01)


def test_repeats_are_averaged_before_pairing() -> None:
    baseline = np.array([[1, 1, 0, 0], [1, 1, 1, 1]], dtype=float)
    candidate = np.array([[1, 0, 1, 0], [1, 1, 1, 0]], dtype=float)
    assert statistics.item_deltas(baseline, candidate).tolist() == [0.0, -0.25]


def test_a_missing_repeat_is_left_out_of_its_item() -> None:
    values = statistics.item_deltas(np.array([[1.0, np.nan]]), np.array([[0.0, 1.0]]))
    assert values.tolist() == [-0.5]


@given(st.lists(st.sampled_from([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0]), min_size=2, max_size=25))
@settings(max_examples=40, deadline=None)
def test_intervals_hold_the_mean_and_p_values_are_symmetric(values: list[float]) -> None:
    array = np.array(values)
    low, high = statistics.interval(array)
    assert low <= array.mean() + 1e-9
    assert array.mean() - 1e-9 <= high
    p, _ = statistics.paired_p(array)
    mirrored, _ = statistics.paired_p(-array)
    assert 0 < float(p) <= 1
    assert float(p) == pytest.approx(float(mirrored), abs=0.02)


def test_the_same_data_gives_the_same_numbers() -> None:
    values = np.random.default_rng(5).normal(size=40)
    assert statistics.interval(values) == statistics.interval(values)
    assert float(statistics.paired_p(values)[0]) == float(statistics.paired_p(values)[0])


def test_holm_as_in_the_textbook() -> None:
    """As R says: `p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")`; and ties stay ties."""
    assert statistics.adjust([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert statistics.adjust([0.01, 0.02, 0.03, 0.04, 0.05]) == pytest.approx([0.05, 0.08, 0.09, 0.09, 0.09])
    assert statistics.adjust([0.5, 0.5]) == [1.0, 1.0]
    assert statistics.adjust([0.02]) == [0.02]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_corrected_values_lie_between_none_and_bonferroni(values: list[float]) -> None:
    corrected = statistics.adjust(values)
    for before, after in zip(values, corrected, strict=True):
        assert before <= after <= 1.0
    assert min(corrected) == pytest.approx(min(1.0, min(values) * len(values)))


def test_correction_makes_p_values_larger_and_keeps_their_order() -> None:
    assert statistics.adjust([]) == []
    corrected = statistics.adjust([0.01, 0.2, 0.04])
    assert corrected[0] == pytest.approx(0.03)
    assert corrected[0] < corrected[2] <= corrected[1]


def test_noise_without_repeats_is_what_these_runs_show() -> None:
    baseline, candidate = np.ones((40, 1)), np.ones((40, 1))
    candidate[17] = 0
    assert statistics.noise_moves(baseline, candidate) == (0, 3, False)


def test_a_real_change_moves_more_than_the_noise() -> None:
    steady = np.ones((40, 4))
    broken = steady.copy()
    broken[:20] = 0
    low, high, measured = statistics.noise_moves(steady, broken)
    assert measured
    assert 0 < low < high < 20
    assert statistics.noise_moves(steady, steady) == (0, 0, True)


@pytest.mark.parametrize("repeats", [(2, 2), (4, 4), (1, 4)])
def test_of_unchanged_runs_the_moves_lie_within_the_noise(repeats: tuple[int, int]) -> None:
    """Runs of an item could as well have been dealt out otherwise: so what was seen is one of what is expected."""
    rng = np.random.default_rng(7)
    within = 0
    for _ in range(40):
        chance = rng.beta(4, 1.5, size=(40, 1))
        before, after = ((rng.random((40, n)) < chance).astype(float) for n in repeats)
        low, high, _ = statistics.noise_moves(before, after)
        within += low <= int((statistics.item_deltas(before, after) != 0).sum()) <= high
    assert within >= 36


def test_noise_leaves_out_what_has_no_score() -> None:
    before, after = np.full((10, 2), np.nan), np.full((10, 2), np.nan)
    before[:, 0], after[:, 0] = 1.0, 0.0
    low, high, measured = statistics.noise_moves(before, after)
    assert measured
    assert 0 <= low <= high <= 10


def test_item_evidence_needs_repeats_on_both_sides() -> None:
    assert statistics.item_p(np.ones((3, 1)), np.ones((3, 4))) is None
    baseline, candidate = np.ones((2, 4)), np.array([[0, 0, 0, 0], [1, 0, 1, 1]], dtype=float)
    evidence = statistics.item_p(baseline, candidate)
    assert evidence is not None
    assert evidence[0] == pytest.approx(2 / 70)
    assert evidence[1] > 0.5


def test_smallest_p_says_when_items_are_too_few() -> None:
    assert statistics.smallest_p(5) > 0.05 > statistics.smallest_p(6)


# ── calibration: simulated pairs, each tested as `compare` would ────────────────────────────────────────────────────

PAIRS = 1_000
# Three standard errors of a rate of 5 % over 1,000 pairs.
SAMPLING_ERROR = 3 * (0.05 * 0.95 / PAIRS) ** 0.5


def judged(rng: np.random.Generator, quality: np.ndarray, noise: float, repeats: int) -> np.ndarray:
    """Scores 1–5 of a judge that is off by one with the given chance; shape of `quality` × repeats."""
    off = rng.choice([-1, 0, 1], p=[noise / 2, 1 - noise, noise / 2], size=(*quality.shape, repeats))
    return np.clip(quality[..., None] + off, 1, 5).astype(float)


@pytest.mark.parametrize("repeats", [1, 4])
def test_false_alarms_stay_at_five_percent(repeats: int) -> None:
    rng = np.random.default_rng(11)
    quality = rng.integers(1, 6, size=(PAIRS, 40))
    values = statistics.item_deltas(judged(rng, quality, 0.3, repeats), judged(rng, quality, 0.3, repeats))
    p, _ = statistics.paired_p(values)
    assert (p < 0.05).mean() <= 0.05 + SAMPLING_ERROR
    # The naive reading of the same pairs, any red delta, raises the alarm nearly always.
    assert (values < 0).any(axis=-1).mean() > 0.95


def test_a_drop_of_twenty_points_is_found() -> None:
    rng = np.random.default_rng(13)
    chance = np.clip(rng.beta(4, 1.5, size=(PAIRS, 50, 1)), 0.2, 1)
    baseline = (rng.random((PAIRS, 50, 4)) < chance).astype(float)
    candidate = (rng.random((PAIRS, 50, 4)) < chance - 0.2).astype(float)
    p, _ = statistics.paired_p(statistics.item_deltas(baseline, candidate))
    assert (p < 0.05).mean() >= 0.80
