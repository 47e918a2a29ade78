"""Many at once: frugal, never two writes of one id, stoppable, and as strict as one at a time."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from curator.gateway import Gateway
from curator.journal import Journal
from curator.model import Item, Receipt, ScrubPolicy
from curator.sandbox.server import SandboxServer
from tests.promote.support import DATASET, QUICK, EmailFinder, code, connection_of, make_item, promote_many
from tests.promote.workers import options

Many = Callable[..., list[Receipt]]


def items_of(count: int, **fields: Any) -> list[Item]:
    return [make_item(f"{n:032x}", **fields) for n in range(1, count + 1)]


@pytest.fixture
def many(gateway: Gateway, journal: Journal) -> Many:
    def many(items: list[Item], **options: Any) -> list[Receipt]:
        options = {"policy": ScrubPolicy(), "rule": "order-status", "reviewer": "ada", "patience": QUICK} | options
        return list(promote_many(gateway, journal, EmailFinder(), iter(items), **options))

    return many


def test_a_hundred_into_one_dataset(many: Many, gateway: Gateway, sent: list[str]) -> None:
    items = items_of(100)
    sent.clear()
    receipts = many(items, new_ids={item.id for item in items})
    assert [r.verdict for r in receipts] == ["verified"] * 100
    assert {r.item_id for r in receipts} == {item.id for item in items}
    assert len(sent) <= 1.1 * 100 + 10
    assert sent.count("POST /api/public/dataset-items") == 100
    assert sent.count("POST /api/public/scores") == 1
    assert gateway.items(DATASET).total_items == 100


def test_again_is_unchanged_and_writes_nothing(many: Many, sent: list[str]) -> None:
    items = items_of(40)
    many(items)
    sent.clear()
    receipts = many(items)
    assert {r.verdict for r in receipts} == {"unchanged"}
    assert {line.split()[0] for line in sent} == {"GET"}
    assert len(sent) <= 5


def test_each_outcome_is_its_own(many: Many, gateway: Gateway) -> None:
    items = items_of(12)
    gateway.put_dataset("other")
    gateway.put_item(items[0].model_copy(update={"dataset": "other"}))  # a collision
    gateway.put_item(items[1])  # unchanged
    gateway.put_item(make_item(items[2].source_trace_id or "", input={"query": "old"}))  # an update
    gateway.put_item(items[3].model_copy(update={"status": "ARCHIVED"}))
    gateway.put_item(items[4].model_copy(update={"dataset": "other"}))
    gateway.delete_item(items[4].id)  # a tombstone
    items[5] = items[5].model_copy(update={"input": {"t": "a\x00"}})
    items[6] = items[6].model_copy(update={"input": {"q": "ada@home.example"}})
    items[7] = items[7].model_copy(update={"dataset": "nowhere"})
    by_id = {receipt.item_id: receipt for receipt in many(items)}
    outcomes = [(by_id[i.id].verdict, by_id[i.id].action, code(by_id[i.id])) for i in items]
    assert outcomes[:8] == [
        ("refused", "none", "ITEM_COLLISION"),
        ("unchanged", "none", None),
        ("verified", "updated", None),
        ("refused", "none", "ITEM_ARCHIVED"),
        ("refused", "none", "ITEM_TOMBSTONE"),
        ("refused", "none", "ITEM_CONTROL_CHARACTERS"),
        ("refused", "none", "ITEM_NOT_SCRUBBED"),
        ("refused", "none", "DATASET_MISSING"),
    ]
    assert set(outcomes[8:]) == {("verified", "created", None)}


def test_remedies_work_in_bulk(many: Many, gateway: Gateway) -> None:
    items = items_of(8)
    gateway.put_dataset("other")
    gateway.put_item(items[0].model_copy(update={"dataset": "other"}))
    gateway.put_item(items[1].model_copy(update={"status": "ARCHIVED"}))
    gateway.put_item(items[2].model_copy(update={"dataset": "other"}))
    gateway.delete_item(items[2].id)
    receipts = many(items, remedies=["next-id", "unarchive"])
    assert {r.verdict for r in receipts} == {"verified"}
    assert gateway.items(DATASET).total_items == 8


def test_the_same_trace_twice_is_one_item(many: Many, gateway: Gateway) -> None:
    items = items_of(6)
    receipts = many([*items, *items])
    assert [r.verdict for r in receipts] == ["verified"] * 6 + ["unchanged"] * 6
    assert gateway.items(DATASET).total_items == 6


@pytest.mark.parametrize(
    ("fault", "argument"),
    [
        ("drop-response", "every:3"),
        ("http-429", "every:18"),
        ("http-500", "every:7"),
        ("truncate-body", "every:9"),
        ("stale-read", "0.5"),
        ("slow", "0.01"),
    ],
)
def test_faults_that_pass_end_verified(
    fault: str, argument: str, many: Many, server: SandboxServer, gateway: Gateway
) -> None:
    server.fault(fault, argument)
    # Every seventh request of several at once may be the second try of the same write; one after another it never is.
    receipts = many(items_of(20), concurrency=1 if fault == "http-500" else 4)
    server.settings.faults.switch_off(fault)
    assert [(r.verdict, code(r)) for r in receipts] == [("verified", None)] * 20
    assert gateway.items(DATASET).total_items == 20


def test_lost_writes_are_found_among_many(many: Many, server: SandboxServer, gateway: Gateway) -> None:
    server.fault("lost-write", "every:5")
    receipts = many(items_of(20))
    server.settings.faults.switch_off("lost-write")
    there = {row.id for row in gateway.items(DATASET)}
    for receipt in receipts:
        assert (receipt.verdict == "verified") == (receipt.item_id in there)
    assert {code(r) for r in receipts if r.verdict != "verified"} == {"ITEM_LOST_WRITE"}
    assert len(there) == 16


def test_duplicate_rows_are_found_and_repaired_among_many(many: Many, server: SandboxServer, gateway: Gateway) -> None:
    server.fault("duplicate-rows", "every:4")
    receipts = many(items_of(10))
    server.settings.faults.switch_off("duplicate-rows")
    assert {r.verdict for r in receipts} == {"verified"}
    listed = gateway.items(DATASET)
    assert (listed.total_items, len(list(listed))) == (10, 10)


def test_a_stop_finishes_what_was_sent_and_reports_the_rest(
    many: Many, gateway: Gateway, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("curator.promote.bulk.CHUNK", 20)  # it comes in the middle of one, before two others
    stop = threading.Event()
    receipts = many(items_of(60), stop=stop, progress=lambda done: stop.set() if done >= 10 else None)
    assert len(receipts) == 60
    verified = {r.item_id for r in receipts if r.verdict == "verified"}
    rest = [r for r in receipts if r.verdict != "verified"]
    assert 10 <= len(verified) < 40
    assert {code(r) for r in rest} == {"INTERRUPTED"}
    assert {row.id for row in gateway.items(DATASET)} == verified
    assert journal.promotions.unfinished() == []
    assert {draft.item_id for draft in journal.drafts.all()} == {r.item_id for r in rest}


def test_no_connection_is_said_of_each(journal: Journal) -> None:
    with SandboxServer() as server:
        connection = connection_of(server)
    with Gateway(connection) as gateway:
        receipts = list(promote_many(gateway, journal, EmailFinder(), items_of(5), **options("ada")))
    assert [(r.verdict, code(r)) for r in receipts] == [("refused", "UNREACHABLE")] * 5
