"""Compares two runs: paired by item, with intervals and tests, in words. A red delta is not evidence."""

from collections.abc import Collection, Sequence
from typing import Literal

import numpy as np

from curator.experiments import pairing, statistics
from curator.experiments.pairing import Pairs
from curator.experiments.results import Run
from curator.experiments.variables import Change, changed
from curator.model.base import Value
from curator.model.draft import Problem

ALPHA = 0.05

MetricVerdict = Literal["better", "worse", "no change detected"]


class Metric(Value):
    """One score of two runs."""

    name: str
    kind: Literal["pass-fail", "graded"]
    baseline: float
    candidate: float
    delta: float
    """Candidate minus baseline: the mean over items of the item's difference."""
    ci: tuple[float, float]
    """95 % paired bootstrap interval of the delta."""
    p_value: float
    """Corrected for the number of scores; the verdict rests on it."""
    p_uncorrected: float
    test: str
    verdict: MetricVerdict
    items: int
    moved: int
    """Items whose mean differs between the runs."""
    noise: tuple[int, int]
    """How many items would move if nothing had changed, 95 % range."""
    noise_measured: bool
    """True when repeats measured the noise; else it is estimated from these two runs alone."""
    repeats: tuple[int, int]
    sentence: str

    @property
    def counted(self) -> str:
        """`3 of 40 items moved, expected noise 0–5`."""
        return _counted(self.moved, self.items, self.noise)


class ItemChange(Value):
    """One item that moved in one score."""

    item_id: str
    score: str
    baseline: float
    candidate: float
    delta: float
    p_value: float | None
    """How surprising the move is given the item's own repeats; None for single runs, which cannot tell."""


class Resource(Value):
    """Cost or latency: means over items and the candidate's ratio to the baseline."""

    name: Literal["cost", "latency"]
    baseline: float
    candidate: float
    ratio: float | None
    """None when the baseline is zero."""


class Comparison(Value):
    """What two runs tell."""

    baseline: str
    candidate: str
    items: int
    """Items that both runs share, unchanged."""
    comparable: bool
    problems: tuple[Problem, ...]
    metrics: tuple[Metric, ...]
    changes: tuple[ItemChange, ...]
    """The items that moved, strongest evidence first."""
    red_items: int
    """What a side-by-side view would show: items of the first runs with any score lower than before."""
    variables: tuple[Change, ...]
    resources: tuple[Resource, ...]
    verdict: str
    """The whole in one sentence."""


def compare(baseline: Run, candidate: Run, *, judges: Collection[str] = ()) -> Comparison:
    """Compares two runs item by item.

    `judges` names noisy scores (LLM judges), beside those that the runs themselves name. Not comparable (no metrics,
    and `problems` say why) are runs over different datasets, without common items, the same run twice, and runs that
    are not whole. Different dataset versions: the items that are the same in both are compared, and it says so.
    """
    common = pairing.common_items(baseline, candidate)
    problems = pairing.problems(baseline, candidate, common)
    comparable = not any(problem.blocking for problem in problems)
    metrics: list[Metric] = []
    changes: list[ItemChange] = []
    red: set[str] = set()
    if comparable:
        pairs, more = pairing.pair_scores(baseline, candidate, common)
        problems += more
        if not pairs:
            problems.append(Problem(code="COMPARE_SCORE_MISSING", message="the runs have no score in common."))
            comparable = False
        metrics = _metrics(pairs)
        changes = _changes(pairs)
        red = {item for each in pairs for item in each.first_run_drops()}
        problems += _cautions(pairs, {*judges, *baseline.judges, *candidate.judges})
    variables = changed(baseline, candidate)
    if len(variables) > 1:
        problems.append(_several(variables))
    return Comparison(
        baseline=baseline.label,
        candidate=candidate.label,
        items=len(common),
        comparable=comparable,
        problems=tuple(problems),
        metrics=tuple(metrics),
        changes=tuple(changes),
        red_items=len(red),
        variables=variables,
        resources=_resources(baseline, candidate, common) if comparable else (),
        verdict=_overall(metrics, problems, comparable),
    )


def _metrics(pairs: Sequence[Pairs]) -> list[Metric]:
    tested = []
    for each in pairs:
        deltas = statistics.item_deltas(each.baseline, each.candidate)
        p, test = statistics.paired_p(deltas)
        tested.append((each, deltas, float(p), test))
    corrected = statistics.adjust([p for _, _, p, _ in tested])
    return [
        _metric(each, deltas, p, p_corrected, test)
        for (each, deltas, p, test), p_corrected in zip(tested, corrected, strict=True)
    ]


def _metric(
    pairs: Pairs, deltas: statistics.Array, p_uncorrected: float, p_value: float, test: statistics.Test
) -> Metric:
    delta, moved = float(deltas.mean()), int((deltas != 0).sum())
    low, high, measured = statistics.noise_moves(pairs.baseline, pairs.candidate)
    verdict: MetricVerdict = "no change detected"
    if p_value < ALPHA and delta != 0:
        verdict = "better" if delta > 0 else "worse"
    before, after = pairs.means()
    ci = statistics.interval(deltas)
    counted = _counted(moved, int(deltas.size), (low, high))
    if verdict == "no change detected":
        sentence = f"no change detected: {counted}"
    else:
        sentence = (
            f"{verdict}: {before:.3f} → {after:.3f} ({delta:+.3f}, 95 % interval {ci[0]:+.3f} to {ci[1]:+.3f}, "
            f"{p_words(p_value)}): {counted}"
        )
    return Metric(
        name=pairs.score,
        kind=pairs.kind,
        baseline=before,
        candidate=after,
        delta=delta,
        ci=ci,
        p_value=p_value,
        p_uncorrected=p_uncorrected,
        test="exact McNemar" if test == "exact binomial" and pairs.kind == "pass-fail" else test,
        verdict=verdict,
        items=int(deltas.size),
        moved=moved,
        noise=(low, high),
        noise_measured=measured,
        repeats=(pairs.baseline.shape[-1], pairs.candidate.shape[-1]),
        sentence=sentence,
    )


def p_words(p: float) -> str:
    """`p 0.21`, `p 0.004`, `p < 0.001`."""
    return "p < 0.001" if p < 0.001 else f"p {p:.3f}" if p < 0.1 else f"p {p:.2f}"


def _counted(moved: int, items: int, noise: tuple[int, int]) -> str:
    low, high = noise
    return f"{moved} of {items} items moved, expected noise {f'{low}–{high}' if high > low else low}"


def _changes(pairs: Sequence[Pairs]) -> list[ItemChange]:
    """Items that moved: first those least explained by their own repeats, then the largest moves, then losses."""
    ranked: list[tuple[float, float, ItemChange]] = []
    for each in pairs:
        deltas = statistics.item_deltas(each.baseline, each.candidate)
        evidence = statistics.item_p(each.baseline, each.candidate)
        spread = float(np.abs(deltas).max()) or 1.0
        for index in np.flatnonzero(deltas):
            p = None if evidence is None else float(evidence[index])
            change = ItemChange(
                item_id=each.items[index],
                score=each.score,
                baseline=float(np.nanmean(each.baseline[index])),
                candidate=float(np.nanmean(each.candidate[index])),
                delta=float(deltas[index]),
                p_value=p,
            )
            ranked.append((1.0 if p is None else p, -abs(float(deltas[index])) / spread, change))
    return [change for _, _, change in sorted(ranked, key=_by_evidence)]


def _by_evidence(row: tuple[float, float, ItemChange]) -> tuple[float, float, bool, str, str]:
    p, size, change = row
    return p, size, change.delta > 0, change.item_id, change.score


def _resources(baseline: Run, candidate: Run, common: Sequence[str]) -> tuple[Resource, ...]:
    """Mean cost and latency per item over the common items; left out when a side did not record it."""
    found = []
    names: tuple[Literal["cost"], Literal["latency"]] = ("cost", "latency")
    for name in names:
        before, after = (pairing.mean_resource(run, name, common) for run in (baseline, candidate))
        if before is not None and after is not None:
            ratio = after / before if before else None
            found.append(Resource(name=name, baseline=before, candidate=after, ratio=ratio))
    return tuple(found)


def _cautions(pairs: Sequence[Pairs], judges: Collection[str]) -> list[Problem]:
    problems = []
    smallest = min((each.baseline.shape[0] for each in pairs), default=0)
    if pairs and statistics.smallest_p(smallest) >= ALPHA:
        problems.append(
            Problem(
                code="COMPARE_TOO_FEW",
                message=f"{smallest} items are too few: even if all of them changed, that could be chance.",
                remedy="Add items; repeats do not make up for them.",
                blocking=False,
            )
        )
    single = [p.score for p in pairs if p.score in judges and 1 in (p.baseline.shape[-1], p.candidate.shape[-1])]
    if single:
        problems.append(
            Problem(
                code="COMPARE_SINGLE_RUN",
                message=f"{', '.join(single)}: judged only once per item on a side, so the judge's noise is not known.",
                remedy="Run both sides with --repeat 4.",
                blocking=False,
            )
        )
    return problems


def _several(variables: Sequence[Change]) -> Problem:
    names = ", ".join(change.name for change in variables)
    return Problem(
        code="COMPARE_SEVERAL_VARIABLES",
        message=f"{len(variables)} variables changed together ({names}): a difference cannot be traced to one of them.",
        remedy="Change one variable per experiment to learn which one made the difference.",
        blocking=False,
    )


def _overall(metrics: Sequence[Metric], problems: Sequence[Problem], comparable: bool) -> str:
    if not comparable:
        return f"not comparable: {next(problem.message for problem in problems if problem.blocking)}"
    parts = [
        f"{verdict}: {', '.join(names)}"
        for verdict in ("worse", "better")
        if (names := [metric.name for metric in metrics if metric.verdict == verdict])
    ]
    return "; ".join(parts) or "no change detected"
