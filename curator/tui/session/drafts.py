"""Drafts: made from a trace, a rule and the reviewer's decisions; compared with what the server holds."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from curator.model import Draft, Failure, ScrubbedDraft, Signal, Trace
from curator.model.errors import CuratorError
from curator.tui.memory import DraftState
from curator.tui.session.failures import Failures
from curator.tui.session.items import Items
from curator.tui.session.rooms import Rooms
from curator.tui.session.traces import Traces

if TYPE_CHECKING:
    from curator.draft.effectiveness import Judgement
    from curator.draft.likeness import Novelty
    from curator.promote import Found, Proposal
    from curator.rulebook import LoadedRule

TypeFrom = Literal["reviewer", "review", "default", ""]
"""Who said what kind of failure it is: the reviewer here, a reviewer's category in Langfuse, the default, nobody."""


@dataclass(frozen=True)
class Prepared:
    """A draft as it stands, in memory only: it holds the unscrubbed text."""

    order: DraftState
    proposal: "Proposal"
    type_from: TypeFrom = ""

    @property
    def trace(self) -> Trace:
        """Where it came from."""
        return self.proposal.trace

    @property
    def loaded(self) -> "LoadedRule":
        """The rule that shaped it."""
        return self.proposal.loaded

    @property
    def draft(self) -> Draft:
        """Before the scrub."""
        return self.proposal.draft

    @property
    def scrubbed(self) -> ScrubbedDraft:
        """After the scrub."""
        return self.proposal.scrubbed

    @property
    def judged(self) -> "tuple[Judgement, ...]":
        """What the rule's checks say of the recorded answer and of its correction."""
        return self.proposal.judged

    @property
    def failure_type(self) -> str | None:
        """What kind of failure the item will say that it is."""
        chosen = self.draft.metadata.get("failure_type")
        return str(chosen) if chosen else None

    @property
    def type_open(self) -> bool:
        """Whether nobody has said yet what kind of failure it is: a default is no decision."""
        return self.type_from in ("default", "")


class Drafts:
    """What is made of traces, before it is written."""

    def __init__(self, rooms: Rooms, failures: Failures, traces: Traces, items: Items) -> None:
        self._rooms, self._failures, self._traces, self._items = rooms, failures, traces, items

    def order(self, key: str) -> DraftState:
        """The draft that was left unwritten, else what waits in the inbox, else a new one. Raises UsageError."""
        rules = self._rooms.rules
        if (kept := self._rooms.memory.draft(key)) and any(r.rule.rule == kept.rule for r in rules):
            return kept
        failure = self._failures.get(key)
        rule = self._failures.rule_of(failure) if failure else self._rooms.standing.rule or rules[0].rule.rule
        loaded = next((each for each in rules if each.rule.rule == rule), None)
        waiting = self._rooms.promoter.prepared(key, loaded) if loaded is not None else None
        return DraftState.model_validate({**(waiting.order if waiting else {}), "trace_id": key, "rule": rule})

    def prepare(self, order: DraftState) -> Prepared:
        """The draft as it stands: mapped, scrubbed, held against the rule's checks. Raises CuratorError."""
        from curator.promote import Order

        loaded = next(r for r in self._rooms.rules if r.rule.rule == order.rule)
        found = self._found(order.trace_id, loaded)
        reviewed = reviewed_type(found.signals, loaded.rule.lineage.failure_types)
        wanted = Order(
            edits=order.edits,
            case=order.case,
            keep=order.keep,
            failure_type=order.failure_type or reviewed,
            despite=frozenset(order.despite),
        )
        proposal = self._rooms.promoter.draft(found, loaded, wanted)
        said: TypeFrom = "reviewer" if order.failure_type else "review" if reviewed else "default"
        return Prepared(order, proposal, said if proposal.draft.metadata.get("failure_type") else "")

    def prepare_many(
        self, failures: Sequence[Failure], each: Callable[[Failure, Prepared | CuratorError], None]
    ) -> None:
        """Prepares the drafts of many failures, with what was kept of each; `each` hears of every one."""
        for failure in failures:
            try:
                each(failure, self.prepare(self.order(failure.key)))
            except CuratorError as error:
                each(failure, error)

    def _found(self, key: str, loaded: "LoadedRule") -> "Found":
        """The failure with the reasons why a rule counts it; asked for when the queue does not list it."""
        failure = self._failures.get(key)
        if failure is None:
            return next(self._rooms.promoter.read([key], loaded))
        return self._rooms.promoter.found(failure, loaded, self._traces.get(failure.trace_id))

    def compare(self, prepared: Prepared) -> "Novelty":
        """How a draft stands to what the server holds. Raises GatewayError."""
        items = self._items.lately(prepared.draft.dataset)
        return self._rooms.promoter.compare(prepared.proposal, items, dataset_exists=items is not None)

    def keep(self, order: DraftState, prepared: Prepared | None) -> None:
        """Keeps a draft for later, with its edits as they are after the scrub: no personal value rests on the disk."""
        if prepared is not None and prepared.order == order:
            from curator.draft.edits import value_at

            content = {"input": prepared.scrubbed.input, "expected_output": prepared.scrubbed.expected_output}
            edits = {path: value_at(content, path) for path in order.edits}
            reasons = {f.id: f.reason or "" for f in prepared.scrubbed.findings if f.id in order.keep}
            self._rooms.memory.keep_draft(order.model_copy(update={"edits": edits, "keep": reasons}))


def reviewed_type(signals: Sequence[Signal], types: Sequence[str]) -> str | None:
    """The rule's failure type that a reviewer gave in Langfuse as a category, the latest; None without one.

    A category that is no type stands for the only type that has all of its words: `missing_context` for
    `missing_order_status_context`.
    """
    found = None
    for signal in signals:
        if signal.source == "ANNOTATION" and isinstance(signal.value, str):
            words = set(re.findall(r"[a-z0-9]+", signal.value.lower()))
            near = [each for each in types if words and words <= set(re.findall(r"[a-z0-9]+", each.lower()))]
            exact = [each for each in types if each == signal.value]
            found = exact[0] if exact else near[0] if len(near) == 1 else found
    return found
