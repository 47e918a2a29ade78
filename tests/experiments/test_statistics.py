"""The numbers behind a comparison: right level, enough power, honest about what single runs can tell."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from curator.experiments import statistics
from tests.benchmarks import bench_gate

PAIRS = 150
# Three standard errors of a rate of 5 % over that many pairs.
SAMPLING_ERROR = 3 * (0.05 * 0.95 / PAIRS) ** 0.5


def moved(down: int, up: int, of: int) -> np.ndarray:
    return np.array([-1.0] * down + [1.0] * up + [0.0] * (of - down - up))


@pytest.mark.parametrize("of", [20, 40, 100])
def test_verdicts_are_mcnemars_nearly_everywhere(of: int) -> None:
    """Of single runs, the exact test of the items that flipped says the same; where not, by one flipped item."""
    for up in range(5):
        own = [statistics.estimate(moved(down, up, of), 1.0).p < 0.05 for down in range(15)]
        exact = [down > up and stats.binomtest(up, up + down, 0.5).pvalue < 0.05 for down in range(15)]
        assert abs(own.index(True) - exact.index(True)) <= 1


@given(
    st.lists(st.sampled_from([-1.0, -0.5, -0.25, 0.0, 0.0, 0.25, 0.5, 1.0]), min_size=1, max_size=60),
    st.integers(1, 10),
)
@settings(max_examples=60, deadline=None)
def test_an_interval_holds_the_mean_has_a_width_and_agrees_with_its_p(values: list[float], size: int) -> None:
    deltas = np.array(values)
    groups = [str(index // size) for index in range(deltas.size)]
    for names in (None, groups):
        found = statistics.estimate(deltas, 1.0, names)
        low, high = found.interval()
        assert high - low > 0.01
        assert low <= found.mean <= high
        if names is None:
            assert low - 1e-9 <= deltas.mean() <= high + 1e-9
        assert (found.p < 0.05) == (low > 0 or high < 0)
        mirrored = statistics.estimate(-deltas, 1.0, names).interval()
        assert mirrored == pytest.approx((-high, -low))


def test_items_of_one_session_are_one_piece_of_evidence() -> None:
    once = statistics.estimate(moved(6, 0, 20), 1.0)
    five_times = statistics.estimate(np.repeat(moved(6, 0, 20), 5), 1.0, [str(index // 5) for index in range(100)])
    assert five_times == pytest.approx(once)
    assert statistics.estimate(np.repeat(moved(6, 0, 20), 5), 1.0).error < once.error / 2


def test_a_large_group_weighs_its_items() -> None:
    deltas, groups = np.array([-1.0] * 8 + [0.0] * 12), ["big"] * 8 + [str(index) for index in range(12)]
    means, weights = statistics.clustered(deltas, groups)
    assert np.average(means, weights=weights) == pytest.approx(deltas.mean())


def test_repeats_are_averaged_before_pairing() -> None:
    baseline = np.array([[1, 1, 0, 0], [1, 1, 1, 1]], dtype=float)
    candidate = np.array([[1, 0, 1, 0], [1, 1, 1, 0]], dtype=float)
    assert statistics.item_deltas(baseline, candidate).tolist() == [0.0, -0.25]


def test_a_missing_repeat_is_left_out_of_its_item() -> None:
    values = statistics.item_deltas(np.array([[1.0, np.nan]]), np.array([[0.0, 1.0]]))
    assert values.tolist() == [-0.5]


def test_holm_as_in_the_textbook() -> None:
    """As R says: `p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")`; and ties stay ties."""
    assert statistics.adjust([0.01, 0.04, 0.03, 0.005])[0] == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert statistics.adjust([0.01, 0.02, 0.03, 0.04, 0.05])[0] == pytest.approx([0.05, 0.08, 0.09, 0.09, 0.09])
    assert statistics.adjust([0.5, 0.5])[0] == [1.0, 1.0]
    assert statistics.adjust([]) == ([], [])
    some = np.random.default_rng(5).random(30) ** 4
    assert statistics.adjust(list(some))[0] == pytest.approx(multipletests(some, method="holm")[1])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
@settings(max_examples=40, deadline=None)
def test_a_score_is_called_changed_exactly_when_its_own_interval_excludes_zero(values: list[float]) -> None:
    corrected, levels = statistics.adjust(values)
    for p, after, level in zip(values, corrected, levels, strict=True):
        assert p <= after <= 1.0
        assert 0.05 / len(values) - 1e-12 <= level <= 0.05
        if abs(after - 0.05) > 1e-9:
            assert (after < 0.05) == (p < level)


def test_among_three_hundred_scores_one_can_still_signal() -> None:
    """A test by 9,999 resamples cannot: its smallest p-value times 300 is 0.06."""
    changed = statistics.estimate(moved(0, 0, 40) - 0.5, 1.0).p
    corrected, _ = statistics.adjust([changed] + [0.6] * 299)
    assert corrected[0] < 0.001


def test_noise_is_measured_by_repeats_or_not_at_all() -> None:
    steady, once = np.ones((40, 4)), np.ones((40, 1))
    broken = steady.copy()
    broken[:20] = 0
    assert statistics.noise_moves(once, once) is None
    measured = statistics.noise_moves(steady, broken)
    assert measured is not None
    assert 0 < measured[0] < measured[1] < 20
    assert statistics.noise_moves(steady, steady) == (0, 0)


@pytest.mark.parametrize("repeats", [(2, 2), (4, 4), (1, 4)])
def test_of_unchanged_runs_the_moves_lie_within_the_noise(repeats: tuple[int, int]) -> None:
    """Runs of an item could as well have been dealt out otherwise: so what was seen is one of what is expected."""
    rng = np.random.default_rng(7)
    within = 0
    for _ in range(40):
        chance = rng.beta(4, 1.5, size=(40, 1))
        before, after = ((rng.random((40, n)) < chance).astype(float) for n in repeats)
        noise = statistics.noise_moves(before, after)
        assert noise is not None
        within += noise[0] <= int((statistics.item_deltas(before, after) != 0).sum()) <= noise[1]
    assert within >= 36


def test_noise_leaves_out_what_has_no_score() -> None:
    before, after = np.full((10, 2), np.nan), np.full((10, 2), np.nan)
    before[:, 0], after[:, 0] = 1.0, 0.0
    noise = statistics.noise_moves(before, after)
    assert noise is not None
    assert 0 <= noise[0] <= noise[1] <= 10


def test_item_evidence_needs_repeats_on_both_sides() -> None:
    once, often = np.ones((3, 1)), np.ones((3, 4))
    assert statistics.item_p(once, often) is None
    p = statistics.item_p(often, np.zeros((3, 4)))
    assert p is not None
    assert p == pytest.approx([2 / 70] * 3)


def test_fewer_than_five_items_tell_nothing() -> None:
    assert [statistics.can_tell(items) for items in (1, 4, 5, 6)] == [False, False, True, True]


def test_what_it_takes_is_what_it_takes() -> None:
    """Of unchanged runs with as many items as were said to be needed, about 80 % exclude the loss."""
    rng = np.random.default_rng(23)
    small = bench_gate.rates(rng, 1, items=60, repeats=1, fails=(0.05, 0.05), each="flaky")
    said = statistics.needed(small.baseline[0], small.candidate[0], 1.0, 0.1)
    assert said.repeats is None  # single runs cannot tell how much repeats would help
    enough = bench_gate.rates(rng, PAIRS, items=said.items, repeats=1, fails=(0.05, 0.05), each="flaky")
    excluded = [
        statistics.estimate(row, 1.0).interval()[0] >= -0.1
        for row in statistics.item_deltas(enough.baseline, enough.candidate)
    ]
    assert 0.65 <= np.mean(excluded) <= 0.97
    noisy = bench_gate.flaky(rng, 1, items=100, repeats=(2, 2))
    repeats = statistics.needed(noisy.baseline[0], noisy.candidate[0], 1.0, 0.09).repeats
    assert repeats is not None
    assert repeats > 2


def test_what_is_detectable_is_found_four_times_in_five() -> None:
    rng = np.random.default_rng(5)
    unchanged = bench_gate.flaky(rng, 1, items=60, repeats=(4, 4))
    one = statistics.item_deltas(unchanged.baseline[0], unchanged.candidate[0])
    drop = statistics.detectable(statistics.estimate(one, 1.0))
    found = bench_gate.read(bench_gate.flaky(rng, PAIRS, items=60, repeats=(4, 4), drop=drop))
    assert 0.65 <= found.worse["curator"] <= 0.95


@pytest.mark.parametrize("repeats", [1, 4])
def test_what_a_run_says_that_it_could_show_is_shown(repeats: int) -> None:
    """At least four in five: of single runs the noise is taken for as large as it can be."""
    rng = np.random.default_rng(17)
    run = bench_gate.flaky(rng, 1, items=60, repeats=(repeats, repeats)).baseline[0]
    drop = statistics.foreseen(run, (0.0, 1.0), 60)
    assert 0.1 < drop < 0.35
    found = bench_gate.read(bench_gate.flaky(rng, PAIRS, items=60, repeats=(repeats, repeats), drop=drop))
    assert 0.65 <= found.worse["curator"] <= 1.0


def test_pass_at_k_and_pass_hat_k() -> None:
    """Of four runs of which two passed: any of two passes in 5 of 6 draws, both in 1 of 6."""
    some, every = statistics.passes_of(np.array([[1.0, 1.0, 0.0, 0.0]]), 2)
    assert (some, every) == (pytest.approx(5 / 6), pytest.approx(1 / 6))
    assert statistics.passes_of(np.array([[1.0, 0.0], [1.0, 1.0]]), 2) == (1.0, 0.5)


def test_ratios_of_costs() -> None:
    ratio, low, high = statistics.ratio(np.full(6, 0.01), np.full(6, 0.0115)) or (0.0, 0.0, 0.0)
    assert (ratio, low, high) == (pytest.approx(1.15), pytest.approx(1.15), pytest.approx(1.15))
    assert statistics.ratio(np.ones(1), np.ones(1)) is None
    assert statistics.ratio(np.ones(4), np.ones(4), ["one"] * 4) is None


# ── simulations: the benchmark's worlds, fewer pairs (`python -m tests.benchmarks.bench_gate` has the table) ────────


@pytest.mark.parametrize("name", list(bench_gate.UNCHANGED))
def test_false_alarms_stay_at_five_percent(name: str) -> None:
    found = bench_gate.read(bench_gate.UNCHANGED[name](np.random.default_rng(31), PAIRS))
    assert found.changed["curator"] <= 0.05 + SAMPLING_ERROR
    # Any red delta raises the alarm nearly always; resampling items of sessions as if they were alone, often.
    assert found.changed["naive"] > 0.8
    if "sessions" in name:
        assert found.changed["bootstrap"] > 0.25


def test_intervals_cover_the_truth() -> None:
    """Rare failures at ten items: 93 % and more, where resampling covers far less, and never without width."""
    for items, fails, each in (
        (10, (0.0, 0.05), "broken"),
        (20, (0.0, 0.05), "flaky"),
        (40, (0.02, 0.1), "broken"),
        (200, (0.3, 0.5), "flaky"),
    ):
        found = bench_gate.read(
            bench_gate.rates(np.random.default_rng(43), 400, items=items, repeats=1, fails=fails, each=each)
        )
        assert found.covered["curator"] >= 0.93 - 2 * (0.93 * 0.07 / 400) ** 0.5
        assert found.narrowest > 0.01
        if items == 10:
            assert found.covered["bootstrap"] < 0.6
    graded = bench_gate.judged(
        np.random.default_rng(43), PAIRS, items=20, repeats=(4, 1), noise=0.3, ceiling=0.9, broken=0.05
    )
    assert bench_gate.read(graded).covered["curator"] >= 0.93 - SAMPLING_ERROR


def test_real_drops_are_found() -> None:
    rng = np.random.default_rng(13)
    assert bench_gate.read(bench_gate.flaky(rng, 60, items=50, repeats=(4, 4), drop=0.2)).worse["curator"] >= 0.9
    once = bench_gate.read(bench_gate.flaky(rng, PAIRS, items=50, repeats=(1, 1), drop=0.2)).worse
    assert once["curator"] >= once["McNemar"] - 0.05


def test_a_larger_loss_than_allowed_is_let_pass_in_one_of_forty() -> None:
    name = "5 points worse, just what is not allowed, 200 items"
    found = bench_gate.read(bench_gate.NON_INFERIOR[name](np.random.default_rng(41), 300)).excluded
    assert found["curator"] <= 0.025 + 3 * (0.025 * 0.975 / 300) ** 0.5


def test_equal_costs_are_not_blocked() -> None:
    found = bench_gate.costs(PAIRS, 10, 1)
    assert found["curator"] <= 0.05
    assert found["bare ratio"] > 0.2
    assert found["covered"] >= 0.85
