"""Judges against people: how often a judge's score says what a person said of the same trace. No model is called."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np
from scipy import stats

from curator.experiments.checks.base import CHECK
from curator.experiments.gate import UNPROVEN, Proven
from curator.experiments.pairing import seen_scale
from curator.experiments.results import Run
from curator.gateway import Gateway
from curator.model.base import Value
from curator.model.rule import CheckSpec, GateScore, Rule
from curator.model.trace import Score

LOOK_BACK = timedelta(days=180)

Interval = tuple[float, float]
_Subject = tuple[str | None, str | None, str]
"""Trace, observation, name of a score."""


class Disagreement(Value):
    """One trace of which judge and person think differently."""

    trace_id: str
    observation_id: str | None
    judge: float | str
    person: float | str


class Judge(Value):
    """One judge, held against people. A good answer is one whose score reaches `at_least`."""

    name: str
    human: str
    """Name of the people's score."""
    n: int
    """Traces (or observations) that both scored."""
    at_least: float
    good: int
    """How many of them people called good."""
    tpr: float | None
    """Of the answers that people called good, the share that the judge called good."""
    tnr: float | None
    """Of the answers that people called bad, the share that the judge called bad."""
    kappa: float | None
    """Cohen's kappa: agreement beyond what their shares of good answers would give by chance."""
    intervals: dict[str, Interval | None]
    """95 % intervals of tpr, tnr (Wilson) and kappa."""
    disagreements: tuple[Disagreement, ...]
    fingerprint: str | None = None
    """The check whose scores were counted; None when it was not asked for, and all of that name were."""


class _Pair(NamedTuple):
    judge: Score
    person: Score


def measure(
    gateway: Gateway,
    *,
    rule: Rule | None = None,
    since: datetime | None = None,
    fingerprints: Mapping[str, str] | None = None,
) -> list[Judge]:
    """Every judge that a person's score can be held against: a rule's, or every evaluator of the project.

    `fingerprints` (check name → fingerprint) counts only scores that this version of the check gave. Raises
    GatewayError.
    """
    since = since or datetime.now(UTC) - LOOK_BACK
    checks = {check.name: check for check in rule.checks if check.judge} if rule else None
    humans = list(dict.fromkeys(check.human or name for name, check in checks.items())) if checks is not None else None
    people = _latest(gateway.scores(from_=since, names=humans, source="ANNOTATION"))
    traces = list(dict.fromkeys(score.trace_id for score in people.values() if score.trace_id))
    judged = [s for s in gateway.scores(trace_ids=traces) if s.source != "ANNOTATION"] if traces else []
    found = []
    for name in dict.fromkeys(score.name for score in judged):
        check = checks.get(name) if checks is not None else None
        if checks is not None and check is None:
            continue
        fingerprint = (fingerprints or {}).get(name)
        own = [s for s in judged if s.name == name and (check is not None or s.source == "EVAL")]
        if fingerprint is not None:
            own = [s for s in own if s.metadata.get(CHECK) == fingerprint]
        human = check.human if check is not None and check.human else name
        if pairs := _pairs(_latest(own), {key: score for key, score in people.items() if score.name == human}):
            found.append(_judge(name, human, pairs, _threshold(name, rule, check, pairs), fingerprint))
    return sorted(found, key=lambda each: each.name)


def _pairs(judged: Mapping[_Subject, Score], people: Mapping[_Subject, Score]) -> list[_Pair]:
    """Scores of one judge and one person's name about the same thing.

    The SDK puts an experiment's scores on the trace's root observation, a person's score is often on the trace: where
    each side has a single one in a trace, and one of them is about the whole of it, they are about the same.
    """
    alone = Counter(score.trace_id for score in judged.values())
    by_trace: dict[str | None, list[Score]] = {}
    for score in people.values():
        by_trace.setdefault(score.trace_id, []).append(score)
    found = []
    for (trace_id, observation_id, _), score in judged.items():
        there = by_trace.get(trace_id, [])
        exact = [each for each in there if each.observation_id == observation_id]
        if not exact and alone[trace_id] == len(there) == 1 and None in (observation_id, there[0].observation_id):
            exact = there
        found += [_Pair(score, each) for each in exact]
    return found


def proven(gateway: Gateway, rule: Rule, run: Run | None = None) -> dict[str, Proven]:
    """What is known of each judge of a rule: of its check as it was in the run, else of every version of it.

    A judge whose scores nobody scored beside it is there with nothing. Raises GatewayError.
    """
    names = {check.name for check in rule.checks if check.judge}
    prints = {name: run.checks.get(name, "unknown") for name in names} if run is not None else None
    known = {each.name: each for each in measure(gateway, rule=rule, fingerprints=prints)} if names else {}
    return {name: _lower_bounds(known[name]) if name in known else UNPROVEN for name in sorted(names)}


def _lower_bounds(judge: Judge) -> Proven:
    tpr, tnr = ((judge.intervals[name] or (0.0, 1.0))[0] for name in ("tpr", "tnr"))
    return Proven(judge.n, tpr, tnr)


def agreement(
    judge: Sequence[bool], person: Sequence[bool]
) -> tuple[dict[str, float | None], dict[str, Interval | None]]:
    """tpr, tnr and kappa of equally long lists of "good", and their 95 % intervals; None where nothing can be said."""
    table = np.array(
        [[sum(p == x and j == y for p, j in zip(person, judge, strict=True)) for y in (1, 0)] for x in (1, 0)]
    )
    values: dict[str, float | None] = {}
    intervals: dict[str, Interval | None] = {}
    for name, hits, of in (("tpr", table[0, 0], table[0].sum()), ("tnr", table[1, 1], table[1].sum())):
        values[name] = float(hits / of) if of else None
        interval = stats.binomtest(int(hits), int(of)).proportion_ci(method="wilson") if of else None
        intervals[name] = (float(interval.low), float(interval.high)) if interval else None
    from statsmodels.stats.inter_rater import cohens_kappa

    one_sided = 0 in table.sum(axis=0) and 0 in table.sum(axis=1)
    values["kappa"] = None if one_sided else float(cohens_kappa(table, return_results=False))
    # Half a trace more in each cell: perfect agreement on ten traces is no proof of perfect agreement.
    spread = cohens_kappa(table + 0.5)
    intervals["kappa"] = None if one_sided else (max(float(spread.kappa_low), -1.0), min(float(spread.kappa_upp), 1.0))
    return values, intervals


def _judge(name: str, human: str, pairs: Sequence[_Pair], at_least: GateScore, fingerprint: str | None) -> Judge:
    judged, people = ([_good(each[side], at_least) for each in pairs] for side in (0, 1))
    values, intervals = agreement(judged, people)
    differing = [pair for pair, j, p in zip(pairs, judged, people, strict=True) if j != p]
    return Judge(
        name=name,
        human=human,
        n=len(pairs),
        at_least=at_least.at_least,
        good=sum(people),
        tpr=values["tpr"],
        tnr=values["tnr"],
        kappa=values["kappa"],
        intervals=intervals,
        disagreements=tuple(
            Disagreement(
                trace_id=pair.judge.trace_id or "",
                observation_id=pair.judge.observation_id,
                judge=_shown(pair.judge),
                person=_shown(pair.person),
            )
            for pair in differing
        ),
        fingerprint=fingerprint,
    )


def _threshold(name: str, rule: Rule | None, check: CheckSpec | None, pairs: Sequence[_Pair]) -> GateScore:
    """What counts as good: the gate's threshold; else 1 of pass-fail scores, and the middle of a graded scale."""
    for score in rule.gate.required if rule else ():
        if score.name == name:
            return score
    values = [float(v) for pair in pairs for each in pair if isinstance(v := each.value, bool | int | float)]
    low, high = check.scale if check is not None and check.scale else seen_scale(values or [0.0, 1.0])
    return GateScore(name=name, at_least=1.0 if set(values) <= {0.0, 1.0} else (low + high) / 2)


def _good(score: Score, at_least: GateScore) -> bool:
    """Categories are good when they say so."""
    if isinstance(score.value, str):
        return score.value.strip().lower() in ("good", "pass", "passed", "correct", "true", "yes")
    return score.value is not None and at_least.met_by(float(score.value))


def _shown(score: Score) -> float | str:
    return score.value if isinstance(score.value, str) else float(score.value or 0)


def _latest(scores: Iterable[Score]) -> dict[_Subject, Score]:
    """The newest score of each subject and name."""
    found: dict[_Subject, Score] = {}
    for score in sorted(scores, key=lambda score: score.timestamp):
        if score.trace_id is not None and score.data_type not in ("TEXT", "CORRECTION"):
            found[score.trace_id, score.observation_id, score.name] = score
    return found
