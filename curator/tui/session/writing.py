"""Writing: one item, many items; taking back; verifying; finishing what a crash left."""

import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from curator.model import Decision, Failure, Receipt
from curator.model.errors import CuratorError
from curator.tui.session.drafting import Drafting
from curator.tui.session.values import Prepared, Report

if TYPE_CHECKING:
    from curator.journal.promotions import Entry
    from curator.model import Item
    from curator.promote import Resumed, Undone, Verified
    from curator.rulebook import LoadedRule


class Writing(Drafting):
    """What changes the server; every function ends in a receipt or in words."""

    def promote(self, prepared: Prepared, remedies: Sequence[str] = ()) -> Receipt:
        """Writes the item, reads it back, shares the decision; the receipt says what is true. Raises CuratorError."""
        from curator.promote import promote

        receipt = promote(
            self.gateway,
            self.journal,
            self.scrubber,
            self._item(prepared),
            policy=self.policy(prepared.order.rule),
            rule=prepared.order.rule,
            reviewer=self.reviewer,
            remedies=remedies,
            entries=self._entries(prepared.draft.trace_id),
        )
        self._promoted(receipt)
        doubtful = tuple(problem for problem in prepared.scrubbed.problems if not problem.blocking)
        return receipt.model_copy(update={"warnings": doubtful})

    def prepare_many(
        self, failures: Sequence[Failure], each: Callable[[Failure, Prepared | CuratorError], None]
    ) -> None:
        """Prepares the drafts of many failures, with what was kept of each; `each` hears of every one."""
        for failure in failures:
            try:
                each(failure, self.prepare(self.order(failure.trace_id)))
            except CuratorError as error:
                each(failure, error)

    def promote_many(self, ready: Sequence[Prepared], stop: threading.Event, report: Report) -> Iterator[Receipt]:
        """Promotes many drafts, with a receipt for each as it is proved; creates a dataset that is missing.

        `stop` ends it after the writes under way. Raises CuratorError.
        """
        from curator.promote import promote_many

        batch = uuid.uuid4().hex
        rules = dict.fromkeys(each.order.rule for each in ready)
        before = 0
        for rule in rules:
            mine = [each for each in ready if each.order.rule == rule]
            if self.items_of(mine[0].draft.dataset) is None:
                self.create_dataset(mine[0].loaded)
            items = [self._item(each) for each in mine]
            entries = {item.id: self._entries(each.draft.trace_id) for item, each in zip(items, mine, strict=True)}
            base = before
            for receipt in promote_many(
                self.gateway,
                self.journal,
                self.scrubber,
                items,
                policy=self.policy(rule),
                rule=rule,
                reviewer=self.reviewer,
                entries=entries,
                batch=batch,
                stop=stop,
                progress=lambda done, base=base: report("writing", base + done, len(ready)),  # type: ignore[misc]
            ):
                self._promoted(receipt)
                yield receipt
            before += len(mine)

    def _item(self, prepared: Prepared) -> "Item":
        from curator.promote.pipeline import item_of
        from curator.promote.stops import Stop

        try:
            return item_of(prepared.scrubbed, self.journal, reviewer=self.reviewer, at=datetime.now(UTC))
        except Stop as stop:
            raise CuratorError(stop.problem.message, code=stop.problem.code, remedy=stop.problem.remedy) from None

    def _entries(self, trace_id: str) -> "list[Entry]":
        failure = self._failures.get(trace_id)
        signals = failure.signals if failure else ()
        return [(s.queue_id, s.queue_entry_id) for s in signals if s.queue_id and s.queue_entry_id]

    def _promoted(self, receipt: Receipt) -> None:
        if not receipt.ok:
            return
        self.memory.forget_draft(receipt.trace_id)
        self._items.pop(receipt.dataset, None)
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
        """Creates the dataset of a rule with its schemas, or brings the schemas up to date. Raises GatewayError."""
        from curator.promote.seed import ensure_dataset

        ensure_dataset(self.gateway, loaded)
        self._items.pop(loaded.rule.dataset.name, None)

    def undo(self) -> "list[Undone]":
        """Takes back the last action of this machine, all of a bulk action at once. Raises CuratorError."""
        from curator.promote import undo

        with self._sharing:
            undone = list(undo(self.gateway, self.journal, self.scrubber, reviewer=self.reviewer, whole_batch=True))
        for each in undone:
            if each.ok and (failure := self._failures.get(each.entry.trace_id)):
                decision = self.journal.decisions.get(failure.trace_id)
                state = decision.state if decision is not None else "open"
                items = tuple(i for i in failure.items if i != each.entry.item_id or each.outcome == "restored")
                self._failures[failure.trace_id] = failure.model_copy(
                    update={"state": state, "decision": decision, "items": items}
                )
                self._week = None
            if each.entry.dataset:
                self._items.pop(each.entry.dataset, None)
        return undone

    def verify(self, dataset: str, item_id: str, rule: str | None) -> "Verified":
        """Reads an item back and holds it against its receipt and lineage. Raises CuratorError."""
        from curator.promote import verify

        policy = self.policy(rule)
        return next(iter(verify(self.gateway, self.journal, self.scrubber, dataset, [item_id], policy=policy)))

    def resume(self) -> "list[Resumed]":
        """Finishes what a crash or an interrupt left unfinished. Raises GatewayError."""
        from curator.promote import resume

        policies = {loaded.rule.rule: self.policy(loaded.rule.rule) for loaded in self.rules}
        return list(resume(self.gateway, self.journal, self.scrubber, policies=policies))
