"""One reviewer at one Langfuse project: what the screens ask for, and nothing about screens.

Every method blocks and may be called from several threads; the screens call them in workers. Each is one call into the
rooms below, the same that the command line makes. Heavy rooms (SDK, presidio) are imported at their first use.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from curator.config import Settings
from curator.model import Decision, Failure, Finding, Observation, Queue, StoredItem, Trace
from curator.model.base import Value
from curator.tui.fetch import Report
from curator.tui.memory import Memory, Standing
from curator.tui.week import Week, week_of

if TYPE_CHECKING:
    from curator.gateway import Gateway
    from curator.queue import Window
    from curator.rulebook import LoadedRule

MOST_SIBLINGS = 200
KEPT_TRACES = 32
"""Traces and previews that stay in memory."""


class Look(Value):
    """The queue as the server and this machine know it now."""

    connected: "Connected"
    queue: Queue
    notes: tuple[str, ...] = ()
    """What the reviewer should know: an annotation queue that does not exist, unreadable rows."""


class Around(Value):
    """What surrounds a trace."""

    siblings: tuple[Observation, ...] = ()
    """Root observations of the traces of its session, its own among them."""
    items: tuple[StoredItem, ...] = ()
    """Dataset items that came from it."""


class Connected(Value):
    """What is known of the other side after the first contact."""

    project: str
    project_id: str
    version: str


class Session:
    """See the module's text."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lock = threading.RLock()
        self._connected: Connected | None = None
        self._failures: dict[str, Failure] = {}
        self._window: Window | None = None
        self._roots: OrderedDict[str, Observation | None] = OrderedDict()
        self._traces: OrderedDict[str, Trace] = OrderedDict()

    @property
    def host(self) -> str:
        """The server's address without its scheme."""
        return (self.settings.base_url or "").split("://")[-1].rstrip("/")

    @cached_property
    def _gateway(self) -> "Gateway":
        from curator.gateway import Gateway

        return Gateway(self.settings.connection())

    @property
    def gateway(self) -> "Gateway":
        """The one connection. Raises ConfigError when keys are missing."""
        with self._lock:
            return self._gateway

    @cached_property
    def _rules(self) -> "list[LoadedRule]":
        from curator.rulebook import load_rules

        return load_rules(self.settings)

    @property
    def rules(self) -> "list[LoadedRule]":
        """Every rule. Raises UsageError for a malformed one."""
        with self._lock:
            return self._rules

    # Where the reviewer stands

    @cached_property
    def memory(self) -> Memory:
        """What is remembered between two starts."""
        return Memory(self.settings)

    @cached_property
    def _standing(self) -> list[Standing]:
        return [self.memory.standing()]

    @property
    def standing(self) -> Standing:
        """Where the reviewer stands."""
        return self._standing[0]

    def stand(self, **changes: Any) -> None:
        """The reviewer stands elsewhere; kept when the app ends."""
        self._standing[0] = self.standing.model_copy(update=changes)

    @property
    def reviewer(self) -> str:
        """Who decides."""
        return self.settings.reviewer_name()

    def rule_names(self) -> list[tuple[str, str]]:
        """Rules with their descriptions."""
        return [(r.rule.rule, f"{r.rule.rule}  {r.rule.description}".strip()) for r in self.rules]

    # The queue

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
        self._failures = {f.trace_id: f for f in queue.failures}
        self._window = window
        return Look(connected=self._connected, queue=queue, notes=tuple(notes))

    @property
    def failures(self) -> list[Failure]:
        """The failures of the window in every state, newest first."""
        return list(self._failures.values())

    @property
    def week(self) -> Week | None:
        """The summary of the window; None before the first look."""
        if self._window is None:
            return None
        return week_of(self.failures, self._window.since, self._window.until)

    def _own_decisions(self) -> list[Decision]:
        """Decisions made here that the server may not show yet."""
        return []

    def apply(self, decisions: Sequence[Decision]) -> None:
        """Shows decisions at once, before they are shared."""
        for decision in decisions:
            if failure := self._failures.get(decision.trace_id):
                self._failures[decision.trace_id] = failure.model_copy(
                    update={"state": decision.state, "decision": decision}
                )

    def failure(self, trace_id: str) -> Failure | None:
        """The failure of a trace, as it stands now; None when no rule finds it."""
        return self._failures.get(trace_id)

    # Traces

    def trace(self, trace_id: str, *, fresh: bool = False) -> Trace:
        """The whole trace; from memory unless `fresh`. Raises NotFound, GatewayError."""
        with self._lock:
            if trace_id in self._traces and not fresh:
                self._traces.move_to_end(trace_id)
                return self._traces[trace_id]
        trace = self.gateway.trace(trace_id)
        with self._lock:
            self._traces[trace_id] = trace
            while len(self._traces) > KEPT_TRACES:
                self._traces.popitem(last=False)
        return trace

    def around(self, trace: Trace) -> Around:
        """Other traces of the session, and the items that came from the trace. Raises GatewayError."""
        session_id = trace.root.session_id
        siblings = (
            tuple(self.gateway.observations(session_id=session_id, roots_only=True, limit=MOST_SIBLINGS))
            if session_id
            else ()
        )
        items = tuple(self.gateway.items(source_trace_id=trace.id))
        return Around(siblings=siblings, items=items)

    def root(self, trace_id: str) -> Observation | None:
        """The root observation with input and output; None when the source is gone. Raises GatewayError."""
        with self._lock:
            if trace_id in self._roots:
                self._roots.move_to_end(trace_id)
                return self._roots[trace_id]
        roots = sorted(
            self.gateway.observations(trace_ids=[trace_id], roots_only=True, io=True), key=lambda o: o.start_time
        )
        with self._lock:
            self._roots[trace_id] = roots[0] if roots else None
            while len(self._roots) > KEPT_TRACES:
                self._roots.popitem(last=False)
            return self._roots[trace_id]

    def values_in(self, value: dict[str, object], rule: str | None) -> tuple[Finding, ...]:
        """The personal values in foreign text, by the policy of a rule. Raises CuratorError."""
        return ()
