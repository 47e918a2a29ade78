"""The statistics of a paired comparison; intervals and p-values come from scipy.

One unit of evidence is one *item*: repeats of an item are averaged first, so that running an item four times makes it
quieter, not four items. All functions are deterministic (fixed seed) and work on whole batches: the last axis is items.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import stats

Array: TypeAlias = npt.NDArray[np.float64]
Test: TypeAlias = Literal["exact binomial", "paired permutation"]

SEED = 20_261_101
RESAMPLES = 9_999
NOISE_DRAWS = 2_000
CELLS = 4_000_000
"""How many numbers a batch of resamples may hold (32 MB): large datasets take more batches, not more memory."""
# Two item means closer than this are the same: averages of repeats carry rounding errors.
SAME = 1e-9


def item_deltas(baseline: Array, candidate: Array) -> Array:
    """Candidate minus baseline per item, averaged over repeats first.

    Both are `(..., items, repeats)` with NaN for a repeat without score; the result is `(..., items)`.
    """
    deltas = np.nanmean(candidate, axis=-1) - np.nanmean(baseline, axis=-1)
    return np.where(np.abs(deltas) < SAME, 0.0, deltas)


def paired_p(deltas: Array) -> tuple[Array, Test]:
    """Two-sided p-values of "nothing changed" for a batch `(..., items)`, and the test that gave them.

    Where items move by one or not at all: the exact binomial test of ups against downs (of pass-fail scores from single
    runs that is McNemar's exact test). Otherwise a paired permutation test: under "nothing changed" each item's
    difference could as well have had the other sign.
    """
    flat = deltas.reshape(-1, deltas.shape[-1])
    if np.isin(flat, (-1.0, 0.0, 1.0)).all():
        ups, downs = (flat > 0).sum(axis=-1), (flat < 0).sum(axis=-1)
        values = [_ups_and_downs(int(up), int(down)) for up, down in zip(ups, downs, strict=True)]
        return np.array(values).reshape(deltas.shape[:-1]), "exact binomial"
    moved = (flat != 0).any(axis=0)
    return _sign_flips(flat[:, moved]).reshape(deltas.shape[:-1]), "paired permutation"


@lru_cache(maxsize=10_000)
def _ups_and_downs(up: int, down: int) -> float:
    return float(stats.binomtest(up, up + down, 0.5).pvalue) if up + down else 1.0


def _sign_flips(deltas: Array) -> Array:
    """p-values `(batch,)` of `(batch, items)`; items that moved in no row were left out, they change nothing."""
    if deltas.shape[-1] == 1:
        return np.ones(deltas.shape[0])
    zeros = np.zeros_like(deltas)

    def mean_difference(candidate: Array, baseline: Array, axis: int = -1) -> Array:
        return np.asarray(np.mean(candidate - baseline, axis=axis))

    result = stats.permutation_test(
        (deltas, zeros),
        mean_difference,
        permutation_type="samples",
        vectorized=True,
        n_resamples=RESAMPLES,
        batch=max(1, CELLS // deltas.size),
        axis=-1,
        rng=np.random.default_rng(SEED),
    )
    return np.minimum(np.asarray(result.pvalue, dtype=np.float64), 1.0)


def interval(deltas: Array, confidence: float = 0.95) -> tuple[float, float]:
    """The paired bootstrap interval of the mean difference of `(items,)`: items are drawn, with all their repeats.

    Where no item differs from the others (or only one item exists) the bootstrap has nothing to draw from: the mean
    itself, twice.
    """
    mean = float(np.mean(deltas))
    if deltas.size < 2 or np.ptp(deltas) < SAME:
        return mean, mean
    for method in ("BCa", "percentile"):
        result = stats.bootstrap(
            (deltas,),
            np.mean,
            vectorized=True,
            n_resamples=RESAMPLES,
            batch=max(1, CELLS // deltas.size),
            confidence_level=confidence,
            method=method,
            rng=np.random.default_rng(SEED),
        )
        low, high = float(result.confidence_interval.low), float(result.confidence_interval.high)
        if np.isfinite([low, high]).all():
            return low, high
    return mean, mean


def adjust(p_values: Sequence[float]) -> list[float]:
    """p-values corrected for looking at several scores at once (Holm, 1979: step-down Bonferroni).

    It bounds the family-wise error rate: whatever changed and whatever did not, and however the scores hang together,
    at most 5 % of comparisons call a score changed that is not, at 0.05. scipy has no such correction; its
    Benjamini-Hochberg bounds less, the share of false ones among the scores called changed.
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p)
    stepped = np.minimum(np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1)), 1.0)
    return [float(value) for value in stepped[np.argsort(order)]]


def noise_moves(baseline: Array, candidate: Array) -> tuple[int, int, bool]:
    """How many items would move if nothing had changed: the central 95 % as `(low, high, measured)`.

    `baseline` and `candidate` are `(items, repeats)`. With repeats on a side the noise is *measured*: if nothing has
    changed, the runs of an item could as well have been dealt out to the sides in any other way. Without, the items
    that did move are all there is to know about the noise: the range is what the same chance of moving would give in
    another pair of runs.
    """
    left, right = baseline.shape[-1], candidate.shape[-1]
    if left + right == 2:
        moved, items = int((item_deltas(baseline, candidate) != 0).sum()), baseline.shape[0]
        chance = stats.binom(items, moved / items)
        return int(chance.ppf(0.025)), int(chance.ppf(0.975)), False
    runs = np.concatenate([baseline, candidate], axis=-1)
    draws = min(NOISE_DRAWS, max(200, CELLS // runs.size))
    dealt = np.random.default_rng(SEED).permuted(np.broadcast_to(runs, (draws, *runs.shape)), axis=-1)
    first, second = dealt[..., :left], dealt[..., left:]
    known = ~(np.isnan(first).all(axis=-1) | np.isnan(second).all(axis=-1))
    counts = ((item_deltas(_filled(first), _filled(second)) != 0) & known).sum(axis=-1)
    low, high = np.quantile(counts, (0.025, 0.975), method="inverted_cdf")
    return int(low), int(high), True


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


def smallest_p(items: int) -> float:
    """The smallest p-value that `items` items can give, were each of them to move the same way."""
    return _ups_and_downs(0, items)
