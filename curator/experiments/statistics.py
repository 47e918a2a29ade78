"""The statistics of a paired comparison; models, tests, powers and corrections are those of statsmodels and scipy.

The unit of evidence is the *cluster*: one item, or all items of one session (or of what a rule groups by), which share
their fate. Repeats of an item are averaged first: running an item four times makes it quieter, not four items.

Interval and p-value come from one fit: the weighted mean of the clusters' differences with a robust standard error,
and two made-up clusters beside the real ones, one that lost the whole scale and one that gained it. Without those two,
ten items that did not move would be proof that none can ("zero width"), and rare failures would be covered 40 % of the
time. For pass-fail scores that is the plus-four rule of Agresti and Caffo (2000) for paired data; its verdicts are
those of McNemar's exact test nearly everywhere, and it holds with repeats, ties, bounded scales and clusters as well.
"""

from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import special, stats

Array: TypeAlias = npt.NDArray[np.float64]

ALPHA = 0.05
POWER = 0.8
"""The chance of seeing an effect that *detectable* and *needed* speak of."""
SEED = 20_261_101
RESAMPLES = 9_999
NOISE_DRAWS = 2_000
CELLS = 4_000_000
"""How many numbers a batch of resamples may hold (32 MB): large datasets take more batches, not more memory."""
# Two item means closer than this are the same: averages of repeats carry rounding errors.
SAME = 1e-9
MOST_ITEMS, MOST_REPEATS = 1_000_000, 50


class Estimate(NamedTuple):
    """A difference with its standard error, of a t distribution with `df` degrees of freedom."""

    mean: float
    error: float
    df: float
    span: float
    """Largest and (negative) smallest difference that the scale allows."""

    @property
    def p(self) -> float:
        """Two-sided p-value of "nothing changed"."""
        return float(2 * stats.t.sf(abs(self.mean) / self.error, self.df))

    def interval(self, alpha: float = ALPHA) -> tuple[float, float]:
        """The two-sided interval at level 1 - `alpha`, within the scale. It excludes 0 exactly when p < `alpha`."""
        low, high = stats.t.interval(1 - alpha, self.df, loc=self.mean, scale=self.error)
        return float(max(low, -self.span)), float(min(high, self.span))


def item_deltas(baseline: Array, candidate: Array) -> Array:
    """Candidate minus baseline per item, averaged over repeats first.

    Both are `(..., items, repeats)` with NaN for a repeat without score; the result is `(..., items)`.
    """
    deltas = np.nanmean(candidate, axis=-1) - np.nanmean(baseline, axis=-1)
    return np.where(np.abs(deltas) < SAME, 0.0, deltas)


def clustered(values: Array, groups: Sequence[str] | None) -> tuple[Array, Array]:
    """Means `(clusters,)` of `(items,)` and each cluster's weight, its items over the average cluster's."""
    if groups is None or len(set(groups)) == len(groups):
        return values, np.ones(values.size)
    _, index, counts = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    sums = np.bincount(index, weights=values)
    return sums / counts, counts / counts.mean()


def estimate(deltas: Array, span: float, groups: Sequence[str] | None = None) -> Estimate:
    """The mean difference of `(items,)` deltas, each at most `span` either way, by clusters."""
    from statsmodels.regression.linear_model import WLS

    means, weights = clustered(deltas, groups)
    values, weights = np.append(means, (span, -span)), np.append(weights, (1.0, 1.0))
    fit = WLS(values, np.ones(values.size), weights=weights).fit(cov_type="HC1", use_t=True)
    return Estimate(float(fit.params[0]), float(fit.bse[0]), float(fit.df_resid), span)


def ratio(baseline: Array, candidate: Array, groups: Sequence[str] | None = None) -> tuple[float, float, float] | None:
    """Candidate's sum over the baseline's, of `(items,)` each, with its 95 % interval: `(ratio, low, high)`.

    A regression through zero whose variance grows with the baseline (the survey's ratio estimator), with standard
    errors by cluster. None when fewer than two clusters leave nothing to estimate the spread from.
    """
    from statsmodels.regression.linear_model import WLS

    names = np.arange(baseline.size) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    if np.unique(names).size < 2:
        return None
    before = np.maximum(baseline, baseline.mean() * SAME)
    model = WLS(candidate, before, weights=1 / before)
    fit = model.fit(cov_type="cluster", cov_kwds={"groups": names}, use_t=True)
    low, high = fit.conf_int(ALPHA)[0]
    return float(fit.params[0]), max(float(low), 0.0), float(high)


def adjust(p_values: Sequence[float]) -> tuple[list[float], list[float]]:
    """p-values corrected for looking at several scores at once (Holm), and the level of each score's own interval.

    Holm bounds the family-wise error rate: whatever changed and whatever did not, and however the scores hang together,
    at most 5 % of comparisons call a score changed that is not. The k-th smallest p-value has to be below 0.05 / (m - k
    + 1); from the first that is not, no score is called changed. An interval at the level at which its score was
    decided therefore excludes 0 exactly when the score is called changed.
    """
    if not p_values:
        return [], []
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    # Not by statsmodels' multipletests, which collects the garbage of the whole process at every call (0.15.0: up to a
    # second in a long session). The tests hold this against it.
    corrected = np.empty(p.size)
    corrected[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1)))
    steps = ALPHA / np.arange(p.size, 0, -1)
    first = int(np.argmax(np.append(p[order] >= steps, True)))
    levels = np.empty(p.size)
    levels[order] = np.minimum(steps, steps[min(first, p.size - 1)])
    return [float(value) for value in corrected], [float(value) for value in levels]


def noise_moves(baseline: Array, candidate: Array) -> tuple[int, int] | None:
    """How many items would move if nothing had changed: the central 95 % as `(low, high)`; None without repeats.

    `baseline` and `candidate` are `(items, repeats)`. If nothing has changed, the runs of an item could as well have
    been dealt out to the two sides in any other way. One run on each side says nothing about noise.
    """
    left, right = baseline.shape[-1], candidate.shape[-1]
    if left + right == 2:
        return None
    runs = np.concatenate([baseline, candidate], axis=-1)
    draws = min(NOISE_DRAWS, max(200, CELLS // runs.size))
    dealt = np.random.default_rng(SEED).permuted(np.broadcast_to(runs, (draws, *runs.shape)), axis=-1)
    first, second = dealt[..., :left], dealt[..., left:]
    known = ~(np.isnan(first).all(axis=-1) | np.isnan(second).all(axis=-1))
    counts = ((item_deltas(_filled(first), _filled(second)) != 0) & known).sum(axis=-1)
    low, high = np.quantile(counts, (0.025, 0.975), method="inverted_cdf")
    return int(low), int(high)


def _filled(values: Array) -> Array:
    """The values with all-NaN items set to 0, so that their mean raises no warning; the caller masks them."""
    return np.where(np.isnan(values).all(axis=-1, keepdims=True), 0.0, values)


def item_p(baseline: Array, candidate: Array) -> Array | None:
    """How surprising each item's move is given its own repeats: p-values `(items,)` of `(items, repeats)`.

    A permutation test within each item; None when a side has a single run (one value says nothing about its noise).
    """
    if baseline.shape[-1] < 2 or candidate.shape[-1] < 2:
        return None
    complete = ~(np.isnan(baseline).any(axis=-1) | np.isnan(candidate).any(axis=-1))
    result = np.ones(baseline.shape[0])
    if complete.any():

        def mean_difference(left: Array, right: Array, axis: int = -1) -> Array:
            return np.asarray(np.mean(right, axis=axis) - np.mean(left, axis=axis))

        test = stats.permutation_test(
            (baseline[complete], candidate[complete]),
            mean_difference,
            vectorized=True,
            n_resamples=RESAMPLES,
            batch=max(1, CELLS // (int(complete.sum()) * (baseline.shape[-1] + candidate.shape[-1]))),
            axis=-1,
            rng=np.random.default_rng(SEED),
        )
        result[complete] = np.minimum(test.pvalue, 1.0)
    return result


def can_tell(clusters: int) -> bool:
    """Whether so many clusters could show anything, were each of them to lose the whole scale."""
    return estimate(np.full(clusters, -1.0), 1.0).p < ALPHA


def detectable(found: Estimate) -> float:
    """The smallest change that a comparison like this one calls changed in 80 % of cases."""
    return min(_detectable(found.df) * found.error, found.span)


@lru_cache(maxsize=1_000)
def _detectable(df: float) -> float:
    """How many standard errors away a true change must lie to be found in 80 % of cases."""
    from scipy.optimize import brentq

    return float(brentq(lambda errors: _power(errors, df) - POWER, 0.1, 60.0))


def _power(errors: float, df: float) -> float:
    """The chance that a t test finds what lies so many standard errors away, on the right side."""
    chance = float(stats.nct.sf(stats.t.ppf(1 - ALPHA / 2, df), df, errors))
    return 1.0 if np.isnan(chance) else chance  # scipy gives up where the chance is 1 to the last digit


class Needed(NamedTuple):
    """What evidence it would take to exclude a loss, if in truth nothing changed and what follows is like these."""

    items: int
    repeats: int | None
    """Repeats per side with today's items; None when they alone cannot do it, or nobody knows yet."""


def needed(
    baseline: Array, candidate: Array, span: float, margin: float, groups: Sequence[str] | None = None
) -> Needed:
    """How many items (or repeats of today's) it takes to exclude a loss of `margin` with a chance of 80 %.

    `baseline` and `candidate` are `(items, repeats)`; `margin` is in the score's units.
    """
    means, _ = clustered(item_deltas(baseline, candidate), groups)
    clusters, items = means.size, baseline.shape[0]
    spread = float(means.var(ddof=1)) if clusters > 1 else span**2
    counts = range(clusters, MOST_ITEMS)
    count = clusters + bisect_left(counts, True, key=lambda n: _excludes(spread, span, margin, n))
    more = -(-count * items // clusters)
    if groups is not None or 1 in (baseline.shape[-1], candidate.shape[-1]):
        return Needed(more, None)
    # Of an item with less than two values nobody knows how much it varies.
    known = [side[np.isfinite(side).sum(axis=-1) > 1] for side in (baseline, candidate)]
    if not all(side.size for side in known):
        return Needed(more, None)
    within = [float(np.nanvar(side, axis=-1, ddof=1).mean()) for side in known]
    measured = within[0] / baseline.shape[-1] + within[1] / candidate.shape[-1]
    between = max(spread - measured, 0.0)
    first = max(baseline.shape[-1], candidate.shape[-1]) + 1
    repeats = range(first, MOST_REPEATS + 1)
    enough = bisect_left(repeats, True, key=lambda k: _excludes(between + sum(within) / k, span, margin, clusters))
    return Needed(more, repeats[enough] if enough < len(repeats) else None)


def foreseen(values: Array, scale: tuple[float, float], clusters: int) -> float:
    """The smallest change that comparing `(items, repeats)` with as many runs like them shows in 80 % of cases.

    How much an item's runs differ is measured by repeats; of single runs it is the most that their mean allows.
    """
    low, high = min(scale), max(scale)
    repeats = values.shape[-1]
    mean = float(np.nanmean(values))
    within = float(np.nanmean(np.nanvar(values, axis=-1, ddof=1))) if repeats > 1 else (mean - low) * (high - mean)
    total = clusters + 2
    return min(_detectable(total - 1) * _error(2 * max(within, 0.0) / repeats, high - low, total), high - low)


def _error(spread: float, span: float, total: int) -> float:
    """The standard error of so many clusters of this variance, two of them made up."""
    return float(np.sqrt((spread + 2 * span**2 / total) / total))


def _excludes(spread: float, span: float, margin: float, clusters: int) -> bool:
    """Whether so many clusters of this variance exclude a loss of `margin` in 80 % of cases, by a noncentral t."""
    total = clusters + 2
    return _power(margin / _error(spread, span, total), total - 1) >= POWER


def passes_of(passed: Array, k: int) -> tuple[float, float]:
    """`(pass@k, pass^k)` of `(items, repeats)` passes (1 or 0, NaN unknown): the chance that of `k` runs of an item at
    least one passes, and that all do, estimated without bias from all its repeats (Chen et al. 2021, Yao et al. 2024).
    """
    known = (~np.isnan(passed)).sum(axis=-1)
    good = np.nansum(passed, axis=-1)
    enough = known >= k
    ways = special.comb(known[enough], k)
    if not enough.any():
        return float("nan"), float("nan")
    some = 1 - special.comb((known - good)[enough], k) / ways
    every = special.comb(good[enough], k) / ways
    return float(some.mean()), float(every.mean())
