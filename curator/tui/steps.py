"""A trace as rows: the tree of its observations with time bars, then what people said, the session, the items."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from curator.model import Observation, StoredItem, Trace
from curator.model.trace import tree
from curator.tui.text import Piece
from curator.tui.words import LEVEL_ROLES, age, duration, plural, signs

Kind = Literal["conversation", "observation", "scores", "comments", "session", "sibling", "items", "item"]


@dataclass(frozen=True)
class Step:
    """One row beside a trace."""

    kind: Kind
    key: str
    guides: str = ""
    """The lines of the tree before the row."""
    label: str = ""
    observation: Observation | None = None
    item: StoredItem | None = None
    begin: float = 0.0
    """Where the time bar starts and ends, as parts of the trace's duration."""
    end: float = 0.0


def steps_of(trace: Trace) -> list[Step]:
    """The rows that a trace itself gives."""
    first = min(o.start_time for o in trace.observations)
    last = max(o.end_time or o.start_time for o in trace.observations)
    whole = max((last - first).total_seconds(), 1e-9)
    rows = [Step("conversation", "conversation", label="conversation")]
    rows += [
        Step(
            kind="observation",
            key=o.id,
            guides=indent + branch,
            label=o.name or o.type.lower(),
            observation=o,
            begin=(o.start_time - first).total_seconds() / whole,
            end=((o.end_time or o.start_time) - first).total_seconds() / whole,
        )
        for indent, branch, o in tree(trace.observations)
    ]
    if trace.scores:
        rows.append(Step("scores", "scores", label=plural(len(trace.scores), "score")))
    if trace.comments:
        rows.append(Step("comments", "comments", label=plural(len(trace.comments), "comment")))
    return rows


def steps_around(trace: Trace, siblings: Sequence[Observation], items: Sequence[StoredItem]) -> list[Step]:
    """The rows around a trace: other traces of its session, items that were made from it."""
    others = sorted((o for o in siblings if o.trace_id != trace.id), key=lambda o: o.start_time)
    rows = []
    if others:
        rows.append(Step("session", "session", label=f"session, {plural(len(others), 'other trace')}"))
    for other in others:
        label = other.trace_name or other.name or other.trace_id[:12]
        rows.append(Step("sibling", f"sibling-{other.trace_id}", _branch(other, others), label, observation=other))
    if items:
        rows.append(Step("items", "items", label=f"made from it: {plural(len(items), 'item')}"))
    for item in items:
        label = f"{item.dataset}  {item.status.lower()}"
        rows.append(Step("item", f"item-{item.id}", _branch(item, items), label, item=item))
    return rows


def _branch(one: object, of: Sequence[object]) -> str:
    return "└─ " if one is of[-1] else "├─ "


def label_pieces(step: Step) -> list[Piece]:
    """The first column: guides, sign, name, and the level when it is not the usual one."""
    if step.kind != "observation" or step.observation is None:
        role, sign = signs("step")[step.kind]
        return [("punctuation", step.guides), (role, f"{sign} "), ("text", step.label)]
    level = step.observation.level
    role = LEVEL_ROLES.get(level, "")
    usual, sign = signs("observation").get(step.observation.type.upper(), ("info", "▪"))
    pieces = [("punctuation", step.guides[-24:]), (role or usual, f"{sign} "), (role or "text", step.label)]
    if role:
        pieces.append((role, f"  {level.lower()}"))
    return pieces


def latency_pieces(step: Step) -> list[Piece]:
    """The second column: how long a step took, how long ago another trace of the session was."""
    if step.observation is None:
        return []
    return [
        (
            "dim",
            f"{age(step.observation.start_time)} ago" if step.kind == "sibling" else duration(step.observation.latency),
        )
    ]


def bar_pieces(step: Step, width: int) -> list[Piece]:
    """The third column: when the step ran within the trace."""
    if step.kind != "observation":
        return []
    first = min(int(step.begin * width), width - 1)
    last = max(first + 1, min(round(step.end * width), width))
    role = LEVEL_ROLES.get(step.observation.level, "info") if step.observation else "info"
    return [("punctuation", "·" * first), (role, "━" * (last - first)), ("punctuation", "·" * (width - last))]
