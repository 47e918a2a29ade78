"""The queue, and decisions about it."""

import threading
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from curator.config import Settings
from curator.model import Decision, Failure
from curator.model.errors import CuratorError
from curator.tui.session.rooms import Rooms
from curator.tui.session.values import Connected, Look, Report
from curator.tui.week import Week, week_of

if TYPE_CHECKING:
    from curator.queue import Window
    from curator.scrub.scrubber import Scrubber


class Queueing(Rooms):
    """What needs a decision."""

    def __init__(self, settings: Settings, scrubber: "Scrubber | None" = None) -> None:
        super().__init__(settings, scrubber)
        self._sharing = threading.Lock()
        self._window: Window | None = None
        self._week: Week | None = None

    def look(self, since: str, rule: str | None, report: Report) -> Look:
        """The failures of a window, in every state. Raises CuratorError."""
        from curator.queue import find_failures, parse_window

        report("connecting", 0, None)
        if self._connected is None:
            info = self.gateway.health()
            project = self.gateway.project()
            self._connected = Connected(project=project.name, project_id=project.id, version=info.version)
        rules = [r.rule for r in self.rules if rule is None or r.rule.rule == rule]
        window = parse_window(since, None, datetime.now(UTC))
        notes: list[str] = []
        queue = find_failures(
            self.gateway,
            rules,
            window,
            state=None,
            decisions=self._own_decisions(),
            progress=lambda what: report(f"looking for failures: {what}", 0, None),
            note=notes.append,
        )
        self._failures = {f.key: f for f in queue.failures}
        self._window = window
        self._week = None
        return Look(connected=self._connected, queue=queue, notes=tuple(notes))

    @property
    def failures(self) -> list[Failure]:
        """The failures of the window in every state, newest first."""
        return list(self._failures.values())

    def failure(self, key: str) -> Failure | None:
        """A failure as it stands now, by its key or as the first of its trace; None when no rule finds it."""
        return self._failures.get(key) or next((f for f in self._failures.values() if f.trace_id == key), None)

    def rule_of(self, failure: Failure) -> str:
        """The rule to shape a failure by: the one that is looked at, else the one that knows the trace's name, else
        the one with most signals."""
        names = list(dict.fromkeys(signal.rule for signal in failure.signals))
        if self.standing.rule in names:
            return self.standing.rule
        named = {r.rule.rule for r in self.rules if failure.name in r.rule.queue.filters.names}
        return max(names, key=lambda name: (name in named, sum(s.rule == name for s in failure.signals)))

    @property
    def week(self) -> Week | None:
        """The summary of the window; None before the first look."""
        if self._window is None:
            return None
        if self._week is None:
            self._week = week_of(self.failures, self._window.since, self._window.until)
        return self._week

    def _own_decisions(self) -> list[Decision]:
        """Decisions made on this machine that the server may not show yet."""
        return [*self.journal.decisions.all(), *self._pending.values()]

    def apply(self, decisions: Sequence[Decision]) -> None:
        """Shows decisions at once, before they are shared."""
        for decision in decisions:
            self._pending[decision.key] = decision
            self._put_decision(decision)

    def _put_decision(self, decision: Decision) -> None:
        self._week = None
        if failure := self._failures.get(decision.key):
            self._failures[decision.key] = failure.model_copy(update={"state": decision.state, "decision": decision})

    def share(self, failures: Sequence[Failure], decisions: Sequence[Decision]) -> None:
        """Shares decisions with every reviewer, and moves the annotation-queue entries behind them.

        What could not be shared is taken back here. Raises GatewayError.
        """
        from curator.queue.decisions import decide

        batch = uuid.uuid4().hex if len(decisions) > 1 else ""
        with self._sharing:
            for number, (failure, decision) in enumerate(zip(failures, decisions, strict=True)):
                entries = [s for s in failure.signals if s.queue_entry_id] if decision.state != "snoozed" else []
                try:
                    decide(
                        self.gateway,
                        self.journal,
                        self.scrubber,
                        decision,
                        policy=self.policy(decision.rule),
                        complete_entries=entries,
                        batch=batch,
                    )
                except CuratorError:
                    for undone in failures[number:]:
                        self._pending.pop(undone.key, None)
                        self._failures[undone.key] = undone
                    self._week = None
                    raise
                self._pending.pop(decision.key, None)
