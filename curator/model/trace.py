"""What Langfuse holds of one execution: observations, scores, comments, and the trace that groups them."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
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

    @property
    def own(self) -> bool:
        """Whether curator itself wrote it: a decision, a note, an approval. Such a score makes nothing a failure."""
        return self.name == "curation" or self.name.startswith("curation-")


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


def is_named(name: str | None, names: Collection[str]) -> bool:
    """Whether a name is one of these; `*` stands for any text, as in the names of requests that hold their own id."""
    return name is not None and any(
        re.fullmatch(".*".join(map(re.escape, each.split("*"))), name, re.DOTALL) if "*" in each else each == name
        for each in names
    )


def main_root(observations: Sequence[Observation], names: Collection[str] = ()) -> Observation:
    """Of the roots of one trace the one that stands for it. Raises ValueError without observations.

    One with a name that a rule asks for wins, then one with input or output, then one that is called like the trace,
    then the earliest: an authentication span before the answer must not become the question. When no root is marked
    (it never arrived), those without a parent that is there count as roots.
    """
    there = {one.id for one in observations}
    roots = [one for one in observations if one.is_root]
    roots = roots or [one for one in observations if one.parent_id not in there] or list(observations)
    return min(
        roots,
        key=lambda one: (
            not is_named(one.name, names),
            not (one.input or one.output),
            one.name is None or one.name != one.trace_name,
            one.start_time,
            one.id,
        ),
    )


OF_THE_TRACE = ("user_id", "session_id", "environment", "release", "version")
"""What the root observation says of its whole trace."""
OF_A_STEP = ("id", "parent_id", "type", "name", "level", "status_message", "model")


class Trace(Value):
    """A trace: the group of observations with one trace id, with what people and evaluators said about it."""

    id: str
    observations: tuple[Observation, ...]
    scores: tuple[Score, ...] = ()
    comments: tuple[Comment, ...] = ()

    @cached_property
    def root(self) -> Observation:
        """The root observation (see `main_root`): it carries name, user, session, input and output."""
        return main_root(self.observations)

    @cached_property
    def parents(self) -> dict[str, str | None]:
        """Observation id → id of its parent."""
        return {o.id: o.parent_id for o in self.observations}

    def observation(self, observation_id: str) -> Observation:
        """One observation by its id. Raises KeyError."""
        for one in self.observations:
            if one.id == observation_id:
                return one
        raise KeyError(observation_id)

    @property
    def name(self) -> str | None:
        """The trace's name."""
        return self.root.trace_name or next((o.trace_name for o in self.observations if o.trace_name), self.root.name)

    @property
    def correction(self) -> object:
        """What a human said the output should have been, as `correction_of` finds it for the whole trace."""
        return self.correction_of()

    def correction_of(self, observation_id: str | None = None) -> object:
        """The newest CORRECTION score of the trace, or of one observation of it, parsed; None without one.

        A correction of the whole trace is one of its root and the other way round. One single corrected step below
        stands for the trace too; of several nobody can say which is meant, so then there is none.
        """
        given = [s for s in self.scores if s.data_type == "CORRECTION" and s.value not in (None, "")]
        if observation_id is None or observation_id == self.root.id:
            own = [s for s in given if s.observation_id in (None, self.root.id)]
            if not own and observation_id is None and len({s.observation_id for s in given}) == 1:
                own = given
        else:
            own = [s for s in given if s.observation_id == observation_id]
        return parse_text(str(max(own, key=lambda s: s.timestamp).value)) if own else None

    def corrected(self) -> tuple[str, ...]:
        """Ids of the observations that have a correction of their own, without the root."""
        ids = [s.observation_id for s in self.scores if s.data_type == "CORRECTION" and s.value not in (None, "")]
        return tuple(dict.fromkeys(one for one in ids if one is not None and one != self.root.id))

    def document(self, observation_id: str | None = None) -> dict[str, object]:
        """The JSON document that a rule's JSONPaths are evaluated on.

        `{input, output, correction,
        trace: {id, name, user_id, session_id, environment, release, version, tags, metadata},
        observations: [{id, parent_id, type, name, level, status_message, model, input, output, metadata}],
        scores: {name: value}, comments: [text]}`; inputs and outputs are parsed when they are JSON text.

        Of an observation: its input, output and correction; it comes first of the observations, and its like (same type
        and name) are left out, so that a path that selects a step by name finds this one. Raises KeyError.
        """
        root = self.root
        focus = root if observation_id is None else self.observation(observation_id)
        listed = sorted(self.observations, key=lambda o: (o.start_time, o.id))
        if observation_id is not None and focus.id != root.id:
            listed = [focus, *(o for o in listed if o.id != focus.id and (o.type, o.name) != (focus.type, focus.name))]
        scores = [s for s in self.scores if s.observation_id in (None, focus.id) or observation_id is None]
        return {
            "input": parse_text(focus.input),
            "output": parse_text(focus.output),
            "correction": self.correction_of(observation_id),
            "trace": {
                "id": self.id,
                "name": self.name,
                **{name: getattr(root, name) for name in OF_THE_TRACE},
                "tags": list(root.tags),
                "metadata": {key: parse_text(v) if isinstance(v, str) else v for key, v in root.metadata.items()},
            },
            "observations": [
                {
                    **{name: getattr(o, name) for name in OF_A_STEP},
                    "input": parse_text(o.input),
                    "output": parse_text(o.output),
                    "metadata": o.metadata,
                }
                for o in listed
            ],
            "scores": {s.name: s.value for s in sorted(scores, key=lambda s: s.timestamp)},
            "comments": [c.content for c in self.comments],
        }


def tree(observations: Sequence[Observation]) -> Iterator[tuple[str, str, Observation]]:
    """Observations depth first, in the order of their start: (indent, branch sign, observation).

    One whose parent is missing stands at the top; so does one that is its own ancestor. Each is given once.
    """
    ordered = sorted(observations, key=lambda one: (one.start_time, one.id))
    known = {one.id for one in ordered}
    children: dict[str | None, list[Observation]] = defaultdict(list)
    for one in ordered:
        children[one.parent_id if one.parent_id in known and one.parent_id != one.id else None].append(one)
    given: set[str] = set()
    # A stack instead of recursion: a trace may be thousands of steps deep.
    stack = [("", "", one) for one in reversed(children[None])]
    while True:
        if not stack:
            circle = next((one for one in ordered if one.id not in given), None)
            if circle is None:
                return
            stack.append(("", "", circle))
        indent, branch, one = stack.pop()
        if one.id in given:
            continue
        given.add(one.id)
        yield indent, branch, one
        below = [child for child in children[one.id] if child.id not in given]
        deeper = indent + {"": "", "├─ ": "│  ", "└─ ": "   "}[branch]
        for child in reversed(below):
            stack.append((deeper, "└─ " if child is below[-1] else "├─ ", child))
