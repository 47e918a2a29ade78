"""The failures of the window, and decisions about them."""

import threading
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from curator.model import Decision, Failure, Note, Queue, Rule, State
from curator.model.base import Value
from curator.model.errors import CuratorError
from curator.model.trace import is_named
from curator.queue import Window
from curator.tui.session.rooms import Connected, Report, Rooms

STATES: tuple[State, ...] = ("open", "promoted", "dismissed", "snoozed")


@dataclass(frozen=True)
class Week:
    """The window in numbers."""

    states: dict[State, int]
    days: list[int]
    """Failures of each day in the reader's time zone, oldest first, at most 31."""

    @property
    def total(self) -> int:
        """All failures."""
        return sum(self.states.values())

    @property
    def part_decided(self) -> float:
        """From 0 to 1; 1 when there is nothing to decide. What is put off is not decided."""
        left = self.states["open"] + self.states["snoozed"]
        return 1 - left / self.total if self.total else 1.0


class QueueRead(Value):
    """The queue as the server and this machine know it now."""

    connected: Connected
    queue: Queue
    notes: tuple[str, ...] = ()
    """What the reviewer should know: an annotation queue that does not exist, unreadable rows."""


class Failures:
    """What needs a decision."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self.sharing = threading.Lock()
        """Held while something is written: one decision after the other."""
        self._failures: dict[str, Failure] = {}
        self._pending: dict[str, Decision] = {}
        self._notes: dict[str, Note] = {}
        """Key → the reviewer's note of this session, which the server may not show yet."""
        self.types: dict[str, str] = {}
        """Item → its failure type, as far as items are known."""
        self._window: Window | None = None
        self._week: Week | None = None
        self.by_defaults = False
        """Whether the project has no rule, and what is listed was found by plain defaults."""

    def read(self, since: str, rule: str | None, report: Report) -> QueueRead:
        """The failures of a window, in every state; `all` has them as they arrive. Raises CuratorError."""
        from curator.gateway import GatewayError
        from curator.queue import Hears, find_failures, found_by, in_words, noted, parse_window

        report("connecting", 0, None)
        rules: Sequence[Rule] = [r.rule for r in self._rooms.rules if rule is None or r.rule.rule == rule]
        began = datetime.now(UTC)
        self._window = parse_window(since, None, began)
        notes: list[str] = []

        def arrived(some: Sequence[Failure]) -> None:
            # What was listed before stays until all is known; what comes in stands in its place by time at once.
            known = self._failures
            new = sorted((one for one in some if one.key not in known), key=_moment, reverse=True)
            every = known | {one.key: one for one in new}
            if known and new and _moment(new[0]) > _moment(next(reversed(known.values()))):  # else it is in order
                every = {one.key: one for one in sorted(every.values(), key=_moment, reverse=True)}
            self._failures = every
            self._week = None
            report("looking for failures", len(every), None)

        hears = Hears(lambda what: report(f"looking for failures: {what}", 0, None), notes.append, arrived)
        gateway, window = self._rooms.gateway, self._window

        def find(by: "Sequence[Rule]", hears: Hears = hears) -> Queue:
            return find_failures(gateway, by, window, state=None, decisions=self._own_decisions(), hears=hears)

        try:
            asked = found_by(gateway, self._rooms.settings, window, rules, find, hears) if rule is None else None
            queue, used = asked or (find(rules), rules)
        except GatewayError as error:
            if error.code != "UNREACHABLE":
                self._rooms.connect()  # tells more of what is wrong with the keys or the version
            raise
        self._failures = {f.key: noted(f, self._notes[f.key]) if f.key in self._notes else f for f in queue.failures}
        self._week = None
        if used is not rules and not self.by_defaults:
            notes.append(in_words(used[0]))
        self.by_defaults = used is not rules
        self.learned([decision for decision in self._own_decisions() if decision.at >= began])
        return QueueRead(connected=self._rooms.connect(), queue=queue, notes=tuple(notes))

    @property
    def window(self) -> "Window | None":
        """The time that was looked at last."""
        return self._window

    def all(self) -> list[Failure]:
        """The failures of the window in every state, newest first."""
        return list(self._failures.values())

    def get(self, key: str) -> Failure | None:
        """A failure as it stands now, by its key or as the first of its trace; None when no rule finds it."""
        return self._failures.get(key) or next((f for f in self.all() if f.trace_id == key), None)

    def rule_of(self, failure: Failure) -> str:
        """The rule to shape a failure by: the one that is looked at, else the one that knows the trace's name, else
        the one with most signals."""
        names = list(dict.fromkeys(signal.rule for signal in failure.signals))
        if self._rooms.last_place.rule in names:
            return self._rooms.last_place.rule
        named = {r.rule.rule for r in self._rooms.rules if is_named(failure.name, r.rule.queue.filters.names)}
        return max(names, key=lambda name: (name in named, sum(s.rule == name for s in failure.signals)))

    @property
    def week(self) -> Week | None:
        """The summary of the window; None before the first read."""
        if self._window is None:
            return None
        if self._week is None:
            states = Counter(f.state for f in self.all())
            per_day = Counter(f.timestamp.astimezone().date() for f in self.all() if f.timestamp is not None)
            last = self._window.until.astimezone().date()
            first = max(self._window.since.astimezone().date(), last - timedelta(days=30))
            days = [per_day[first + timedelta(days=n)] for n in range((last - first).days + 1)]
            self._week = Week({state: states[state] for state in STATES}, days)
        return self._week

    # Decisions

    def _own_decisions(self) -> list[Decision]:
        """Decisions made on this machine that the server may not show yet."""
        return [*self._rooms.journal.decisions.all(), *self._pending.values()]

    def apply(self, decisions: Sequence[Decision]) -> None:
        """Shows decisions at once, before they are shared."""
        for decision in decisions:
            self._pending[decision.key] = decision
            self.change(decision.key, state=decision.state, decision=decision)

    def change(self, key: str, **update: object) -> None:
        """Something became of a failure, if it is listed: these fields of it are others now."""
        self._week = None
        if (failure := self._failures.get(key)) is not None:
            self._failures[key] = failure.model_copy(update=update)

    def decided(self, decision: Decision, items: Iterable[str] = ()) -> None:
        """A decision was made and shared; `items` came from the trace."""
        known = self._failures.get(decision.key)
        made = dict.fromkeys((*(known.items if known is not None else ()), *items))
        self.change(decision.key, state=decision.state, decision=decision, items=tuple(made))

    def note(self, failures: Sequence[Failure], line: str) -> list[Note]:
        """Shares what the reviewer typed about failures, scrubbed; `all` has it at once. Raises GatewayError."""
        from curator.queue import noted, read_note, write_note
        from curator.scrub import Outgoing

        rooms, (verdict, text) = self._rooms, read_note(line)
        for failure in failures:
            asked = Note(
                trace_id=failure.trace_id,
                observation_id=failure.reviewed_id,
                verdict=verdict,
                text=text,
                reviewer=rooms.reviewer,
                at=datetime.now(UTC),
            )
            with self.sharing:
                note = write_note(rooms.gateway, Outgoing(rooms.policy(self.rule_of(failure)), rooms.scrubber), asked)
            self._notes[failure.key] = note
            self.change(failure.key, notes=noted(self._failures.get(failure.key, failure), note).notes)
        return [self._notes[failure.key] for failure in failures]

    def elsewhere(self, failures: Sequence[Failure]) -> list[tuple[Failure, Decision]]:
        """Failures that somebody has decided about since they were listed, with those decisions; a request or two.

        Another terminal of this machine counts at once, another machine as soon as Langfuse shows its score.
        Raises GatewayError.
        """
        from curator.queue import SCORE_NAME, decisions_in, newest_decisions

        ids = list(dict.fromkeys(failure.trace_id for failure in failures))
        shared = decisions_in(self._rooms.gateway.scores(names=[SCORE_NAME], trace_ids=ids))
        own = [d for d in self._rooms.journal.decisions.all() if d.trace_id in set(ids)]
        now = newest_decisions([*shared.values(), *own])
        found = []
        for failure in failures:
            decision = now.get(failure.key)
            known = failure.decision
            if decision is None or failure.key in self._pending:
                continue
            before = "open" if known is None else (known.state, known.reviewer, known.reason)
            after = "open" if decision.state == "open" else (decision.state, decision.reviewer, decision.reason)
            if before != after and (known is None or decision.at > known.at):
                found.append((failure, decision))
        return found

    def learned(self, decisions: Sequence[Decision]) -> None:
        """Decisions of somebody else are known now."""
        for decision in decisions:
            self.change(decision.key, state=decision.state, decision=decision)

    def share(self, failures: Sequence[Failure], decisions: Sequence[Decision]) -> None:
        """Shares decisions with every reviewer, and moves the annotation-queue entries behind them.

        What could not be shared is taken back here. Raises GatewayError.
        """
        from curator.queue import share_decision

        rooms = self._rooms
        batch = uuid.uuid4().hex if len(decisions) > 1 else ""
        with self.sharing:
            for number, (failure, decision) in enumerate(zip(failures, decisions, strict=True)):
                entries = [s for s in failure.signals if s.queue_entry_id] if decision.state != "snoozed" else []
                try:
                    share_decision(
                        rooms.gateway,
                        rooms.journal,
                        rooms.scrubber,
                        decision,
                        policy=rooms.policy(decision.rule),
                        complete_entries=entries,
                        batch=batch,
                    )
                except CuratorError:
                    for undone in failures[number:]:
                        self._pending.pop(undone.key, None)
                        self.change(undone.key, state=undone.state, decision=undone.decision)
                    raise
                self._pending.pop(decision.key, None)


def _moment(failure: Failure) -> tuple[datetime, str]:
    return failure.timestamp or datetime.now(UTC), failure.key
