"""The ledger: what was done, by whom, with which outcome. Lines are added, never changed.

What an undo needs beside a line may be forgotten: see `forget_reasons`.
"""

import uuid
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Literal, NamedTuple

from curator.journal.database import Database, Row, stamp
from curator.model import Decision, Receipt, key_of
from curator.model.base import Value

LedgerAction = Literal["promote", "dismiss", "snooze", "reopen", "undo"]
_ACTION_OF_STATE: dict[str, LedgerAction] = {"dismissed": "dismiss", "snoozed": "snooze", "open": "reopen"}
_ABOUT = ("trace_id", "observation_id", "item_id", "dataset", "rule")
"""What an entry has in common with the receipt that it records, and with its undo."""


class LedgerEntry(Value):
    """One thing that was done. It holds no text of a trace, of an item or of a reviewer: it is safe to publish."""

    id: str
    at: datetime
    action: LedgerAction
    trace_id: str = ""
    observation_id: str | None = None
    """The reviewed observation that it is about; None for the whole trace."""
    item_id: str | None = None
    dataset: str | None = None
    rule: str = ""
    reviewer: str = ""
    verdict: str | None = None
    """The receipt's verdict; None for decisions."""
    write: str | None = None
    """created, updated, archived, deleted, restored, unknown or none."""
    problem: str | None = None
    """Code of what went wrong."""
    fingerprint: str | None = None
    digest: str | None = None
    """Over everything that was approved: what `verify --ledger` and `audit --ledger` hold items against."""
    undoes: str | None = None
    """For an undo: the entry that it takes back."""

    @property
    def key(self) -> str:
        """Key of the failure that it is about."""
        return key_of(self.trace_id, self.observation_id)

    @property
    def effective(self) -> bool:
        """Whether it changed anything that can be taken back."""
        if self.action == "promote":
            return self.write not in (None, "none") and (self.write != "unknown" or self.verdict == "verified")
        return self.action != "undo"

    def taken_back(self, reviewer: str, at: datetime, *, write: str | None) -> "LedgerEntry":
        """The entry of an undo of this one; `write` is what became of its item, None for a decision."""
        return LedgerEntry(
            id=uuid.uuid4().hex,
            at=at,
            action="undo",
            **{name: getattr(self, name) for name in _ABOUT},
            reviewer=reviewer,
            verdict=None if write is None else "verified",
            write=write,
            undoes=self.id,
        )


def entry_of(receipt: Receipt) -> LedgerEntry:
    """The line that says what a receipt says."""
    return LedgerEntry(
        id=uuid.uuid4().hex,
        at=receipt.at,
        action="promote",
        **{name: getattr(receipt, name) for name in _ABOUT},
        reviewer=receipt.reviewer,
        verdict=receipt.verdict,
        write=receipt.action,
        problem=None if receipt.problem is None else receipt.problem.code,
        fingerprint=receipt.fingerprint or None,
        digest=receipt.digest or None,
    )


class Standing(NamedTuple):
    """A proved promotion whose item should be there, active."""

    entry: LedgerEntry
    restored_at: datetime | None = None
    """When an undo of a later write brought this state back; None when nothing came after it."""


def standing(entries: Iterable[LedgerEntry], dataset: str) -> dict[str, Standing]:
    """Item id → the newest proved promotion that nobody has taken back or archived, as far as these entries tell.

    The entries may be those of several machines; each time is that of the clock of the machine that wrote it.
    """
    ordered = sorted(entries, key=lambda entry: entry.at)
    undone = {entry.undoes: entry.at for entry in ordered}
    found: dict[str, Standing] = {}
    taken_back: dict[str, datetime] = {}
    for entry in ordered:
        item_id, proved = entry.item_id or "", entry.verdict in ("verified", "unchanged")
        if entry.action != "promote" or entry.dataset != dataset or not item_id or not proved:
            continue
        if (at := undone.get(entry.id)) is not None:
            before = found.pop(item_id, None)
            taken_back[item_id] = max(at, taken_back.get(item_id, at))
            if before is not None and entry.write in ("updated", "archived"):
                found[item_id] = before._replace(restored_at=at)
        elif entry.write == "archived":
            found.pop(item_id, None)
        elif entry.write != "none" or item_id not in taken_back or entry.at > taken_back[item_id]:
            # One that wrote nothing found the item as it should be. What it found was taken back later: then so is it.
            found[item_id] = Standing(entry)
    return found


class Restore(Value):
    """What taking an entry back needs beyond the entry itself; stays on this machine."""

    promotion: str | None = None
    """Id of the promotion in the journal."""
    decision: Decision | None = None
    """The dismissal, snooze or reopening that was made."""
    before: Decision | None = None
    """The decision that it replaced; None for an open failure."""


class Undoing(Value):
    """How an entry is being taken back, so that an interrupted undo can go on."""

    reviewer: str
    delete: bool = False


class UndoableEntry(Value):
    """An entry with its batch and what undo needs."""

    entry: LedgerEntry
    batch: str
    restore: Restore = Restore()
    undoing: Undoing | None = None
    undone_by: str | None = None


class Ledger:
    """The ledger of one scope."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.own: set[str] = set()
        """Ids of the entries that this process added: others on this machine add theirs to the same ledger."""

    def promoted(
        self, receipt: Receipt, *, promotion: str | None, before: Decision | None = None, batch: str = ""
    ) -> LedgerEntry:
        """Adds a promotion with its outcome, whatever it was; `before` is the trace's decision until then."""
        return self._add(entry_of(receipt), batch, Restore(promotion=promotion, before=before))

    def decided(self, decision: Decision, before: Decision | None, *, batch: str = "") -> LedgerEntry:
        """Adds a dismissal, a snooze or a reopening. The reviewer's reason is not in the ledger's entry."""
        entry = LedgerEntry(
            id=uuid.uuid4().hex,
            at=decision.at,
            action=_ACTION_OF_STATE[decision.state],
            trace_id=decision.trace_id,
            observation_id=decision.observation_id,
            rule=decision.rule or "",
            reviewer=decision.reviewer,
        )
        return self._add(entry, batch, Restore(decision=decision, before=before))

    def undo_begins(self, entry_id: str, how: Undoing) -> None:
        """Records that an entry is about to be taken back."""
        with self._db.write() as db:
            db.execute("UPDATE ledger SET undoing = ? WHERE id = ?", (how.model_dump_json(), entry_id))

    def undo_fails(self, entry_id: str) -> None:
        """Records that an entry stays."""
        with self._db.write() as db:
            db.execute("UPDATE ledger SET undoing = NULL WHERE id = ?", (entry_id,))

    def forget_reasons(self, traces: Collection[str]) -> None:
        """Empties the reasons of the decisions about these traces, which are kept for undo alone."""
        with self._db.write() as db:
            for each in self.recorded():
                restore = each.restore
                if each.entry.trace_id in traces and any(d and d.reason for d in (restore.decision, restore.before)):
                    bare = Restore(
                        promotion=restore.promotion,
                        decision=_without_reason(restore.decision),
                        before=_without_reason(restore.before),
                    )
                    db.execute("UPDATE ledger SET restore = ? WHERE id = ?", (bare.model_dump_json(), each.entry.id))

    def undone(self, entry: LedgerEntry) -> None:
        """Adds an undo, and marks the entry that it takes back; nothing when that is taken back already."""
        with self._db.write() as db:
            marked = db.execute(
                "UPDATE ledger SET undone_by = ?, undoing = NULL WHERE id = ? AND undone_by IS NULL",
                (entry.id, entry.undoes),
            )
            if marked.rowcount:
                self._add(entry, "", Restore())

    def half_undone(self) -> list[UndoableEntry]:
        """Entries whose undo was begun and neither finished nor given up, oldest first."""
        return self._recorded("AND undoing IS NOT NULL", (), None)[::-1]

    def entries(self, limit: int | None = None) -> list[LedgerEntry]:
        """The newest `limit` entries (all without it), oldest first."""
        return [each.entry for each in self._recorded("", (), limit)][::-1]

    def recorded(self) -> list[UndoableEntry]:
        """Every entry with its batch and what undo needs, newest first."""
        return self._recorded("", (), None)

    def last(self, count: int, *, whole_batch: bool = False) -> list[UndoableEntry]:
        """The newest `count` entries that can be taken back and have not been, newest first.

        With `whole_batch` each counts together with the others of its batch (one command, one bulk action).
        """
        found: list[UndoableEntry] = []
        batches: list[str] = []
        for each in self._recorded("AND undone_by IS NULL", (), None):
            if not each.entry.effective:
                continue
            unit = each.batch if whole_batch and each.batch else each.entry.id
            if unit not in batches:
                if len(batches) == count:
                    break
                batches.append(unit)
            found.append(each)
        return found

    def of(self, receipt: Receipt) -> list[UndoableEntry]:
        """What a promotion did, unless it has been taken back; nothing when it changed nothing."""
        every = self.last(len(self.entries()))
        return [each for each in every if (each.entry.item_id, each.entry.at) == (receipt.item_id, receipt.at)][:1]

    def get(self, entry_id: str) -> UndoableEntry | None:
        """The entry with that id."""
        return next(iter(self._recorded("AND id = ?", (entry_id,), 1)), None)

    def _recorded(self, condition: str, values: tuple[str, ...], limit: int | None) -> list[UndoableEntry]:
        query = f"SELECT * FROM ledger WHERE scope = ? {condition} ORDER BY seq DESC LIMIT ?"
        return self._db.read(_recorded, query, (self._db.scope, *values, -1 if limit is None else limit))

    def _add(self, entry: LedgerEntry, batch: str, restore: Restore) -> LedgerEntry:
        text = entry.model_dump_json()
        with self._db.write() as db:
            db.execute(
                "INSERT INTO ledger (id, scope, at, action, batch, entry, restore) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (entry.id, self._db.scope, stamp(entry.at), entry.action, batch, text, restore.model_dump_json()),
            )
        self.own.add(entry.id)
        return entry


def _without_reason(decision: Decision | None) -> Decision | None:
    return None if decision is None else decision.model_copy(update={"reason": ""})


def _recorded(row: Row) -> UndoableEntry:
    return UndoableEntry(
        entry=LedgerEntry.model_validate_json(row["entry"]),
        batch=row["batch"],
        restore=Restore.model_validate_json(row["restore"]),
        undoing=None if row["undoing"] is None else Undoing.model_validate_json(row["undoing"]),
        undone_by=row["undone_by"],
    )
