"""How far `curator compare` and `gate` can be trusted: false alarms, coverage, power, non-inferiority, costs, clusters.

    python -m tests.benchmarks.bench_gate [--pairs 1000] [--json]
    python -m tests.benchmarks.bench_gate --coverage [--pairs 2000]   curator's alone, by world of the grid

Beside each row stand the readings that teams use instead, on the same pairs in the same run: *naive*, any item in red
a regression; the *plain bootstrap* of the items' differences; *McNemar*'s exact test on the first runs. With recorded
trials of one agent at hand (`../shared/traces`, not part of this repository) those are compared, too.
"""

import argparse
import gzip
import itertools
import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from curator.experiments import statistics
from curator.experiments.compare import compare_runs
from tests.experiments.builders import column, make_run, seed_runs

SHARED = Path(__file__).parents[3] / "shared" / "traces"
BOOTSTRAPS = 999
MARGIN = 0.05


class World(NamedTuple):
    """Simulated pairs of runs, `(pairs, items, repeats)` per side, and what is true of them."""

    baseline: np.ndarray
    candidate: np.ndarray
    truth: float
    """The candidate's true mean minus the baseline's."""
    span: float = 1.0
    groups: tuple[str, ...] | None = None


Draw = Callable[[np.random.Generator, int], World]


def flaky(rng: np.random.Generator, pairs: int, *, items: int, repeats: tuple[int, int], drop: float = 0.0) -> World:
    """A flaky agent: every item passes with its own chance (mean 0.73); the candidate's is `drop` lower."""
    chance = np.clip(rng.beta(4, 1.5, size=(pairs, items, 1)), drop, 1)
    before = rng.random((pairs, items, repeats[0])) < chance
    after = rng.random((pairs, items, repeats[1])) < chance - drop
    return World(before.astype(float), after.astype(float), -drop)


def rates(
    rng: np.random.Generator, pairs: int, *, items: int, repeats: int, fails: tuple[float, float], each: str
) -> World:
    """Failure rates of the two sides. `each` item is `broken` for good with that chance (the same items on both sides
    as far as the rates allow), or `flaky`: it fails each time with that chance."""
    shape = (pairs, items, repeats)
    if each == "broken":
        place = rng.random((pairs, items, 1))
        sides = [np.broadcast_to(place >= rate, shape) for rate in fails]
    else:
        sides = [rng.random(shape) >= rate for rate in fails]
    return World(sides[0].astype(float), sides[1].astype(float), fails[0] - fails[1])


def judged(
    rng: np.random.Generator,
    pairs: int,
    *,
    items: int,
    repeats: tuple[int, int],
    noise: float,
    ceiling: float = 0.0,
    broken: float = 0.0,
) -> World:
    """A judge from 1 to 5 that is off by one with the chance `noise`, but never beyond the scale; a share `ceiling` of
    the answers is perfect. The candidate's answer to a share `broken` of the items is worth 1, whatever the judge."""
    quality = np.where(rng.random((pairs, items, 1)) < ceiling, 5, rng.integers(1, 6, size=(pairs, items, 1)))
    sides = [
        np.clip(quality + rng.choice([-1, 0, 1], p=[noise / 2, 1 - noise, noise / 2], size=(pairs, items, n)), 1, 5)
        for n in repeats
    ]
    after = np.where(rng.random((pairs, items, 1)) < broken, 1, sides[1])
    # The expected value of a clipped score: what `noise` loses at one end of the scale it gains at the other.
    mean = ceiling * (5 - noise / 2) + (1 - ceiling) * 3.0
    return World(sides[0].astype(float), after.astype(float), broken * (1 - mean), span=4.0)


def sessions(rng: np.random.Generator, pairs: int, *, count: int, size: int, fails: float) -> World:
    """Unchanged code over items of `count` sessions, `size` items each, that share their fate in each run."""
    fate = [np.repeat(rng.random((pairs, count)) >= fails, size, axis=1)[..., None].astype(float) for _ in range(2)]
    return World(fate[0], fate[1], 0.0, groups=tuple(str(index // size) for index in range(count * size)))


class Read(NamedTuple):
    """What a world's pairs were read as, by way of reading: shares of the pairs."""

    covered: dict[str, float]
    worse: dict[str, float]
    changed: dict[str, float]
    excluded: dict[str, float]
    """Pairs of which a loss of more than 5 % of the scale was excluded."""
    narrowest: float


def intervals(world: World) -> np.ndarray:
    """curator's interval of every pair, `(pairs, 2)`; pairs with the same deltas, in any order, are worked out once."""
    deltas = statistics.item_deltas(world.baseline, world.candidate)
    if world.groups is None:
        deltas, pair = np.unique(np.sort(deltas), axis=0, return_inverse=True)
    else:
        pair = np.arange(len(deltas))
    return np.array([statistics.estimate(row, world.span, world.groups).interval() for row in deltas])[pair.ravel()]


def covers(each: np.ndarray, truth: float) -> float:
    """The share of intervals that hold the truth."""
    exact = 1e-9
    return float(((each[:, 0] <= truth + exact) & (truth - exact <= each[:, 1])).mean())


def read(world: World) -> Read:
    """Reads every pair in each way."""
    deltas = statistics.item_deltas(world.baseline, world.candidate)
    own = intervals(world)
    result = stats.bootstrap(
        (deltas,), np.mean, axis=-1, n_resamples=BOOTSTRAPS, method="percentile", batch=50,
        rng=np.random.default_rng(3),
    )  # fmt: skip
    plain = np.stack([result.confidence_interval.low, result.confidence_interval.high], axis=-1)
    first = world.candidate[..., 0] - world.baseline[..., 0]
    ups, downs = (first > 0).sum(axis=-1), (first < 0).sum(axis=-1)
    test = [stats.binomtest(int(u), int(u + d), 0.5).pvalue if u + d else 1.0 for u, d in zip(ups, downs, strict=True)]
    mcnemar = np.array(test) < 0.05
    limit = -MARGIN * world.span
    ways = {"curator": own, "bootstrap": plain}
    return Read(
        covered={name: covers(each, world.truth) for name, each in ways.items()},
        worse={name: float((each[:, 1] < 0).mean()) for name, each in ways.items()}
        | {"McNemar": float((mcnemar & (downs > ups)).mean()), "naive": float((first < 0).any(axis=-1).mean())},
        changed={name: float(((each[:, 1] < 0) | (each[:, 0] > 0)).mean()) for name, each in ways.items()}
        | {"McNemar": float(mcnemar.mean()), "naive": float((first < 0).any(axis=-1).mean())},
        excluded={name: float((each[:, 0] >= limit).mean()) for name, each in ways.items()}
        | {"McNemar": float((~(mcnemar & (downs > ups))).mean())},
        narrowest=float((own[:, 1] - own[:, 0]).min()),
    )


UNCHANGED: dict[str, Draw] = {
    "flaky agent, 50 items, 1 run": partial(flaky, items=50, repeats=(1, 1)),
    "flaky agent, 50 items, 4 runs": partial(flaky, items=50, repeats=(4, 4)),
    "flaky agent, 50 items, 4 runs against 1": partial(flaky, items=50, repeats=(4, 1)),
    "judge off by one in 30 %, 40 items, 1 run": partial(judged, items=40, repeats=(1, 1), noise=0.3),
    "judge off by one in 30 %, 40 items, 4 runs": partial(judged, items=40, repeats=(4, 4), noise=0.3),
    "judge at the ceiling, 40 items, 4 runs against 1": partial(
        judged, items=40, repeats=(4, 1), noise=0.3, ceiling=0.9
    ),
    "10 sessions of 5 items that share their fate": partial(sessions, count=10, size=5, fails=0.3),
    "20 sessions of 5 items that share their fate": partial(sessions, count=20, size=5, fails=0.3),
}
DROPPED: dict[str, Draw] = {
    "20 points lower, 50 items, 1 run": partial(flaky, items=50, repeats=(1, 1), drop=0.2),
    "20 points lower, 50 items, 4 runs": partial(flaky, items=50, repeats=(4, 4), drop=0.2),
    "10 points lower, 50 items, 4 runs": partial(flaky, items=50, repeats=(4, 4), drop=0.1),
    "10 points lower, 200 items, 4 runs": partial(flaky, items=200, repeats=(4, 4), drop=0.1),
    "8 of 20 cases broke for good": partial(rates, items=20, repeats=1, fails=(0.0, 0.4), each="broken"),
    "every fourth answer worth 1 of 5, 40 items, 4 runs": partial(
        judged, items=40, repeats=(4, 4), noise=0.3, broken=0.25
    ),
}
NON_INFERIOR: dict[str, Draw] = {
    **{
        f"passes 0.9 → 0.7, {n} items": partial(rates, items=n, repeats=1, fails=(0.1, 0.3), each="flaky")
        for n in (10, 20, 50)
    },
    "5 points worse, just what is not allowed, 200 items": partial(
        rates, items=200, repeats=1, fails=(0.05, 0.1001), each="broken"
    ),
    **{
        f"unchanged, fails 2 % of the time, {n} items": partial(
            rates, items=n, repeats=1, fails=(0.02, 0.02), each="flaky"
        )
        for n in (50, 100, 200)
    },
    "unchanged, fails 10 % of the time, 200 items, 4 runs": partial(
        rates, items=200, repeats=4, fails=(0.1, 0.1), each="flaky"
    ),
}


def grid(sizes: tuple[int, ...] = (10, 20, 40, 100, 200)) -> Iterator[tuple[str, Draw]]:
    """The worlds in which intervals have to cover the truth: sizes, rates, repeats, ties, bounds."""
    pairs = ((0.0, 0.0), (0.0, 0.02), (0.0, 0.05), (0.02, 0.1), (0.05, 0.1), (0.1, 0.3), (0.0, 0.5), (0.3, 0.5))
    for items in sizes:
        for fails, each, repeats in itertools.product(pairs, ("broken", "flaky"), (1, 4)):
            name = f"{items} items, fails {fails[0]:.0%} → {fails[1]:.0%}, {each}, {repeats} runs"
            yield name, partial(rates, items=items, repeats=repeats, fails=fails, each=each)
        for noise, ceiling, broken in itertools.product((0.0, 0.3), (0.0, 0.9), (0.0, 0.05, 0.2)):
            for repeats in ((1, 1), (4, 4), (4, 1)):
                name = f"{items} items, judge off in {noise:.0%}, {ceiling:.0%} perfect, {broken:.0%} broke, {repeats}"
                yield name, partial(judged, items=items, repeats=repeats, noise=noise, ceiling=ceiling, broken=broken)


def coverage(pairs: int, sizes: tuple[int, ...] = (10, 20, 40, 100, 200)) -> dict[str, Any]:
    """Of the grid: how often intervals cover the truth, by way, and how narrow curator's narrowest was."""
    rows = [(name, read(draw(np.random.default_rng(43), pairs))) for name, draw in grid(sizes)]
    found: dict[str, Any] = {"cells": len(rows), "narrowest": min(row.narrowest for _, row in rows)}
    for way in ("curator", "bootstrap"):
        worst = min(rows, key=lambda row: row[1].covered[way])
        found[way] = {
            "mean": float(np.mean([row.covered[way] for _, row in rows])),
            "lowest": worst[1].covered[way],
            "where": worst[0],
            "below 93 %": sum(row.covered[way] < 0.93 for _, row in rows),
        }
    return found


def worlds_covered(pairs: int) -> Iterator[tuple[str, float]]:
    """Each world of the grid, and how often curator's interval covers its truth."""
    for number, (name, draw) in enumerate(grid()):
        world = draw(np.random.default_rng(1000 + number), pairs)
        yield name, covers(intervals(world), world.truth)


def costs(pairs: int, items: int, repeats: int, limit: float = 1.1) -> dict[str, float]:
    """How often two sides of equal cost are blocked by a limit, by the interval and by the bare ratio."""
    rng = np.random.default_rng(47)
    typical = rng.lognormal(0, 0.5, size=(pairs, items, 1))
    before, after = ((typical * rng.lognormal(0, 0.5, size=(pairs, items, repeats))).mean(axis=-1) for _ in range(2))
    ratios = [statistics.ratio(b, a) for b, a in zip(before, after, strict=True)]
    return {
        "curator": float(np.mean([found is not None and found[1] > limit for found in ratios])),
        "bare ratio": float((after.sum(axis=-1) / before.sum(axis=-1) > limit).mean()),
        "covered": float(np.mean([found is not None and found[1] <= 1 <= found[2] for found in ratios])),
    }


def families(pairs: int, dropped: int, scores: int = 5) -> dict[str, float]:
    """Several scores at once: how often is any called changed that is not? The first `dropped` of them really fell."""
    rng = np.random.default_rng(29)
    p = []
    for score in range(scores):
        world = judged(rng, pairs, items=40, repeats=(4, 4), noise=0.3, broken=0.4 if score < dropped else 0.0)
        deltas = statistics.item_deltas(world.baseline, world.candidate)
        p.append([statistics.estimate(row, world.span).p for row in deltas])
    values = np.array(p).T
    holm = np.array([statistics.adjust(list(row))[0] for row in values])
    return {
        "Holm": float((holm[:, dropped:] < 0.05).any(axis=-1).mean()),
        "uncorrected": float((values[:, dropped:] < 0.05).any(axis=-1).mean()),
        "found": float((holm[:, :dropped] < 0.05).mean()) if dropped else float("nan"),
    }


def trials() -> Iterator[tuple[str, str, int]]:
    """Each pair of the recorded trials: names, verdict, red items."""
    roots = {}
    with gzip.open(SHARED / "airline.observations.jsonl.gz") as lines:
        for row in map(json.loads, lines):
            if row["isRootObservation"]:
                roots[row["traceId"]] = (row["metadata"]["trial"], row["metadata"]["task_id"])
    values: dict[str, dict[str, float]] = defaultdict(dict)
    with gzip.open(SHARED / "airline.scores.jsonl.gz") as lines:
        for row in map(json.loads, lines):
            trial, task = roots[row["subject"]["id"]]
            values[trial][task] = row["value"]
    tasks = sorted(next(iter(values.values())))
    runs = {t: make_run(t, {"reward": column([v[k] for k in tasks])}, items=tasks) for t, v in values.items()}
    for left, right in itertools.combinations(sorted(runs), 2):
        found = compare_runs(runs[left], runs[right])
        yield f"trial {left} against {right}", found.metrics[0].sentence, found.red_items


def measure(pairs: int) -> dict[str, Any]:
    """Everything, as one document."""
    began = time.perf_counter()

    def of(worlds: dict[str, Draw], seed: int) -> dict[str, Read]:
        return {name: read(draw(np.random.default_rng(seed), pairs)) for name, draw in worlds.items()}

    result: dict[str, Any] = {
        "pairs": pairs,
        "unchanged": {name: row.changed for name, row in of(UNCHANGED, 31).items()},
        "dropped": {name: row.worse for name, row in of(DROPPED, 37).items()},
        "non-inferior": {name: row.excluded for name, row in of(NON_INFERIOR, 41).items()},
        "coverage": coverage(pairs),
        "five scores": {dropped: families(pairs, dropped) for dropped in (0, 3)},
        "costs": {f"{n} items × {k}": costs(pairs, n, k) for n, k in ((10, 1), (40, 1), (40, 4))},
    }
    result["seconds"] = round(time.perf_counter() - began, 1)
    runs = seed_runs()
    began = time.perf_counter()
    seed = compare_runs(*runs)
    result["one comparison of three scores, seconds"] = round(time.perf_counter() - began, 3)
    result["two runs of 40 items"] = {m.name: [m.baseline, m.candidate, m.sentence] for m in seed.metrics}
    result["trials"] = [list(row) for row in trials()] if SHARED.is_dir() else "skipped: ../shared is not there"
    return result


def _table(title: str, rows: dict[str, dict[str, float]], ways: tuple[str, ...]) -> None:
    print(f"\n{title:<58}" + "".join(f"{way:>12}" for way in ways))
    for name, row in rows.items():
        print(f"  {name:<56}" + "".join(f"{row[way]:>12.1%}" for way in ways))


def main() -> None:
    """Prints one table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pairs", type=int, default=1000)
    options.add_argument("--json", action="store_true")
    options.add_argument("--coverage", action="store_true")
    chosen = options.parse_args()
    if chosen.coverage:
        rows = sorted(worlds_covered(chosen.pairs), key=lambda row: row[1])
        for name, share in rows[:20]:
            print(f"{share:>8.2%}  {name}")
        below = sum(share < 0.93 for _, share in rows)
        print(
            f"{len(rows)} worlds, {chosen.pairs} pairs each: below 93 % in {below}, "
            f"mean {np.mean([share for _, share in rows]):.2%}"
        )
        return
    result = measure(chosen.pairs)
    if chosen.json:
        print(json.dumps(result, indent=2))
        return
    error = 3 * (0.05 * 0.95 / chosen.pairs) ** 0.5
    print(f"{chosen.pairs} simulated pairs of runs per row; nominal false alarms 5 % (± {error:.1%} sampling error)")
    ways = ("curator", "bootstrap", "McNemar", "naive")
    _table("nothing changed: called changed", result["unchanged"], ways)
    _table("something broke: called worse", result["dropped"], ways)
    _table("a loss of more than 5 points: let pass", result["non-inferior"], ways[:3])
    found = result["coverage"]
    print(f"\n95 % intervals over a grid of {found['cells']} worlds (narrowest {found['narrowest']:.4f})")
    for way in ("curator", "bootstrap"):
        row = found[way]
        print(
            f"  {way:<12} covers {row['mean']:.1%}, at least {row['lowest']:.1%} ({row['where']}), "
            f"below 93 % in {row['below 93 %']} worlds"
        )
    _table(
        "five judged scores: any false alarm",
        {f"{dropped} of them really fell": row for dropped, row in result["five scores"].items()},
        ("Holm", "uncorrected"),
    )
    _table("equal costs, limit 1.10: blocked", result["costs"], ("curator", "bare ratio", "covered"))
    print("\ntwo runs of unchanged code, 40 items (faithfulness, relevance, precision)")
    for name, (_, _, says) in result["two runs of 40 items"].items():
        print(f"  {name:<14}{says}")
    print("\nfour trials of one agent on the same 50 tasks")
    if isinstance(result["trials"], str):
        print(f"  {result['trials']}")
    else:
        for name, says, red in result["trials"]:
            print(f"  {name}: {says}; red items: {red}")
    print(
        f"\n{result['seconds']} s for all simulated pairs; "
        f"{result['one comparison of three scores, seconds']} s for one comparison of three scores"
    )


if __name__ == "__main__":
    main()
