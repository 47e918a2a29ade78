"""Why a trace that is at hand is a failure of a rule: the signals that go into its lineage."""

from collections.abc import Sequence

from curator.model import Observation, Score, Signal, Trace
from curator.model.rule import Rule
from curator.queue.plan import counts, signal_of


def signals_of(
    trace: Trace, rule: Rule, *, session_scores: Sequence[Score] = (), entries: Sequence[Signal] = ()
) -> tuple[Signal, ...]:
    """The signals of a trace under a rule, oldest first: scores, levels, and open annotation-queue entries.

    `session_scores` are the scores of the trace's session, `entries` its open entries in any annotation queue.
    """
    found: list[Signal] = []
    taken: set[str] = set()
    for condition in rule.queue.signals:
        for score in (*trace.scores, *session_scores):
            # One score is one reason, however many conditions it fulfils.
            if score.id not in taken and counts(condition, score):
                taken.add(score.id)
                found.append(signal_of(condition, score, rule.rule))
        if condition.level is not None and (one := _nearest(trace, condition.level)) is not None:
            found.append(
                Signal(
                    kind="level",
                    name=one.level,
                    value=one.name,
                    source="TRACE",
                    comment=one.status_message,
                    timestamp=one.start_time,
                    observation_id=one.id,
                    rule=rule.rule,
                )
            )
        if condition.annotation_queue is not None:
            wanted = [entry for entry in entries if entry.name == condition.annotation_queue]
            found += [entry.model_copy(update={"rule": rule.rule}) for entry in wanted]
    return tuple(sorted(dict.fromkeys(found), key=lambda signal: (str(signal.timestamp), signal.name)))


def wants_session_scores(rule: Rule) -> bool:
    """Whether the rule looks at scores of sessions."""
    return any(condition.on == "session" for condition in rule.queue.signals)


def wants_entries(rule: Rule) -> bool:
    """Whether the rule looks at annotation queues."""
    return any(condition.annotation_queue is not None for condition in rule.queue.signals)


def _nearest(trace: Trace, level: str) -> Observation | None:
    """The observation nearest to the cause: an error climbs up to the root, the one that says why started last."""
    marked = [one for one in trace.observations if one.level == level]
    return max(
        marked,
        key=lambda one: (one.status_message is not None, not one.is_root, one.start_time),
        default=None,
    )
