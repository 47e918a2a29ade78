"""Pairs two runs: which items both share unchanged, and each score as a table of items × repeats."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from curator.experiments.results import Run
from curator.experiments.statistics import Array
from curator.model.draft import Problem


class Pairs(NamedTuple):
    """One score of both runs. Tables are `(items, repeats)`; NaN where an item has no score."""

    score: str
    kind: Literal["pass-fail", "graded"]
    items: tuple[str, ...]
    baseline: Array
    candidate: Array

    def means(self) -> tuple[float, float]:
        """Mean of the item means, baseline and candidate."""
        return float(np.nanmean(self.baseline, axis=1).mean()), float(np.nanmean(self.candidate, axis=1).mean())

    def first_run_drops(self) -> list[str]:
        """Items whose score in the candidate's first run is lower than in the baseline's first run."""
        drops = self.candidate[:, 0] < self.baseline[:, 0]
        return [item for item, drop in zip(self.items, drops, strict=True) if drop]


def common_items(baseline: Run, candidate: Run) -> tuple[str, ...]:
    """Ids of the items that both runs have with the same input and expected output, sorted."""
    return tuple(
        sorted(
            item_id
            for item_id, item in baseline.items.items()
            if item_id in candidate.items and candidate.items[item_id].fingerprint == item.fingerprint
        )
    )


def problems(baseline: Run, candidate: Run, common: Sequence[str]) -> list[Problem]:
    """What stands against comparing these runs; blocking ones make them not comparable."""
    found = []
    if baseline.dataset != candidate.dataset:
        found.append(
            _problem(
                "COMPARE_DATASETS",
                f"the runs used different datasets ({baseline.dataset} and {candidate.dataset}).",
                "Compare runs over one dataset.",
            )
        )
    elif baseline.dataset_id and candidate.dataset_id and baseline.dataset_id != candidate.dataset_id:
        found.append(
            _problem(
                "COMPARE_DATASETS",
                f"the runs used two datasets named {baseline.dataset}: of different projects, or made anew in between.",
                "Name the runs by result file or experiment id when a label means another project's run.",
                blocking=False,
            )
        )
    if _ids(baseline) & _ids(candidate):
        found.append(
            _problem("COMPARE_SAME_RUN", "baseline and candidate are the same run.", "Name two different runs.")
        )
    for side, run in (("baseline", baseline), ("candidate", candidate)):
        reasons = [p.message for r in run.repeats if r.integrity for p in r.integrity.problems if p.blocking]
        if not run.complete:
            reasons.insert(0, "it was interrupted")
        if reasons:
            found.append(
                _problem(
                    "COMPARE_NOT_WHOLE",
                    f"the {side} {run.label} is not whole: {reasons[0].rstrip('.')}.",
                    "Run it again; `curator explain integrity` says what makes a run whole.",
                    # curator's own file has every output and score, whatever became of the mirror in Langfuse.
                    blocking=run.source == "langfuse" or not run.complete,
                )
            )
    most = max(len(baseline.items), len(candidate.items))
    if not common:
        found.append(
            _problem(
                "COMPARE_VERSIONS",
                "no item is the same in both runs: their dataset versions have nothing in common.",
                "Run the baseline again on the candidate's version with --dataset-version.",
            )
        )
    elif len(common) < most:
        found.append(
            _problem(
                "COMPARE_VERSIONS",
                f"the dataset versions differ: only the {len(common)} items that are the same in both are compared "
                f"(baseline {len(baseline.items)}, candidate {len(candidate.items)}).",
                "For a release decision run both on one version with --dataset-version.",
                blocking=False,
            )
        )
    return found


def pair_scores(baseline: Run, candidate: Run, common: Sequence[str]) -> tuple[list[Pairs], list[Problem]]:
    """Every score that both runs have and that the same check gave, and what had to be left out."""
    pairs: list[Pairs] = []
    found: list[Problem] = []
    names = list(dict.fromkeys([*baseline.score_names(), *candidate.score_names()]))
    for name in names:
        missing = [side for side, run in (("baseline", baseline), ("candidate", candidate)) if not _has(run, name)]
        if missing:
            found.append(
                _problem("COMPARE_SCORE_MISSING", f"{name}: the {missing[0]} has no such score.", blocking=False)
            )
            continue
        if _judged_differently(baseline, candidate, name):
            found.append(
                _problem(
                    "COMPARE_CHECK_CHANGED",
                    f"{name}: the check itself changed between the runs, so its scores cannot be compared.",
                    "Run the baseline again with today's rule.",
                    blocking=False,
                )
            )
            continue
        if (pair := _pair(baseline, candidate, name, common)) is None:
            continue
        kept = _scored(pair)
        if len(kept.items) < len(common):
            found.append(
                _problem(
                    "COMPARE_SCORE_MISSING",
                    f"{name}: {len(common) - len(kept.items)} of {len(common)} items have no such score on both sides "
                    "and are left out.",
                    blocking=False,
                )
            )
        if kept.items:
            pairs.append(kept)
    return pairs, found


def mean_resource(run: Run, name: Literal["cost", "latency"], items: Sequence[str]) -> float | None:
    """Mean of the cost (US dollars) or latency (seconds) per item; None unless every item that ran has it."""
    values = [
        getattr(item, name)
        for repeat in run.repeats
        for item in repeat.items
        if item.item_id in set(items) and item.error is None
    ]
    if not values or any(value is None for value in values):
        return None
    return float(np.mean(values))


def _pair(baseline: Run, candidate: Run, name: str, common: Sequence[str]) -> Pairs | None:
    """The score's tables; None for categories, which have no mean."""
    if baseline.numbers(name) is None or candidate.numbers(name) is None:
        return None
    # For graded scores no number would be fair to an item that errored: it is left out, and that is said.
    pass_fail = baseline.is_pass_fail(name) and candidate.is_pass_fail(name)
    tables = [np.array(run.table(name, common, pass_fail=pass_fail), dtype=np.float64) for run in (baseline, candidate)]
    return Pairs(name, "pass-fail" if pass_fail else "graded", tuple(common), tables[0], tables[1])


def _scored(pairs: Pairs) -> Pairs:
    """Only the items that have a score on both sides."""
    known = np.asarray(~(np.isnan(pairs.baseline).all(axis=1) | np.isnan(pairs.candidate).all(axis=1)))
    items = tuple(pairs.items[index] for index in np.flatnonzero(known))
    return pairs._replace(items=items, baseline=pairs.baseline[known], candidate=pairs.candidate[known])


def _has(run: Run, name: str) -> bool:
    return run.numbers(name) != []


def _judged_differently(baseline: Run, candidate: Run, name: str) -> bool:
    before, after = baseline.checks.get(name), candidate.checks.get(name)
    return before is not None and after is not None and before != after


def _ids(run: Run) -> set[str]:
    return {repeat.experiment_id for repeat in run.repeats if repeat.experiment_id is not None}


def _problem(code: str, message: str, remedy: str = "", *, blocking: bool = True) -> Problem:
    return Problem(code=code, message=message, remedy=remedy, blocking=blocking)
