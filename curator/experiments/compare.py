"""Compares two runs: paired by item, with intervals and tests, in words. A red delta is not evidence."""

from collections.abc import Collection, Mapping, Sequence
from typing import Literal

import numpy as np

from curator.experiments import pairing, statistics
from curator.experiments.pairing import Change, Pairs, changed
from curator.experiments.results import Run, flaw
from curator.model.base import Value
from curator.model.draft import Problem

MetricVerdict = Literal["better", "worse", "no change detected"]
MARGIN = 0.05
"""The loss, as a share of the scale, that *what next* speaks of when no rule names another."""


class Passes(Value):
    """Pass rates over `k` repeats of an item, baseline and candidate."""

    k: int
    at_least_once: tuple[float, float]
    """pass@k."""
    every_time: tuple[float, float]
    """pass^k."""


class Metric(Value):
    """One score of two runs."""

    name: str
    kind: Literal["pass-fail", "graded"]
    baseline: float
    candidate: float
    delta: float
    """Candidate minus baseline: the mean over items of the item's difference."""
    ci: tuple[float, float]
    """Interval of the delta at level `confidence`; it excludes 0 exactly when the verdict is better or worse."""
    confidence: float
    """0.95, or as much more as the correction for several scores asks of this one."""
    alone: tuple[float, float]
    """95 % interval about this score alone: what `no_worse_than` asks, where every score has to hold anyway."""
    p_value: float
    """Corrected for the number of scores; the verdict rests on it."""
    p_uncorrected: float
    test: str
    verdict: MetricVerdict
    items: int
    clusters: int
    """Independent units among the items: items of one session or group share their fate."""
    moved: int
    """Items whose mean differs between the runs."""
    errored: tuple[int, int]
    """Items that errored in any repeat, baseline and candidate: counted as failed."""
    noise: tuple[int, int] | None
    """How many items would move if nothing had changed, 95 % range; None when one run each says nothing about it."""
    noise_measured: bool
    """True when repeats measured the noise."""
    repeats: tuple[int, int]
    scale: tuple[float, float]
    """Worst and best value."""
    scale_known: bool
    """False when it was only seen in the values."""
    detectable: float
    """The smallest change that a comparison like this one would call changed in 80 % of cases."""
    margin: float
    """The loss that `needed` speaks of, as a share of the scale."""
    needed: statistics.Needed
    """What it takes to exclude that loss, if nothing changed."""
    passes: Passes | None
    """For pass-fail scores with repeats."""
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
    errored: bool = False
    """Whether a run of it errored, on either side."""


class Resource(Value):
    """Cost or latency: means over items and the candidate's ratio to the baseline."""

    name: Literal["cost", "latency"]
    baseline: float
    candidate: float
    ratio: float | None
    """None when the baseline is zero."""
    ci: tuple[float, float] | None
    """95 % interval of the ratio; None for a single item."""


class Comparison(Value):
    """What two runs tell."""

    baseline: str
    candidate: str
    baseline_run: str
    candidate_run: str
    """The runs' names, which say which runs of these labels were compared."""
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
    next: str
    """What to do now, in one sentence."""


def compare_runs(
    baseline: Run,
    candidate: Run,
    *,
    judges: Collection[str] = (),
    scales: Mapping[str, tuple[float, float]] | None = None,
    without: Collection[str] = (),
    margins: Mapping[str, float] | None = None,
) -> Comparison:
    """Compares two runs item by item.

    `judges` names noisy scores (LLM judges) and `scales` the worst and best values of graded ones, beside those that
    the runs themselves name; the items in `without` are left out. `margins` are the losses (shares of the scale) that
    somebody wants excluded, 0.05 where nobody says. Not comparable (no metrics, and `problems` say why)
    are runs over different datasets, without common items, the same run twice, and runs that are not whole. Different
    dataset versions: the items that are the same in both are compared, and it says so.
    """
    common = pairing.common_items(baseline, candidate, without=without)
    problems = list(pairing.problems(baseline, candidate, common))
    comparable = not any(problem.blocking for problem in problems)
    metrics: list[Metric] = []
    changes: list[ItemChange] = []
    red: set[str] = set()
    if comparable:
        pairs, more = pairing.pair_scores(baseline, candidate, common, scales or {})
        problems += more
        if not pairs:
            problems.append(flaw("COMPARE_SCORE_MISSING", "the runs have no score in common.", blocking=True))
            comparable = False
        metrics = _metrics(pairs, margins or {})
        changes = _changes(pairs)
        red = {item for each in pairs for item in each.first_run_drops()}
        problems += _cautions(metrics, {*judges, *baseline.judges, *candidate.judges})
    variables = changed(baseline, candidate)
    if len(variables) > 1:
        names = ", ".join(change.name for change in variables)
        what = f"{len(variables)} variables changed together ({names})"
        problems.append(flaw("COMPARE_SEVERAL_VARIABLES", f"{what}: a difference cannot be traced to one of them."))
    return Comparison(
        baseline=baseline.label,
        candidate=candidate.label,
        baseline_run=baseline.run_name,
        candidate_run=candidate.run_name,
        items=len(common),
        comparable=comparable,
        problems=tuple(problems),
        metrics=tuple(metrics),
        changes=tuple(changes),
        red_items=len(red),
        variables=variables,
        resources=_resources(baseline, candidate, common) if comparable else (),
        verdict=_overall(metrics, problems, comparable),
        next=_next(metrics, changes, problems, comparable),
    )


def _metrics(pairs: Sequence[Pairs], margins: Mapping[str, float]) -> list[Metric]:
    estimates = [_estimates(each) for each in pairs]
    corrected, levels = statistics.adjust([_p(found) for found in estimates])
    return [
        _metric(each, found, p, level, margins.get(each.score, MARGIN))
        for each, found, p, level in zip(pairs, estimates, corrected, levels, strict=True)
    ]


def _estimates(pairs: Pairs) -> list[statistics.Estimate]:
    """The difference; where nobody knows what errors are worth, once for the least and once for the most."""
    return [
        statistics.estimate(statistics.item_deltas(before, after), pairs.span, pairs.groups)
        for before, after in pairs.bounds()
    ]


def _p(found: Sequence[statistics.Estimate]) -> float:
    """The largest p-value of what the errors may be worth; 1 when they decide even the direction."""
    return max(each.p for each in found) if len({each.mean > 0 for each in found}) == 1 else 1.0


def _interval(found: Sequence[statistics.Estimate], alpha: float = statistics.ALPHA) -> tuple[float, float]:
    intervals = [each.interval(alpha) for each in found]
    return min(low for low, _ in intervals), max(high for _, high in intervals)


def _metric(pairs: Pairs, found: Sequence[statistics.Estimate], p_value: float, level: float, margin: float) -> Metric:
    deltas = statistics.item_deltas(pairs.baseline, pairs.candidate)
    delta, moved = float(deltas.mean()), int((deltas != 0).sum())
    noise = statistics.noise_moves(pairs.baseline, pairs.candidate)
    ci = _interval(found, level)
    verdict: MetricVerdict = "worse" if ci[1] < 0 else "better" if ci[0] > 0 else "no change detected"
    before, after = pairs.means()
    counted = _counted(moved, int(deltas.size), noise)
    errored = tuple(int(side.any(axis=1).sum()) for side in pairs.errored)
    crashed = f", {errored[0]} → {errored[1]} errored" if any(errored) else ""
    # The interval's own level is said only where it differs: several scores ask for more than 95 %.
    sure = f"{100 * (1 - level):.4g} % interval"
    return Metric(
        name=pairs.score,
        kind=pairs.kind,
        baseline=before,
        candidate=after,
        delta=delta,
        ci=ci,
        confidence=1 - level,
        alone=_interval(found),
        p_value=p_value,
        p_uncorrected=_p(found),
        test="paired t with two made-up clusters" if pairs.groups else "paired t with two made-up items",
        verdict=verdict,
        items=int(deltas.size),
        clusters=len(set(pairs.groups)) if pairs.groups else int(deltas.size),
        moved=moved,
        errored=(errored[0], errored[1]),
        noise=noise,
        noise_measured=noise is not None,
        repeats=(pairs.baseline.shape[-1], pairs.candidate.shape[-1]),
        scale=pairs.scale,
        scale_known=pairs.declared,
        detectable=max(statistics.detectable(each) for each in found),
        margin=margin,
        needed=statistics.needed(pairs.baseline, pairs.candidate, pairs.span, margin * pairs.span, pairs.groups),
        passes=_passes(pairs),
        sentence=f"{verdict}: {before:.3f} → {after:.3f} ({delta:+.3f}, {sure} {ci[0]:+.3f} to {ci[1]:+.3f}, "
        f"{p_words(p_value)}): {counted}{crashed}",
    )


def foreseen(run: Run) -> dict[str, float]:
    """Score → the smallest change that comparing this run with one like it shows in 80 % of cases."""
    found = {}
    for name in run.score_names():
        if not (numbers := run.numbers(name)):
            continue
        scale = (0.0, 1.0) if run.is_pass_fail(name) else run.scales.get(name) or pairing.seen_scale(numbers)
        table = np.array(run.table(name, list(run.items), errored=scale[0]), dtype=np.float64)
        known = np.asarray(~np.isnan(table).all(axis=1))
        items = [item for item, there in zip(run.items, known, strict=True) if there]
        groups = pairing.groups_of(run, items)
        found[name] = statistics.foreseen(table[known], scale, len(set(groups)) if groups else len(items))
    return found


def needed_words(found: statistics.Needed) -> str:
    """`about 180 items, or 6 repeats of today's`."""
    repeats = f", or {found.repeats} repeats of today's on both sides" if found.repeats else ""
    return f"about {found.items:,} items{repeats}"


def _passes(pairs: Pairs) -> Passes | None:
    k = min(pairs.baseline.shape[-1], pairs.candidate.shape[-1])
    if pairs.kind != "pass-fail" or k < 2:
        return None
    (some, every), (some_now, every_now) = (statistics.passes_of(s, k) for s in (pairs.baseline, pairs.candidate))
    return Passes(k=k, at_least_once=(some, some_now), every_time=(every, every_now))


def p_words(p: float) -> str:
    """`p 0.21`, `p 0.004`, `p < 0.001`."""
    return "p < 0.001" if p < 0.001 else f"p {p:.3f}" if p < 0.1 else f"p {p:.2f}"


def _counted(moved: int, items: int, noise: tuple[int, int] | None) -> str:
    if noise is None:
        return f"{moved} of {items} items moved; one run each: noise unknown, run --repeat 3"
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
                errored=any(bool(side[index].any()) for side in each.errored),
            )
            ranked.append((1.0 if p is None else p, -abs(float(deltas[index])) / spread, change))
    return [change for _, _, change in sorted(ranked, key=_by_evidence)]


def _by_evidence(row: tuple[float, float, ItemChange]) -> tuple[float, float, bool, str, str]:
    p, size, change = row
    return p, size, change.delta > 0, change.item_id, change.score


def _resources(baseline: Run, candidate: Run, common: Sequence[str]) -> tuple[Resource, ...]:
    """Mean cost and latency per item over the items that answered on both sides; left out when a side has none."""
    found = []
    names: tuple[Literal["cost"], Literal["latency"]] = ("cost", "latency")
    for name in names:
        before, after = (pairing.resource_values(run, name, common) for run in (baseline, candidate))
        if before is None or after is None:
            continue
        known = ~(np.isnan(before) | np.isnan(after))
        if not known.any():
            continue
        before, after = before[known], after[known]
        groups = pairing.groups_of(candidate, [item for item, there in zip(common, known, strict=True) if there])
        means = float(before.mean()), float(after.mean())
        estimated = statistics.ratio(before, after, groups) if means[0] > 0 else None
        found.append(
            Resource(
                name=name,
                baseline=means[0],
                candidate=means[1],
                ratio=means[1] / means[0] if means[0] else None,
                ci=estimated[1:] if estimated else None,
            )
        )
    return tuple(found)


def _cautions(metrics: Sequence[Metric], judges: Collection[str]) -> list[Problem]:
    problems = []
    smallest = min((metric.clusters for metric in metrics), default=0)
    if metrics and not statistics.can_tell(smallest):
        what = "items" if smallest == min(metric.items for metric in metrics) else "independent groups of items"
        problems.append(
            flaw(
                "COMPARE_TOO_FEW", f"{smallest} {what} are too few: even if all of them changed, that could be chance."
            )
        )
    single = [metric.name for metric in metrics if metric.name in judges and 1 in metric.repeats]
    if single:
        problems.append(
            flaw(
                "COMPARE_SINGLE_RUN",
                f"{', '.join(single)}: judged only once per item on a side, so the judge's noise is not known.",
            )
        )
    return problems


def _overall(metrics: Sequence[Metric], problems: Sequence[Problem], comparable: bool) -> str:
    if not comparable:
        return f"not comparable: {next(problem.message for problem in problems if problem.blocking)}"
    parts = [
        f"{verdict}: {', '.join(names)}"
        for verdict in ("worse", "better")
        if (names := [metric.name for metric in metrics if metric.verdict == verdict])
    ]
    return "; ".join(parts) or "no change detected"


def _next(
    metrics: Sequence[Metric], changes: Sequence[ItemChange], problems: Sequence[Problem], comparable: bool
) -> str:
    """What to do with this verdict."""
    if not comparable:
        return next((problem.remedy for problem in problems if problem.blocking and problem.remedy), "Run both again.")
    verdicts = {metric.verdict for metric in metrics}
    if "worse" in verdicts:
        lost = dict.fromkeys(change.item_id for change in changes if change.delta < 0)
        return f"Read what became worse first ({', '.join(list(lost)[:3])}), mend the candidate and run it again."
    if "better" in verdicts:
        return "Let `curator gate` decide the release; then approve this run as the new baseline."
    widest = max(metrics, key=lambda metric: -metric.alone[0] / (metric.scale[1] - metric.scale[0]))
    loss = -widest.alone[0]
    if loss <= widest.margin * (widest.scale[1] - widest.scale[0]):
        return f"Nothing speaks against the candidate: a loss of more than {loss:.3f} is excluded. Let the gate decide."
    return (
        f"This evidence is thin: {widest.name} may still have lost up to {loss:.3f}, and a change below "
        f"{widest.detectable:.3f} would mostly stay unseen. To exclude a loss of {100 * widest.margin:g} % of "
        f"the scale, compare {needed_words(widest.needed)}."
    )
