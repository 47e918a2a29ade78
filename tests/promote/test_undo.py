"""What was done can be taken back, and the taking back is verified like any write."""

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from curator.gateway import Gateway
from curator.journal import Journal, LedgerEntry, export_ledger, last_approvals
from curator.model import Receipt, lineage
from curator.promote import Promoter, Undone
from curator.queue import decisions
from curator.sandbox.server import SandboxServer
from tests.promote.support import DATASET, QUICK, EmailFinder, Promote, code, make_item, undo, verify

Undo = Callable[..., list[Undone]]


@pytest.fixture
def take_back(gateway: Gateway, journal: Journal) -> Undo:
    def take_back(**options: Any) -> list[Undone]:
        return list(undo(gateway, journal, EmailFinder(), reviewer="grace", patience=QUICK, **options))

    return take_back


def decision(gateway: Gateway) -> str:
    (found,) = decisions.decisions_in(gateway.scores(names=[decisions.SCORE_NAME])).values()
    return found.state


def test_a_new_item_is_archived(gateway: Gateway, journal: Journal, run: Promote, take_back: Undo) -> None:
    receipt = run(make_item())
    (undone,) = take_back()
    assert (undone.outcome, undone.ok) == ("archived", True)
    stored = gateway.item(receipt.item_id)
    assert stored is not None
    assert (stored.status, stored.input) == ("ARCHIVED", make_item().input)
    assert gateway.items(DATASET).total_items == 0
    assert decision(gateway) == "open"
    assert [d.state for d in journal.decisions.all()] == ["open"]
    assert take_back() == []


def test_a_new_item_is_deleted_on_request(gateway: Gateway, run: Promote, take_back: Undo) -> None:
    receipt = run(make_item())
    (undone,) = take_back(delete=True)
    assert undone.outcome == "deleted"
    assert gateway.item(receipt.item_id) is None
    assert run(make_item()).verdict == "verified"


def test_an_update_gets_its_previous_version_back(gateway: Gateway, run: Promote, take_back: Undo) -> None:
    run(make_item())
    before = gateway.item(make_item().id)
    run(make_item(input={"query": "changed"}, metadata={"note": "new"}))
    (undone,) = take_back()
    after = gateway.item(make_item().id)
    assert undone.outcome == "restored"
    assert before is not None
    assert after is not None
    same = {"created_at": before.created_at, "updated_at": before.updated_at}
    assert after.model_copy(update=same) == before


def test_fields_that_the_update_filled_are_emptied(gateway: Gateway, run: Promote, take_back: Undo) -> None:
    bare = make_item().model_copy(update={"metadata": None, "expected_output": None, "source_observation_id": None})
    gateway.put_item(bare)
    assert code(run(make_item())) == "ITEM_EDITED"
    assert run(make_item(), remedies=["overwrite"]).action == "updated"
    (undone,) = take_back()
    stored = gateway.item(bare.id)
    assert undone.outcome == "restored"
    assert stored is not None
    assert (stored.metadata, stored.expected_output) == (None, None)
    assert not stored.source_observation_id


def test_a_version_with_personal_values_comes_back_from_the_server_alone(
    gateway: Gateway, journal: Journal, run: Promote, take_back: Undo
) -> None:
    gateway.put_item(make_item(input={"query": "I am ada@home.example"}))
    assert run(make_item()).action == "updated"
    assert b"ada@home" not in b"".join(p.read_bytes() for p in journal.path.parent.glob("journal*"))
    (undone,) = take_back()
    stored = gateway.item(make_item().id)
    assert undone.outcome == "restored"
    assert stored is not None
    assert stored.input == {"query": "I am ada@home.example"}


def test_after_a_month_the_previous_version_comes_from_the_server(
    gateway: Gateway, journal: Journal, run: Promote, take_back: Undo
) -> None:
    run(make_item())
    run(make_item(input={"query": "changed"}))
    with sqlite3.connect(journal.path) as db:
        db.execute("UPDATE promotions SET updated_at = '2020-01-01T00:00:00+00:00'")
    run(make_item("e" * 32))  # whatever is finished next tidies up
    with sqlite3.connect(journal.path) as db:
        assert "delayed EU order" not in str(db.execute("SELECT previous FROM promotions").fetchall())
    assert [u.outcome for u in take_back(count=2)] == ["archived", "restored"]
    stored = gateway.item(make_item().id)
    assert stored is not None
    assert stored.input == make_item().input


def test_a_revived_item_is_archived_again(gateway: Gateway, run: Promote, take_back: Undo) -> None:
    gateway.put_item(make_item(input={"query": "old"}).model_copy(update={"status": "ARCHIVED"}))
    assert run(make_item(), remedies=["unarchive"]).verdict == "verified"
    (undone,) = take_back()
    stored = gateway.item(make_item().id)
    assert undone.outcome == "restored"
    assert stored is not None
    assert (stored.status, stored.input) == ("ARCHIVED", {"query": "old"})


def test_an_item_that_was_changed_since_is_left_alone(gateway: Gateway, run: Promote, take_back: Undo) -> None:
    run(make_item())
    gateway.put_item(make_item(input={"query": "theirs"}))
    (undone,) = take_back()
    assert undone.problem is not None
    assert (undone.outcome, undone.problem.code) == ("none", "ITEM_CHANGED")
    stored = gateway.item(make_item().id)
    assert stored is not None
    assert (stored.status, stored.input) == ("ACTIVE", {"query": "theirs"})
    assert decision(gateway) == "promoted"


def test_an_item_that_is_gone_is_taken_back_too(gateway: Gateway, run: Promote, take_back: Undo) -> None:
    run(make_item())
    gateway.delete_item(make_item().id)
    (undone,) = take_back()
    assert (undone.outcome, undone.ok) == ("gone", True)
    assert decision(gateway) == "open"


def test_the_last_come_first_and_refusals_do_not_count(run: Promote, take_back: Undo, gateway: Gateway) -> None:
    ids = [run(make_item(f"{n:032x}")).item_id for n in range(3)]
    run(make_item("f" * 32, input={"t": "\x00"}))
    assert [u.entry.item_id for u in take_back(count=2)] == ids[:0:-1]
    assert [row.id for row in gateway.items(DATASET)] == ids[:1]


def test_a_batch_counts_as_one_when_asked(run: Promote, take_back: Undo, gateway: Gateway) -> None:
    run(make_item("a" * 32))
    for n in range(3):
        run(make_item(f"{n:032x}"), batch="one command")
    assert len(take_back(whole_batch=True)) == 3
    assert gateway.items(DATASET).total_items == 1


def test_a_dismissal_is_taken_back(gateway: Gateway, journal: Journal, take_back: Undo) -> None:
    from datetime import UTC, datetime

    from curator.model import Decision

    made = Decision(trace_id="t", state="dismissed", reviewer="ada", reason="noise", at=datetime.now(UTC))
    decisions.put_decision(gateway, made)
    journal.decide(made)
    (undone,) = take_back()
    assert (undone.outcome, undone.entry.action) == ("reopened", "dismiss")
    assert decision(gateway) == "open"


def test_an_undo_that_the_server_loses_is_not_claimed(
    run: Promote, take_back: Undo, server: SandboxServer, gateway: Gateway
) -> None:
    run(make_item())
    server.fault("lost-write")
    (undone,) = take_back()
    assert undone.problem is not None
    assert not undone.ok
    server.settings.faults.switch_off("lost-write")
    assert [u.outcome for u in take_back()] == ["archived"]


def test_an_entry_that_was_completed_later_is_open_again(run: Promote, take_back: Undo, server: SandboxServer) -> None:
    """By a promotion that wrote nothing: the item stood there already."""
    item, at = make_item(), int(datetime.now(UTC).timestamp() * 1000)
    with server.store.write() as db:
        db.execute("INSERT INTO annotation_queues VALUES (1, 'q', 'desk', NULL, '[]', ?, ?)", (at, at))
        entry = "INSERT INTO annotation_queue_items VALUES (1, 'e', 'q', ?, 'TRACE', 'PENDING', NULL, ?, ?)"
        db.execute(entry, (item.source_trace_id, at, at))

    def status() -> str:
        with server.store.read() as db:
            return str(db.execute("SELECT status FROM annotation_queue_items").fetchone()[0])

    run(item)
    assert (run(item, entries=[("q", "e")]).action, status()) == ("none", "COMPLETED")
    assert ([each.outcome for each in take_back()], status()) == (["archived"], "PENDING")


def test_an_edit_that_undo_brings_back_is_an_edit_again(run: Promote, take_back: Undo, gateway: Gateway) -> None:
    receipt = run(make_item())
    stored = gateway.item(receipt.item_id)
    assert stored is not None
    theirs = stored.to_write().model_copy(update={"input": {"query": "theirs"}})
    gateway.put_item(theirs)
    assert run(make_item(), remedies=["keep-theirs"]).action == "updated"
    assert [each.outcome for each in take_back()] == ["restored"]
    assert code(run(make_item())) == "ITEM_EDITED"
    back = gateway.item(receipt.item_id)
    assert back is not None
    assert (back.input, back.metadata) == (theirs.input, theirs.metadata)


@pytest.mark.parametrize("delete", [False, True])
def test_all_rows_of_a_doubled_item_are_taken_back(
    delete: bool, run: Promote, take_back: Undo, gateway: Gateway, server: SandboxServer
) -> None:
    receipt = run(make_item())
    double(server, receipt.item_id)
    (undone,) = take_back(delete=delete)
    assert (undone.outcome, undone.problem) == ("deleted" if delete else "archived", None)
    assert gateway.items(DATASET).total_items == 0
    stored = gateway.item(receipt.item_id)
    assert (stored is None) if delete else (stored is not None and stored.status == "ARCHIVED")


def test_an_update_of_a_doubled_item_stays_until_it_is_repaired(
    run: Promote, take_back: Undo, server: SandboxServer
) -> None:
    run(make_item())
    changed = run(make_item(input={"query": "changed"}))
    double(server, changed.item_id)
    (undone,) = take_back()
    assert undone.problem is not None
    assert undone.problem.code == "ITEM_DUPLICATE_ROWS"
    assert run(make_item(input={"query": "changed"}), remedies=["repair"]).ok
    assert [each.outcome for each in take_back(count=2)] == ["restored", "restored"]


def double(server: SandboxServer, item_id: str) -> None:
    """A second current row, as concurrent first writes leave it."""
    with server.store.write() as db:
        found = db.execute("SELECT * FROM item_versions WHERE id = ? AND valid_to IS NULL", (item_id,)).fetchone()
        row = {**dict(found), "valid_from": found["valid_from"] + 5}
        del row["row"]
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        db.execute(f"INSERT INTO item_versions ({names}) VALUES ({marks})", tuple(row.values()))


def test_a_version_that_nobody_kept_cannot_come_back(run: Promote, take_back: Undo, gateway: Gateway) -> None:
    """The journal keeps no personal values, Langfuse lists no archived version: it is said, and nothing is done."""
    before = make_item().model_copy(update={"input": {"query": "ada@home.example"}, "status": "ARCHIVED"})
    gateway.put_item(before)
    assert run(make_item(), remedies=["unarchive", "overwrite"]).action == "updated"
    (undone,) = take_back()
    assert undone.problem is not None
    assert (undone.outcome, undone.problem.code) == ("none", "UNDO_IMPOSSIBLE")
    stored = gateway.item(before.id)
    assert stored is not None
    assert stored.status == "ACTIVE"


# ── verify ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def verdicts(gateway: Gateway, journal: Journal, *items: str) -> dict[str, list[str]]:
    return {
        each.item_id: [problem.code for problem in each.differences]
        for each in verify(gateway, journal, EmailFinder(), DATASET, items)
    }


def test_what_was_promoted_verifies(gateway: Gateway, journal: Journal, run: Promote) -> None:
    ids = [run(make_item(f"{n:032x}")).item_id for n in range(5)]
    assert verdicts(gateway, journal) == {item_id: [] for item_id in ids}
    assert verdicts(gateway, journal, ids[0]) == {ids[0]: []}


def test_every_later_change_is_found(gateway: Gateway, journal: Journal, run: Promote, server: SandboxServer) -> None:
    items = [make_item(f"{n:032x}") for n in range(6)]
    for item in items:
        assert run(item).verdict == "verified"
    gateway.put_item(items[1].model_copy(update={"input": {"query": "edited"}}))
    gateway.put_item(lineage.sealed(items[2]).model_copy(update={"status": "ARCHIVED"}))
    gateway.delete_item(items[3].id)
    gateway.put_item(items[4].model_copy(update={"expected_output": {"note": "ada@home.example"}}))
    gateway.put_item(items[5].model_copy(update={"id": "by-hand", "metadata": {}}))
    server.fault("duplicate-rows")
    gateway.put_item(make_item("d" * 32))
    found = verdicts(gateway, journal)
    assert found == {
        items[0].id: [],
        items[1].id: ["ITEM_CHANGED"],
        items[2].id: ["ITEM_ARCHIVED"],
        items[3].id: ["ITEM_MISSING"],
        items[4].id: ["ITEM_CHANGED", "ITEM_NOT_CLEAN"],
        items[5].id: [],
        "by-hand": ["ITEM_NO_LINEAGE"],
        make_item("d" * 32).id: ["ITEM_DUPLICATE_ROWS"],
    }
    assert verdicts(gateway, journal, items[1].id) == {items[1].id: ["ITEM_CHANGED"]}


APPROVED = {"query": "caf\u00e9 ", "n": 1, "none": None, "list": []}
TAMPERED: dict[str, dict[str, Any]] = {
    "another normal form": {"input": APPROVED | {"query": "cafe\u0301 "}},
    "no trailing space": {"input": APPROVED | {"query": "caf\u00e9"}},
    "another space": {"input": APPROVED | {"query": "caf\u00e9\u00a0"}},
    "null is gone": {"input": {key: value for key, value in APPROVED.items() if key != "none"}},
    "null is new": {"input": APPROVED | {"new": None}},
    "true for one": {"input": APPROVED | {"n": True}},
    "text for a number": {"input": APPROVED | {"n": "1"}},
    "object for a list": {"input": APPROVED | {"list": {}}},
    "no metadata": {"metadata": {}},
    "source trace": {"source_trace_id": "5" * 32},
    "source observation": {"source_observation_id": "5" * 16},
    "another dataset's digest": {"metadata": {"digest": "0" * 64}},
    "no digest": {"metadata": {"digest": None}},
    "reviewer": {"metadata": {"reviewer": "mallory"}},
    "another key with null": {"metadata": {"new": [None]}},
}


@pytest.mark.parametrize("what", TAMPERED)
def test_the_smallest_change_is_found_here_and_elsewhere(
    what: str, gateway: Gateway, journal: Journal, run: Promote, tmp_path: Path
) -> None:
    """By the receipt of this machine, and by a ledger on another; with new fingerprints and a new digest, too."""
    receipt = run(make_item(input=APPROVED))
    approved, ledger = gateway.item(receipt.item_id), tmp_path / "ledger.jsonl"
    assert approved is not None
    export_ledger(ledger, journal.ledger.entries())
    changes = dict(TAMPERED[what])
    if changes.get("metadata"):
        merged = approved.metadata | changes["metadata"]
        changes["metadata"] = {key: value for key, value in merged.items() if value is not None}
    bad = approved.to_write().model_copy(update=changes)
    resealed = lineage.sealed(bad) if "digest" not in TAMPERED[what].get("metadata", {}) else bad
    with Journal("test", tmp_path / "elsewhere" / "journal.sqlite3") as elsewhere:
        for each in (bad, resealed):
            gateway.put_item(each)
            (here,) = verify(gateway, journal, EmailFinder(), DATASET, [receipt.item_id])
            (there,) = verify(gateway, elsewhere, EmailFinder(), DATASET, [receipt.item_id], ledger=ledger)
            assert (here.verdict, there.verdict) == ("failed", "failed")
            assert all(len(set(str(change).partition(": ")[2].split(" → "))) == 2 for change in here.changes)


def test_a_ledger_expects_what_its_machine_expects(
    gateway: Gateway, journal: Journal, run: Promote, take_back: Undo, tmp_path: Path
) -> None:
    """Neither what was found only and taken back later, nor what was archived; but what an undo brought back."""
    found, updated, archived = (make_item(digit * 32) for digit in "123")
    for item in (found, found, updated, archived):
        run(item)
    run(make_item("2" * 32, input={"query": "changed"}))
    take_back()  # the change
    promoter = Promoter(gateway, journal, EmailFinder(), reviewer="ada", patience=QUICK)
    first = next(each for each in journal.ledger.entries() if each.item_id == found.id)
    assert [each.outcome for each in promoter.undo(receipt=receipt_of(journal, first))] == ["archived"]
    stored = gateway.item(archived.id)
    assert stored is not None
    assert promoter.archive(stored).action == "archived"
    ledger = tmp_path / "ledger.jsonl"
    export_ledger(ledger, journal.ledger.entries())
    with Journal("test", tmp_path / "elsewhere" / "journal.sqlite3") as elsewhere:
        here = verify(gateway, journal, EmailFinder(), DATASET)
        there = verify(gateway, elsewhere, EmailFinder(), DATASET, ledger=ledger)
        for seen in (here, there):
            assert [(each.item_id, each.verdict) for each in seen] == [(updated.id, "verified")]
    assert [each.outcome for each in take_back()] == ["restored"]  # the archiving
    assert {each.item_id for each in verify(gateway, journal, EmailFinder(), DATASET)} == {updated.id, archived.id}


def receipt_of(journal: Journal, entry: LedgerEntry) -> Receipt:
    found = [each.receipt for each in journal.promotions.of_item(entry.item_id or "") if each.receipt is not None]
    return next(each for each in found if each.at == entry.at)


def test_what_was_taken_back_is_not_expected(gateway: Gateway, journal: Journal, run: Promote, take_back: Undo) -> None:
    run(make_item())
    take_back(delete=True)
    assert verdicts(gateway, journal) == {}


def test_undo_after_a_failed_read_back(gateway: Gateway, run: Promote, take_back: Undo, server: SandboxServer) -> None:
    server.fault("stale-read", "30")
    assert code(run(make_item())) == "ITEM_LOST_WRITE"
    server.settings.faults.switch_off("stale-read")
    assert [u.outcome for u in take_back()] == ["archived"]
    assert gateway.items(DATASET).total_items == 0


def test_what_still_stands(journal: Journal, run: Promote, take_back: Undo) -> None:
    """Not what was taken back, nor what was only found before that; an update taken back leaves what was before."""
    item = make_item()
    run(item)
    run(item)
    assert last_approvals(journal, DATASET)[item.id].receipt.verdict == "unchanged"
    changed = run(make_item(input={"query": "changed"}))
    assert last_approvals(journal, DATASET)[item.id].receipt.action == changed.action == "updated"
    take_back()
    assert last_approvals(journal, DATASET)[item.id].restored_at is not None
    take_back()
    assert last_approvals(journal, DATASET) == {}
    take_back()
    again = run(item, remedies=("unarchive",))
    assert last_approvals(journal, DATASET)[item.id].receipt.action == again.action
