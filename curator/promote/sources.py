"""Reads the traces that are to be promoted: many with a few requests."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from curator.draft import reads_comments, reads_session
from curator.gateway import Gateway
from curator.help import outcomes
from curator.model import Failure, Problem, Score, Signal, Trace, key_of, split_key
from curator.model.base import Value
from curator.model.rule import Rule
from curator.promote.stops import Stop
from curator.queue import reviewed_id, signals_of, wants_entries, wants_session_scores

TOGETHER = 50
"""Traces whose inputs and outputs are held in memory at once."""


class Source(Value):
    """A trace as it was asked for: there, with the reasons why it is a failure, or why it cannot be promoted."""

    asked: str = ""
    """The key that it was asked for by; a bare trace id stands for everything in the trace that needs a decision."""
    trace_id: str
    observation_id: str | None = None
    """The reviewed observation that is to be promoted; None for the whole trace."""
    trace: Trace | None = None
    earlier: tuple[Trace, ...] = ()
    """Earlier turns of its session, when the rule reads them."""
    signals: tuple[Signal, ...] = ()
    entries: tuple[Signal, ...] = ()
    """Its open annotation-queue entries, when they were asked for."""
    problem: Problem | None = None

    @property
    def key(self) -> str:
        """Key of the failure."""
        return key_of(self.trace_id, self.observation_id)


def read_traces(gateway: Gateway, keys: Sequence[str], rule: Rule, *, entries: bool = False) -> Iterator[Source]:
    """The failures with these keys, in their order; a bare trace id gives each failure of its trace.

    The whole trace comes first, then what was reviewed first. `entries` asks for annotation-queue entries even if the
    rule does not. Requests: those of `Gateway.traces` for every `TOGETHER` keys. Raises GatewayError.
    """
    wanted = list(dict.fromkeys(keys))
    for start in range(0, len(wanted), TOGETHER):
        some = wanted[start : start + TOGETHER]
        ids = [trace_id for key in some for trace_id in (key, split_key(key)[0])]
        traces = gateway.traces(ids, comments=reads_comments(rule))
        subjects = {key: (key, None) if key in traces else split_key(key) for key in some}
        yield from _with_signals(gateway, subjects, traces, rule, entries)


def source_of(gateway: Gateway, failure: Failure, rule: Rule, trace: Trace) -> Source:
    """A failure that the queue knows already: only what the rule reads beyond its trace is asked for.

    Raises GatewayError.
    """
    return Source(
        asked=failure.key,
        trace_id=trace.id,
        observation_id=failure.reviewed_id,
        trace=trace,
        earlier=_earlier(gateway, trace, rule),
        signals=tuple(signal for signal in failure.signals if signal.rule == rule.rule),
        entries=tuple(signal for signal in failure.signals if signal.queue_entry_id),
    )


def _with_signals(
    gateway: Gateway,
    subjects: Mapping[str, tuple[str, str | None]],
    traces: dict[str, Trace],
    rule: Rule,
    entries: bool,
) -> Iterator[Source]:
    from curator.queue import entries_of

    sessions = {trace.root.session_id for trace in traces.values() if trace.root.session_id}
    of_session: dict[str | None, list[Score]] = defaultdict(list)
    if sessions and wants_session_scores(rule):
        for score in gateway.scores(session_ids=sorted(sessions)):
            of_session[score.session_id].append(score)
    ids = list(dict.fromkeys(trace_id for trace_id, _ in subjects.values()))
    open_entries = entries_of(gateway, ids) if entries or wants_entries(rule) else {}
    gone = [trace_id for trace_id in ids if trace_id not in traces]
    scored = {score.trace_id for score in gateway.scores(trace_ids=gone)} if gone else set()
    for key, (trace_id, observation_id) in subjects.items():
        trace, own = traces.get(trace_id), tuple(open_entries.get(trace_id, ()))
        if trace is None:
            unreadable = trace_id in gateway.unreadable_traces
            problem = _unreadable(gateway) if unreadable else _gone(trace_id in scored or bool(own))
            yield Source(asked=key, trace_id=trace_id, observation_id=observation_id, problem=problem)
            continue
        session_scores = of_session[trace.root.session_id]
        signals = signals_of(trace, rule, session_scores=session_scores, entries=own)
        yield from _failures_in(key, trace, observation_id, signals, own, _earlier(gateway, trace, rule))


def _earlier(gateway: Gateway, trace: Trace, rule: Rule) -> tuple[Trace, ...]:
    return tuple(gateway.earlier_in_session(trace)) if reads_session(rule) else ()


def _failures_in(
    key: str,
    trace: Trace,
    observation_id: str | None,
    signals: Sequence[Signal],
    entries: Sequence[Signal],
    earlier: tuple[Trace, ...],
) -> Iterator[Source]:
    root = trace.root.id
    start = {one.id: one.start_time for one in trace.observations}
    if observation_id is None:
        reviewed = dict.fromkeys(reviewed_id(signal, root) for signal in signals)
        # Signals are in their order; of those reviewed at once the one that ran first comes first.
        when = {each: next(s.timestamp for s in signals if reviewed_id(s, root) == each) for each in reviewed}
        subjects = sorted(reviewed, key=lambda each: (each is not None, str(when[each]), str(start.get(each or ""))))
    elif observation_id not in start:
        yield Source(asked=key, trace_id=trace.id, observation_id=observation_id, problem=_NO_OBSERVATION)
        return
    else:
        subjects = [None if observation_id == root else observation_id]
    for each in subjects or [None]:
        yield Source(
            asked=key,
            trace_id=trace.id,
            observation_id=each,
            trace=trace,
            earlier=earlier,
            signals=tuple(signal for signal in signals if reviewed_id(signal, root) == each),
            entries=tuple(entry for entry in entries if reviewed_id(entry, root) == each),
        )


def _unreadable(gateway: Gateway) -> Problem:
    words = f"Langfuse has rows of this trace, but they cannot be read: {gateway.unreadable_example}."
    return Stop(outcomes.TRACE_UNREADABLE, words).problem


def _gone(something_is_left: bool) -> Problem:
    if something_is_left:
        words = "Langfuse still has scores or queue entries of this trace, but none of its observations."
        return Stop(outcomes.SOURCE_GONE, words).problem
    return Problem(
        code="TRACE_NOT_FOUND",
        message="Langfuse has no observation of this trace.",
        remedy="Check the id and the project; a fresh trace takes a moment, an old one may be past retention.",
    )


_NO_OBSERVATION = Problem(
    code="TRACE_NOT_FOUND",
    message="The trace has no such observation.",
    remedy="`curator queue` lists failures as TRACE/OBSERVATION; `curator show TRACE` lists the observations.",
)
