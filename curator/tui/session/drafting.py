"""Drafts: made from a trace, a rule and the reviewer's decisions; compared with what the server holds; written."""

import time
from typing import TYPE_CHECKING

from curator.model import StoredItem
from curator.tui.memory import DraftState
from curator.tui.session.queueing import Queueing
from curator.tui.session.reading import Reading
from curator.tui.session.values import Prepared

if TYPE_CHECKING:
    from curator.draft.likeness import Novelty
    from curator.promote import Found
    from curator.rulebook import LoadedRule

ITEMS_FRESH = 300.0
"""Seconds for which the items of a dataset are believed, when looking for similar ones."""


class Drafting(Queueing, Reading):
    """What is made and written."""

    def order(self, key: str) -> DraftState:
        """The draft that was left unwritten, or a new one by the rule that found the failure. Raises UsageError."""
        if (kept := self.memory.draft(key)) and any(r.rule.rule == kept.rule for r in self.rules):
            return kept
        failure = self._failures.get(key)
        rule = self.rule_of(failure) if failure else self.standing.rule or self.rules[0].rule.rule
        return DraftState(trace_id=key, rule=rule)

    def prepare(self, order: DraftState) -> Prepared:
        """The draft as it stands: mapped, scrubbed, judged. Raises CuratorError."""
        from curator.promote import Order

        loaded = next(r for r in self.rules if r.rule.rule == order.rule)
        wanted = Order(
            edits=order.edits,
            case=order.case,
            keep=order.keep,
            failure_type=order.failure_type,
            despite=frozenset(order.despite),
        )
        proposal = self.promoter.draft(self._found(order.trace_id, loaded), loaded, wanted)
        return Prepared(order, proposal)

    def _found(self, key: str, loaded: "LoadedRule") -> "Found":
        """The failure with the reasons why a rule counts it; asked for when the queue does not list it."""
        failure = self._failures.get(key)
        if failure is None:
            return next(self.promoter.read([key], loaded))
        return self.promoter.found(failure, loaded, self.trace(failure.trace_id))

    def compare(self, prepared: Prepared) -> "Novelty":
        """How a draft stands to what the server holds. Raises GatewayError."""
        items = self.items_of(prepared.draft.dataset)
        return self.promoter.compare(prepared.proposal, items, dataset_exists=items is not None)

    def items_of(self, dataset: str) -> list[StoredItem] | None:
        """The items of a dataset, read at most once in five minutes; None when there is no such dataset."""
        from curator.gateway import NotFound

        known = self._items.get(dataset)
        if known is not None and time.monotonic() - known[0] < ITEMS_FRESH:
            return known[1]
        try:
            items: list[StoredItem] | None = list(self.gateway.items(dataset))
        except NotFound:
            items = None
        self._items[dataset] = (time.monotonic(), items)
        return items

    def keep_order(self, order: DraftState, prepared: Prepared | None) -> None:
        """Keeps a draft for later, with its edits as they are after the scrub: no personal value rests on the disk."""
        if prepared is not None and prepared.order == order:
            from curator.draft.edits import value_at

            content = {"input": prepared.scrubbed.input, "expected_output": prepared.scrubbed.expected_output}
            edits = {path: value_at(content, path) for path in order.edits}
            reasons = {f.id: f.reason or "" for f in prepared.scrubbed.findings if f.id in order.keep}
            self.memory.keep_draft(order.model_copy(update={"edits": edits, "keep": reasons}))
