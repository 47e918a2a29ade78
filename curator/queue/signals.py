"""Why something is a failure: signals from scores, from levels of observations, from annotation-queue entries.

The queue works them out for a whole window, a promotion for the trace at hand; both do it here.
"""

import math
from collections.abc import Iterable, Iterator, Sequence

from curator.model.failure import Signal, SignalKind
from curator.model.rule import Rule, SignalRule
from curator.model.trace import Observation, QueueEntry, Score, Trace


def signals_of(
    trace: Trace, rule: Rule, *, session_scores: Sequence[Score] = (), entries: Sequence[Signal] = ()
) -> tuple[Signal, ...]:
    """The signals of a trace under a rule, oldest first: scores, levels, and open annotation-queue entries.

    `session_scores` are the scores of the trace's session, `entries` its open entries in any annotation queue.
    """
    scores = [signal for score in (*trace.scores, *session_scores) for signal in of_score(score, [rule])]
    levels = list(of_levels(trace.observations, [rule]))
    queues = {condition.annotation_queue for condition in rule.queue.signals}
    mine = [one.model_copy(update={"rule": rule.rule}) for one in entries if one.name in queues]
    return in_order(dict.fromkeys([*scores, *levels, *mine]))


def in_order(signals: Iterable[Signal]) -> tuple[Signal, ...]:
    """Signals, oldest first; those without a time last."""
    return tuple(sorted(signals, key=lambda one: (one.timestamp.timestamp() if one.timestamp else math.inf, one.name)))


def of_score(score: Score, rules: Iterable[Rule]) -> Iterator[Signal]:
    """What a score is under the rules: at most one signal for each, however many of its conditions are fulfilled."""
    for rule in rules:
        for condition in rule.queue.signals:
            if counts(condition, score):
                yield signal_of(condition, score, rule.rule)
                break


def of_levels(observations: Iterable[Observation], rules: Sequence[Rule]) -> Iterator[Signal]:
    """One signal for each trace, level and rule, of the observation that is nearest to the cause.

    An error climbs up to the root; the one that says why, and started last, is nearest.
    """
    wanted = dict.fromkeys((r.rule, c.level) for r in rules for c in r.queue.signals if c.level is not None)
    levels = {level for _, level in wanted}
    chosen: dict[tuple[str, str], Observation] = {}
    for one in observations:
        key = (one.trace_id, one.level)
        if one.level in levels and (key not in chosen or _nearness(one) > _nearness(chosen[key])):
            chosen[key] = one
    for (_, level), one in chosen.items():
        for rule, wanted_level in wanted:
            if wanted_level == level:
                yield Signal(
                    kind="level",
                    name=level,
                    value=one.name,
                    source="TRACE",
                    comment=one.status_message,
                    timestamp=one.start_time,
                    observation_id=one.id,
                    rule=rule,
                )


def _nearness(one: Observation) -> tuple[bool, bool, float]:
    return one.status_message is not None, not one.is_root, one.start_time.timestamp()


def of_entry(entry: QueueEntry, rule: str, observation_id: str | None = None) -> Signal:
    """The signal that an annotation-queue entry gives."""
    return Signal(
        kind="queue",
        name=entry.queue_name,
        source="QUEUE",
        timestamp=entry.created_at,
        observation_id=observation_id,
        queue_entry_id=entry.id,
        queue_id=entry.queue_id,
        rule=rule,
    )


def reviewed_id(signal: Signal, root_id: str | None) -> str | None:
    """The observation that was reviewed by itself, so that it is a failure of its own; None for the whole trace.

    A level only says where an error showed; a review of the root is one of the trace.
    """
    return None if signal.kind == "level" or signal.observation_id == root_id else signal.observation_id


def wants_session_scores(rule: Rule) -> bool:
    """Whether the rule looks at scores of sessions."""
    return any(condition.on == "session" for condition in rule.queue.signals)


def wants_entries(rule: Rule) -> bool:
    """Whether the rule looks at annotation queues."""
    return any(condition.annotation_queue is not None for condition in rule.queue.signals)


def counts(signal: SignalRule, score: Score) -> bool:
    """Whether a score fulfils a rule's condition."""
    if score.own or score.subject == "experiment":
        return False
    if signal.annotation:
        return score.source == "ANNOTATION"
    if signal.score != score.name or (signal.on == "session") != (score.subject == "session"):
        return False
    if signal.source is not None and signal.source != score.source:
        return False
    value = score.value
    if signal.in_ is not None:
        return isinstance(value, str) and score.data_type == "CATEGORICAL" and value in signal.in_
    if signal.is_ is not None:
        return score.data_type == "BOOLEAN" and bool(value) is signal.is_
    if score.data_type != "NUMERIC" or isinstance(value, str | None):
        return False
    return (
        (signal.below is not None and value < signal.below)
        or (signal.at_most is not None and value <= signal.at_most)
        or (signal.above is not None and value > signal.above)
        or (signal.at_least is not None and value >= signal.at_least)
    )


def signal_of(condition: SignalRule, score: Score, rule: str) -> Signal:
    """The signal that a score is under a condition of a rule that it fulfils."""
    kind: SignalKind = "annotation" if condition.annotation else "session" if score.subject == "session" else "score"
    return Signal(
        kind=kind,
        name=score.name,
        value=score.value,
        source=score.source,
        annotator=score.author_user_id,
        comment=score.comment,
        timestamp=score.timestamp,
        observation_id=score.observation_id,
        queue_id=score.queue_id,
        rule=rule,
    )
