"""Collects signals from scores, levels and annotation queues, each source asked once for all rules."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from curator.model.failure import Signal
from curator.model.rule import Rule, SignalRule
from curator.model.trace import Observation, Score
from curator.queue.entries import entry_signal, traces_of_observations, wanted_queues
from curator.queue.plan import counts, score_queries, signal_of
from curator.queue.window import Window

if TYPE_CHECKING:
    from curator.gateway import Gateway

Say = Callable[[str], None]


@dataclass
class Gathered:
    """Signals by trace, and what is not yet known to belong to a trace."""

    candidates: set[str] = field(default_factory=set)
    """Traces of everything that was looked at, whether it counts or not."""
    by_trace: dict[str, list[Signal]] = field(default_factory=lambda: defaultdict(list))
    by_session: dict[str, list[Signal]] = field(default_factory=lambda: defaultdict(list))
    by_observation: dict[str, list[Signal]] = field(default_factory=lambda: defaultdict(list))
    roots: dict[str, Observation] = field(default_factory=dict)
    """Root observations that came along."""
    truncated: bool = False


def gather(
    gateway: "Gateway", rules: Sequence[Rule], window: Window, *, limit: int | None, progress: Say, note: Say
) -> Gathered:
    """All signals of the rules in the window, by trace. With `limit`, each source stops at that many traces.

    Annotation-queue entries come whatever their age: the server cannot select them by time. Raises GatewayError.
    """
    found = Gathered()
    _from_scores(gateway, rules, window, found, limit, progress)
    _from_levels(gateway, rules, window, found, limit, progress)
    _from_entries(gateway, rules, found, progress, note)
    _resolve_observations(gateway, found)
    _resolve_sessions(gateway, found)
    found.candidates |= found.by_trace.keys()
    return found


def _from_scores(
    gateway: "Gateway", rules: Sequence[Rule], window: Window, found: Gathered, limit: int | None, progress: Say
) -> None:
    conditions = [(rule, signal) for rule in rules for signal in rule.queue.signals]
    done: set[tuple[str, str]] = set()
    for query in score_queries(rules):
        matched: set[str] = set()
        scores = gateway.scores(from_=window.since, to=window.until, **query.parameters())
        for number, score in enumerate(scores, 1):
            if number % 100 == 0:
                progress(f"{number} scores")
            if score.trace_id is not None:
                found.candidates.add(score.trace_id)
            for rule, condition in conditions:
                # One score is one reason of a rule, however many conditions it fulfils.
                if (rule.rule, score.id) not in done and counts(condition, score):
                    done.add((rule.rule, score.id))
                    _add_score(found, score, condition, rule.rule)
                    matched.add(score.trace_id or score.session_id or "")
            if limit is not None and len(matched) >= limit:
                found.truncated = True
                break


def _add_score(found: Gathered, score: Score, condition: SignalRule, rule: str) -> None:
    signal = signal_of(condition, score, rule)
    if score.trace_id is not None:
        found.by_trace[score.trace_id].append(signal)
    elif score.session_id is not None:
        found.by_session[score.session_id].append(signal)


def _from_levels(
    gateway: "Gateway", rules: Sequence[Rule], window: Window, found: Gathered, limit: int | None, progress: Say
) -> None:
    wanted = [(rule.rule, s.level) for rule in rules for s in rule.queue.signals if s.level is not None]
    if not wanted:
        return
    levels = sorted({level for _, level in wanted})
    chosen: dict[tuple[str, str], Observation] = {}
    traces: set[str] = set()
    for number, one in enumerate(gateway.observations(levels=levels, from_=window.since, to=window.until), 1):
        if number % 1000 == 0:
            progress(f"{number} observations")
        if limit is not None and one.trace_id not in traces and len(traces) >= limit:
            found.truncated = True
            break
        traces.add(one.trace_id)
        key = (one.trace_id, one.level)
        # An error climbs up to the root; the one that says why, and started last, is nearest to the cause.
        if key not in chosen or _nearness(one) > _nearness(chosen[key]):
            chosen[key] = one
    for (trace_id, level), one in chosen.items():
        for rule, wanted_level in dict.fromkeys(wanted):
            if wanted_level == level:
                found.by_trace[trace_id].append(
                    Signal(
                        kind="level",
                        name=level,
                        value=one.name,
                        source="TRACE",
                        comment=one.status_message,
                        timestamp=one.start_time,
                        observation_id=one.id,
                        rule=rule,
                    )
                )


def _nearness(one: Observation) -> tuple[bool, bool, float]:
    return one.status_message is not None, not one.is_root, one.start_time.timestamp()


def _from_entries(gateway: "Gateway", rules: Sequence[Rule], found: Gathered, progress: Say, note: Say) -> None:
    wanted: dict[str, list[str]] = defaultdict(list)
    for rule in rules:
        for condition in rule.queue.signals:
            if condition.annotation_queue is not None and rule.rule not in wanted[condition.annotation_queue]:
                wanted[condition.annotation_queue].append(rule.rule)
    if not wanted:
        return
    progress("annotation queues")
    queues = wanted_queues(gateway.annotation_queues(), wanted)
    for name in wanted.keys() - {queue.name for queue in queues}:
        note(f"Rule {', '.join(wanted[name])} names the annotation queue {name!r}, which this project does not have.")
    for queue in queues:
        for entry in gateway.queue_entries(queue):
            for rule_name in wanted[queue.name]:
                if entry.object_type == "OBSERVATION":
                    signal = entry_signal(entry, rule_name, entry.object_id)
                    found.by_observation[entry.object_id].append(signal)
                elif entry.object_type == "SESSION":
                    found.by_session[entry.object_id].append(entry_signal(entry, rule_name))
                else:
                    found.by_trace[entry.object_id].append(entry_signal(entry, rule_name))


def _resolve_observations(gateway: "Gateway", found: Gathered) -> None:
    """Signals of observations become signals of their traces; a deleted observation stands for its own trace."""
    traces = traces_of_observations(gateway, list(found.by_observation))
    for observation_id, signals in found.by_observation.items():
        found.by_trace[traces.get(observation_id, observation_id)] += signals


def _resolve_sessions(gateway: "Gateway", found: Gathered) -> None:
    """Signals of sessions become signals of each of their traces; a deleted session stands for a trace of its own."""
    gone = set(found.by_session)
    for root in gateway.observations(session_ids=list(found.by_session), roots_only=True):
        if root.session_id not in found.by_session:
            continue
        gone.discard(root.session_id)
        known = found.roots.get(root.trace_id)
        if known is None:
            found.by_trace[root.trace_id] += found.by_session[root.session_id]
        if known is None or root.start_time < known.start_time:
            found.roots[root.trace_id] = root
    for session_id in gone:
        found.by_trace[session_id] += found.by_session[session_id]
