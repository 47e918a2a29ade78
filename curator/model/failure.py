"""A failure: a trace that needs a decision, the signals that say why, and what has been decided."""

from datetime import datetime
from typing import Literal

from curator.model.base import Value

SignalKind = Literal["score", "annotation", "queue", "level", "session"]
State = Literal["open", "promoted", "dismissed", "snoozed"]
SOURCES = frozenset({"API", "EVAL", "ANNOTATION", "QUEUE", "TRACE"})
"""Where a signal may come from: Langfuse's words for scores, and curator's for the rest."""


class Signal(Value):
    """One reason why a trace needs a decision."""

    kind: SignalKind
    name: str
    """The score's name, the annotation queue's name, or the level."""
    value: float | bool | str | None = None
    source: str | None = None
    """One of `SOURCES`: API, EVAL or ANNOTATION for scores; QUEUE or TRACE otherwise."""
    annotator: str | None = None
    comment: str | None = None
    timestamp: datetime | None = None
    observation_id: str | None = None
    queue_entry_id: str | None = None
    queue_id: str | None = None
    rule: str
    """Name of the rule that counts this as a failure."""


class Decision(Value):
    """A decision about a trace, shared with every reviewer as the categorical score `curation`."""

    trace_id: str
    state: State
    reviewer: str
    reason: str = ""
    rule: str | None = None
    item_id: str | None = None
    until: datetime | None = None
    """When a snooze ends."""
    at: datetime


class Failure(Value):
    """A trace that needs a decision. All signals of one trace are collapsed into one failure."""

    trace_id: str
    observation_id: str | None
    """Id of the root observation; None when the source is gone."""
    timestamp: datetime | None
    name: str | None
    session_id: str | None
    user_id: str | None = None
    environment: str | None
    tags: tuple[str, ...] = ()
    latency: float | None = None
    signals: tuple[Signal, ...]
    state: State = "open"
    decision: Decision | None = None
    items: tuple[str, ...] = ()
    """Ids of the dataset items that already came from this trace."""
    source_gone: bool = False
    """True when retention deleted the observations: nothing is left to reshape."""


class Queue(Value):
    """The result of one look: what needs a decision, and how much was looked at."""

    failures: tuple[Failure, ...]
    fetched: int
    """Distinct traces that had at least one signal candidate and were looked at."""
    total: int
    """Distinct traces with a signal, before filters and states hide any. `total == len(failures) + hidden`."""
    hidden: int
    """Failures not shown: other state, filtered, out of the window."""
    requests: int
    truncated: bool = False
    """True when a limit stopped the fetch: more failures may exist."""
