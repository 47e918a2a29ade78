"""Fixes: proposed without a write, written like a promotion, verified, taken back by undo."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from curator.audit.fixes import Desk, FixName, ProposedFix, apply_fixes, propose_fixes
from curator.audit.run import collect_evidence, report_of
from curator.audit.values import Evidence
from curator.audit.workers import Processes
from curator.gateway import Gateway
from curator.journal import Journal
from curator.model import Item, Receipt, ScrubPolicy, StoredItem
from curator.sandbox.server import SandboxServer
from tests.audit.support import DATASET, EXAMPLE_RULE, QuickScrub, another
from tests.audit.worlds import numbered, write_items
from tests.demo.maker.audit_example import planned
from tests.promote.support import undo

KEEP: dict[str, Any] = {"exclude": {"dataset_id", "created_at", "updated_at", "media"}}


class Shop:
    """The planted example in a sandbox of its own, with everything that a fix needs."""

    def __init__(self, gateway: Gateway, journal: Journal, planted_at: datetime, rule: Any = EXAMPLE_RULE) -> None:
        self.gateway, self.journal, self.rule = gateway, journal, rule
        self.items = {item.case.plant: item for item in planned(planted_at)}
        self.failure_type: str | None = "wrong_route"

    def desk(self) -> Desk:
        return Desk(
            gateway=self.gateway,
            scrubber=QuickScrub(),
            policy=ScrubPolicy(),
            rule=self.rule,
            reviewer="tobias",
            at=datetime.now(UTC),
            failure_type=self.failure_type,
        )

    def evidence(self) -> Evidence:
        return collect_evidence(
            self.gateway,
            self.journal,
            DATASET,
            self.rule,
            at=datetime.now(UTC),
            workers=Processes(1),
            scrub=QuickScrub,
        )

    def codes(self, item_id: str) -> set[str]:
        return {f.code for f in report_of(self.evidence()).findings if f.item_id == item_id}

    def propose(self, fix: FixName, ids: Sequence[str] = ()) -> list[ProposedFix]:
        return propose_fixes(fix, self.evidence(), self.desk(), ids)

    def apply(self, proposals: Sequence[ProposedFix]) -> list[Receipt]:
        return list(apply_fixes(proposals, self.desk(), self.journal))

    def undo(self) -> list[str]:
        done = undo(self.gateway, self.journal, QuickScrub(), reviewer="tobias", count=1, whole_batch=True)
        return [each.outcome if each.problem is None else each.problem.code for each in done]

    def stored(self, item_id: str) -> StoredItem:
        stored = self.gateway.item(item_id)
        assert stored is not None
        return stored


@pytest.fixture
def shop(server: SandboxServer, gateway: Gateway, journal: Journal, planted: datetime) -> Shop:
    with server.store.write() as db:  # fixes have nothing to do with runs, and reading these takes long
        db.execute("DELETE FROM observations WHERE experiment_id <> ''")
    return Shop(gateway, journal, planted)


def content(stored: StoredItem) -> dict[str, Any]:
    return stored.model_dump(exclude={"created_at", "updated_at"})


# What every fix has in common


PLANTS: dict[FixName, tuple[str, ...]] = {
    "backfill": ("LIN002",),
    "adopt": ("LIN001",),
    "rescrub": ("PII001",),
    "duplicates": ("DUP001",),
}


@pytest.mark.parametrize("fix", PLANTS)
def test_a_proposal_names_what_was_planted_and_writes_nothing(fix: FixName, shop: Shop) -> None:
    before = {item.id: item.updated_at for item in shop.gateway.items(DATASET)}
    proposals = shop.propose(fix)
    assert [each.item_id for each in proposals] == [shop.items[plant].id for plant in PLANTS[fix]]
    assert all(each.item is not None and each.changes for each in proposals)
    assert {item.id: item.updated_at for item in shop.gateway.items(DATASET)} == before
    assert shop.journal.ledger.entries() == []


@pytest.mark.parametrize("fix", PLANTS)
def test_a_fix_mends_its_finding_and_undo_takes_it_back(fix: FixName, shop: Shop) -> None:
    ids = [shop.items[plant].id for plant in PLANTS[fix]]
    before = [content(shop.stored(item_id)) for item_id in ids]
    others = [f for f in report_of(shop.evidence()).findings if f.item_id not in ids]
    receipts = shop.apply(shop.propose(fix))
    action = "archived" if fix == "duplicates" else "updated"
    assert [(each.item_id, each.verdict, each.action) for each in receipts] == [(i, "verified", action) for i in ids]
    for item_id, plant in zip(ids, PLANTS[fix], strict=True):
        assert plant not in shop.codes(item_id)
    assert [f for f in report_of(shop.evidence()).findings if f.item_id not in ids and f.code != "REC003"] == [
        f for f in others if f.code != "REC003"
    ]
    assert shop.undo() == ["restored"] * len(ids)
    assert [content(shop.stored(item_id)) for item_id in ids] == before
    assert shop.propose(fix)[0].item_id == ids[0]


@pytest.mark.parametrize("fix", PLANTS)
def test_changes_are_told_without_a_text_of_the_item(fix: FixName, shop: Shop) -> None:
    for proposal in shop.propose(fix):
        assert proposal.before is not None
        told = " ".join(proposal.changes)
        assert proposal.before.input["question"] not in told
        assert "@" not in told


@pytest.mark.parametrize("fix", PLANTS)
def test_an_item_that_needs_no_mending_says_so(fix: FixName, shop: Shop) -> None:
    clean = next(item.id for item in planned(datetime.now(UTC)) if item.case.plant is None)
    (proposal,) = shop.propose(fix, [clean])
    assert proposal.item is None
    assert proposal.problem is not None
    assert proposal.problem.code == "FIX_NOTHING_TO_DO"
    assert shop.apply([proposal]) == []


@pytest.mark.parametrize("fix", PLANTS)
def test_an_item_that_changed_since_the_preview_is_left_alone(fix: FixName, shop: Shop) -> None:
    proposals = shop.propose(fix)
    stored = shop.stored(proposals[0].item_id)
    fields = stored.model_dump(**KEEP) | {"metadata": {**(stored.metadata or {}), "risk": "high"}}
    shop.gateway.put_item(Item(**fields))
    (receipt, *_) = shop.apply(proposals)
    assert receipt.problem is not None
    assert (receipt.verdict, receipt.action, receipt.problem.code) == ("refused", "none", "ITEM_CHANGED")
    assert shop.stored(stored.id).metadata["risk"] == "high"


# Backfill


def test_backfill_keeps_what_is_recorded_and_names_what_it_added(shop: Shop) -> None:
    planted = shop.items["LIN002"]
    shop.apply(shop.propose("backfill"))
    metadata = shop.stored(planted.id).metadata
    assert {key: metadata[key] for key in planted.current.metadata} == planted.current.metadata
    assert metadata["rubric"] == "returns-desk-v2"
    assert metadata["source_policy"] == "scrubbed"
    assert metadata["backfilled"] == ["rubric", "source_policy"]


def test_backfill_reads_signals_and_session_from_the_source(server: SandboxServer, shop: Shop) -> None:
    bare = dict.fromkeys(("signals", "source_session_id", "source_environment", "reviewer", "approved_at"))
    (item,) = write_items(server, 1, metadata=bare)
    shop.gateway.put_score(
        id="s",
        name="customer_rating",
        value=1,
        data_type="NUMERIC",
        trace_id=item.source_trace_id,
        comment="a@b.example",
    )
    (proposal,) = shop.propose("backfill", [item.id])
    assert proposal.problem is None
    shop.apply([proposal])
    metadata = shop.stored(item.id).metadata
    assert metadata["signals"] == [
        {"kind": "score", "name": "customer_rating", "value": 1, "source": "API", "comment": "<EMAIL_ADDRESS_1>"}
    ]
    assert (metadata["source_session_id"], metadata["source_environment"]) == ("returns-1", "production")
    assert metadata["reviewer"] == "tobias"
    assert shop.codes(item.id) <= {"RUN001"}


def test_backfill_invents_nothing_when_the_source_is_gone(server: SandboxServer, shop: Shop) -> None:
    (item,) = write_items(server, 1, sources=False, metadata={"signals": None})
    (proposal,) = shop.propose("backfill", [item.id])
    assert proposal.problem is not None
    assert proposal.problem.code == "FIX_NOTHING_LEFT"
    (half,) = write_items(server, 1, offset=1, sources=False, metadata={"signals": None, "rubric": None})
    (proposal,) = shop.propose("backfill", [half.id])
    assert "metadata.signals: cannot be recovered, the source trace is gone" in proposal.changes
    shop.apply([proposal])
    assert {"LIN002", "LIN004"} <= shop.codes(half.id)
    assert "signals" not in shop.stored(half.id).metadata


def test_after_an_undone_fix_the_observation_is_still_promoted(shop: Shop) -> None:
    """The item is one of an observation that was reviewed by itself: the decision is about that."""
    stored = shop.stored(shop.items["PII001"].id)
    marked = stored.to_write().model_copy(update={"metadata": stored.metadata | {"source_observation_id": "step"}})
    shop.gateway.put_item(marked)
    assert [each.verdict for each in shop.apply(shop.propose("rescrub"))] == ["verified"]
    assert shop.undo() == ["restored"]
    decision = shop.journal.decisions.get(f"{stored.source_trace_id}/step")
    assert decision is not None
    assert decision.state == "promoted"


def test_after_an_undone_backfill_the_trace_is_still_promoted(shop: Shop) -> None:
    trace = shop.items["LIN002"].trace_id or ""
    shop.apply(shop.propose("backfill"))
    shop.undo()
    decision = shop.journal.decisions.get(trace)
    assert decision is not None
    assert decision.state == "promoted"


# Adopt


def test_adopt_says_who_took_the_item_over(shop: Shop) -> None:
    planted = shop.items["LIN001"]
    shop.apply(shop.propose("adopt"))
    metadata = shop.stored(planted.id).metadata
    assert metadata["source"] == "adopted"
    assert (metadata["reviewer"], metadata["failure_type"]) == ("tobias", "wrong_route")
    assert "signals" not in metadata
    assert shop.codes(planted.id) == set()


def test_adopt_keeps_what_the_metadata_held(shop: Shop) -> None:
    item = another("by hand", id="by-hand", metadata=None, source_trace_id=None, source_observation_id=None)
    for number, (held, kept) in enumerate(
        (({"owner": "shop"}, {"owner": "shop"}), (["a", 1], {"note": ["a", 1]}), ("text", {"note": "text"}))
    ):
        fields = item.model_dump(**KEEP) | {"id": f"by-hand-{number}", "metadata": held}
        shop.gateway.put_item(Item.model_construct(**fields))
        (proposal,) = shop.propose("adopt", [f"by-hand-{number}"])
        (receipt,) = shop.apply([proposal])
        assert receipt.verdict == "verified", receipt.problem
        metadata = shop.stored(f"by-hand-{number}").metadata
        assert kept.items() <= metadata.items()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"input": {"question": "Mail ada@mail.example", "channel": "chat"}}, "ITEM_NOT_SCRUBBED"),
        ({"expected_output": {"must_mention": [3], "must_not_mention": []}}, "SCHEMA"),
    ],
)
def test_nobody_takes_responsibility_for_a_broken_item(
    changes: dict[str, Any], code: str, server: SandboxServer, shop: Shop
) -> None:
    with server.store.write() as db:
        db.execute("UPDATE datasets SET expected_output_schema = NULL")
    fields = numbered(3, **changes).model_dump(**KEEP) | {"metadata": {"note": "by hand"}}
    shop.gateway.put_item(Item(**fields))
    (proposal,) = shop.propose("adopt", [fields["id"]])
    assert proposal.problem is not None
    assert proposal.problem.code == code


def test_adopt_needs_a_rule_and_a_failure_type(shop: Shop) -> None:
    shop.failure_type = None
    (proposal,) = shop.propose("adopt")
    assert proposal.problem is not None
    assert proposal.problem.code == "FAILURE_TYPE"
    assert "missing_policy|unapproved_promise" in proposal.problem.remedy
    shop.failure_type = "no such type"
    assert [each.problem and each.problem.code for each in shop.propose("adopt")] == ["FAILURE_TYPE"]
    shop.rule = None
    assert [each.problem and each.problem.code for each in shop.propose("adopt")] == ["FIX_NEEDS_RULE"]


# Rescrub


def test_rescrub_replaces_and_approves_the_content_anew(shop: Shop) -> None:
    planted = shop.items["PII001"]
    (proposal,) = shop.propose("rescrub")
    assert proposal.changes == ("input.question: EMAIL_ADDRESS is replaced",)
    shop.apply([proposal])
    stored = shop.stored(planted.id)
    assert "<EMAIL_ADDRESS_1>" in stored.input["question"]
    assert stored.metadata["scrub"]["replaced"] == {"EMAIL_ADDRESS": 1}
    assert "rescrubbed_at" in stored.metadata
    assert {key: stored.metadata[key] for key in ("reviewer", "approved_at", "source_trace_id")} == {
        key: planted.current.metadata[key] for key in ("reviewer", "approved_at", "source_trace_id")
    }
    assert shop.codes(planted.id) <= {"REC003"}


def test_rescrub_takes_no_decision_of_a_reviewer_back(shop: Shop) -> None:
    fields = numbered(5, metadata={"scrub": {"replaced": {}, "kept": {"EMAIL_ADDRESS": 1}, "reasons": ["ours"]}})
    two = {"question": "a@mail.example and b@mail.example", "channel": "chat"}
    shop.gateway.put_item(Item(**(fields.model_dump(**KEEP) | {"input": two})))
    (proposal,) = shop.propose("rescrub", [fields.id])
    assert proposal.problem is not None
    assert proposal.problem.code == "FIX_KEPT_FINDINGS"


def test_an_item_without_lineage_can_be_rescrubbed_and_then_adopted(shop: Shop) -> None:
    fields = numbered(6).model_dump(**KEEP) | {"metadata": "made by ada@mail.example"}
    shop.gateway.put_item(Item.model_construct(**fields))
    shop.apply(shop.propose("rescrub", [fields["id"]]))
    assert shop.stored(fields["id"]).metadata == {"note": "made by <EMAIL_ADDRESS_1>"}
    (receipt,) = shop.apply(shop.propose("adopt", [fields["id"]]))
    assert receipt.verdict == "verified"


# Duplicates


def test_duplicates_are_archived_and_the_first_stays(shop: Shop) -> None:
    planted = shop.items["DUP001"]
    (proposal,) = shop.propose("duplicates")
    (receipt,) = shop.apply([proposal])
    assert [check.name for check in receipt.checks] == ["archived"]
    assert shop.stored(planted.id).status == "ARCHIVED"
    assert planted.id not in {item.id for item in shop.gateway.items(DATASET)}
    assert shop.stored(planted.id).metadata == planted.current.metadata
    # curator archived it itself: neither missed nor called somebody else's doing.
    assert shop.codes(planted.id) == set()
    assert shop.propose("duplicates") == []


def test_a_duplicate_without_a_metadata_object_is_archived_too(shop: Shop) -> None:
    original = next(iter(shop.gateway.items(DATASET, source_trace_id=shop.items["RUN002"].trace_id)))
    fields = original.model_dump(**KEEP) | {"id": "copy-of-it", "metadata": None, "source_trace_id": None}
    shop.gateway.put_item(Item.model_construct(**(fields | {"source_observation_id": None})))
    (proposal,) = shop.propose("duplicates", ["copy-of-it"])
    (receipt,) = shop.apply([proposal])
    assert receipt.verdict == "verified", receipt.problem
    assert shop.stored("copy-of-it").status == "ARCHIVED"
    assert shop.undo() == ["restored"]
    assert shop.stored("copy-of-it").status == "ACTIVE"


def test_a_write_that_gets_lost_is_not_called_done(server: SandboxServer, shop: Shop) -> None:
    proposals = shop.propose("duplicates")
    server.fault("lost-write")
    (receipt,) = shop.apply(proposals)
    assert not receipt.ok
    assert receipt.problem is not None
    assert receipt.problem.code == "ITEM_STALE_READ"
    server.settings.faults.switch_off("lost-write")
    assert shop.stored(receipt.item_id).status == "ACTIVE"


def test_all_of_one_command_is_one_batch(shop: Shop) -> None:
    for number in (0, 1):
        fields = numbered(number, metadata={"rubric": None}).model_dump(**KEEP)
        shop.gateway.put_item(Item(**fields))
    receipts = shop.apply(shop.propose("backfill"))
    assert len(receipts) == 3
    assert shop.undo() == ["restored"] * 3
