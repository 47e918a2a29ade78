"""One line that chooses failures, the same on the command line (`queue --filter`) and in the terminal (`/`), and one
that chooses entries of the log by the same grammar.

`score<0.3 signal:helpfulness user:u-17 since:3d -tag:beta "late parcel"`: every part has to hold; a part with `-` in
front must not.
"""

import operator
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from curator.journal import LedgerEntry
from curator.model import Failure
from curator.model.base import Value
from curator.model.errors import UsageError
from curator.queue.window import parse_time

_COMPARED: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "=": operator.eq,
}
_NUMBER = re.compile(r"(?P<name>[^<>=:]+)(?P<sign><=|>=|<|>|=)(?P<number>[-+]?\d+(\.\d+)?)")
_FIELDS: dict[str, Callable[[Failure], Iterable[str | None]]] = {
    "signal": lambda one: (signal.name for signal in one.signals),
    "type": lambda one: (signal.value for signal in one.signals if isinstance(signal.value, str)),
    "group": lambda one: (one.group,),
    "user": lambda one: (one.user_id,),
    "session": lambda one: (one.session_id,),
    "name": lambda one: (one.name, one.observation_name),
    "tag": lambda one: one.tags,
    "environment": lambda one: (one.environment,),
    "state": lambda one: (one.state,),
    "rule": lambda one: (signal.rule for signal in one.signals),
    "item": lambda one: (
        *one.items,
        one.seen.item_id if one.seen else None,
        one.decision.item_id if one.decision else None,
    ),
    "note": lambda one: (text for each in one.notes for text in (each.verdict, each.text)),
    "by": lambda one: (
        one.decision.reviewer if one.decision else None,
        *(signal.annotator for signal in one.signals),
        *(each.reviewer for each in one.notes),
    ),
}
"""Field → its texts; one has to hold what stands after the colon."""
_MARKS: dict[str, Callable[[Failure], bool]] = {
    "disputed": lambda one: one.disputed,
    "seen": lambda one: one.seen is not None,
    "approved": lambda one: bool(one.approved_by),
    "noted": lambda one: bool(one.notes),
    "covered": lambda one: bool(one.items) or bool(one.decision and one.decision.item_id),
    "session": lambda one: bool(one.session),
}
HELP = f"NAME<0.3, {', '.join(f'{name}:…' for name in _FIELDS)}, since:3d, is:{'|'.join(_MARKS)}, words; - negates"


class Filter(Value):
    """What a failure has to be."""

    parts: tuple[tuple[bool, str, str], ...]
    """(wanted, field, what): the field is a key of `_FIELDS`, `is`, `since`, `words`, or a score with its sign."""
    since: datetime | None = None

    @property
    def words(self) -> bool:
        """Whether it looks for words, which may stand in inputs and outputs too."""
        return any(field == "words" for _, field, _ in self.parts)

    @property
    def of_groups(self) -> bool:
        """Whether it asks for a group, or for the item that a failure resembles: both are known when texts are read."""
        return any(field in ("group", "item") or (field, what) == ("is", "seen") for _, field, what in self.parts)

    def matches(self, failure: Failure, text: str = "") -> bool:
        """Whether a failure is chosen; `text`: what else its words are looked for in, such as input and output."""
        return all(wanted == self._holds(failure, text, field, what) for wanted, field, what in self.parts)

    def _holds(self, failure: Failure, text: str, field: str, what: str) -> bool:
        if field == "words":
            return what in f"{_shown(failure)} {text}".lower()
        if field == "is":
            return _MARKS[what](failure)
        if field == "since":
            return failure.timestamp is not None and self.since is not None and failure.timestamp >= self.since
        if field in _FIELDS:
            return any(each is not None and what in each.lower() for each in _FIELDS[field](failure))
        name, sign = field.rsplit(" ", 1)
        values = [s.value for s in failure.signals if name in (s.name.lower(), "score")]
        numbers = [float(each) for each in values if isinstance(each, (int, float))]
        return any(_COMPARED[sign](each, float(what)) for each in numbers)


def parse_filter(text: str, now: datetime, views: Mapping[str, str] | None = None) -> Filter:
    """The filter that a line describes; `@NAME` is one of the saved `views`. Raises UsageError (FILTER)."""
    if text.startswith("@"):
        if text[1:] not in (views or {}):
            raise _wrong(f"there is no view {text}", f"The config's `views` has: {', '.join(views or {}) or 'none'}.")
        text = (views or {})[text[1:]]
    parts, since = [], None
    for wanted, part in _split(text):
        field, colon, what = part.partition(":")
        if number := _NUMBER.fullmatch(part):
            parts.append((wanted, f"{number['name'].lower()} {number['sign']}", number["number"]))
        elif colon and field == "since":
            since = parse_time(what, now, back=True)
            parts.append((wanted, field, what))
        elif colon and field == "is":
            if what not in _MARKS:
                raise _wrong(f"is:{what} is nothing that a failure can be")
            parts.append((wanted, field, what))
        elif colon and field in _FIELDS and what:
            parts.append((wanted, field, what.lower()))
        else:
            parts.append((wanted, "words", part.lower()))
    return Filter(parts=tuple(parts), since=since)


_LOGGED: dict[str, Callable[[LedgerEntry], Iterable[str | None]]] = {
    "action": lambda one: (one.action,),
    "outcome": lambda one: (one.verdict, one.write),
    "item": lambda one: (one.item_id,),
    "trace": lambda one: (one.key,),
    "dataset": lambda one: (one.dataset,),
    "rule": lambda one: (one.rule,),
    "by": lambda one: (one.reviewer,),
    "problem": lambda one: (one.problem,),
}


def parse_log_filter(text: str, now: datetime) -> Callable[[LedgerEntry], bool]:
    """Whether an entry of the log is what a line describes: `action:promote by:maya -outcome:verified since:3d`.

    Raises UsageError (FILTER).
    """
    parts: list[tuple[bool, str, str]] = []
    since = now
    for wanted, part in _split(text):
        field, colon, what = part.partition(":")
        if colon and field == "since":
            since = parse_time(what, now, back=True)
        known = colon and what and field in {*_LOGGED, "since"}
        parts.append((wanted, field, what.lower()) if known else (wanted, "words", part.lower()))

    def holds(entry: LedgerEntry, field: str, what: str) -> bool:
        if field == "since":
            return entry.at >= since
        fields = _LOGGED.values() if field == "words" else [_LOGGED[field]]
        return any(what in (text or "").lower() for texts in fields for text in texts(entry))

    return lambda entry: all(wanted == holds(entry, field, what) for wanted, field, what in parts)


def _split(text: str) -> Iterator[tuple[bool, str]]:
    """The parts of a line, each with whether it has to hold; a blank in quotation marks parts nothing."""
    try:
        tokens = shlex.split(text)
    except ValueError:
        raise _wrong("a quotation mark is not closed") from None
    for token in tokens:
        negated = token.startswith("-") and len(token) > 1
        yield not negated, token[1:] if negated else token


def _shown(failure: Failure) -> str:
    """What a row of the queue says."""
    signals = (text for s in failure.signals for text in (s.name, s.value, s.comment, s.rule))
    own = (failure.key, failure.name, failure.observation_name, failure.session_id, failure.user_id, failure.group)
    notes = (each.text for each in failure.notes)
    return " ".join(str(each) for each in (*own, *failure.tags, *failure.items, *notes, *signals) if each is not None)


def _wrong(why: str, remedy: str = f"Parts are: {HELP}.") -> UsageError:
    return UsageError(f"The filter cannot be read: {why}.", code="FILTER", remedy=remedy)
