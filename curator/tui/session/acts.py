"""What is done: one item written, or many; taken back and done again; what a crash left, finished."""

import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from curator.model import Decision, Failure, Receipt
from curator.model.item import ItemState
from curator.tui.memory import DraftState
from curator.tui.session.drafts import Drafts, Prepared
from curator.tui.session.failures import Failures
from curator.tui.session.items import Items
from curator.tui.session.rooms import Report, Rooms
from curator.tui.words import age, plural

if TYPE_CHECKING:
    from curator.journal import SavedDraft, UndoableEntry
    from curator.promote import Choices, Resumed, Undone


@dataclass(frozen=True)
class Act:
    """The last thing that was done: what `u` would take back."""

    recorded: "tuple[UndoableEntry, ...]"
    """Newest first; the whole batch of a command."""
    own: bool
    """Whether it was done in this session."""
    words: str
    """What it was, such as `dismiss of order-status 1f3a…`."""
    receipt: Receipt | None = None
    """The receipt that was asked about; None when it is what was done last."""
    meanwhile: str = ""
    """What somebody else has decided since, if anybody has: taking back would overwrite it."""

    @property
    def key(self) -> str:
        """Which failure it was about; of several the first."""
        return self.recorded[-1].entry.key

    @property
    def reviewer(self) -> str:
        """Who did it."""
        return self.recorded[0].entry.reviewer

    @property
    def when(self) -> str:
        """How long ago."""
        return age(self.recorded[0].entry.at)

    @property
    def ids(self) -> frozenset[str]:
        """Which entries of the ledger it is."""
        return frozenset(each.entry.id for each in self.recorded)


def says_of(others: Sequence[tuple[Failure, Decision]]) -> str:
    """Decisions of others in words: `dismissed by tom 3m ago (test traffic)`; of several the first and a count."""
    if not others:
        return ""
    _, first = others[0]
    reason = f" ({first.reason})" if first.reason else ""
    more = f", and {len(others) - 1} more" if len(others) > 1 else ""
    return f"{first.state} by {first.reviewer or 'somebody'} {age(first.at)} ago{reason}{more}"


class Acts:
    """What changes the server; every function ends in a receipt or in words."""

    def __init__(self, rooms: Rooms, failures: Failures, drafts: Drafts, items: Items) -> None:
        self._rooms, self._failures, self._drafts, self._items = rooms, failures, drafts, items
        self._orders: dict[str, DraftState] = {}
        self._undone: list[Act] = []

    def promote(self, prepared: Prepared, remedies: Sequence[str] = ()) -> Receipt:
        """Writes the item, reads it back, shares the decision; the receipt says what is true. Raises CuratorError."""
        receipt = self._rooms.promoter.promote(prepared.proposal, self._choices(remedies))
        self._promoted(receipt, prepared.order)
        if receipt.ok and prepared.failure_type:
            self._failures.types[receipt.item_id] = prepared.failure_type
        return receipt

    def promote_many(
        self, ready: Sequence[Prepared], stop: threading.Event, report: Report, remedies: Sequence[str] = ()
    ) -> Iterator[Receipt]:
        """Promotes many drafts, with a receipt for each as it is proved. `stop` ends it after the writes under way."""
        choices = self._choices(remedies, uuid.uuid4().hex)
        orders = {each.order.trace_id: each.order for each in ready}

        def tell(done: int) -> None:
            report("writing", done, len(ready))

        proposals = [each.proposal for each in ready]
        for receipt in self._rooms.promoter.promote_many(proposals, choices, stop=stop, progress=tell):
            self._promoted(receipt, orders.get(receipt.key))
            yield receipt

    def cover(self, receipt: Receipt, failures: Sequence[Failure]) -> tuple[int, str]:
        """Decides that the item of a receipt covers failures, as one batch; how many, and what others have decided
        meanwhile: that stays. Raises GatewayError."""
        loaded = self._rooms.named[receipt.rule]
        others = self._failures.elsewhere(failures)
        self._failures.learned([decision for _, decision in others])
        keys, done = [each.key for each in failures if each not in [one for one, _ in others]], 0
        with self._failures.sharing:
            for decision in self._rooms.promoter.cover(receipt, keys, loaded, batch=uuid.uuid4().hex):
                self._failures.decided(decision)
                done += 1
        return done, says_of(others)

    def set_state(self, receipt: Receipt, state: str, until: date, said: Mapping[str, str]) -> Receipt:
        """What the gate does with the item that a receipt is about; see `ItemState`. Raises UsageError, ConfigError."""
        stored = ItemState.asked(state, until, said).to_metadata() if state != "required" else None
        self._items.forget(receipt.dataset)
        loaded = self._rooms.named.get(receipt.rule)
        return self._rooms.promoter.amend(receipt.dataset, receipt.item_id, {"gate": stored}, loaded)

    def _choices(self, remedies: Sequence[str], batch: str = "") -> "Choices":
        """The terminal completes the entries behind what is promoted: whoever reviews here works them off."""
        from curator.promote import Choices

        return Choices(remedies=frozenset(remedies), complete_queue=True, batch=batch)

    def _promoted(self, receipt: Receipt, order: DraftState | None) -> None:
        if not receipt.ok:
            return
        if order is not None:
            self._orders[receipt.key] = order
        self._rooms.memory.forget_draft(receipt.key)
        self._drafts.inbox.pop(receipt.key, None)
        self._items.forget(receipt.dataset)
        self._failures.decided(receipt.decision, [receipt.item_id])

    # Taking back, doing again

    def last(self, receipt: Receipt | None = None) -> Act | None:
        """What was done last on this machine and can be taken back, or what a receipt says was done.

        None when there is nothing. Raises ConfigError, GatewayError.
        """
        recorded = self._recorded(receipt)
        if not recorded:
            return None
        own = recorded[0].entry.id in self._rooms.journal.ledger.own
        about = [one for one in (self._failures.get(each.entry.key) for each in recorded) if one is not None]
        return Act(tuple(recorded), own, self._words(recorded), receipt, says_of(self._failures.elsewhere(about)))

    def _recorded(self, receipt: Receipt | None) -> "list[UndoableEntry]":
        ledger = self._rooms.journal.ledger
        return ledger.last(1, whole_batch=True) if receipt is None else ledger.of(receipt)

    def _words(self, recorded: "Sequence[UndoableEntry]") -> str:
        entry = recorded[0].entry
        if len(recorded) > 1:
            return f"{entry.action} of {plural(len(recorded), 'failure')}"
        failure = self._failures.get(entry.key)
        name = entry.item_id or (failure.name if failure else None) or "trace"
        return f"{entry.action} of {name} {entry.trace_id[:12]}".strip()

    def undo(self, act: Act) -> "list[Undone]":
        """Takes back what `last` said; nothing when something else was done since. Raises CuratorError."""
        promoter = self._rooms.promoter
        with self._failures.sharing:
            list(promoter.resume())  # a write that nobody has seen the end of has to be known first
            if frozenset(each.entry.id for each in self._recorded(act.receipt)) != act.ids:
                return []
            undone = list(promoter.undo(receipt=act.receipt, whole_batch=act.receipt is None))
        for each in undone:
            if each.ok:
                self._follow(each)
            if each.entry.dataset:
                self._items.forget(each.entry.dataset)
        if any(each.ok for each in undone):
            self._undone.append(act)
        return undone

    def _follow(self, undone: "Undone") -> None:
        entry = undone.entry
        decision = self._rooms.journal.decisions.get(entry.key)
        gone = entry.item_id if undone.outcome != "restored" else None
        known = self._failures.get(entry.key)
        items = tuple(item for item in (known.items if known is not None else ()) if item != gone)
        state = decision.state if decision is not None else "open"
        self._failures.change(entry.key, state=state, decision=decision, items=items)

    def undone(self) -> Act | None:
        """What was taken back last in this session, and can be done again."""
        return self._undone[-1] if self._undone else None

    def redo(self, act: Act) -> str:
        """Does again what was taken back; the rest of a sentence about how that went. Raises CuratorError."""
        decisions, failures, promoted = [], [], []
        for each in act.recorded:
            failure = self._failures.get(each.entry.key)
            if each.restore.decision is not None and failure is not None:
                decisions.append(each.restore.decision.model_copy(update={"at": datetime.now(UTC)}))
                failures.append(failure)
            elif each.entry.action == "promote" and (order := self._orders.get(each.entry.key)) is not None:
                promoted.append(self._drafts.prepare(order))
        others = self._failures.elsewhere(failures)
        mine = [n for n, failure in enumerate(failures) if failure not in [one for one, _ in others]]
        decisions, failures = [decisions[n] for n in mine], [failures[n] for n in mine]
        self._failures.learned([decision for _, decision in others])
        self._failures.apply(decisions)
        self._failures.share(failures, decisions)
        receipts = [self.promote(each) for each in promoted]
        self._undone.remove(act)
        wrong = [r for r in receipts if not r.ok]
        left = len(act.recorded) - len(decisions) - len(receipts) - len(others)
        words = [f"{len(wrong)} of them refused: {wrong[0].problem.message}" if wrong and wrong[0].problem else ""]
        words.append(f"what others decided meanwhile stays: {says_of(others)}" if others else "")
        words.append(f"{left} cannot be done again from here" if left else "")
        return "".join(f"; {each}" for each in words if each)

    # What a crash left

    def kept(self) -> "list[SavedDraft]":
        """Drafts that a refusal or a killed process left unwritten, newest first. Raises ConfigError."""
        from curator.journal import PREPARED

        return [draft for draft in self._rooms.journal.drafts.all() if draft.reason != PREPARED]

    def resume(self) -> "list[Resumed]":
        """Finishes what a crash or an interrupt left unfinished. Raises GatewayError."""
        return list(self._rooms.promoter.resume())
