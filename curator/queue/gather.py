"""Collects signals from scores, levels and annotation queues, each source asked once for all rules."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from curator.model.failure import Signal
from curator.model.rule import Rule
from curator.model.trace import Observation
from curator.queue.entries import observations_of
from curator.queue.plan import score_queries
from curator.queue.signals import of_entry, of_levels, of_score
from curator.queue.window import Window

if TYPE_CHECKING:
    from curator.gateway import Gateway

Say = Callable[[str], None]
Subject = tuple[str, str | None]
"""Trace id, and the id of an observation that was reviewed by itself."""


@dataclass
class Gathered:
    """Signals by what they are about."""

    looked_at: set[Subject] = field(default_factory=set)
    """Everything that was looked at, whether it counts or not."""
    by_subject: dict[Subject, list[Signal]] = field(default_factory=lambda: defaultdict(list))
    by_session: dict[str, list[Signal]] = field(default_factory=lambda: defaultdict(list))
    observations: dict[str, Observation] = field(default_factory=dict)
    """Reviewed observations, by their ids."""
    truncated: bool = False


def gather(
    gateway: "Gateway", rules: Sequence[Rule], window: Window, *, limit: int | None, progress: Say, note: Say
) -> Gathered:
    """All signals of the rules in the window, by subject. With `limit`, each source stops at that many.

    Annotation-queue entries come whatever their age: the server cannot select them by time. Raises GatewayError.
    """
    found = Gathered()
    _from_scores(gateway, rules, window, found, limit, progress)
    _from_levels(gateway, rules, window, found, limit, progress)
    queued = _from_entries(gateway, rules, found, progress, note)
    _add_observations(gateway, found, queued)
    found.looked_at |= found.by_subject.keys()
    return found


def _from_scores(
    gateway: "Gateway", rules: Sequence[Rule], window: Window, found: Gathered, limit: int | None, progress: Say
) -> None:
    done: set[tuple[str, str]] = set()
    for query in score_queries(rules):
        matched: set[str] = set()
        scores = gateway.scores(from_=window.since, to=window.until, **query.parameters())
        for number, score in enumerate(scores, 1):
            if number % 100 == 0:
                progress(f"{number} scores")
            if score.trace_id is not None:
                found.looked_at.add((score.trace_id, score.observation_id))
            for signal in of_score(score, rules):
                # Queries overlap: one score is one reason of a rule.
                if (signal.rule, score.id) in done:
                    continue
                done.add((signal.rule, score.id))
                matched.add(score.trace_id or score.session_id or "")
                if score.trace_id is not None:
                    found.by_subject[score.trace_id, score.observation_id].append(signal)
                elif score.session_id is not None:
                    found.by_session[score.session_id].append(signal)
            if limit is not None and len(matched) >= limit:
                found.truncated = True
                break


def _from_levels(
    gateway: "Gateway", rules: Sequence[Rule], window: Window, found: Gathered, limit: int | None, progress: Say
) -> None:
    levels = sorted({s.level for rule in rules for s in rule.queue.signals if s.level is not None})
    traces: set[str] = set()

    def marked() -> Iterator[Observation]:
        for number, one in enumerate(gateway.observations(levels=levels, from_=window.since, to=window.until), 1):
            if number % 1000 == 0:
                progress(f"{number} observations")
            if limit is not None and one.trace_id not in traces and len(traces) >= limit:
                found.truncated = True
                return
            traces.add(one.trace_id)
            found.looked_at.add((one.trace_id, None))
            by_id[one.id] = one
            yield one

    by_id: dict[str, Observation] = {}
    for signal in of_levels(marked(), rules) if levels else ():
        found.by_subject[by_id[signal.observation_id or ""].trace_id, None].append(signal)


def _from_entries(
    gateway: "Gateway", rules: Sequence[Rule], found: Gathered, progress: Say, note: Say
) -> dict[str, list[Signal]]:
    """Signals of traces and sessions go to their place; those of observations are returned, by observation id."""
    wanted: dict[str, list[str]] = defaultdict(list)
    queued: dict[str, list[Signal]] = defaultdict(list)
    for rule in rules:
        for condition in rule.queue.signals:
            if condition.annotation_queue is not None and rule.rule not in wanted[condition.annotation_queue]:
                wanted[condition.annotation_queue].append(rule.rule)
    if not wanted:
        return queued
    progress("annotation queues")
    queues = [queue for queue in gateway.annotation_queues() if queue.name in wanted]
    for name in wanted.keys() - {queue.name for queue in queues}:
        note(f"Rule {', '.join(wanted[name])} names the annotation queue {name!r}, which this project does not have.")
    for queue in queues:
        for entry in gateway.queue_entries(queue):
            for rule_name in wanted[queue.name]:
                if entry.object_type == "OBSERVATION":
                    queued[entry.object_id].append(of_entry(entry, rule_name, entry.object_id))
                elif entry.object_type == "SESSION":
                    found.by_session[entry.object_id].append(of_entry(entry, rule_name))
                else:
                    found.by_subject[entry.object_id, None].append(of_entry(entry, rule_name))
    return queued


def _add_observations(gateway: "Gateway", found: Gathered, queued: dict[str, list[Signal]]) -> None:
    """Fetches what was reviewed by itself; a queued observation that is gone stands for a trace of its own."""
    scored = {observation for _, observation in found.by_subject if observation is not None}
    found.observations = observations_of(gateway, sorted(scored | queued.keys()))
    for observation_id, signals in queued.items():
        one = found.observations.get(observation_id)
        found.by_subject[(one.trace_id, one.id) if one else (observation_id, None)] += signals
