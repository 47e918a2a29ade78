"""The list of failures: its columns, its order, and which failures are one row."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from curator.model import Failure
from curator.tui.session import Excerpt
from curator.tui.text import Piece
from curator.tui.widgets.rows import Column, Rows
from curator.tui.words import STATE_SIGNS, age, duration, signal_pieces, sparkline, strongest

if TYPE_CHECKING:
    from curator.queue import Group


@dataclass(frozen=True)
class Row:
    """One row: a failure, or those of a session, the newest first."""

    failure: Failure
    folded: tuple[Failure, ...] = ()
    """All of them, when there are several."""
    group: "Group | None" = None
    """Of like failures; then `failure` is its representative, if that is listed."""
    by: str = ""
    """Who prepared the draft that the row stands for."""

    @property
    def all(self) -> tuple[Failure, ...]:
        """The failures that the row stands for."""
        return self.folded or (self.failure,)

    @property
    def key(self) -> str:
        """By which cursor and marks know the row."""
        return self.failure.key


@dataclass(frozen=True)
class Shown:
    """A column that can be chosen, and sorted by."""

    title: str
    words: str
    make: "Callable[[FailureRows], Column[Row]]"
    order: Callable[[Failure], object]


NO_GROUPS: "Mapping[str, Group]" = {}
LONG_AGO = datetime.min.replace(tzinfo=UTC)
_KINDS = ("annotation", "level", "score", "queue", "session")


def _severity(failure: Failure) -> tuple[int, float, str]:
    """What a person said first, then errors, then scores, the lowest first."""
    signal = strongest(failure)
    value = signal.value
    number = float(value) if isinstance(value, (int, float)) else 0.0
    return _KINDS.index(signal.kind) if signal.source != "ANNOTATION" else -1, number, signal.name


COLUMNS: dict[str, Shown] = {
    "age": Shown(
        "age",
        "how long ago",
        lambda rows: Column(lambda r: [("dim", age(r.failure.timestamp))], width=3, right=True, title="age"),
        lambda f: -(f.timestamp or LONG_AGO).timestamp() if f.timestamp else 0.0,
    ),
    "workflow": Shown(
        "workflow",
        "the trace's name",
        lambda rows: Column(_name, share=5, most=24, title="workflow"),
        lambda f: f.name or "",
    ),
    "signal": Shown(
        "signal",
        "the strongest reason, with its value",
        lambda rows: Column(_why, share=9, most=34, title="why"),
        _severity,
    ),
    "count": Shown(
        "signals",
        "how many signals it has",
        lambda rows: Column(_count, width=3, right=True, title="n", from_width=70),
        lambda f: -len(f.signals),
    ),
    "message": Shown(
        "message",
        "what the user said, masked",
        lambda rows: Column(rows.excerpt, share=7, title="the user's message", from_width=64),
        lambda f: f.name or "",
    ),
    "alike": Shown(
        "group",
        "the words that its group has in common",
        lambda rows: Column(group_pieces, share=4, most=26, title="alike in", from_width=96),
        lambda f: f.group or "",
    ),
    "group": Shown(
        "session",
        "how many failures its session or group has",
        lambda rows: Column(_folded, width=4, right=True, title="of", from_width=50),
        lambda f: f.session_id or "",
    ),
    "environment": Shown(
        "environment",
        "where it ran",
        lambda rows: Column(lambda r: [("dim", r.failure.environment or "")], width=11, title="env", from_width=150),
        lambda f: f.environment or "",
    ),
    "user": Shown(
        "user",
        "whether a user is known",
        lambda rows: Column(lambda r: [("dim", "☺" if r.failure.user_id else "")], width=4, title="user"),
        lambda f: f.user_id or "",
    ),
    "latency": Shown(
        "latency",
        "how long it took",
        lambda rows: Column(lambda r: [("dim", duration(r.failure.latency))], width=8, right=True, title="took"),
        lambda f: -(f.latency or 0.0),
    ),
    "tags": Shown(
        "tags",
        "its tags",
        lambda rows: Column(lambda r: [("dim", " ".join(r.failure.tags))], share=2, most=24, title="tags"),
        lambda f: f.tags,
    ),
    "seen": Shown(
        "seen before",
        "how long ago an item like it was promoted",
        lambda rows: Column(_seen, width=5, right=True, title="seen"),
        lambda f: -f.seen.promoted_at.timestamp() if f.seen else 0.0,
    ),
    "disputed": Shown(
        "disputed",
        "whether reviewers disagree about it",
        lambda rows: Column(_disputed, width=9, title="disputed"),
        lambda f: not f.disputed,
    ),
    "items": Shown(
        "items",
        "how many items came from it",
        lambda rows: Column(_items, width=2, right=True, title=""),
        lambda f: -len(f.items),
    ),
}
"""What can be chosen in the config file and with `c`, in this order by default."""
USUAL = ("age", "workflow", "signal", "count", "alike", "message", "environment")


class FailureRows(Rows[Row]):
    """The list; its messages come from what has been read so far."""

    def __init__(self, *, id: str) -> None:
        super().__init__([], key=lambda row: row.key, id=id, header=True)
        self.excerpts: Mapping[str, Excerpt] = {}
        self.choose(USUAL)

    def choose(self, names: Iterable[str]) -> None:
        """Shows these columns; the state always stands first. Unknown names are passed over."""
        known = [COLUMNS[name].make(self) for name in names if name in COLUMNS]
        self.columns = [Column(_state, width=1), *known]

    def excerpt(self, row: Row) -> Sequence[Piece]:
        """The user's message, masked; `…` while it is being read. Of a group that of its representative."""
        if row.failure.source_gone:
            return [("dim", "the trace is gone")]
        found = self.excerpts.get(row.key)
        return [("dim", "…")] if found is None else found

    def in_sight(self) -> list[Failure]:
        """The failures of the rows that are seen."""
        return [self.rows[number].failure for _, number in self.rows_in_sight()]


def listed(
    failures: Iterable[Failure], *, sort: str, fold: str, groups: "Mapping[str, Group]" = NO_GROUPS
) -> list[Row]:
    """The rows of failures: ordered by a column (`-age` the other way round), those of a session or group as one."""
    name = sort.removeprefix("-")
    ordered = list(failures)
    if name in COLUMNS and sort != "age":
        ordered.sort(key=COLUMNS[name].order, reverse=sort.startswith("-"))  # type: ignore[arg-type]
    together: dict[str, list[Failure]] = {}
    if fold == "group" and groups:
        for failure in ordered:
            together.setdefault(groups[failure.key].id if failure.key in groups else failure.key, []).append(failure)
        rows = [_group_row(many, groups.get(many[0].key)) for many in together.values()]
        return rows if sort != "age" else sorted(rows, key=lambda row: -len(row.all))
    if fold != "session":
        return [Row(failure) for failure in ordered]
    for failure in ordered:
        together.setdefault(failure.session_id or failure.key, []).append(failure)
    return [Row(group[0], tuple(group) if len(group) > 1 else ()) for group in together.values()]


def _group_row(many: Sequence[Failure], group: "Group | None") -> Row:
    if group is None or len(many) == 1:
        return Row(many[0])
    middle = next((one for one in many if one.key == group.representative), many[0])
    return Row(middle, tuple(many), group)


def _state(row: Row) -> list[Piece]:
    sign, role = STATE_SIGNS[row.failure.state]
    return [("good", "▣")] if row.failure.state == "open" and row.failure.items else [(role, sign)]


def _name(row: Row) -> list[Piece]:
    failure = row.failure
    name: Piece = ("dim" if failure.source_gone else "text", failure.name or f"unnamed {failure.trace_id[:12]}")
    return [("accent", f"{len(row.folded)} × "), name] if row.folded else [name]


def _why(row: Row) -> list[Piece]:
    if row.by:
        return [("accent", "✍ "), ("text", row.by)]
    again: list[Piece] = [("info", "↻ ")] if any(one.seen is not None for one in row.all) else []
    again += [("accent", "✎ ")] if any(one.notes for one in row.all) else []
    return [*again, *signal_pieces(strongest(row.failure))]


def group_pieces(row: Row) -> list[Piece]:
    """The words that a group has in common, its weeks, and how many items came from it; nothing for one failure."""
    if row.group is None:
        return []
    weeks = f"  {sparkline(list(row.group.weeks))}" if len(row.group.weeks) > 1 else ""
    made = [("good", f"  ▣{len(row.group.items)}")] if row.group.items else []
    return [("text", row.group.name), ("info", weeks), *made]


def _seen(row: Row) -> list[Piece]:
    moments = [one.seen.promoted_at for one in row.all if one.seen is not None]
    return [("info", f"↻ {age(max(moments))}")] if moments else []


def _disputed(row: Row) -> list[Piece]:
    return [("warn", "≠ yes")] if any(one.disputed for one in row.all) else []


def _count(row: Row) -> list[Piece]:
    others = len({signal.name for signal in row.failure.signals}) - 1
    return [("dim", f"+{min(others, 99)}")] if others else []


def _folded(row: Row) -> list[Piece]:
    return [("accent", f"{'§' if row.group is None else '≈'}{min(len(row.folded), 999)}")] if row.folded else []


def _items(row: Row) -> list[Piece]:
    return [("good", f"▣{min(len(row.failure.items), 9)}")] if row.failure.items else []
