"""The fault matrix: every fault × every operation ends as meant or with a name; nothing doubled, nothing lost."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from curator.gateway import Gateway
from curator.help import pages
from curator.journal import Journal
from curator.model import Item
from curator.promote import Patience, Verified
from curator.sandbox.faults import KINDS
from curator.sandbox.server import SandboxServer
from tests.promote.support import DATASET, EmailFinder, connection_of, make_item, promote, promote_many, undo, verify
from tests.promote.workers import options

HASTY = Patience(lock=2, late=0.5, limit=1.5, conflict=0.6, repair=0.3)
FAULTS = [
    ("none", None),
    ("collision-404", "3.140"),
    ("collision-404", "3.43"),
    ("collision-404", "3.5"),
    ("lost-write", None),
    ("lost-write", "every:2"),
    ("drop-response", None),
    ("drop-response", "every:2"),
    ("stale-read", "0.3"),
    ("stale-read", "60"),
    ("duplicate-rows", None),
    ("duplicate-rows", "every:2"),
    ("http-409", None),
    ("http-409", "every:2"),
    ("http-429", "every:6"),
    ("http-500", None),
    ("http-500", "every:2"),
    ("http-500", "every:3"),
    ("slow", "0.02"),
    ("truncate-body", None),
    ("truncate-body", "every:2"),
    ("truncate-body", "every:3"),
    ("expire-traces", "0"),
]
OTHER = "rag-answer-quality"
Outcome = tuple[str, str]
Outcomes = dict[str, Outcome]
Run = Callable[[], Outcomes]


class House:
    """A sandbox with a hasty gateway (under faults) and a patient one (to look, without faults)."""

    def __init__(self, server: SandboxServer, hasty: Gateway, patient: Gateway, journal: Journal) -> None:
        self.server, self.hasty, self.patient, self.journal = server, hasty, patient, journal
        self.serial = 0

    def item(self, **fields: object) -> Item:
        self.serial += 1
        return make_item(f"{self.serial:032x}", **fields)

    def promote(self, item: Item, gateway: Gateway | None = None) -> Outcome:
        chosen = gateway or self.hasty
        receipt = promote(chosen, self.journal, EmailFinder(), item, **(options("ada") | {"patience": HASTY}))
        return receipt.verdict, receipt.problem.code if receipt.problem else ""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    path: Path = tmp_path_factory.mktemp("journal") / "journal.sqlite3"
    with (
        SandboxServer() as server,
        Gateway(connection_of(server), patience=0.6) as hasty,
        Gateway(connection_of(server)) as patient,
        Journal("test", path) as journal,
    ):
        patient.put_dataset(DATASET)
        patient.put_dataset(OTHER)
        yield House(server, hasty, patient, journal)


Operation = Callable[[House], tuple[list[Item], Run]]
"""Prepares an operation: the items that should stand there in the end, and what to run under the fault."""


def create(house: House) -> tuple[list[Item], Run]:
    item = house.item()
    return [item], lambda: {item.id: house.promote(item)}


def update(house: House) -> tuple[list[Item], Run]:
    item = house.item()
    assert house.promote(item, house.patient)[0] == "verified"
    changed = make_item(item.source_trace_id or "", input={"query": "changed"})
    return [changed], lambda: {changed.id: house.promote(changed)}


def again(house: House) -> tuple[list[Item], Run]:
    item = house.item()
    assert house.promote(item, house.patient)[0] == "verified"
    return [item], lambda: {item.id: house.promote(item)}


def foreign(house: House) -> tuple[list[Item], Run]:
    item = house.item()
    house.patient.put_item(item.model_copy(update={"dataset": OTHER}))
    house.patient.delete_item(item.id)
    return [], lambda: {item.id: house.promote(item)}


def bulk(house: House) -> tuple[list[Item], Run]:
    items = [house.item() for _ in range(6)]

    def run() -> Outcomes:
        chosen = options("ada") | {"patience": HASTY}
        receipts = promote_many(house.hasty, house.journal, EmailFinder(), items, **chosen)
        return {r.item_id: (r.verdict, r.problem.code if r.problem else "") for r in receipts}

    return items, run


def take_back(house: House) -> tuple[list[Item], Run]:
    item = house.item()
    assert house.promote(item, house.patient)[0] == "verified"

    def run() -> Outcomes:
        (undone,) = undo(house.hasty, house.journal, EmailFinder(), reviewer="ada", patience=HASTY)
        return {item.id: ("verified", "") if undone.problem is None else ("refused", undone.problem.code)}

    return [], run


OPERATIONS: dict[str, Operation] = {
    "create": create,
    "update": update,
    "again": again,
    "foreign id": foreign,
    "bulk": bulk,
    "undo": take_back,
}


@pytest.mark.slow
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(("fault", "argument"), FAULTS, ids=lambda each: str(each))
def test_matrix(fault: str, argument: str | None, operation: str, house: House) -> None:
    items, run = OPERATIONS[operation](house)
    if fault != "none":
        house.server.fault(fault, argument)
    try:
        outcomes = run()
    finally:
        if fault != "none":
            house.server.settings.faults.switch_off(fault)
    known = {page.code for page in pages()}
    for verdict, code in outcomes.values():
        assert (verdict in ("verified", "unchanged")) == (code == "")
        assert not code or code in known
        assert code not in ("ITEM_REFUSED", "ITEM_REWRITTEN")  # the names of not knowing better
    if fault in ("none", "slow", "expire-traces"):
        assert (
            all(verdict in ("verified", "unchanged") for verdict, _ in outcomes.values()) or operation == "foreign id"
        )
    if operation == "foreign id":
        assert all(verdict == "refused" for verdict, _ in outcomes.values())
    # Without the fault: what was called verified is there, and promoting again makes everything right.
    for item in items:
        stored = house.patient.item(item.id)
        if outcomes[item.id][0] in ("verified", "unchanged"):
            assert stored is not None
            assert stored.input == item.input
        chosen = options("ada") | {"remedies": ["repair"]}
        final = promote(house.patient, house.journal, EmailFinder(), item, **chosen)
        assert final.ok, final
        listed = house.patient.items(DATASET, source_trace_id=item.source_trace_id)
        assert (listed.total_items, [row.input for row in listed]) == (1, [item.input])
    assert all(each.verdict == "verified" for each in verify_all(house, items))


def verify_all(house: House, items: list[Item]) -> list[Verified]:
    ids = [item.id for item in items]
    return list(verify(house.patient, house.journal, EmailFinder(), DATASET, ids)) if ids else []


def test_the_matrix_knows_every_fault_of_items() -> None:
    assert set(KINDS) - {fault for fault, _ in FAULTS} == {"split-run"}  # about experiments
