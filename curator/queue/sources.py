"""What stands behind the signals: traces with the root that stands for them, sessions, reviewed observations."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from curator.model.failure import Failure, Signal
from curator.model.rule import Filters, Rule
from curator.model.trace import EXPERIMENT_ENVIRONMENT, Observation, is_named, main_root
from curator.queue.gather import Gathered, Subject

if TYPE_CHECKING:
    from curator.gateway import Gateway


class Sources:
    """The traces, sessions and observations behind the signals of one look."""

    def __init__(self, gateway: "Gateway", rules: Sequence[Rule], found: Gathered) -> None:
        """`found` may still grow."""
        self._gateway = gateway
        self._found = found
        self._filters = {rule.rule: rule.queue.filters for rule in rules}
        self._names = {name for rule in rules for name in rule.queue.filters.names}
        self.roots: dict[str, Observation] = {}
        """Trace id → the root that stands for it; none when the source is gone."""
        self._root_counts: dict[str, int] = {}
        self._sessions: dict[str, list[str]] = defaultdict(list)
        self._session_failures: dict[Subject, tuple[str, ...]] = {}

    def fetch_sessions(self) -> None:
        """Asks for the traces of the sessions that have signals. Raises GatewayError."""
        bad = self._found.by_session
        if bad:
            self._take(self._gateway.observations(session_ids=list(bad), roots_only=True))
        for root in sorted(self.roots.values(), key=lambda one: (one.start_time, one.id)):
            if root.session_id in bad:
                self._sessions[root.session_id].append(root.trace_id)

    def fetch(self, traces: Collection[str], *, rootless: bool = True) -> None:
        """Asks for the roots of these traces, and (`rootless`) for all observations of those without one.

        Raises GatewayError.
        """
        for roots_only in (True, False) if rootless else (True,):
            missing = [trace_id for trace_id in traces if trace_id not in self.roots]
            self._take(self._gateway.observations(trace_ids=missing, roots_only=roots_only))

    def _take(self, observations: Iterable[Observation]) -> None:
        by_trace: dict[str, list[Observation]] = defaultdict(list)
        for one in observations:
            by_trace[one.trace_id].append(one)
        doubtful = [
            o.id for many in by_trace.values() if len(roots := [o for o in many if o.is_root]) > 1 for o in roots
        ]
        # Which of several roots holds the content can only be seen with the content.
        read = {one.id: one for one in self._gateway.observations(ids=doubtful, io=True)}
        for trace_id, many in by_trace.items():
            self.roots[trace_id] = main_root([read.get(one.id, one) for one in many], self._names)
            self._root_counts[trace_id] = max(1, sum(one.is_root for one in many))

    def subject(self, trace_id: str, observation_id: str | None) -> Subject:
        """A reviewed root is the whole trace."""
        root = self.roots.get(trace_id)
        return (trace_id, None if root is not None and root.id == observation_id else observation_id)

    def folded(self, by_subject: Mapping[Subject, Sequence[Signal]]) -> dict[Subject, list[Signal]]:
        """The same signals by their subjects, with those of the root among those of the trace."""
        folded: dict[Subject, list[Signal]] = defaultdict(list)
        for (trace_id, observation_id), signals in by_subject.items():
            folded[self.subject(trace_id, observation_id)] += signals
        return folded

    def passing(self, subject: Subject, signals: Iterable[Signal]) -> list[Signal]:
        """The signals of rules that look at this trace or observation."""
        root, own = self.roots.get(subject[0]), self._found.observations.get(subject[1] or "")
        return [signal for signal in signals if _passes(self._filters[signal.rule], root, own)]

    def of_session(
        self, session_id: str, signals: Sequence[Signal], shown: Collection[Subject]
    ) -> tuple[Subject, list[Signal]]:
        """The failure that a session's signals belong to, and those of rules that look at it.

        That is the latest failure among its traces, else the last trace that had begun when the session was found bad:
        later turns must not move a decision. A session whose traces are gone stands for a trace of its own.
        """
        traces = self._sessions.get(session_id)
        if not traces:
            return (session_id, None), list(signals)
        wanted = {trace_id: kept for trace_id in traces if (kept := self.passing((trace_id, None), signals))}
        if not wanted:
            return (traces[-1], None), []
        failed = [subject for subject in shown if subject[0] in wanted]
        when = min((one.timestamp for one in signals if one.timestamp), default=None)
        begun = [each for each in wanted if when is None or self.roots[each].start_time <= when] or list(wanted)
        place = {trace_id: number for number, trace_id in enumerate(traces)}
        subject = max(failed, key=lambda each: (place[each[0]], each[1] or "")) if failed else (begun[-1], None)
        self._session_failures[subject] = tuple(traces)
        return subject, wanted[subject[0]]

    def failure(self, subject: Subject, signals: tuple[Signal, ...]) -> Failure:
        """The failure, not yet decided."""
        trace_id, observation_id = subject
        root = self.roots.get(trace_id)
        if root is None:
            first = min((one.timestamp for one in signals if one.timestamp), default=None)
            return Failure(
                trace_id=trace_id,
                observation_id=observation_id,
                reviewed=observation_id is not None,
                timestamp=first,
                name=None,
                session_id=None,
                environment=None,
                signals=signals,
                source_gone=True,
            )
        own = self._found.observations.get(observation_id or "", root)
        return Failure(
            trace_id=trace_id,
            observation_id=observation_id or root.id,
            reviewed=observation_id is not None,
            timestamp=own.start_time,
            name=root.trace_name or root.name,
            observation_name=None if own is root else own.name,
            roots=self._root_counts[trace_id],
            session_id=root.session_id,
            session=self._session_failures.get(subject, ()),
            user_id=root.user_id,
            environment=root.environment,
            tags=root.tags,
            latency=own.latency,
            signals=signals,
        )


def _passes(filters: Filters, root: Observation | None, own: Observation | None) -> bool:
    """Whether a rule looks at the trace; at one of an experiment only when the rule names that environment.

    `own` is a reviewed observation: a rule may name it instead of its trace. A trace whose source is gone is shown:
    nobody can tell any more.
    """
    if root is None:
        return True
    if root.environment == EXPERIMENT_ENVIRONMENT and not filters.environments:
        return False
    names = {root.trace_name, root.name, own.name if own else None}
    return (
        (not filters.names or any(is_named(name, filters.names) for name in names))
        and (not filters.tags or bool(set(root.tags) & set(filters.tags)))
        and (not filters.environments or root.environment in filters.environments)
        and (not filters.user_ids or root.user_id in filters.user_ids)
        and (not filters.session_ids or root.session_id in filters.session_ids)
    )
