"""One reviewer at one Langfuse project: what the screens ask for, and nothing about screens.

Every method blocks and may be called from several threads; the screens call them in workers. Each is one call into the
rooms below, the same that the command line makes. Heavy rooms (SDK, presidio) are imported at their first use.
"""

import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from curator.config import Settings
from curator.errors import CuratorError
from curator.model import (
    Decision,
    Draft,
    Failure,
    Finding,
    Observation,
    Queue,
    Receipt,
    ScrubbedDraft,
    ScrubPolicy,
    StoredItem,
    Trace,
)
from curator.model.base import Value
from curator.tui.live import LiveCheck, Similar, protection_checks, similar_items
from curator.tui.masks import shorten
from curator.tui.memory import DraftState, Memory, Standing
from curator.tui.week import Week, week_of

if TYPE_CHECKING:
    from curator.gateway import Gateway
    from curator.journal import Journal
    from curator.queue import Window
    from curator.rulebook import LoadedRule
    from curator.scrub.scrubber import Scrubber

Report = Callable[[str, int, int | None], None]
"""Progress: what is being done, how much of it is done, of how much (None when nobody knows)."""
MOST_SIBLINGS = 200
LOOKED_THROUGH = 200_000
"""Characters of what is shown that are looked through for personal values; the rest stays masked until asked for."""
ITEMS_FRESH = 60.0
"""Seconds for which the items of a dataset are believed, when looking for similar ones."""
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


@dataclass(frozen=True)
class Prepared:
    """A draft as it stands, in memory only: it holds the unscrubbed text."""

    order: DraftState
    trace: Trace
    loaded: "LoadedRule"
    draft: Draft
    scrubbed: ScrubbedDraft
    protection: tuple[LiveCheck, ...]


class Compared(Value):
    """What the server holds that concerns a draft."""

    stored: StoredItem | None
    similar: tuple[Similar, ...]
    dataset_exists: bool


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
        self._gateway: Gateway | None = None
        self._journal: Journal | None = None
        self._scrubber: Scrubber | None = None
        self._sharing = threading.Lock()
        self._pending: dict[str, Decision] = {}
        self._datasets: dict[str, tuple[float, list[StoredItem] | None]] = {}
        self._connected: Connected | None = None
        self._failures: dict[str, Failure] = {}
        self._window: Window | None = None
        self._roots: OrderedDict[str, Observation | None] = OrderedDict()
        self._traces: OrderedDict[str, Trace] = OrderedDict()

    @property
    def host(self) -> str:
        """The server's address without its scheme."""
        return (self.settings.base_url or "").split("://")[-1].rstrip("/")

    @property
    def gateway(self) -> "Gateway":
        """The one connection. Raises ConfigError when keys are missing."""
        from curator.gateway import Gateway

        with self._lock:
            if self._gateway is None:
                self._gateway = Gateway(self.settings.connection())
            return self._gateway

    @property
    def journal(self) -> "Journal":
        """The record of this machine. Raises ConfigError when it cannot be opened."""
        from curator.journal import Journal

        with self._lock:
            if self._journal is None:
                self._journal = Journal.of(self.settings.connection())
            return self._journal

    @property
    def scrubber(self) -> "Scrubber":
        """What finds personal values; its process starts at the first question."""
        from curator.scrub.scrubber import Scrubber

        with self._lock:
            if self._scrubber is None:
                self._scrubber = Scrubber()
            return self._scrubber

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
        """Decisions made on this machine that the server may not show yet."""
        return [*self.journal.decisions.all(), *self._pending.values()]

    def apply(self, decisions: Sequence[Decision]) -> None:
        """Shows decisions at once, before they are shared."""
        for decision in decisions:
            self._pending[decision.trace_id] = decision
            self._put_decision(decision)

    def _put_decision(self, decision: Decision) -> None:
        if failure := self._failures.get(decision.trace_id):
            self._failures[decision.trace_id] = failure.model_copy(
                update={"state": decision.state, "decision": decision}
            )

    def share(self, failures: Sequence[Failure], decisions: Sequence[Decision]) -> None:
        """Shares decisions with every reviewer, and moves the annotation-queue entries behind them.

        What could not be shared is taken back here. Raises GatewayError.
        """
        from curator.decisions import decide

        batch = uuid.uuid4().hex if len(decisions) > 1 else ""
        with self._sharing:
            for number, (failure, decision) in enumerate(zip(failures, decisions, strict=True)):
                entries = [s for s in failure.signals if s.queue_entry_id] if decision.state != "snoozed" else []
                try:
                    decide(self.gateway, self.journal, decision, complete_entries=entries, batch=batch)
                except CuratorError:
                    for undone in failures[number:]:
                        self._pending.pop(undone.trace_id, None)
                        self._failures[undone.trace_id] = undone
                    raise
                self._pending.pop(decision.trace_id, None)

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

    # Personal values

    def policy(self, rule: str | None) -> ScrubPolicy:
        """How a rule treats personal values, on top of the team's defaults."""
        team = self.settings.scrub
        own = next((r.rule.scrub for r in self.rules if r.rule.rule == rule), ScrubPolicy())
        return own.model_copy(
            update={
                "exclude": (*team.exclude, *own.exclude),
                "thresholds": team.thresholds | own.thresholds,
                "allow": (*team.allow, *own.allow),
                "deny": (*team.deny, *own.deny),
                "strict": team.strict or own.strict,
            }
        )

    def values_in(self, value: Mapping[str, object], rule: str | None) -> tuple[Finding, ...]:
        """The personal values in foreign text, by the policy of a rule. Raises CuratorError.

        A text of which only the beginning was looked through has its rest as one finding, so that it stays masked.
        """
        shortened, rest = shorten(value, LOOKED_THROUGH)
        # The rule's paths are paths of the item, not of what is shown here.
        policy = self.policy(rule).model_copy(update={"paths": (), "strict": False})
        found = self.scrubber.find(shortened, policy)
        return (*(f for f in found if f.action != "suggest"), *rest)

    # Drafts

    def order(self, trace_id: str) -> DraftState:
        """The draft that was left unwritten, or a new one by the rule that found the failure. Raises UsageError."""
        if (kept := self.memory.draft(trace_id)) and any(r.rule.rule == kept.rule for r in self.rules):
            return kept
        failure = self._failures.get(trace_id)
        rule = failure.signals[0].rule if failure else self.standing.rule or self.rules[0].rule.rule
        return DraftState(trace_id=trace_id, rule=rule)

    def prepare(self, order: DraftState) -> Prepared:
        """The draft as it stands: mapped, scrubbed, judged. Raises CuratorError."""
        from curator.reshape import reshape
        from curator.scrub.gate import Choice

        loaded = next(r for r in self.rules if r.rule.rule == order.rule)
        trace = self.trace(order.trace_id)
        failure = self._failures.get(order.trace_id)
        draft = reshape(
            trace,
            loaded,
            signals=failure.signals if failure else (),
            edits=order.edits,
            case=order.case,
            failure_type=order.failure_type,
        )
        choices = {finding: Choice(action="keep", reason=reason) for finding, reason in order.keep.items()}
        scrubbed = self.scrubber.scrub(draft, self.policy(order.rule), choices)
        checks = protection_checks(trace, draft, loaded, allow_python=self.settings.allow_python)
        return Prepared(order, trace, loaded, draft, scrubbed, tuple(checks))

    def compare(self, prepared: Prepared) -> Compared:
        """How a draft stands to what the server holds. Raises GatewayError."""
        stored = self.gateway.item(prepared.draft.item_id)
        items = self._items_of(prepared.draft.dataset)
        similar = similar_items(prepared.scrubbed.input, prepared.draft.item_id, items or [])
        return Compared(stored=stored, similar=tuple(similar), dataset_exists=items is not None)

    def _items_of(self, dataset: str) -> list[StoredItem] | None:
        """The items of a dataset, read at most once a minute; None when there is no such dataset."""
        from curator.gateway import NotFound

        known = self._datasets.get(dataset)
        if known is not None and time.monotonic() - known[0] < ITEMS_FRESH:
            return known[1]
        try:
            items: list[StoredItem] | None = list(self.gateway.items(dataset))
        except NotFound:
            items = None
        self._datasets[dataset] = (time.monotonic(), items)
        return items

    def keep_order(self, order: DraftState, prepared: Prepared | None) -> None:
        """Keeps a draft for later, with its edits as they are after the scrub: no personal value rests on the disk."""
        if prepared is not None and prepared.order == order:
            content = {"input": prepared.scrubbed.input, "expected_output": prepared.scrubbed.expected_output}
            edits = {path: value_at(content, path) for path in order.edits}
            reasons = {f.id: f.reason or "" for f in prepared.scrubbed.findings if f.id in order.keep}
            self.memory.keep_draft(order.model_copy(update={"edits": edits, "keep": reasons}))

    # Writing

    def promote(self, prepared: Prepared, remedies: Sequence[str] = ()) -> Receipt:
        """Writes the item, reads it back, shares the decision; the receipt says what is true. Raises CuratorError."""
        from curator.lineage import to_item
        from curator.promote import promote

        item = to_item(prepared.scrubbed, reviewer=self.reviewer, approved_at=datetime.now(UTC).astimezone())
        failure = self._failures.get(prepared.draft.trace_id)
        entries = [(s.queue_id, s.queue_entry_id) for s in failure.signals] if failure else []
        receipt = promote(
            self.gateway,
            self.journal,
            self.scrubber,
            item,
            policy=self.policy(prepared.order.rule),
            rule=prepared.order.rule,
            reviewer=self.reviewer,
            remedies=remedies,
            entries=[(queue, entry) for queue, entry in entries if queue and entry],
        )
        if receipt.ok:
            self._promoted(receipt)
        return receipt

    def _promoted(self, receipt: Receipt) -> None:
        self.memory.forget_draft(receipt.trace_id)
        self._datasets.pop(receipt.dataset, None)
        failure = self._failures.get(receipt.trace_id)
        if failure is None:
            return
        decision = Decision(
            trace_id=receipt.trace_id,
            state="promoted",
            reviewer=receipt.reviewer,
            rule=receipt.rule or None,
            item_id=receipt.item_id,
            at=receipt.at,
        )
        self._put_decision(decision)
        items = tuple(dict.fromkeys((*failure.items, receipt.item_id)))
        self._failures[receipt.trace_id] = self._failures[receipt.trace_id].model_copy(update={"items": items})

    def create_dataset(self, loaded: "LoadedRule") -> None:
        """Creates the dataset of a rule with its schemas. Raises GatewayError."""
        from curator.experiments.seed import ensure_dataset

        ensure_dataset(self.gateway, loaded)
        self._datasets.pop(loaded.rule.dataset.name, None)

    # Addresses

    def trace_url(self, trace_id: str) -> str:
        """Where a trace stands in Langfuse's web app. Raises GatewayError."""
        return self.gateway.trace_url(trace_id)

    def item_url(self, dataset: str, item_id: str) -> str:
        """Where an item stands in Langfuse's web app. Raises NotFound, GatewayError."""
        found = self.gateway.item(item_id)
        known = found.dataset_id if found is not None else None
        if known is None:
            named = self.gateway.dataset(dataset)
            known = named.id if named is not None else dataset
        return self.gateway.item_url(known, item_id)

    def close(self) -> None:
        """Ends the connection, the scrub's process and the journal; what the reviewer's place is, is kept."""
        self.memory.keep_standing(self.standing)
        if self._scrubber is not None:
            self._scrubber.close()
        if self._journal is not None:
            self._journal.close()
        if self._gateway is not None:
            self._gateway.close()


def value_at(content: object, path: str) -> Any:
    """The value at a path as `join_path` writes it; None when it is not there."""
    from curator.edits import parse_edit_path

    node: Any = content
    for step in parse_edit_path(path):
        if isinstance(node, dict) and isinstance(step, str):
            node = node.get(step)
        elif isinstance(node, list) and isinstance(step, int) and step < len(node):
            node = node[step]
        else:
            return None
    return node
