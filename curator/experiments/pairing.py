"""Pairs two runs: which items both share, each score as items × repeats with errors in it, what differs besides."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from pydantic import JsonValue

from curator.experiments.results import Run, flaw
from curator.experiments.statistics import Array
from curator.model.base import Value
from curator.model.draft import Problem

Scale = tuple[float, float]


class Pairs(NamedTuple):
    """One score of both runs. Tables are `(items, repeats)`; NaN where an item has no score."""

    score: str
    kind: Literal["pass-fail", "graded"]
    items: tuple[str, ...]
    baseline: Array
    candidate: Array
    """An errored item has the scale's worst value here."""
    errored: tuple[Array, Array]
    """Where an item errored, baseline and candidate."""
    scale: Scale
    """Worst and best value."""
    declared: bool
    """False when the scale was only seen: then nobody knows what an errored item is worth."""
    groups: tuple[str, ...] | None
    """What each item shares its fate with; None when every item stands alone."""

    @property
    def span(self) -> float:
        """The largest difference that the scale allows."""
        return self.scale[1] - self.scale[0]

    def means(self) -> tuple[float, float]:
        """Mean of the item means, baseline and candidate."""
        return float(np.nanmean(self.baseline, axis=1).mean()), float(np.nanmean(self.candidate, axis=1).mean())

    def bounds(self) -> list[tuple[Array, Array]]:
        """The tables, or, where errors are worth nobody knows what, the two that favour either side most."""
        if self.declared or not any(side.any() for side in self.errored):
            return [(self.baseline, self.candidate)]
        low, high = self.scale
        before, after = self.errored
        return [
            (np.where(before, high, self.baseline), np.where(after, low, self.candidate)),
            (np.where(before, low, self.baseline), np.where(after, high, self.candidate)),
        ]

    def first_run_drops(self) -> list[str]:
        """Items whose score in the candidate's first run is lower than in the baseline's first run."""
        drops = self.candidate[:, 0] < self.baseline[:, 0]
        return [item for item, drop in zip(self.items, drops, strict=True) if drop]


class Change(Value):
    """One variable that differs."""

    name: str
    baseline: JsonValue
    candidate: JsonValue


def common_items(baseline: Run, candidate: Run, *, without: Collection[str] = ()) -> tuple[str, ...]:
    """Ids of the items that both runs have with the same input and expected output, sorted."""
    return tuple(
        sorted(
            item_id
            for item_id, item in baseline.items.items()
            if item_id in candidate.items
            and item_id not in without
            and candidate.items[item_id].fingerprint == item.fingerprint
        )
    )


def problems(baseline: Run, candidate: Run, common: Sequence[str]) -> Iterator[Problem]:
    """What stands against comparing these runs; blocking ones make them not comparable."""
    if baseline.dataset != candidate.dataset:
        message = f"the runs used different datasets ({baseline.dataset} and {candidate.dataset})."
        yield flaw("COMPARE_DATASETS", message)
    elif baseline.dataset_id and candidate.dataset_id and baseline.dataset_id != candidate.dataset_id:
        yield flaw(
            "COMPARE_DATASETS",
            f"the runs used two datasets named {baseline.dataset}: of different projects, or made anew in between.",
            remedy="Name the runs by result file or experiment id when a label means another project's run.",
            blocking=False,
        )
    if _ids(baseline) & _ids(candidate):
        yield flaw("COMPARE_SAME_RUN", "baseline and candidate are the same run.")
    for side, run in (("baseline", baseline), ("candidate", candidate)):
        reasons = [p.message for r in run.repeats if r.integrity for p in r.integrity.problems if p.blocking]
        if not run.complete:
            reasons.insert(0, "it was interrupted")
        if reasons:
            yield flaw(
                "COMPARE_NOT_WHOLE",
                f"the {side} {run.label} is not whole: {reasons[0].rstrip('.')}.",
                # curator's own file has every output and score, whatever became of the mirror in Langfuse.
                blocking=run.source == "langfuse" or not run.complete,
            )
    if not common:
        message = "no item is the same in both runs: their dataset versions have nothing in common."
        yield flaw("COMPARE_VERSIONS", message)
    elif len(common) < max(len(baseline.items), len(candidate.items)):
        yield flaw(
            "COMPARE_VERSIONS",
            f"the dataset versions differ: only the {len(common)} items that are the same in both are compared "
            f"(baseline {len(baseline.items)}, candidate {len(candidate.items)}).",
            remedy="For a release decision run both on one version with --dataset-version.",
            blocking=False,
        )
    yield from errors(baseline, candidate, common)


def errors(baseline: Run, candidate: Run, common: Sequence[str]) -> Iterator[Problem]:
    """Items that errored, side by side: they count as failed on their side, in every score."""
    told = []
    for side, run in (("baseline", baseline), ("candidate", candidate)):
        errored = [(item, why) for item, why in run.errors() if item in set(common)]
        if errored:
            items = sorted({item for item, _ in errored})
            runs = f" in {len(errored)} of {len(common) * len(run.repeats)} runs" if len(run.repeats) > 1 else ""
            told.append(f"{len(items)} of {len(common)} items errored{runs} in the {side} ({errored[0][1]})")
    if told:
        yield flaw("COMPARE_ERRORED", f"{'; '.join(told)}: counted as failed in every score.")


def pair_scores(
    baseline: Run, candidate: Run, common: Sequence[str], scales: Mapping[str, Scale]
) -> tuple[list[Pairs], list[Problem]]:
    """Every score that both runs have and that the same check gave, and what had to be left out."""
    pairs: list[Pairs] = []
    found: list[Problem] = []

    def without(code: str, message: str) -> None:
        found.append(flaw(code, f"{name}: {message}"))

    for name in dict.fromkeys([*baseline.score_names(), *candidate.score_names()]):
        missing = [side for side, run in (("baseline", baseline), ("candidate", candidate)) if run.numbers(name) == []]
        # A side on which every item errored has no score at all, and lost every item.
        if missing and not (len(missing) == 1 and _all_errored({"baseline": baseline}.get(missing[0], candidate))):
            without("COMPARE_SCORE_MISSING", f"the {missing[0]} has no such score.")
            continue
        before, after = baseline.checks.get(name), candidate.checks.get(name)
        if before is not None and after is not None and before != after:
            without("COMPARE_CHECK_CHANGED", "the check changed between the runs, so its scores cannot be compared.")
            continue
        if (pair := _pair(baseline, candidate, name, common, scales)) is None:
            without("COMPARE_SCORE_MISSING", "a side holds texts, which have no mean: it is not compared.")
            continue
        kept = _scored(pair)
        if left := len(common) - len(kept.items):
            what = f"{left} of {len(common)} items have no such score on both sides and are left out."
            without("COMPARE_SCORE_MISSING", what)
        if gaps := sum(int(np.isnan(side).sum()) for side in (kept.baseline, kept.candidate)):
            of = kept.baseline.size + kept.candidate.size
            without(
                "COMPARE_SCORE_MISSING", f"{gaps} of {of} runs of these items have none; their items' others count."
            )
        if not kept.declared and any(side.any() for side in kept.errored):
            between = f"whatever an errored item is worth between {kept.scale[0]:g} and {kept.scale[1]:g}."
            without("COMPARE_SCALE_UNKNOWN", f"nobody said its scale, so its interval holds {between}")
        if kept.items:
            pairs.append(kept)
    return pairs, found


def resource_values(run: Run, name: Literal["cost", "latency"], items: Sequence[str]) -> Array | None:
    """Cost (US dollars) or latency (seconds) per item, NaN where it errored; None unless all others have it."""
    rows: dict[str, list[float]] = {item: [] for item in items}
    for repeat in run.repeats:
        for item in repeat.items:
            if item.item_id in rows and item.error is None:
                value = getattr(item, name)
                if value is None:
                    return None
                rows[item.item_id].append(value)
    values = np.array([np.mean(row) if row else np.nan for row in rows.values()], dtype=np.float64)
    return None if np.isnan(values).all() else values


def groups_of(run: Run, items: Sequence[str]) -> tuple[str, ...] | None:
    """What each item shares its fate with; None when no two items do."""
    # An item of no group stands alone: its own id cannot be the name of a group, which never begins like this.
    names = tuple(run.items[item].group or f"\0{item}" for item in items)
    return names if len(set(names)) < len(names) else None


def changed(baseline: Run, candidate: Run) -> tuple[Change, ...]:
    """Every variable that differs, by name. Declared variables first, then what was observed of the task.

    A different task with the same code behind it is how a declared variable (a prompt label, say) is usually switched:
    it counts on its own only when nothing declared differs.
    """
    names = sorted(baseline.variables.keys() | candidate.variables.keys())
    pairs = [(name, baseline.variables.get(name), candidate.variables.get(name)) for name in names]
    found = [Change(name=name, baseline=left, candidate=right) for name, left, right in pairs if left != right]
    left_task, right_task = baseline.task, candidate.task
    if left_task is not None and right_task is not None:
        if left_task.fingerprint != right_task.fingerprint:
            found.append(
                Change(name="task code", baseline=left_task.fingerprint[:12], candidate=right_task.fingerprint[:12])
            )
        elif left_task.name != right_task.name and not found:
            found.append(Change(name="task", baseline=left_task.name, candidate=right_task.name))
    return tuple(found)


def _pair(baseline: Run, candidate: Run, name: str, common: Sequence[str], scales: Mapping[str, Scale]) -> Pairs | None:
    """The score's tables; None for categories, which have no mean."""
    numbers = [run.numbers(name) for run in (baseline, candidate)]
    if numbers[0] is None or numbers[1] is None:
        return None
    said = scales.get(name) or candidate.scales.get(name) or baseline.scales.get(name)
    pass_fail = said in (None, (0.0, 1.0)) and baseline.is_pass_fail(name) and candidate.is_pass_fail(name)
    scale = (0.0, 1.0) if pass_fail else said or seen_scale([*numbers[0], *numbers[1]])
    tables = [
        np.array(run.table(name, common, errored=scale[0]), dtype=np.float64).reshape(len(common), -1)
        for run in (baseline, candidate)
    ]
    errored = [_errored(run, common) for run in (baseline, candidate)]
    return Pairs(
        score=name,
        kind="pass-fail" if pass_fail else "graded",
        items=tuple(common),
        baseline=tables[0],
        candidate=tables[1],
        errored=(errored[0], errored[1]),
        scale=scale,
        declared=pass_fail or said is not None,
        groups=groups_of(candidate, common),
    )


def seen_scale(values: Sequence[float]) -> Scale:
    """The scale that values seem to be on when no check declares one: 0 to 1, 1 to 5, else from least to most."""
    low, high = min(values), max(values)
    for scale in ((0.0, 1.0), (1.0, 5.0)):
        if scale[0] <= low and high <= scale[1]:
            return scale
    return (low, high) if low < high else (low - max(abs(low), 1.0), high)


def _errored(run: Run, items: Sequence[str]) -> Array:
    sides = [{item.item_id for item in repeat.items if item.error} for repeat in run.repeats]
    return np.array([[item in side for side in sides] for item in items], dtype=bool).reshape(len(items), -1)


def _scored(pairs: Pairs) -> Pairs:
    """Only the items that have a score on both sides."""
    known = np.asarray(~(np.isnan(pairs.baseline).all(axis=1) | np.isnan(pairs.candidate).all(axis=1)))
    if known.all():
        return pairs
    places = np.flatnonzero(known)
    return pairs._replace(
        items=tuple(pairs.items[index] for index in places),
        baseline=pairs.baseline[known],
        candidate=pairs.candidate[known],
        errored=(pairs.errored[0][known], pairs.errored[1][known]),
        groups=tuple(pairs.groups[index] for index in places) if pairs.groups else None,
    )


def _all_errored(run: Run) -> bool:
    return bool(run.repeats) and all(item.error for repeat in run.repeats for item in repeat.items)


def _ids(run: Run) -> set[str]:
    return {repeat.experiment_id for repeat in run.repeats if repeat.experiment_id is not None}
