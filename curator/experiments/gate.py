"""The release decision: passed only when everything that the rule asks for was seen to hold; else with the reasons."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from pydantic import JsonValue

from curator.experiments.compare import Comparison, compare
from curator.experiments.results import Run
from curator.model.base import Value
from curator.model.draft import Problem
from curator.model.rule import GateScore, GateSpec, Rule

# Means of many ones and zeros carry rounding errors; no threshold is meant that exactly.
EPSILON = 1e-9
LISTED = 5


class Decision(Value):
    """May the candidate be released? `reasons` is empty exactly when `passed`."""

    release_gate: str
    dataset: str
    passed: bool
    required_scores: tuple[str, ...]
    scores: dict[str, float]
    """Means of the required scores over items and repeats; of pass-fail scores, errored items did not pass."""
    reasons: tuple[Problem, ...]
    notes: tuple[str, ...] = ()
    """What was not looked at, and why that does not block."""
    candidate: str
    baseline: str | None = None
    items: int
    errors: int
    dataset_version: datetime | None
    run_name: str
    run_url: str | None
    comparison: Comparison | None = None
    dataset_item_id: str | None = None
    """Of a dataset with a single item, that item."""
    output: dict[str, JsonValue] | None = None
    """Its output, without the answer's text."""

    def document(self) -> dict[str, object]:
        """The JSON document, keys sorted: the seed's keys, and what else a release record should hold."""
        found = self.model_dump(mode="json", exclude={"comparison"})
        for key in ("dataset_item_id", "output"):
            if found[key] is None:
                del found[key]
        found["scores"] = dict(sorted(self.scores.items()))
        if self.comparison is not None:
            found["comparison"] = {
                "verdict": self.comparison.verdict,
                "metrics": [{"name": metric.name, "says": metric.sentence} for metric in self.comparison.metrics],
            }
        return dict(sorted(found.items()))


def decide(rule: Rule, candidate: Run, baseline: Run | None = None, *, notes: Sequence[str] = ()) -> Decision:
    """Decides by the rule's gate. The candidate must have been checked for integrity; a run that was not is blocked.

    `notes` are added to the decision's own.
    """
    gate = rule.gate
    comparison = compare(baseline, candidate, judges=_judges(rule)) if baseline is not None else None
    reasons = [
        *_whole(candidate),
        *_enough(gate, candidate),
        *(reason for score in gate.required for reason in _score(score, candidate)),
    ]
    found = list(notes)
    if baseline is None or comparison is None:
        reasons += _without_baseline(gate, candidate, found)
    else:
        reasons += _against(rule, baseline, candidate, comparison, found)
    means = candidate.means()
    required = tuple(score.name for score in gate.required)
    single = next(iter(candidate.items)) if len(candidate.items) == 1 else None
    return Decision(
        release_gate=gate.name or rule.lineage.rubric,
        dataset=candidate.dataset,
        passed=not reasons,
        required_scores=required,
        scores={name: means[name] for name in required if name in means},
        reasons=tuple(reasons),
        notes=tuple(found),
        candidate=candidate.label,
        baseline=baseline.label if baseline is not None else None,
        items=len(candidate.items),
        errors=len(candidate.errors()),
        dataset_version=candidate.dataset_version,
        run_name=candidate.run_name,
        run_url=candidate.repeats[0].url if candidate.repeats else None,
        comparison=comparison,
        dataset_item_id=single,
        output=_output(rule, candidate, single) if single is not None else None,
    )


def _whole(candidate: Run) -> Iterator[Problem]:
    """The run's own flaws. Scores that were never given are told per required score, below."""
    if not candidate.complete or not candidate.repeats:
        yield _reason("GATE_NOT_WHOLE", "the candidate's run was interrupted.", "Run it again.")
    for repeat in candidate.repeats:
        if repeat.integrity is None:
            yield _reason("GATE_NOT_WHOLE", f"{repeat.run_name}: the server was not asked whether the run is whole.")
            continue
        for problem in repeat.integrity.problems:
            if problem.code == "INTEGRITY_ITEM_ERRORED":
                yield _reason("GATE_ITEM_ERRORED", problem.message, problem.remedy)
            elif problem.code != "INTEGRITY_SCORE_MISSING":
                yield _reason("GATE_NOT_WHOLE", f"{problem.code}: {problem.message}", problem.remedy)


def _enough(gate: GateSpec, candidate: Run) -> Iterator[Problem]:
    if not gate.required:
        yield _reason(
            "GATE_NOTHING_REQUIRED",
            "the rule requires no score, so nothing would be proved.",
            "Name the scores that a release needs under gate.required.",
        )
    if len(candidate.items) < gate.min_items:
        yield _reason(
            "GATE_TOO_FEW_ITEMS",
            f"{len(candidate.items)} items are fewer than the {gate.min_items} that the rule demands.",
            "Promote more failures into the dataset.",
        )


def _score(score: GateScore, candidate: Run) -> Iterator[Problem]:
    table = candidate.table(score.name, list(candidate.items), pass_fail=candidate.is_pass_fail(score.name))
    rows = dict(zip(candidate.items, table, strict=True))
    errored = {item_id for item_id, _ in candidate.errors()}
    missing = [item for item, row in rows.items() if item not in errored and (not row or None in row)]
    if missing:
        yield _reason(
            "GATE_SCORE_MISSING",
            f"the required score {score.name} is missing for {len(missing)} of {len(rows)} items: {_some(missing)}.",
            "A missing score never passes: see why in the result file.",
        )
    means = {item: sum(known) / len(known) for item, row in rows.items() if (known := _known(row))}
    if not means:
        return
    mean = sum(means.values()) / len(means)
    low = [item for item, value in means.items() if value < score.at_least - EPSILON]
    if mean < score.at_least - EPSILON:
        yield _reason(
            "GATE_SCORE_BELOW",
            f"{score.name} is {mean:.3f}, below {score.at_least:.3f}: {_some(low)}.",
            "Look at these items' outputs before deciding anything.",
        )
    unsafe = [item for item, row in rows.items() if any(v < score.at_least - EPSILON for v in _known(row))]
    if score.safety and unsafe:
        yield _reason(
            "GATE_SAFETY",
            f"the safety score {score.name} fails for {_some(unsafe)}; no average makes up for that.",
            "Block the release, and promote the failure as a case of its own.",
        )


def _without_baseline(gate: GateSpec, candidate: Run, notes: list[str]) -> Iterator[Problem]:
    demands = [name for name, limit in _ratios(gate) if limit is not None and _recorded(candidate, name)]
    notes += [
        f"the {name} limit was not looked at: the run recorded no {name}"
        for name, limit in _ratios(gate)
        if limit is not None and name not in demands
    ]
    if gate.no_regression:
        demands.append("regression")
    if demands:
        yield _reason(
            "GATE_NO_BASELINE",
            f"the rule compares with a baseline ({', '.join(demands)}), and none was named.",
            "Name the production run with --baseline.",
        )


def _against(rule: Rule, baseline: Run, candidate: Run, comparison: Comparison, notes: list[str]) -> Iterator[Problem]:
    if _fingerprints(baseline) != _fingerprints(candidate):
        yield _reason(
            "GATE_VERSIONS_DIFFER",
            f"candidate and baseline ran over different dataset versions ({_version(candidate)} and "
            f"{_version(baseline)}); {comparison.items} items are the same in both.",
            "Run both over one version: --dataset-version.",
        )
    elif baseline.dataset_version != candidate.dataset_version:
        notes.append("the dataset versions have different times and the same items")
    for problem in comparison.problems:
        if problem.blocking and problem.code != "COMPARE_VERSIONS":
            yield _reason("GATE_NOT_COMPARABLE", problem.message, problem.remedy)
    if not comparison.comparable:
        return
    yield from _resources(rule.gate, baseline, candidate, comparison, notes)
    if rule.gate.no_regression:
        yield from _regressions(rule, comparison)


def _resources(
    gate: GateSpec, baseline: Run, candidate: Run, comparison: Comparison, notes: list[str]
) -> Iterator[Problem]:
    known: Mapping[str, float | None] = {each.name: each.ratio for each in comparison.resources}
    for name, limit in _ratios(gate):
        if limit is None:
            continue
        if not _recorded(baseline, name) and not _recorded(candidate, name):
            notes.append(f"the {name} limit was not looked at: neither run recorded any {name}")
            continue
        ratio = known.get(name)
        if ratio is None:
            yield _reason(
                f"GATE_{name.upper()}",
                f"the {name} cannot be compared: it is not known for every item of both runs.",
                "Let the task report it, or trace its generations.",
            )
        elif ratio > limit + EPSILON:
            yield _reason(
                f"GATE_{name.upper()}",
                f"the {name} per case is {ratio:.2f} × the baseline's, above the limit of {limit:.2f}.",
                "That needs an explicit product or engineering approval.",
            )


def _regressions(rule: Rule, comparison: Comparison) -> Iterator[Problem]:
    judges = _judges(rule)
    cautions = {problem.code: problem.message for problem in comparison.problems}
    for score in rule.gate.required:
        metric = next((metric for metric in comparison.metrics if metric.name == score.name), None)
        if metric is None:
            yield _reason(
                "GATE_NOT_COMPARABLE",
                f"{score.name} cannot be compared with the baseline, and the rule allows no regression.",
                "See `curator compare` for the reason.",
            )
        elif "COMPARE_TOO_FEW" in cautions:
            yield _reason("GATE_EVIDENCE_THIN", f"{score.name}: {cautions['COMPARE_TOO_FEW']}", "Add items.")
        elif score.name in judges and 1 in metric.repeats:
            yield _reason(
                "GATE_EVIDENCE_THIN",
                f"{score.name} is a judge's score from single runs: that cannot tell a regression from the judge's "
                "noise, and the rule allows no regression.",
                "Run both sides with --repeat 4.",
            )
        elif metric.verdict == "worse":
            yield _reason("GATE_REGRESSION", f"{score.name} is {metric.sentence}.", "See `curator compare`.")


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


def _reason(code: str, message: str, remedy: str = "") -> Problem:
    return Problem(code=code, message=message, remedy=remedy)


def _some(ids: list[str]) -> str:
    shown = ", ".join(sorted(ids)[:LISTED])
    return f"{shown} and {len(ids) - LISTED} more" if len(ids) > LISTED else shown
