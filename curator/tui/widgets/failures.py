"""The list of failures: its columns, its order, and which failures are one row."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from curator.model import Failure
from curator.tui.session import Excerpt
from curator.tui.text import Piece
from curator.tui.widgets.rows import Column, Rows
from curator.tui.words import age, duration, signal_pieces, signs, sparkline, strongest, tables, weight

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


NO_GROUPS: "Mapping[str, Group]" = {}
USUAL = ("age", "workflow", "signal", "count", "alike", "message", "environment")


class FailureRows(Rows[Row]):
    """The list; its messages come from what has been read so far."""

    def __init__(self, *, id: str) -> None:
        super().__init__([], key=lambda row: row.key, id=id, header=True)
        self.excerpts: Mapping[str, Excerpt] = {}
        self.choose(USUAL)

    def choose(self, names: Iterable[str]) -> None:
        """Shows these columns; the state always stands first. Unknown names are passed over."""
        cells = {name: cell for name, (cell, _) in COLUMNS.items()} | {"message": self.excerpt}
        known = {name: tables()["columns"][name] for name in names if name in cells}
        widths = {name: {k: v for k, v in each.items() if k not in ("name", "words")} for name, each in known.items()}
        self.columns = [Column(_state, width=1), *(Column(cells[name], **widths[name]) for name in known)]

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
        ordered.sort(key=COLUMNS[name][1], reverse=sort.startswith("-"))
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
    return [("good", "▣")] if row.failure.state == "open" and row.failure.items else [signs("state")[row.failure.state]]


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


def _severity(failure: Failure) -> tuple[int, float, str]:
    """What a person said first, then errors, then scores, the lowest first."""
    signal = strongest(failure)
    value = signal.value
    number = float(value) if isinstance(value, (int, float)) else 0.0
    return weight(signal), number, signal.name


COLUMNS: dict[str, tuple[Callable[[Row], Sequence[Piece]], Callable[[Failure], Any]]] = {
    "age": (
        lambda r: [("dim", age(r.failure.timestamp))],
        lambda f: -f.timestamp.timestamp() if f.timestamp else 0.0,
    ),
    "workflow": (_name, lambda f: f.name or ""),
    "signal": (_why, _severity),
    "count": (_count, lambda f: -len(f.signals)),
    "message": (lambda r: [], lambda f: f.name or ""),
    "alike": (group_pieces, lambda f: f.group or ""),
    "group": (_folded, lambda f: f.session_id or ""),
    "environment": (lambda r: [("dim", r.failure.environment or "")], lambda f: f.environment or ""),
    "user": (lambda r: [("dim", "☺" if r.failure.user_id else "")], lambda f: f.user_id or ""),
    "latency": (lambda r: [("dim", duration(r.failure.latency))], lambda f: -(f.latency or 0.0)),
    "tags": (lambda r: [("dim", " ".join(r.failure.tags))], lambda f: f.tags),
    "seen": (_seen, lambda f: -f.seen.promoted_at.timestamp() if f.seen else 0.0),
    "disputed": (_disputed, lambda f: not f.disputed),
    "items": (_items, lambda f: -len(f.items)),
}
"""What can be chosen in the config file and with `c`, in this order by default: what it shows of a row, and how
failures are sorted by it. The list itself knows the messages."""
