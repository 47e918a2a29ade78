"""Several at the same time: processes of one machine, and machines that know nothing of each other."""

import json
import multiprocessing
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from curator.gateway import Gateway
from curator.journal import Journal
from curator.model import Item, Receipt
from curator.promote import Patience
from curator.queue import decisions
from curator.sandbox.server import SandboxServer
from tests.promote.support import DATASET, QUICK, EmailFinder, code, connection_of, make_item, promote
from tests.promote.workers import PRELOAD, options, promote_all

NONE: Mapping[str, str] = {}


def crowd(
    server: SandboxServer, journals: Sequence[Path], traces: Sequence[str], faults: Mapping[str, str] = NONE
) -> list[Receipt]:
    """One process per journal, all promote the same traces at once over faults; every receipt of every process."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOAD)
    ready, results = context.Barrier(len(journals) + 1), context.Queue()
    processes = [
        context.Process(target=promote_all, args=(connection_of(server), path, traces, f"reviewer-{n}", ready, results))
        for n, path in enumerate(journals)
    ]
    for process in processes:
        process.start()
    ready.wait(60)
    for fault, how in faults.items():
        server.fault(fault, how)
    ready.wait(60)
    receipts = [Receipt.model_validate_json(results.get(timeout=120)[1]) for _ in range(len(traces) * len(journals))]
    for fault in faults:
        server.settings.faults.switch_off(fault)
    for process in processes:
        process.join(30)
        assert process.exitcode == 0
    return receipts


def told_truly(server: SandboxServer, receipts: Sequence[Receipt]) -> int:
    """Holds what receipts say of themselves against the server's own record of who wrote what; how many versions."""
    with server.store.read() as db:
        rows = db.execute("SELECT * FROM item_versions ORDER BY id, valid_from").fetchall()
    wrote = [(row["id"], json.loads(row["metadata"])["reviewer"]) for row in rows if not row["is_deleted"]]
    before = [None, *rows]
    born = Counter(
        row["id"]
        for row, last in zip(rows, before, strict=False)
        if not row["is_deleted"] and (last is None or last["id"] != row["id"] or last["is_deleted"])
    )  # a repair deletes the item first: whoever writes it next makes it anew
    for receipt in receipts:
        if receipt.action != "unknown":
            assert (receipt.action != "none") == ((receipt.item_id, receipt.reviewer) in wrote), receipt
    made = Counter(each.item_id for each in receipts if each.action == "created")
    assert all(made[item_id] <= born[item_id] for item_id in made)
    return sum(each[0] in {receipt.item_id for receipt in receipts} for each in wrote)


def exactly_one_each(gateway: Gateway, traces: Sequence[str], receipts: Sequence[Receipt]) -> None:
    one_each(gateway, traces, receipts)
    for trace in traces:
        own = [receipt for receipt in receipts if receipt.trace_id == trace]
        assert sum(receipt.action == "created" for receipt in own) == 1


def one_each(gateway: Gateway, traces: Sequence[str], receipts: Sequence[Receipt]) -> None:
    """Every item is there once, every receipt ends well, and every decision is shared."""
    listed = gateway.items(DATASET)
    rows = list(listed)
    assert listed.total_items == len(rows) == len(traces)
    for row in rows:
        assert gateway.item(row.id) == row
    assert [(each.action, code(each)) for each in receipts if not each.ok] == []
    shared = decisions.decisions_in(gateway.scores(names=[decisions.SCORE_NAME]))
    assert {shared[trace].state for trace in traces} == {"promoted"}


def traces_of(count: int) -> list[str]:
    return [f"{n:032x}" for n in range(1, count + 1)]


def test_processes_of_one_machine(server: SandboxServer, gateway: Gateway, tmp_path: Path) -> None:
    traces = traces_of(4)
    receipts = crowd(server, [tmp_path / "journal.sqlite3"] * 4, traces)
    exactly_one_each(gateway, traces, receipts)


@pytest.mark.slow
def test_twenty_processes_promote_the_same_ten_traces(
    server: SandboxServer, gateway: Gateway, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    traces = traces_of(10)
    receipts = crowd(server, [tmp_path / "journal.sqlite3"] * 20, traces)
    exactly_one_each(gateway, traces, receipts)
    with capsys.disabled():
        counts = {verdict: sum(r.verdict == verdict for r in receipts) for verdict in ("verified", "unchanged")}
        print(f"\n20 processes × 10 traces: 10 items, {counts}")


FAULTS = {"http-500": "every:23", "drop-response": "every:7", "http-409": "every:5", "duplicate-rows": "every:2",
          "slow": "0.01"}  # fmt: skip


@pytest.mark.parametrize("machines", [4, pytest.param(20, marks=pytest.mark.slow)])
def test_machines_that_know_nothing_of_each_other(
    machines: int, server: SandboxServer, gateway: Gateway, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each has a state folder of its own, so no lock and no journal keeps them apart; the server fails now and then."""
    traces = traces_of(2 if machines < 10 else 10)
    journals = [tmp_path / f"machine-{n}" / "journal.sqlite3" for n in range(machines)]
    receipts = crowd(server, journals, traces, FAULTS)
    unknown = sum(receipt.action == "unknown" for receipt in receipts)
    versions = told_truly(server, receipts)
    with capsys.disabled():
        what = Counter(receipt.action for receipt in receipts)
        print(f"\n{machines} machines × {len(traces)} traces over faults: {dict(what)}, {versions} versions")
    assert unknown <= len(receipts) // 20  # an answer got lost, and a repair has deleted what could tell
    assert versions <= len(traces) * (3 + min(machines, 7))
    one_each(gateway, traces, receipts)


def side_by_side(
    server: SandboxServer, tmp_path: Path, items: Sequence[Item], patience: Patience = QUICK
) -> list[Receipt]:
    """Each item promoted by a machine of its own (its own journal, so no common lock), all at once."""
    ready, receipts = threading.Barrier(len(items)), list[Receipt]()

    def one(number: int, item: Item) -> None:
        reviewer = f"reviewer-{number}"
        with Gateway(connection_of(server)) as gateway, Journal("test", tmp_path / reviewer / "j.sqlite3") as journal:
            assert gateway.items(DATASET).total_items >= 0
            ready.wait(30)
            chosen = options(reviewer) | {"patience": patience}
            receipts.append(promote(gateway, journal, EmailFinder(), item, **chosen))

    threads = [threading.Thread(target=one, args=each) for each in enumerate(items)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return receipts


def approved_by(number: int, **fields: object) -> Item:
    return make_item(metadata={"reviewer": f"reviewer-{number}"}, **fields)


def test_two_reviewers_on_two_machines(server: SandboxServer, gateway: Gateway, tmp_path: Path) -> None:
    for _ in range(5):
        receipts = side_by_side(server, tmp_path, [approved_by(0), approved_by(1)])
        assert len(receipts) == 2
        assert {r.verdict for r in receipts} <= {"verified", "unchanged"}
        listed = gateway.items(DATASET)
        assert (listed.total_items, len(list(listed))) == (1, 1)
        gateway.delete_item(make_item().id)


def test_two_first_writes_that_double_are_repaired_by_one(
    server: SandboxServer, gateway: Gateway, tmp_path: Path
) -> None:
    """The measured corruption: both machines are answered 200, and two rows stay."""
    server.fault("duplicate-rows", "every:1")
    stopper = threading.Timer(0.4, lambda: server.settings.faults.switch_off("duplicate-rows"))
    stopper.start()
    patient = QUICK.model_copy(update={"repair": 5, "late": 5})
    receipts = side_by_side(server, tmp_path, [approved_by(n) for n in range(3)], patient)
    stopper.join()
    assert len(receipts) == 3
    assert {r.verdict for r in receipts} <= {"verified", "unchanged"}
    listed = gateway.items(DATASET)
    assert (listed.total_items, len(list(listed))) == (1, 1)
    assert gateway.item(make_item().id) == next(iter(listed))


def test_two_reviewers_who_disagree_are_told(server: SandboxServer, gateway: Gateway, tmp_path: Path) -> None:
    receipts = side_by_side(server, tmp_path, [approved_by(n, input={"query": f"version {n}"}) for n in range(2)])
    assert len(receipts) == 2
    assert any(r.verdict == "verified" for r in receipts)
    assert {code(r) for r in receipts if r.verdict != "verified"} <= {"ITEM_OVERWRITTEN", "ITEM_MODIFIED_CONCURRENTLY"}
    stored = gateway.item(make_item().id)
    assert stored is not None
    winner = next(r for r in receipts if r.reviewer == stored.metadata["reviewer"])
    assert winner.verdict == "verified"
    assert gateway.items(DATASET).total_items == 1
