"""A failure: what needs a decision, the signals that say why, and what has been decided.

A failure is a whole trace, or one observation of it that was reviewed by itself (scored, corrected or queued). Its key,
`TRACE` or `TRACE/OBSERVATION`, is what decisions, commands and the terminal UI know it by.
"""

from datetime import datetime
from typing import Literal

from pydantic import computed_field

from curator.model.base import Value

SignalKind = Literal["annotation", "score", "session", "queue", "level"]
"""The most telling first."""
State = Literal["open", "promoted", "dismissed", "snoozed"]
SOURCES = frozenset({"API", "EVAL", "ANNOTATION", "QUEUE", "TRACE"})
"""Where a signal may come from: Langfuse's words for scores, and curator's for the rest."""


def key_of(trace_id: str, observation_id: str | None = None) -> str:
    """The key of a failure; `observation_id` is that of a reviewed observation, None for the whole trace.

    Langfuse takes any text as a trace id. The key of a whole trace whose id holds a slash ends with one.
    """
    return f"{trace_id}/{observation_id or ''}" if observation_id or "/" in trace_id else trace_id


def split_key(key: str) -> tuple[str, str | None]:
    """Trace id and reviewed observation of a key as `key_of` makes it. Of what somebody typed only Langfuse can tell
    whether a slash belongs to the trace's id: then the whole text is one that it knows."""
    trace_id, _, observation_id = key.rpartition("/")
    return (trace_id, observation_id or None) if trace_id else (key, None)


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


class OfFailure(Value):
    """What is about one failure."""

    trace_id: str
    observation_id: str | None = None
    """The reviewed observation that it is about; None for the whole trace."""

    @property
    def key(self) -> str:
        """Key of the failure."""
        return key_of(self.trace_id, self.observation_id)


class Decision(OfFailure):
    """A decision about a failure, shared with every reviewer as the categorical score `curation`."""

    state: State
    reviewer: str
    reason: str = ""
    rule: str | None = None
    item_id: str | None = None
    until: datetime | None = None
    """When a snooze ends."""
    at: datetime


NoteVerdict = Literal["pass", "fail", "note"]
"""`note`: it says neither."""


class Note(OfFailure):
    """What one reviewer wrote about a failure, shared as the score `curation-note`."""

    verdict: NoteVerdict = "note"
    text: str = ""
    reviewer: str
    at: datetime

    @property
    def empty(self) -> bool:
        """Whether it says nothing."""
        return self.verdict == "note" and not self.text


class Seen(Value):
    """An item that a failure resembles: it was seen before."""

    item_id: str
    likeness: float
    """Of what the user asked to the item's input, 0 to 100."""
    promoted_at: datetime
    runs: str = ""
    """What this machine's runs say of the item: `passes since run X`; empty when none scored it."""


class Failure(Value):
    """What needs a decision: a trace, or a reviewed observation of it, with all signals about it.

    A session that somebody found bad is one failure too, under one of its traces (see `session`).
    """

    trace_id: str
    observation_id: str | None
    """Id of the reviewed observation, else of the root observation; None when the source is gone."""
    reviewed: bool = False
    """True when this is about one observation below the root, which was reviewed by itself."""
    timestamp: datetime | None
    name: str | None
    """The trace's name."""
    observation_name: str | None = None
    """Name of the reviewed observation."""
    roots: int = 1
    """Root observations of the trace; with several, the one with the rule's name or the content stands for it."""
    session_id: str | None
    session: tuple[str, ...] = ()
    """When a signal is about the whole session: its traces, oldest first. They are this one failure."""
    group: str | None = None
    """Id of the group of like failures, when groups were asked for."""
    seen: Seen | None = None
    """The item that it resembles most, promoted before it happened; when groups were asked for."""
    user_id: str | None = None
    environment: str | None
    tags: tuple[str, ...] = ()
    latency: float | None = None
    signals: tuple[Signal, ...]
    state: State = "open"
    decision: Decision | None = None
    notes: tuple[Note, ...] = ()
    """What reviewers wrote about it, oldest first."""
    approved_by: tuple[str, ...] = ()
    """Who approved a draft of it that waits for somebody else's approval, under a rule that asks for several."""
    items: tuple[str, ...] = ()
    """Ids of the dataset items that already came from this trace or observation."""
    source_gone: bool = False
    """True when retention deleted the observations: nothing is left to reshape."""

    @property
    def reviewed_id(self) -> str | None:
        """Id of the reviewed observation; None when the whole trace is the failure."""
        return self.observation_id if self.reviewed else None

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated property
    @property
    def disputed(self) -> bool:
        """Whether two people gave different values for the same thing."""
        said: dict[str, dict[str | None, object]] = {}
        for signal in self.signals:
            if signal.source == "ANNOTATION":
                said.setdefault(signal.name, {})[signal.annotator] = signal.value
        said["\0notes"] = {each.reviewer: each.verdict for each in self.notes if each.verdict != "note"}
        return any(len(set(map(str, values.values()))) > 1 for values in said.values())

    @computed_field  # type: ignore[prop-decorator]
    @property
    def key(self) -> str:
        """What decisions and commands know the failure by: `TRACE` or `TRACE/OBSERVATION`."""
        return key_of(self.trace_id, self.reviewed_id)


class Queue(Value):
    """The result of one look: what needs a decision, and how much was looked at."""

    failures: tuple[Failure, ...]
    fetched: int
    """Traces and reviewed observations that were looked at, whether a signal counts or not."""
    total: int
    """Those with a signal, before filters and states hide any. `total == len(failures) + hidden`."""
    hidden: int
    """Failures not shown: other state, filtered, out of the window."""
    matched: int = 0
    """Failures that pass the filters of a rule, in every state."""
    unreadable: int = 0
    """Rows that the server sent and nobody could read; they may hold further failures."""
    requests: int
    truncated: bool = False
    """True when a limit stopped the fetch: more failures may exist."""
