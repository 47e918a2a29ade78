"""Receipts tell what is true: of writes that nobody saw the end of, of refusals after a write, of who did what."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from curator.gateway import Gateway
from curator.gateway.errors import NoAnswer
from curator.journal import Journal
from curator.model import Item, Receipt, StoredItem, lineage
from curator.model.errors import ConfigError
from curator.promote import Promoter
from curator.sandbox.server import SandboxServer
from tests.promote.support import (
    DATASET,
    QUICK,
    EmailFinder,
    Promote,
    code,
    connection_of,
    make_item,
    promote,
    promote_many,
    resume,
    undo,
    verify,
)
from tests.promote.workers import options

SIX = 6


class Killed(Gateway):
    """A gateway whose server is killed while six writes are under way; those of odd traces were done."""

    def __init__(self, server: SandboxServer) -> None:
        super().__init__(connection_of(server), patience=0.3)
        self.server = server
        self.sent = threading.Barrier(SIX, action=server.stop)

    def put_item(self, item: Item, **how: Any) -> StoredItem:
        if int(item.source_trace_id or "0", 16) % 2:
            super().put_item(item, **how)
        self.sent.wait(30)
        raise NoAnswer("The connection is gone.", code="NO_ANSWER")


def test_what_a_killed_server_leaves_is_unknown_until_it_is_read(tmp_path: Path) -> None:
    data, items = tmp_path / "data", [make_item(f"{n:032x}") for n in range(1, SIX + 1)]
    receipts: list[Receipt] = []
    server = SandboxServer(data=data)
    server.start()
    port = int(server.base_url.rpartition(":")[2])
    with Journal("test", tmp_path / "journal.sqlite3") as journal:
        with Gateway(connection_of(server)) as gateway:
            gateway.put_dataset(DATASET)
        with Killed(server) as killed:
            for item in items:  # every kind of request once, before the barrier
                assert killed.item(item.id) is None

            def one(item: Item) -> None:
                receipts.append(promote(killed, journal, EmailFinder(), item, **options("ada")))

            threads = [threading.Thread(target=one, args=[item]) for item in items]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
        assert [(r.action, r.verdict, code(r)) for r in receipts] == [("unknown", "failed", "UNREACHABLE")] * SIX
        assert journal.ledger.last(SIX) == []  # nothing can be taken back that nobody knows of
        with SandboxServer(port=port, data=data) as again, Gateway(connection_of(again)) as gateway:
            found = {r.trace_id: r for r in resume(gateway, journal, EmailFinder(), patience=QUICK)}
            assert len(found) == SIX
            for item in items:
                resumed = found[item.source_trace_id or ""]
                there = gateway.item(item.id) is not None
                assert resumed.outcome == ("verified" if there else "draft")
                assert resumed.receipt is not None
                assert resumed.receipt.action == ("created" if there else "none")
            assert list(resume(gateway, journal, EmailFinder(), patience=QUICK)) == []
            done = list(undo(gateway, journal, EmailFinder(), count=SIX, patience=QUICK))
            assert [each.outcome for each in done] == ["archived"] * (SIX // 2)


class Lying(Gateway):
    """A gateway before a server that stores something else than it was sent."""

    after: Callable[[StoredItem], dict[str, Any]] = staticmethod(lambda stored: {})

    def put_item(self, item: Item, **how: Any) -> StoredItem:
        stored = super().put_item(item, **how)
        changed = stored.to_write().model_copy(update=self.after(stored))
        answer = super().put_item(changed)
        return answer.model_copy(update={"input": item.input})


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (lambda stored: {"status": "ARCHIVED"}, "ITEM_ARCHIVED"),
        (lambda stored: {"input": {"query": "other"}}, "ITEM_REWRITTEN"),
        (lambda stored: {"expected_output": {"note": "ada@home.example"}}, "ITEM_REWRITTEN"),
    ],
)
def test_a_refusal_after_the_write_is_a_failure_that_can_be_undone(
    after: Any, expected: str, server: SandboxServer, gateway: Gateway, journal: Journal, run: Promote
) -> None:
    with Lying(connection_of(server)) as lying:
        lying.after = after
        receipt = run(make_item(), gateway=lying)
    assert (receipt.verdict, receipt.action, code(receipt)) == ("failed", "created", expected)
    assert [each.outcome for each in undo(gateway, journal, EmailFinder(), patience=QUICK)] == ["archived"]


def test_a_receipt_takes_back_itself_and_nothing_else(run: Promote, gateway: Gateway, journal: Journal) -> None:
    first = run(make_item("1" * 32))
    second = run(make_item("2" * 32))
    again = run(make_item("2" * 32))
    assert (second.action, again.action, again.verdict) == ("created", "none", "unchanged")
    promoter = Promoter(gateway, journal, EmailFinder(), reviewer="ada", patience=QUICK)
    assert list(promoter.undo(receipt=again)) == []
    assert [each.entry.item_id for each in promoter.undo(receipt=first)] == [first.item_id]
    (left,) = verify(gateway, journal, EmailFinder(), DATASET, [second.item_id])
    assert left.verdict == "verified"


class Repairing(Gateway):
    """Another machine repairs the same doubled rows: it deletes the second one under this one's hands, and writes."""

    item_: Item

    def delete_item(self, item_id: str) -> None:
        from curator.gateway.errors import ServerFailed

        super().delete_item(item_id)
        super().delete_item(item_id)
        super().put_item(self.item_)
        raise ServerFailed("It failed.", code="SERVER_FAILED", status=500)


def test_a_repair_by_somebody_else_is_a_success(
    server: SandboxServer, gateway: Gateway, journal: Journal, run: Promote
) -> None:
    item = make_item()
    server.fault("duplicate-rows")
    gateway.put_item(lineage.sealed(item))
    server.settings.faults.switch_off("duplicate-rows")
    with Repairing(connection_of(server)) as repairing:
        repairing.item_ = lineage.sealed(item)
        receipt = run(item, gateway=repairing, remedies=["repair"])
    assert receipt.ok, receipt
    listed = gateway.items(DATASET)
    assert (listed.total_items, len(list(listed))) == (1, 1)


class Preceded(Gateway):
    """Somebody else writes the same ids, each right before this gateway's first write of it."""

    others: dict[str, Item]

    def put_item(self, item: Item, **how: Any) -> StoredItem:
        if (other := self.others.pop(item.id, None)) is not None:
            super().put_item(other)
        return super().put_item(item, **how)


@pytest.mark.parametrize("count", [1, 6])
def test_only_the_first_writer_says_created(
    count: int, server: SandboxServer, gateway: Gateway, journal: Journal
) -> None:
    """The answer to a POST is the same for the first and the second; undo brings back what was there in between."""
    items = [make_item(f"{n:032x}") for n in range(1, count + 1)]
    with Preceded(connection_of(server)) as late:
        grace = {"reviewer": "grace"}
        late.others = {each.id: lineage.sealed(make_item(each.source_trace_id or "", metadata=grace)) for each in items}
        receipts = list(promote_many(late, journal, EmailFinder(), items, new_ids=late.others, **options("ada")))
    assert [(each.action, each.verdict) for each in receipts] == [("updated", "verified")] * count
    assert [each.outcome for each in undo(gateway, journal, EmailFinder(), patience=QUICK)] == ["restored"]
    stored = gateway.item(receipts[-1].item_id)
    assert stored is not None
    assert (stored.status, stored.metadata["reviewer"]) == ("ACTIVE", "grace")


class EditedUnseen(Gateway):
    """The answer to a write gets lost, and somebody edits the item before it can be read."""

    def put_item(self, item: Item, **how: Any) -> StoredItem:
        super().put_item(item, **how)
        super().put_item(item.model_copy(update={"input": {"query": "theirs"}}))
        raise NoAnswer("The connection is gone.", code="NO_ANSWER")


def test_a_write_that_somebody_edited_before_it_was_seen_is_no_refusal(
    server: SandboxServer, gateway: Gateway, journal: Journal
) -> None:
    with EditedUnseen(connection_of(server)) as unseen:
        receipt = promote(unseen, journal, EmailFinder(), make_item(), **options("ada"))
    assert (receipt.verdict, receipt.action, code(receipt)) == ("failed", "created", "ITEM_EDITED")
    (undone,) = undo(gateway, journal, EmailFinder(), patience=QUICK)
    assert undone.problem is not None
    assert undone.problem.code == "ITEM_CHANGED"
    stored = gateway.item(receipt.item_id)
    assert stored is not None
    assert (stored.status, stored.input) == ("ACTIVE", {"query": "theirs"})


class Improving(Gateway):
    """Somebody improves an item while the first of many is written."""

    improved: Item | None

    def put_item(self, item: Item, **how: Any) -> StoredItem:
        if self.improved is not None:
            super().put_item(self.improved)
            self.improved = None
        return super().put_item(item, **how)


def test_an_edit_during_a_bulk_is_not_overwritten(server: SandboxServer, gateway: Gateway, journal: Journal) -> None:
    traces = [f"{n:032x}" for n in range(1, 7)]
    assert all(promote(gateway, journal, EmailFinder(), make_item(each), **options("ada")).ok for each in traces)
    last = gateway.item(make_item(traces[-1]).id)
    assert last is not None
    again = [make_item(each, input={"query": "second"}) for each in traces]
    with Improving(connection_of(server)) as improving:
        improving.improved = last.to_write().model_copy(update={"input": {"query": "improved"}})
        sending = options("ada") | {"concurrency": 1}
        receipts = {r.item_id: r for r in promote_many(improving, journal, EmailFinder(), again, **sending)}
    assert [code(receipts[each.id]) for each in again] == [None] * 5 + ["ITEM_EDITED"]
    stored = gateway.item(last.id)
    assert stored is not None
    assert stored.input == {"query": "improved"}


class Full(Journal):
    """Its disk is full once the write has been sent."""

    def finish(self, *given: Any, **more: Any) -> None:
        raise ConfigError("The disk is full.", code="JOURNAL_UNUSABLE")


def test_an_archiving_that_cannot_be_stored_is_told(
    server: SandboxServer, gateway: Gateway, run: Promote, tmp_path: Path
) -> None:
    stored = gateway.item(run(make_item()).item_id)
    assert stored is not None
    with Full("test", tmp_path / "full" / "journal.sqlite3") as journal:
        receipt = Promoter(gateway, journal, EmailFinder(), reviewer="ada", patience=QUICK).archive(stored)
    assert (receipt.verdict, receipt.action, receipt.stored) == ("verified", "archived", False)
    assert gateway.items(DATASET).total_items == 0
