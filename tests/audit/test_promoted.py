"""What the journal proves about items: promotions, undos, updates, other people's writes."""

from datetime import UTC, datetime
from typing import Any

import pytest

from curator.audit.fixes import Desk as FixDesk
from curator.audit.fixes import apply_fixes, propose_fixes
from curator.audit.gather import promoted_items
from curator.audit.run import collect_evidence, report_of
from curator.audit.workers import Processes
from curator.gateway import Gateway
from curator.journal import Journal
from curator.model import Item, Receipt, ScrubPolicy, lineage
from curator.promote import Patience
from curator.sandbox.server import SandboxServer
from tests.audit.support import DATASET, EXAMPLE_RULE, QuickScrub
from tests.audit.worlds import numbered, write_items
from tests.promote.support import promote, undo, verify

QUICK = Patience(lock=5, late=1.2, limit=5, conflict=1.5, repair=0.5)


class Desk:
    """A machine with its journal."""

    def __init__(self, gateway: Gateway, journal: Journal) -> None:
        self.gateway, self.journal = gateway, journal

    def promote(self, item: Item) -> Receipt:
        receipt = promote(
            self.gateway,
            self.journal,
            QuickScrub(),
            item,
            policy=ScrubPolicy(),
            rule="audit-example",
            reviewer="mara",
            patience=QUICK,
        )
        assert receipt.ok, receipt.problem
        return receipt

    def undo(self, *, delete: bool = False) -> None:
        done = list(undo(self.gateway, self.journal, QuickScrub(), reviewer="mara", delete=delete, patience=QUICK))
        assert [each.ok for each in done] == [True]

    def verified(self) -> dict[str, list[str]]:
        """Item id → codes of what `curator verify DATASET` says of it."""
        found = verify(self.gateway, self.journal, QuickScrub(), DATASET)
        return {each.item_id: [problem.code for problem in each.differences] for each in found}

    def codes(self) -> set[str]:
        evidence = collect_evidence(
            self.gateway,
            self.journal,
            DATASET,
            EXAMPLE_RULE,
            at=datetime.now(UTC),
            workers=Processes(1),
            scrub=QuickScrub,
        )
        return {f.code for f in report_of(evidence).findings} - {"RUN001", "LIN004"}


@pytest.fixture
def desk(server: SandboxServer, gateway: Gateway, journal: Journal) -> Desk:
    write_items(server, 1, offset=100)  # another reviewer's item, so that there is a dataset
    return Desk(gateway, journal)


def item(number: int = 0, **changes: Any) -> Item:
    stored = numbered(number, **changes)
    return Item(**stored.model_dump(exclude={"dataset_id", "created_at", "updated_at", "media"}))


def test_no_journal_knows_nothing() -> None:
    assert promoted_items(None, DATASET) == {}


def test_a_promotion_is_known_with_the_servers_time(desk: Desk) -> None:
    receipt = desk.promote(item())
    known = promoted_items(desk.journal, DATASET)[receipt.item_id]
    stored = desk.gateway.item(receipt.item_id)
    assert stored is not None
    assert known.written == stored.updated_at
    assert known.receipt == receipt.model_copy(update={"checks": known.receipt.checks})
    assert desk.codes() == {"REC003"}  # the other reviewer's item


def test_promoting_again_is_no_other_write(desk: Desk) -> None:
    desk.promote(item())
    assert desk.promote(item()).verdict == "unchanged"
    assert desk.codes() == {"REC003"}


def test_a_write_by_somebody_else_is(desk: Desk) -> None:
    desk.promote(item())
    desk.gateway.put_item(lineage.sealed(item()))
    assert desk.codes() == {"REC003", "CON002"}


def test_an_item_that_undo_archived_is_not_missed(desk: Desk) -> None:
    desk.promote(item(1))
    desk.promote(item())
    desk.undo()
    assert set(promoted_items(desk.journal, DATASET)) == {item(1).id}
    assert desk.codes() == {"REC003"}


def test_an_item_that_undo_deleted_is_not_missed(desk: Desk) -> None:
    desk.promote(item(1))
    desk.promote(item())
    desk.undo(delete=True)
    assert desk.codes() == {"REC003"}


@pytest.mark.parametrize("delete", [False, True])
def test_what_was_found_unchanged_before_an_undo_is_taken_back_with_it(desk: Desk, delete: bool) -> None:
    desk.promote(item(1))
    desk.promote(item())
    assert desk.promote(item()).verdict == "unchanged"
    desk.undo(delete=delete)
    assert desk.codes() == {"REC003"}
    assert desk.verified() == {item(1).id: [], numbered(100).id: ["ITEM_UNPROVEN"]}


def test_what_was_promoted_again_after_an_undo_is_expected(desk: Desk) -> None:
    desk.promote(item())
    desk.undo(delete=True)
    desk.promote(item())
    assert set(promoted_items(desk.journal, DATASET)) == {item().id}
    desk.gateway.delete_item(item().id)
    assert desk.codes() == {"REC003", "REC002"}
    assert desk.verified()[item().id] == ["ITEM_MISSING"]


def test_an_archived_duplicate_is_not_missed_and_is_expected_again_after_an_undo(desk: Desk) -> None:
    desk.promote(item())
    twin = item(1, input=item().input, expected_output=item().expected_output)
    desk.promote(twin)
    evidence = collect_evidence(
        desk.gateway, desk.journal, DATASET, EXAMPLE_RULE, at=datetime.now(UTC), workers=Processes(1), scrub=QuickScrub
    )
    bench = FixDesk(desk.gateway, QuickScrub(), ScrubPolicy(), EXAMPLE_RULE, "mara", datetime.now(UTC))
    (receipt,) = apply_fixes(propose_fixes("duplicates", evidence, bench), bench, desk.journal)
    assert receipt.ok
    assert receipt.item_id not in promoted_items(desk.journal, DATASET)
    assert receipt.item_id not in desk.verified()
    desk.undo()
    assert desk.verified()[receipt.item_id] == []


def test_an_update_that_was_taken_back_is_curators_own_write(desk: Desk) -> None:
    first = desk.promote(item())
    desk.promote(item(metadata={"risk": "high"}))
    desk.undo()
    known = promoted_items(desk.journal, DATASET)[first.item_id]
    assert known.receipt.at == first.at
    assert known.written is None
    assert desk.codes() == {"REC003"}


def test_an_item_that_somebody_archived_or_deleted_is_missed(desk: Desk) -> None:
    for number in (0, 1):
        desk.promote(item(number))
    desk.gateway.put_item(item().model_copy(update={"status": "ARCHIVED"}))
    desk.gateway.delete_item(item(1).id)
    assert desk.codes() == {"REC003", "REC001", "REC002"}
