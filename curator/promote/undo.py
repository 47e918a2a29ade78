"""Takes back what was done: a new item is archived, an updated one gets its previous version back, decisions follow.

An audit takes items out of every run in the same way (`archive_item`)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain
from typing import Literal

from curator.gateway.errors import GatewayError
from curator.help import outcomes
from curator.journal import Entry, LedgerEntry, Promotion, UndoableEntry, Undoing, now
from curator.model import Check, Decision, Problem, Receipt, StoredItem, lineage
from curator.model.base import Value
from curator.model.errors import CuratorError
from curator.promote.content import losses
from curator.promote.job import Job
from curator.promote.plan import differences, replacing, stale_fields
from curator.promote.proof import delete_rows, prove_archived, read_back, read_both
from curator.promote.receipts import ended, noted, receipt_of, record
from curator.promote.stops import Stop, stop_of
from curator.promote.write import Changed, intend_and_write, read, write_item

Outcome = Literal["archived", "deleted", "restored", "gone", "reopened", "none"]


class Undone(Value):
    """What became of one entry that was to be taken back."""

    entry: LedgerEntry
    """The entry that was to be taken back."""
    outcome: Outcome
    """`gone`: the item was not there any more; `reopened`: a decision was taken back; `none`: see the problem."""
    problem: Problem | None = None

    @property
    def ok(self) -> bool:
        """True when it is taken back."""
        return self.problem is None


def undo(
    job: Job, count: int = 1, *, receipt: Receipt | None = None, whole_batch: bool = False, delete: bool = False
) -> Iterator[Undone]:
    """Takes back the newest `count` entries of the ledger, newest first, each verified by reading.

    With `receipt` what that promotion did, and nothing when it changed nothing. With `whole_batch` the entries of one
    command count as one. A new item is archived, or deleted with `delete` (its id then stays bound to its dataset). An
    item that was changed since is left alone. The shared decision goes back to what it was, completed annotation-queue
    entries are pending again. What fails is said and stays in the ledger.
    """
    ledger = job.journal.ledger
    for recorded in ledger.last(count, whole_batch=whole_batch) if receipt is None else ledger.of(receipt):
        yield take_back(job, recorded, delete=delete)


def take_back(job: Job, recorded: UndoableEntry, *, delete: bool) -> Undone:
    """Takes one entry back; the journal knows before and after. Doing it again after a crash does the rest."""
    entry = recorded.entry
    job.journal.ledger.undo_begins(entry.id, Undoing(reviewer=job.reviewer, delete=delete))
    try:
        outcome = _take_back(job, recorded, delete=delete)
    except Changed:
        problem = _changed(entry.item_id).problem
    except CuratorError as error:
        problem = stop_of(error).problem
    else:
        return Undone(entry=entry, outcome=outcome)
    job.journal.ledger.undo_fails(entry.id)
    return Undone(entry=entry, outcome="none", problem=problem)


def _take_back(job: Job, recorded: UndoableEntry, *, delete: bool) -> Outcome:
    entry = recorded.entry
    promotion = job.journal.promotions.get(recorded.restore.promotion or "")
    outcome: Outcome = "reopened"
    if entry.action == "promote":
        assert promotion is not None
        assert entry.item_id is not None
        with job.locked(entry.item_id):
            outcome = _take_item_back(job, entry, promotion, delete=delete)
    decision = _decision_before(job, recorded)
    if decision is not None:
        record(job, decision, _entries(job, promotion))
    write = outcome if entry.action == "promote" else None
    job.journal.undo(entry.taken_back(job.reviewer, now(), write=write), decision)
    return outcome


def _entries(job: Job, promotion: Promotion | None) -> Sequence[Entry]:
    """The annotation-queue entries that a promotion completed, and later ones that only found its item there."""
    if promotion is None:
        return ()
    later = (
        each for each in job.journal.promotions.of_item(promotion.item_id) if each.started_at > promotion.started_at
    )
    found = [each.entries for each in later if each.receipt is not None and each.receipt.action == "none"]
    return list(dict.fromkeys([*promotion.entries, *chain(*found)]))


def _decision_before(job: Job, recorded: UndoableEntry) -> Decision | None:
    """The decision that holds again; None when the entry had made none."""
    entry, before = recorded.entry, recorded.restore.before
    if not entry.trace_id or (entry.action == "promote" and entry.verdict not in ("verified", "unchanged")):
        return None
    if before is not None:
        return before.model_copy(update={"at": now()})
    return Decision(
        trace_id=entry.trace_id,
        observation_id=entry.observation_id,
        state="open",
        reviewer=job.reviewer,
        rule=entry.rule or None,
        at=now(),
    )


def _take_item_back(job: Job, entry: LedgerEntry, promotion: Promotion, *, delete: bool) -> Outcome:
    assert entry.item_id is not None
    stored = read(job, entry.item_id)
    if stored is None:
        return "gone"
    if (done := _already(stored, entry, promotion)) is not None:
        return done
    if stored.dataset != entry.dataset or not _still_ours(stored, entry, promotion):
        raise _changed(entry.item_id)
    before = promotion.previous
    doubled = stored.status == "ACTIVE" and (reading := read_both(job, stored, stored)).duplicated
    if doubled and (before is None or before.updated_at is None) and _still_ours(reading.listed, entry, promotion):
        # An upsert leaves the other rows as they are; all are this promotion's, so all go, and one comes back archived.
        delete_item(job, stored)
        return "deleted" if delete else _archive(job, stored, anew=True)
    if doubled:
        words = f"The id {stored.id} has several current rows: undo would reach one of them."
        raise Stop(outcomes.DUPLICATES, words)
    if before is not None and before.updated_at is not None:
        previous = before.content or _version_at(job, stored, before.updated_at)
        _restore(job, previous, stored)
        return "restored"
    if delete:
        delete_item(job, stored)
        return "deleted"
    return _archive(job, stored)


def _already(stored: StoredItem, entry: LedgerEntry, promotion: Promotion) -> Outcome | None:
    """What an undo that was interrupted before it could be recorded has done already."""
    before = promotion.previous
    if stored.dataset != entry.dataset or before is None:
        return None
    if before.updated_at is None:
        same = lineage.content_fingerprint(stored) == entry.fingerprint
        return "archived" if same and stored.status == "ARCHIVED" else None
    if before.content is not None and not differences(before.content.to_write(), stored):
        return "restored"
    return None


def _still_ours(stored: StoredItem | None, entry: LedgerEntry, promotion: Promotion) -> bool:
    """Whether the stored version is the one that the promotion wrote."""
    if stored is None:
        return False
    if promotion.answer is not None and promotion.answer.updated_at == stored.updated_at:
        return True
    if entry.digest is not None:
        return lineage.approval_digest(stored) == entry.digest
    return stored.status == "ACTIVE" and lineage.content_fingerprint(stored) == entry.fingerprint


def _archive(job: Job, stored: StoredItem, *, anew: bool = False) -> Outcome:
    item = stored.to_write("ARCHIVED")
    answer = write_item(job, replacing(item, stored).model_copy(update={"before": None if anew else stored}))
    prove_archived(job, item, answer)
    return "archived"


def delete_item(job: Job, stored: StoredItem) -> None:
    """Takes away every row of an id, and proves that neither id nor list shows it. Raises Stop.

    The id stays a tombstone: no other dataset can ever take it.
    """
    delete_rows(job, stored.id)
    try:
        reading = read_both(job, stored)
    except GatewayError as error:
        raise stop_of(error, verdict="failed") from None
    if reading.by_id is not None or reading.listed is not None:
        raise Stop(outcomes.STALE_READ, f"Langfuse accepted the deletion, but the item {stored.id} can still be read.")


def _restore(job: Job, previous: StoredItem, stored: StoredItem) -> None:
    item = previous.to_write()
    if losses(item):
        raise Stop(outcomes.UNRESTORABLE, f"Langfuse would change the previous version of {stored.id} on its way back.")
    stale = stale_fields(item, stored)
    if previous.metadata is None and stored.metadata is not None:
        stale.append("metadata")
    answer = write_item(job, replacing(item, stored, stale))
    if previous.status == "ARCHIVED":
        prove_archived(job, item, answer)
    else:
        read_back(job, item, answer)


def _version_at(job: Job, stored: StoredItem, moment: datetime) -> StoredItem:
    """The item as Langfuse kept it at a time (the journal keeps no content that holds personal values)."""
    try:
        # Only a list takes a moment, and only with its dataset; reading by id gives the newest row.
        for row in job.gateway.items(stored.dataset, version=moment):
            if row.id == stored.id:
                return row
    except GatewayError as error:
        raise stop_of(error) from None
    raise Stop(outcomes.UNRESTORABLE, f"Langfuse does not list the previous version of the item {stored.id}.")


def archive_item(job: Job, before: StoredItem) -> Receipt:
    """Archives an item that still is as `before`; proved by the id that reads as archived and the list without it.

    Says nothing of its trace: what was decided of that stays. Undoable like a promotion. Never raises for the server.
    """
    job, item = replace(job, shares=False), before.to_write("ARCHIVED")
    # The journal keeps the item until the receipt stands; it takes only objects as metadata.
    kept = item.model_copy(update={"metadata": item.metadata if isinstance(item.metadata, dict) else {}})
    promotion = job.journal.promotions.begin(kept, rule=job.rule, reviewer=job.reviewer)
    try:
        with job.locked(item.id):
            require_unchanged(job, before)
            answer = intend_and_write(job, replacing(item, before), promotion)
            prove_archived(job, item, answer)
    except Changed:
        return ended(job, item, promotion, _changed(before.id))
    except CuratorError as error:
        return ended(job, item, promotion, error)
    except BaseException:
        job.journal.promotions.give_up(promotion)
        raise
    receipt = receipt_of(job, item).model_copy(
        update={
            "action": "archived",
            "verdict": "verified",
            "checks": (Check(name="archived", ok=True, detail="by id and by list"),),
            "fingerprint": lineage.content_fingerprint(item),
            "digest": lineage.approval_digest(item),
        }
    )
    return noted(receipt, lambda: job.journal.finish(promotion, receipt, batch=job.choices.batch))


def require_unchanged(job: Job, before: StoredItem) -> None:
    """What was previewed is what is overwritten. Raises Stop."""
    stored = read(job, before.id)
    if stored is None or (stored.updated_at, stored.dataset_id) != (before.updated_at, before.dataset_id):
        raise _changed(before.id)


def _changed(item_id: str | None) -> Stop:
    return Stop(outcomes.CHANGED, f"The item {item_id} was changed since; it is left as it is.")
