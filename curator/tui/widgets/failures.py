"""The list of failures: its columns, and what the filter looks at."""

from collections.abc import Sequence

from curator.model import Failure
from curator.tui.pieces import Piece
from curator.tui.widgets.rows import Column, Rows
from curator.tui.words import STATE_SIGNS, age, duration, why_pieces


def failure_rows(id: str) -> Rows[Failure]:
    """The list, empty."""
    return Rows(
        [
            Column(_state, width=1),
            Column(lambda f: [("dim", age(f.timestamp))], width=3, right=True),
            Column(_name, share=4),
            Column(why_pieces, share=5),
            Column(lambda f: [("dim", duration(f.latency))], width=9, right=True, from_width=110),
            Column(lambda f: [("dim", f.environment or "")], width=10, from_width=130),
            Column(_items, width=2, right=True),
        ],
        key=lambda f: f.key,
        id=id,
    )


def _state(failure: Failure) -> list[Piece]:
    sign, role = STATE_SIGNS[failure.state]
    return [(role, sign)]


def _name(failure: Failure) -> list[Piece]:
    if failure.source_gone:
        return [("dim", f"source gone {failure.trace_id[:12]}")]
    return [("text", failure.name or f"unnamed {failure.trace_id[:12]}")]


def _items(failure: Failure) -> list[Piece]:
    return [("good", f"▣{min(len(failure.items), 9)}")] if failure.items else []


def matches(failure: Failure, words: Sequence[str]) -> bool:
    """Whether every word (lower case) stands somewhere in what the filter looks at."""
    text = haystack(failure)
    return all(word in text for word in words)


def haystack(failure: Failure) -> str:
    """What the filter looks at: name, signals, rules, tags, environment, session, state, id. No trace content."""
    return " ".join(
        (
            failure.name or "",
            *(f"{s.name} {s.kind} {s.rule} {s.value if isinstance(s.value, str) else ''}" for s in failure.signals),
            *failure.tags,
            failure.environment or "",
            failure.session_id or "",
            failure.state,
            failure.trace_id,
        )
    ).lower()
