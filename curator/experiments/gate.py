"""The release decision: passed only when everything that the rule asks for was seen to hold; else with the reasons.

Only *required* items decide (that is every item which nobody excused). A *known* failure and a *quarantined* item are
counted and reported, until the day that was set for them; then they decide again.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Literal, NamedTuple

from pydantic import JsonValue

from curator.experiments.compare import Comparison, Resource, compare_runs, needed_words
from curator.experiments.results import Run, flaw, some
from curator.model.base import Value
from curator.model.draft import Problem
from curator.model.item import ItemState, StoredItem, state_of
from curator.model.rule import GateScore, GateSpec, JudgeBounds, Rule


class Excused(Value):
    """An item that is known to fail, or quarantined, and how it did this time."""

    item_id: str
    state: Literal["known", "quarantined"]
    owner: str | None = None
    issue: str | None = None
    until: date | None = None
    expired: bool
    passes: int
    runs: int

    @property
    def fixed(self) -> bool:
        """Whether it passed every repeat."""
        return self.runs > 0 and self.passes == self.runs


class Decision(Value):
    """May the candidate be released? `reasons` is empty exactly when `passed`."""

    release_gate: str
    dataset: str
    passed: bool
    required_scores: tuple[str, ...]
    scores: dict[str, float]
    """Means of the required scores over required items and repeats; an errored item has the scale's worst value."""
    reasons: tuple[Problem, ...]
    notes: tuple[str, ...] = ()
    """What was not looked at, and why that does not block."""
    candidate: str
    baseline: str | None = None
    baseline_run: str | None = None
    items: int
    required_items: int
    """Items that decide: all but the excused."""
    excused: tuple[Excused, ...] = ()
    errors: int
    errored_items: tuple[str, ...] = ()
    dataset_version: datetime | None
    run_name: str
    run_url: str | None
    comparison: Comparison | None = None
    next: str
    """What to do now, in one sentence."""
    dataset_item_id: str | None = None
    """Of a dataset with a single item, that item."""
    output: dict[str, JsonValue] | None = None
    """Its output, without the answer's text."""

    @property
    def fixed(self) -> tuple[str, ...]:
        """Known failures that passed every repeat: propose them as required."""
        return tuple(each.item_id for each in self.excused if each.state == "known" and each.fixed)

    def document(self) -> dict[str, object]:
        """The JSON document, keys sorted: the seed's keys, and what else a release record should hold."""
        found = self.model_dump(mode="json", exclude={"comparison"})
        for key in ("dataset_item_id", "output"):
            if found[key] is None:
                del found[key]
        found["scores"] = dict(sorted(self.scores.items()))
        found["fixed"] = list(self.fixed)
        if self.comparison is not None:
            found["comparison"] = {
                "verdict": self.comparison.verdict,
                "metrics": [
                    {"name": m.name, "verdict": m.verdict, "delta": m.delta, "ci": m.alone, "says": m.sentence}
                    for m in self.comparison.metrics
                ],
                "resources": [each.model_dump(mode="json") for each in self.comparison.resources],
            }
        return dict(sorted(found.items()))


class Proven(NamedTuple):
    """What is known of a judge, for the check's present fingerprint."""

    n: int
    tpr: float
    tnr: float
    """Lower bounds of the 95 % intervals."""

    def meets(self, bounds: JudgeBounds) -> bool:
        """Whether it may decide a release: the one place that says so."""
        return self.n >= bounds.min_n and self.tpr >= bounds.tpr and self.tnr >= bounds.tnr


UNPROVEN = Proven(0, 0.0, 0.0)


class _Case(NamedTuple):
    """What a decision is made from."""

    rule: Rule
    candidate: Run
    required: tuple[str, ...]
    """Ids of the items that decide."""
    scores: tuple[GateScore, ...]
    """The scores that decide."""
    baseline: Run | None
    comparison: Comparison | None
    notes: list[str]


def decide(
    rule: Rule,
    candidate: Run,
    baseline: Run | None = None,
    *,
    items: Iterable[StoredItem] = (),
    judges: Mapping[str, Proven] | None = None,
    notes: Sequence[str] = (),
    today: date | None = None,
) -> Decision:
    """Decides by the rule's gate. The candidate must have been checked for integrity; a run that was not is blocked.

    `items` are the dataset's of now: they say who is excused. `judges` is what is known of the rule's judges; `notes`
    are added to the decision's own.
    """
    gate = rule.gate
    said = list(notes)
    scores = tuple(score for score in gate.required if _votes(rule, score, judges or {}, said))
    excused = _excused(gate, candidate, items, today or datetime.now(UTC).date(), said)
    required = tuple(item for item in candidate.items if item not in {each.item_id for each in excused})
    scales = {check.name: check.scale for check in rule.checks if check.scale}
    comparison = (
        compare_runs(
            baseline,
            candidate,
            judges=_judges(rule),
            scales=scales,
            without=[each.item_id for each in excused],
            margins={score.name: margin for score in scores if (margin := gate.margin(score)) is not None},
        )
        if baseline is not None
        else None
    )
    case = _Case(rule, candidate, required, scores, baseline, comparison, said)
    reasons = [
        *_whole(candidate),
        *_errored(case),
        *_enough(case),
        *(reason for score in scores for reason in _score(score, case)),
        *_expired(candidate.dataset, excused),
        *(_against(case) if baseline is not None else _without_baseline(case)),
    ]
    means = candidate.means(required)
    single = next(iter(candidate.items)) if len(candidate.items) == 1 else None
    return Decision(
        release_gate=gate.name or rule.lineage.rubric,
        dataset=candidate.dataset,
        passed=not reasons,
        required_scores=tuple(score.name for score in gate.required),
        scores={score.name: means[score.name] for score in gate.required if score.name in means},
        reasons=tuple(reasons),
        notes=tuple(said),
        candidate=candidate.label,
        baseline=baseline.label if baseline is not None else None,
        baseline_run=baseline.run_name if baseline is not None else None,
        items=len(candidate.items),
        required_items=len(required),
        excused=tuple(excused),
        errors=len(candidate.errors()),
        errored_items=tuple(dict.fromkeys(item_id for item_id, _ in candidate.errors())),
        dataset_version=candidate.dataset_version,
        run_name=candidate.run_name,
        run_url=candidate.repeats[0].url if candidate.repeats else None,
        comparison=comparison,
        next=_next(reasons, excused),
        dataset_item_id=single,
        output=_output(rule, candidate, single) if single is not None else None,
    )


def outcomes(scores: Collection[GateScore], run: Run, items: Sequence[str]) -> dict[str, tuple[bool, ...]]:
    """Item id → passed or not, per repeat: it did not error, and every one of `scores` is there and met."""
    by_repeat = [repeat.by_item() for repeat in run.repeats]

    def passed(item_id: str, number: int) -> bool:
        item = by_repeat[number].get(item_id)
        if item is None or item.error or not scores:
            return False
        values = [(score, found.value) for score in scores if (found := item.scores.get(score.name))]
        return len(values) == len(scores) and all(
            isinstance(value, bool | int | float) and score.met_by(float(value)) for score, value in values
        )

    return {item_id: tuple(passed(item_id, number) for number in range(len(by_repeat))) for item_id in items}


# ── who decides ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _votes(rule: Rule, score: GateScore, judges: Mapping[str, Proven], notes: list[str]) -> bool:
    """Whether a score decides: every one but a judge's that has not shown what the rule asks of judges."""
    bounds = rule.gate.judges
    if bounds is None or score.name not in _judges(rule):
        return True
    proven = judges.get(score.name, UNPROVEN)
    if proven.meets(bounds):
        return True
    notes.append(
        f"the judge {score.name} does not decide: {proven.n} of its scores were held against a person's "
        f"({bounds.min_n} needed), true positive rate at least {proven.tpr:.2f} ({bounds.tpr:.2f} needed), true "
        f"negative rate at least {proven.tnr:.2f} ({bounds.tnr:.2f} needed); see `curator judges`"
    )
    return False


def _excused(
    gate: GateSpec, candidate: Run, items: Iterable[StoredItem], today: date, notes: list[str]
) -> list[Excused]:
    states: dict[str, ItemState] = {}
    for item in items:
        if item.id not in candidate.items:
            continue
        if (state := state_of(item.metadata)) is None:
            notes.append(f"the gate state of {item.id} is malformed, so it is required: see `curator explain gate`")
        elif state.state != "required":
            states[item.id] = state
    fared = outcomes(gate.required, candidate, list(states))
    return [
        Excused(
            item_id=item_id,
            state="known" if state.state == "known" else "quarantined",
            owner=state.owner,
            issue=state.issue,
            until=state.until,
            expired=state.expired(today),
            passes=sum(fared[item_id]),
            runs=len(fared[item_id]),
        )
        for item_id, state in sorted(states.items())
    ]


def _expired(dataset: str, excused: Sequence[Excused]) -> Iterator[Problem]:
    for each in excused:
        if each.expired and not each.fixed:
            owner = f" ({each.owner})" if each.owner else ""
            yield flaw(
                "GATE_EXPIRED",
                f"{each.item_id} was excused as {each.state} until {each.until}{owner} and passes {each.passes} of "
                f"{each.runs} runs.",
                remedy=f"Fix it, or excuse it anew: `curator {'known' if each.state == 'known' else 'quarantine'} "
                f"{dataset} {each.item_id} …`.",
            )


# ── the run itself ──────────────────────────────────────────────────────────────────────────────────────────────────


def _whole(candidate: Run) -> Iterator[Problem]:
    """The run's own flaws. Scores that were never given are told per required score, errors by item."""
    if not candidate.complete or not candidate.repeats:
        yield flaw("GATE_NOT_WHOLE", "the candidate's run was interrupted.")
    for repeat in candidate.repeats:
        if repeat.integrity is None:
            yield flaw(
                "GATE_NOT_WHOLE", f"{repeat.run_name}: the server was not asked whether the run is whole.", remedy=""
            )
            continue
        for problem in repeat.integrity.problems:
            if problem.code not in ("INTEGRITY_SCORE_MISSING", "INTEGRITY_ITEM_ERRORED"):
                yield flaw("GATE_NOT_WHOLE", f"{problem.code}: {problem.message}", remedy=problem.remedy)


def _errored(case: _Case) -> Iterator[Problem]:
    errors = [(item, why) for item, why in case.candidate.errors() if item in set(case.required)]
    if errors:
        items = list(dict.fromkeys(item for item, _ in errors))
        yield flaw(
            "GATE_ITEM_ERRORED",
            f"{len(items)} of {len(case.required)} items errored: {some(items)} ({errors[0][1]}); "
            "they count as failed.",
        )


def _enough(case: _Case) -> Iterator[Problem]:
    if not case.scores:
        yield flaw("GATE_NOTHING_REQUIRED", "no score decides, so nothing would be proved.")
    if len(case.required) < case.rule.gate.min_items:
        yield flaw(
            "GATE_TOO_FEW_ITEMS",
            f"{len(case.required)} items that decide are fewer than the {case.rule.gate.min_items} that the rule "
            "demands.",
        )


def _score(score: GateScore, case: _Case) -> Iterator[Problem]:
    run = case.candidate
    table = run.table(score.name, list(case.required), errored=run.worst(score.name))
    rows = dict(zip(case.required, table, strict=True))
    errored = {item_id for item_id, _ in run.errors()}
    missing = [item for item, row in rows.items() if item not in errored and (not row or None in row)]
    if missing:
        yield flaw(
            "GATE_SCORE_MISSING",
            f"the required score {score.name} is missing, or outside its scale, for {len(missing)} of {len(rows)} "
            f"items: {some(missing)}.",
        )
    means = {item: sum(known) / len(known) for item, row in rows.items() if (known := _known(row))}
    if not means:
        return
    mean = sum(means.values()) / len(means)
    low = [item for item, value in means.items() if not score.met_by(value)]
    if not score.met_by(mean):
        yield flaw("GATE_SCORE_BELOW", f"{score.name} is {mean:.3f}, below {score.at_least:.3f}: {some(low)}.")
    unsafe = [item for item, row in rows.items() if any(not score.met_by(value) for value in _known(row))]
    if score.safety and unsafe:
        yield flaw(
            "GATE_SAFETY", f"the safety score {score.name} fails for {some(unsafe)}; no average makes up for that."
        )


# ── against the baseline ────────────────────────────────────────────────────────────────────────────────────────────


def _without_baseline(case: _Case) -> Iterator[Problem]:
    gate = case.rule.gate
    demands = [name for name, limit in _ratios(gate) if limit is not None and _recorded(case.candidate, name)]
    case.notes.extend(
        f"the {name} limit was not looked at: no baseline was named, and the run recorded no {name}"
        for name, limit in _ratios(gate)
        if limit is not None and name not in demands
    )
    if any(gate.margin(score) is not None for score in case.scores):
        demands.append("regression")
    if gate.no_case_may_regress:
        demands.append("cases that passed")
    if demands:
        yield flaw("GATE_NO_BASELINE", f"the rule compares with a baseline ({', '.join(demands)}), and none was named.")


def _against(case: _Case) -> Iterator[Problem]:
    baseline, candidate, comparison = case.baseline, case.candidate, case.comparison
    assert baseline is not None
    assert comparison is not None
    if _fingerprints(baseline) != _fingerprints(candidate):
        yield flaw(
            "GATE_VERSIONS_DIFFER",
            f"candidate and baseline ran over different dataset versions ({_version(candidate)} and "
            f"{_version(baseline)}); {comparison.items} items are the same in both.",
        )
    elif baseline.dataset_version != candidate.dataset_version:
        case.notes.append("the dataset versions have different times and the same items")
    for problem in comparison.problems:
        if problem.blocking and problem.code != "COMPARE_VERSIONS":
            yield flaw("GATE_NOT_COMPARABLE", problem.message, remedy=problem.remedy)
    if not comparison.comparable:
        return
    yield from _resources(case, comparison)
    for score in case.scores:
        if (margin := case.rule.gate.margin(score)) is not None:
            yield from _no_worse(case, score, margin, comparison)
    if case.rule.gate.no_case_may_regress:
        yield from _cases(case, baseline)


def _resources(case: _Case, comparison: Comparison) -> Iterator[Problem]:
    known: dict[str, Resource] = {each.name: each for each in comparison.resources}
    for name, limit in _ratios(case.rule.gate):
        if limit is None:
            continue
        if (found := known.get(name)) is None or found.ratio is None:
            yield flaw(
                f"GATE_{name.upper()}", f"the {name} cannot be compared: it is not known for every item of both runs."
            )
        # One item has no interval; its own ratio is all the evidence there is.
        elif (found.ci[0] if found.ci else found.ratio) > limit * (1 + 1e-9):
            shown = f" (95 % interval {found.ci[0]:.2f} to {found.ci[1]:.2f})" if found.ci else ""
            yield flaw(
                f"GATE_{name.upper()}",
                f"the {name} per case is {found.ratio:.2f} × the baseline's{shown}, above the limit of {limit:.2f}.",
                remedy="That needs an explicit product or engineering approval.",
            )
        elif found.ci and found.ci[1] > limit:
            case.notes.append(
                f"the {name} per case is {found.ratio:.2f} × the baseline's, by chance anything from {found.ci[0]:.2f} "
                f"to {found.ci[1]:.2f}: no evidence that it exceeds {limit:.2f}, none that it does not"
            )


def _no_worse(case: _Case, score: GateScore, margin: float, comparison: Comparison) -> Iterator[Problem]:
    """Non-inferiority: the evidence has to exclude a loss beyond the margin."""
    metric = next((metric for metric in comparison.metrics if metric.name == score.name), None)
    if metric is None:
        yield flaw(
            "GATE_NOT_COMPARABLE",
            f"{score.name} cannot be compared with the baseline, and the rule allows no regression.",
        )
        return
    loss, allowed = -metric.alone[0], margin * (metric.scale[1] - metric.scale[0])
    if score.name in _judges(case.rule) and 1 in metric.repeats:
        yield flaw(
            "GATE_EVIDENCE_THIN",
            f"{score.name} is a judge's score from single runs: that cannot tell a regression from the judge's "
            "noise, and the rule allows no regression.",
        )
    elif loss > allowed and metric.verdict == "worse":
        yield flaw("GATE_REGRESSION", f"{score.name} is {metric.sentence}.")
    elif loss > allowed:
        yield flaw(
            "GATE_EVIDENCE_THIN",
            f"{score.name} may have lost up to {loss:.3f} ({metric.baseline:.3f} → {metric.candidate:.3f}, 95 % "
            f"interval {metric.alone[0]:+.3f} to {metric.alone[1]:+.3f} over {metric.items} items), and the rule "
            f"allows {allowed:.3g}. If nothing changed, {needed_words(metric.needed)} would show it.",
            remedy="Add items, or run both sides with more --repeat.",
        )


def _cases(case: _Case, baseline: Run) -> Iterator[Problem]:
    """Items that passed every repeat in the baseline and fail every repeat now."""
    now = outcomes(case.scores, case.candidate, case.required)
    before = outcomes(case.scores, baseline, [item for item in case.required if item in baseline.items])
    lost = [item for item, passed in before.items() if passed and all(passed) and not any(now[item])]
    if lost:
        yield flaw(
            "GATE_CASE_REGRESSED", f"{len(lost)} items that passed in the baseline fail every run now: {some(lost)}."
        )


def _next(reasons: Sequence[Problem], excused: Sequence[Excused]) -> str:
    if not reasons:
        fixed = [each.item_id for each in excused if each.state == "known" and each.fixed]
        if fixed:
            return f"Release it; {some(fixed)} passed every run and can be required again: `curator require`."
        return "Release it; `curator baseline approve` keeps this run as what the next one is held against."
    codes = {reason.code for reason in reasons}
    if codes == {"GATE_EVIDENCE_THIN"}:
        return "Nothing looks worse, but the evidence is too thin: gather what the reasons name, then decide again."
    return reasons[0].remedy or "Mend what the reasons name, then decide again."


def _output(rule: Rule, candidate: Run, item_id: str) -> dict[str, JsonValue] | None:
    """The single item's output without long text: what a release note needs of it."""
    item = candidate.repeats[0].by_item().get(item_id) if candidate.repeats else None
    if item is None or not isinstance(item.output, dict):
        return None
    answers = {"answer"} | {check.path.removeprefix("$.") for check in rule.checks if check.path}
    return {key: value for key, value in sorted(item.output.items()) if key not in answers and _short(value)}


def _short(value: JsonValue) -> bool:
    return value is None or isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) <= 80)


def _ratios(gate: GateSpec) -> tuple[tuple[str, float | None], ...]:
    return (("cost", gate.max_cost_ratio), ("latency", gate.max_latency_ratio))


def _recorded(run: Run, name: str) -> bool:
    return any(getattr(item, name) is not None for repeat in run.repeats for item in repeat.items)


def _judges(rule: Rule) -> set[str]:
    return {check.name for check in rule.checks if check.judge}


def _fingerprints(run: Run) -> dict[str, str]:
    return {item_id: item.fingerprint for item_id, item in run.items.items()}


def _version(run: Run) -> str:
    return run.dataset_version.isoformat() if run.dataset_version else "unknown"


def _known(row: list[float | None]) -> list[float]:
    return [value for value in row if value is not None]
