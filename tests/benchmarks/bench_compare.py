"""How far `curator compare` can be trusted: false alarms on runs of unchanged code, power on real drops, speed.

    python tests/benchmarks/bench_compare.py [--pairs 1000] [--json]

Each row also has the naive reading of the same pairs, as a side-by-side view invites it: any item in red is a
regression. With the recorded trials at hand (`../shared/traces`, not part of this repository) it compares those, too.
"""

import argparse
import gzip
import itertools
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

sys.path.insert(0, str(Path(__file__).parents[2]))

from curator.experiments import statistics
from curator.experiments.compare import compare
from tests.experiments.builders import column, make_run, seed_runs

SHARED = Path(__file__).parents[3] / "shared" / "traces"
Draw = Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]]


def judged(items: int, repeats: tuple[int, int], noise: float) -> Draw:
    """An unchanged system under a judge (1–5) that is off by one with the chance `noise`."""

    def draw(rng: np.random.Generator, pairs: int) -> tuple[np.ndarray, np.ndarray]:
        quality = rng.integers(1, 6, size=(pairs, items, 1))
        sides = [
            np.clip(quality + rng.choice([-1, 0, 1], p=[noise / 2, 1 - noise, noise / 2], size=(pairs, items, n)), 1, 5)
            for n in repeats
        ]
        return sides[0].astype(float), sides[1].astype(float)

    return draw


def pass_fail(items: int, repeats: tuple[int, int], drop: float) -> Draw:
    """A flaky agent: every item passes with its own chance (mean about 0.73); the candidate's is `drop` lower."""

    def draw(rng: np.random.Generator, pairs: int) -> tuple[np.ndarray, np.ndarray]:
        chance = np.clip(rng.beta(4, 1.5, size=(pairs, items, 1)), drop, 1)
        before = rng.random((pairs, items, repeats[0])) < chance
        after = rng.random((pairs, items, repeats[1])) < chance - drop
        return before.astype(float), after.astype(float)

    return draw


def broken(items: int, repeats: tuple[int, int], share: float) -> Draw:
    """As `pass_fail`, but a `share` of the items is broken outright and the others are untouched."""

    def draw(rng: np.random.Generator, pairs: int) -> tuple[np.ndarray, np.ndarray]:
        chance = rng.beta(4, 1.5, size=(pairs, items, 1))
        before = rng.random((pairs, items, repeats[0])) < chance
        untouched = np.arange(items)[None, :, None] >= items * share
        after = (rng.random((pairs, items, repeats[1])) < chance) & untouched
        return before.astype(float), after.astype(float)

    return draw


UNCHANGED: dict[str, Draw] = {
    "judge off by one in 10 %, 40 items, 1 run": judged(40, (1, 1), 0.1),
    "judge off by one in 30 %, 40 items, 1 run": judged(40, (1, 1), 0.3),
    "judge off by one in 30 %, 40 items, 4 runs": judged(40, (4, 4), 0.3),
    "judge off by one in 30 %, 40 items, 4 runs against 1": judged(40, (4, 1), 0.3),
    "flaky pass-fail, 50 items, 1 run": pass_fail(50, (1, 1), 0.0),
    "flaky pass-fail, 50 items, 4 runs": pass_fail(50, (4, 4), 0.0),
    "flaky pass-fail, 50 items, 4 runs against 1": pass_fail(50, (4, 1), 0.0),
}
DROPPED: dict[str, Draw] = {
    "20 points lower on 50 items, 1 run": pass_fail(50, (1, 1), 0.2),
    "20 points lower on 50 items, 4 runs": pass_fail(50, (4, 4), 0.2),
    "10 points lower on 50 items, 4 runs": pass_fail(50, (4, 4), 0.1),
    "20 points lower because 14 of 50 items broke, 4 runs": broken(50, (4, 4), 0.275),
}


def rates(draw: Draw, pairs: int, seed: int) -> dict[str, float]:
    """Shares of pairs that are called changed, called worse, and have any red item (of single runs)."""
    before, after = draw(np.random.default_rng(seed), pairs)
    deltas = statistics.item_deltas(before, after)
    p, _ = statistics.paired_p(deltas)
    changed = p < 0.05
    return {
        "changed": float(changed.mean()),
        "worse": float((changed & (deltas.mean(axis=-1) < 0)).mean()),
        "naive": float((after[..., 0] < before[..., 0]).any(axis=-1).mean()),
    }


def families(pairs: int, dropped: int) -> dict[str, float]:
    """Several scores at once: how often is any score called changed that is not, by way of correction?

    Five judged scores of one system over 40 items, 4 runs per side; the first `dropped` of them really fell by a point
    on half of the items.
    """
    rng = np.random.default_rng(29)
    values = []
    for score in range(5):
        before, after = judged(40, (4, 4), 0.3)(rng, pairs)
        if score < dropped:
            after[:, ::2] = np.clip(after[:, ::2] - 1, 1, 5)
        values.append(statistics.paired_p(statistics.item_deltas(before, after))[0])
    p = np.stack(values, axis=-1)
    holm = np.array([statistics.adjust(list(row)) for row in p])
    benjamini_hochberg = stats.false_discovery_control(p, axis=-1)
    same = slice(dropped, None)
    return {
        "holm": float((holm[:, same] < 0.05).any(axis=-1).mean()),
        "benjamini-hochberg": float((benjamini_hochberg[:, same] < 0.05).any(axis=-1).mean()),
        "uncorrected": float((p[:, same] < 0.05).any(axis=-1).mean()),
    }


def within_noise(draw: Draw, pairs: int) -> float:
    """Share of unchanged pairs whose moved items lie in the range that is said to be noise."""
    before, after = draw(np.random.default_rng(41), pairs)
    ranges = [statistics.noise_moves(*sides)[:2] for sides in zip(before, after, strict=True)]
    moved = (statistics.item_deltas(before, after) != 0).sum(axis=-1)
    return float(np.mean([low <= count <= high for (low, high), count in zip(ranges, moved, strict=True)]))


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
        found = compare(runs[left], runs[right])
        yield f"trial {left} against {right}", found.metrics[0].sentence, found.red_items


def main() -> None:
    """Prints one table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pairs", type=int, default=1000)
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    began = time.perf_counter()
    result: dict[str, Any] = {"pairs": chosen.pairs}
    error = 3 * (0.05 * 0.95 / chosen.pairs) ** 0.5
    result["unchanged"] = {name: rates(draw, chosen.pairs, 31) for name, draw in UNCHANGED.items()}
    result["dropped"] = {name: rates(draw, chosen.pairs, 37) for name, draw in DROPPED.items()}
    result["five scores"] = {dropped: families(chosen.pairs, dropped) for dropped in (0, 3)}
    fewer = max(chosen.pairs // 5, 1)
    result["within noise"] = {name: within_noise(draw, fewer) for name, draw in UNCHANGED.items() if "4 runs" in name}
    result["seconds"] = round(time.perf_counter() - began, 1)
    runs = seed_runs()
    began = time.perf_counter()
    seed = compare(*runs)
    result["one comparison of three scores, seconds"] = round(time.perf_counter() - began, 3)
    result["two runs of 40 items"] = {m.name: [m.baseline, m.candidate, m.sentence] for m in seed.metrics}
    result["trials"] = [list(row) for row in trials()] if SHARED.is_dir() else "skipped: ../shared is not there"
    if chosen.json:
        print(json.dumps(result, indent=2))
        return
    print(f"{chosen.pairs} simulated pairs of runs per row; nominal false alarms 5 % (+ {error:.1%} sampling error)\n")
    print(f"{'nothing changed':<56}{'alarms':>9}{'any red item':>14}")
    for name, row in result["unchanged"].items():
        print(f"  {name:<54}{row['changed']:>9.1%}{row['naive']:>14.1%}")
    print(f"\n{'something broke':<56}{'found':>9}{'any red item':>14}")
    for name, row in result["dropped"].items():
        print(f"  {name:<54}{row['worse']:>9.1%}{row['naive']:>14.1%}")
    print(f"\n{'five judged scores at once: any false alarm':<56}{'Holm':>9}{'B.-H.':>9}{'uncorrected':>14}")
    for dropped, row in result["five scores"].items():
        name = "none of them changed" if not dropped else f"{dropped} of them really fell"
        print(f"  {name:<54}{row['holm']:>9.1%}{row['benjamini-hochberg']:>9.1%}{row['uncorrected']:>14.1%}")
    print(f"\n{'nothing changed, repeats':<56}{'moves within the noise that is said':>9}")
    for name, share in result["within noise"].items():
        print(f"  {name:<54}{share:>9.1%}")
    print("\ntwo runs of unchanged code, 40 items (faithfulness, relevance, precision)")
    for name, (before, after, says) in result["two runs of 40 items"].items():
        print(f"  {name:<14}{before:.3f} → {after:.3f}  {says}")
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
