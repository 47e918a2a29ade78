"""Writing: one item, many items; taking back; verifying; finishing what a crash left."""

import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from curator.model import Decision, Failure, Receipt
from curator.model.errors import CuratorError
from curator.tui.session.drafting import Drafting
from curator.tui.session.values import Prepared, Report

if TYPE_CHECKING:
    from curator.promote import Choices, Resumed, Undone, Verified
    from curator.rulebook import LoadedRule


class Writing(Drafting):
    """What changes the server; every function ends in a receipt or in words."""

    def promote(self, prepared: Prepared, remedies: Sequence[str] = ()) -> Receipt:
        """Writes the item, reads it back, shares the decision; the receipt says what is true. Raises CuratorError."""
        receipt = self.promoter.promote(prepared.proposal, self._choices(remedies))
        self._promoted(receipt)
        return receipt

    def remedies(self, receipt: Receipt) -> tuple[tuple[str, str], ...]:
        """What curator can do about a receipt: names with their words."""
        return self.promoter.remedies(receipt)

    def _choices(self, remedies: Sequence[str], batch: str = "") -> "Choices":
        """The terminal completes the entries behind what is promoted: whoever reviews here works them off."""
        from curator.promote import Choices

        return Choices(remedies=frozenset(remedies), complete_queue=True, batch=batch)

    def prepare_many(
        self, failures: Sequence[Failure], each: Callable[[Failure, Prepared | CuratorError], None]
    ) -> None:
        """Prepares the drafts of many failures, with what was kept of each; `each` hears of every one."""
        for failure in failures:
            try:
                each(failure, self.prepare(self.order(failure.key)))
            except CuratorError as error:
                each(failure, error)

    def promote_many(
        self, ready: Sequence[Prepared], stop: threading.Event, report: Report, remedies: Sequence[str] = ()
    ) -> Iterator[Receipt]:
        """Promotes many drafts, with a receipt for each as it is proved. `stop` ends it after the writes under way."""
        choices = self._choices(remedies, uuid.uuid4().hex)
        proposals = [each.proposal for each in ready]
        tell = lambda done: report("writing", done, len(ready))  # noqa: E731
        for receipt in self.promoter.promote_many(proposals, choices, stop=stop, progress=tell):
            self._promoted(receipt)
            yield receipt

    def _promoted(self, receipt: Receipt) -> None:
        if not receipt.ok:
            return
        self.memory.forget_draft(receipt.key)
        self._items.pop(receipt.dataset, None)
        failure = self._failures.get(receipt.key)
        if failure is None:
            return
        decision = Decision(
            trace_id=receipt.trace_id,
            observation_id=receipt.observation_id,
            state="promoted",
            reviewer=receipt.reviewer,
            rule=receipt.rule or None,
            item_id=receipt.item_id,
            at=receipt.at,
        )
        self._put_decision(decision)
        items = tuple(dict.fromkeys((*failure.items, receipt.item_id)))
        self._failures[receipt.key] = self._failures[receipt.key].model_copy(update={"items": items})

    def create_dataset(self, loaded: "LoadedRule") -> None:
        """Creates the dataset of a rule with its schemas, or brings the schemas up to date. Raises GatewayError."""
        self.promoter.create_dataset(loaded)
        self._items.pop(loaded.rule.dataset.name, None)

    def undo(self, receipt: Receipt | None = None) -> "list[Undone]":
        """Takes back what a receipt says was done; without one, the last action of this machine (all of a bulk one).

        Raises CuratorError.
        """
        with self._sharing:
            list(self.promoter.resume())  # a write that nobody has seen the end of has to be known first
            undone = list(self.promoter.undo(receipt=receipt, whole_batch=receipt is None))
        for each in undone:
            if each.ok and (failure := self._failures.get(each.entry.key)):
                decision = self.journal.decisions.get(failure.key)
                state = decision.state if decision is not None else "open"
                items = tuple(i for i in failure.items if i != each.entry.item_id or each.outcome == "restored")
                self._failures[failure.key] = failure.model_copy(
                    update={"state": state, "decision": decision, "items": items}
                )
                self._week = None
            if each.entry.dataset:
                self._items.pop(each.entry.dataset, None)
        return undone

    def verify(self, dataset: str, item_id: str, rule: str | None) -> "Verified":
        """Reads an item back and holds it against its receipt and lineage. Raises CuratorError."""
        known = rule if any(each.rule.rule == rule for each in self.rules) else None
        return next(self.promoter.verify(dataset, [item_id], rule=known))

    def resume(self) -> "list[Resumed]":
        """Finishes what a crash or an interrupt left unfinished. Raises GatewayError."""
        return list(self.promoter.resume())
