"""What Langfuse holds of one execution: observations, scores, comments, and the trace that groups them."""

from datetime import datetime
from functools import cached_property
from typing import Any, Literal

from curator.model.base import Value
from curator.model.json import parse_text

ScoreSource = Literal["API", "EVAL", "ANNOTATION"]
ScoreSubject = Literal["trace", "observation", "session", "experiment"]


# Where the SDK puts the traces of experiments. A failing experiment is evidence of its own, no failure to review.
EXPERIMENT_ENVIRONMENT = "sdk-experiment"


class Observation(Value):
    """One observation as the v2 API returns it; `input` and `output` are raw strings, None if empty or not fetched."""

    id: str
    trace_id: str
    parent_id: str | None = None
    is_root: bool = False
    type: str = "SPAN"
    name: str | None = None
    level: str = "DEFAULT"
    status_message: str | None = None
    start_time: datetime
    end_time: datetime | None = None
    latency: float | None = None
    """Seconds."""
    environment: str | None = None
    version: str | None = None
    release: str | None = None
    user_id: str | None = None
    session_id: str | None = None
    trace_name: str | None = None
    tags: tuple[str, ...] = ()
    model: str | None = None
    total_cost: float | None = None
    """US dollars."""
    input: str | None = None
    output: str | None = None
    metadata: dict[str, Any] = {}


class Score(Value):
    """One score as the v3 API returns it; `trace_id` is also set for a score of an observation."""

    id: str
    name: str
    value: float | bool | str | None
    data_type: str = "NUMERIC"
    """NUMERIC, BOOLEAN, CATEGORICAL, TEXT or CORRECTION."""
    source: str = "API"
    timestamp: datetime
    subject: ScoreSubject = "trace"
    trace_id: str | None = None
    observation_id: str | None = None
    session_id: str | None = None
    comment: str | None = None
    author_user_id: str | None = None
    queue_id: str | None = None
    environment: str | None = None
    metadata: dict[str, Any] = {}


class Comment(Value):
    """A comment that somebody left on a trace, observation or session."""

    id: str
    object_type: str
    object_id: str
    content: str
    author_user_id: str | None = None
    created_at: datetime


class QueueEntry(Value):
    """An entry of a Langfuse annotation queue; its object may have been deleted by retention."""

    id: str
    queue_id: str
    queue_name: str
    object_type: str
    """TRACE, OBSERVATION or SESSION."""
    object_id: str
    status: str
    """PENDING or COMPLETED."""
    created_at: datetime


class Trace(Value):
    """A trace: the group of observations with one trace id, with what people and evaluators said about it."""

    id: str
    observations: tuple[Observation, ...]
    scores: tuple[Score, ...] = ()
    comments: tuple[Comment, ...] = ()

    @cached_property
    def root(self) -> Observation:
        """The root observation (the earliest if none is marked): it carries name, user, session, input and output."""
        roots = [o for o in self.observations if o.is_root] or list(self.observations)
        return min(roots, key=lambda o: (o.start_time, o.id))

    @property
    def name(self) -> str | None:
        """The trace's name."""
        return self.root.trace_name or self.root.name

    @cached_property
    def correction(self) -> object:
        """What a human said the output should have been (the newest CORRECTION score), parsed; None without one."""
        corrections = [s for s in self.scores if s.data_type == "CORRECTION" and s.value not in (None, "")]
        if not corrections:
            return None
        return parse_text(str(max(corrections, key=lambda s: s.timestamp).value))

    def document(self) -> dict[str, object]:
        """The JSON document that a rule's JSONPaths are evaluated on.

        `{input, output, correction,
        trace: {id, name, user_id, session_id, environment, release, version, tags, metadata},
        observations: [{id, parent_id, type, name, level, status_message, model, input, output, metadata}],
        scores: {name: value}, comments: [text]}`; inputs and outputs are parsed when they are JSON text.
        """
        root = self.root
        return {
            "input": parse_text(root.input),
            "output": parse_text(root.output),
            "correction": self.correction,
            "trace": {
                "id": self.id,
                "name": self.name,
                "user_id": root.user_id,
                "session_id": root.session_id,
                "environment": root.environment,
                "release": root.release,
                "version": root.version,
                "tags": list(root.tags),
                "metadata": {key: parse_text(v) if isinstance(v, str) else v for key, v in root.metadata.items()},
            },
            "observations": [
                {
                    "id": o.id,
                    "parent_id": o.parent_id,
                    "type": o.type,
                    "name": o.name,
                    "level": o.level,
                    "status_message": o.status_message,
                    "model": o.model,
                    "input": parse_text(o.input),
                    "output": parse_text(o.output),
                    "metadata": o.metadata,
                }
                for o in sorted(self.observations, key=lambda o: (o.start_time, o.id))
            ],
            "scores": {s.name: s.value for s in sorted(self.scores, key=lambda s: s.timestamp)},
            "comments": [c.content for c in self.comments],
        }
