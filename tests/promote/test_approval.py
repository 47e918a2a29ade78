"""What was approved is proved whole, on this machine and on another; what somebody edited since is never lost."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from curator.audit.run import collect_evidence, report_of
from curator.audit.workers import Processes
from curator.gateway import Gateway
from curator.journal import Journal
from curator.journal.export import export_ledger
from curator.model import StoredItem, lineage
from curator.promote import Promoter, Verified
from curator.sandbox.server import SandboxServer
from tests.audit.support import QuickScrub
from tests.promote.support import DATASET, QUICK, EmailFinder, Promote, code, make_item, undo, verify

Change = Callable[[StoredItem], dict[str, Any]]


def metadata(**changes: Any) -> Change:
    """Changes of metadata; None takes a key away."""
    return lambda stored: {
        "metadata": {key: value for key, value in (stored.metadata | changes).items() if value is not None}
    }


TAMPERED: dict[str, tuple[str, Change]] = {
    "input": ("input.query", lambda stored: {"input": stored.input | {"query": "another"}}),
    "expected output": ("expected_output.outcome", lambda stored: {"expected_output": {"outcome": "refuse"}}),
    "all metadata": ("metadata.failure_type", lambda stored: {"metadata": {}}),
    "source trace": ("source_trace_id", lambda stored: {"source_trace_id": "f" * 32}),
    "source observation": ("source_observation_id", lambda stored: {"source_observation_id": "f" * 16}),
    "trace in the metadata": ("metadata.source_trace_id", metadata(source_trace_id="f" * 32)),
    "failure type": ("metadata.failure_type", metadata(failure_type="other")),
    "signals": ("metadata.signals[0].name", metadata(signals=[{"kind": "score", "name": "made-up"}])),
    "rubric": ("metadata.rubric", metadata(rubric="another")),
    "risk": ("metadata.risk", metadata(risk="low")),
    "reviewer": ("metadata.reviewer", metadata(reviewer="mallory")),
    "time": ("metadata.approved_at", metadata(approved_at="2020-01-01T00:00:00+00:00")),
    "kept findings": ("metadata.scrub.kept.PERSON", metadata(scrub={"kept": {"PERSON": 9}})),
    "digest alone": ("metadata.digest", metadata(digest="0" * 64)),
    "no digest": ("metadata.digest", metadata(digest=None)),
    "status": ("status", lambda stored: {"status": "ARCHIVED"}),
}


def tamper(gateway: Gateway, item_id: str, change: Change, *, resealed: bool = False) -> None:
    """As a person in the web app does it; `resealed` also makes the item's own word true again."""
    stored = gateway.item(item_id)
    assert stored is not None
    item = stored.to_write().model_copy(update=change(stored))
    if resealed:
        prints = {name: lineage.fingerprint(getattr(item, name)) for name in ("input", "expected_output")}
        item = lineage.sealed(item.model_copy(update={"metadata": item.metadata | {"fingerprints": prints}}))
    gateway.put_item(item)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Journal]:
    """The journal of another machine."""
    with Journal("test", tmp_path / "other" / "journal.sqlite3") as journal:
        yield journal


def verified(gateway: Gateway, journal: Journal, item_id: str, **options: Any) -> Verified:
    (found,) = verify(gateway, journal, EmailFinder(), DATASET, [item_id], **options)
    return found


def audited(gateway: Gateway, journal: Journal, **options: Any) -> list[tuple[str, str]]:
    evidence = collect_evidence(
        gateway, journal, DATASET, None, at=datetime.now(UTC), workers=Processes(1), scrub=QuickScrub, **options
    )
    return [(each.code, each.message) for each in report_of(evidence).findings]


@pytest.mark.parametrize("case", TAMPERED)
def test_every_tampered_field_is_named_with_old_and_new(
    case: str, run: Promote, gateway: Gateway, journal: Journal, elsewhere: Journal
) -> None:
    path, change = TAMPERED[case]
    receipt = run(make_item(metadata={"rubric": "r", "risk": "high", "signals": [{"name": "s"}]}))
    assert verified(gateway, journal, receipt.item_id).verdict == "verified"
    tamper(gateway, receipt.item_id, change)
    here = verified(gateway, journal, receipt.item_id)
    assert here.verdict == "failed"
    (named,) = [each for each in here.changes if each.path == path]
    assert named.old != named.new
    assert verified(gateway, elsewhere, receipt.item_id).verdict == ("unproven" if case == "no digest" else "failed")
    # The audit names it too; that an item was archived by hand it says by another code.
    found = audited(gateway, journal)
    expected = "REC001" if case == "status" else "CON001" if path.startswith(("input", "expected")) else "CON005"
    unnamed = case in ("status", "all metadata")  # of many changes the first are named
    assert any(each == expected and (path in words or unnamed) for each, words in found), found


@pytest.mark.parametrize("case", [case for case in TAMPERED if case not in ("status", "no digest", "digest alone")])
def test_a_change_with_a_new_seal_is_never_verified(
    case: str, run: Promote, gateway: Gateway, journal: Journal, elsewhere: Journal, tmp_path: Path
) -> None:
    """Who can write can recompute a digest: only a receipt, or a ledger kept in git, can say that it was approved."""
    receipt = run(make_item(metadata={"rubric": "r", "risk": "high", "signals": [{"name": "s"}]}))
    ledger = tmp_path / "ledger.jsonl"
    export_ledger(ledger, journal.ledger.entries())
    assert verified(gateway, elsewhere, receipt.item_id).verdict == "unproven"
    assert verified(gateway, elsewhere, receipt.item_id, ledger=ledger).verdict == "verified"
    tamper(gateway, receipt.item_id, TAMPERED[case][1], resealed=True)
    assert verified(gateway, journal, receipt.item_id).verdict == "failed"
    assert verified(gateway, elsewhere, receipt.item_id).verdict in ("unproven", "failed")
    assert verified(gateway, elsewhere, receipt.item_id, ledger=ledger).verdict == "failed"
    assert {"CON001", "CON005"} & {code for code, _ in audited(gateway, elsewhere, ledger=ledger)}


def test_what_a_ledger_says_was_taken_back_is_not_approved(
    run: Promote, gateway: Gateway, journal: Journal, elsewhere: Journal, tmp_path: Path
) -> None:
    receipt = run(make_item())
    assert [each.ok for each in undo(gateway, journal, EmailFinder(), patience=QUICK)] == [True]
    gateway.put_item(lineage.sealed(make_item()))  # revived by hand
    export_ledger(tmp_path / "ledger.jsonl", journal.ledger.entries())
    found = verified(gateway, elsewhere, receipt.item_id, ledger=tmp_path / "ledger.jsonl")
    assert found.verdict == "unproven"


def test_personal_values_of_a_change_are_named_not_shown(run: Promote, gateway: Gateway, journal: Journal) -> None:
    receipt = run(make_item())
    tamper(gateway, receipt.item_id, lambda stored: {"input": stored.input | {"query": "write to ada@home.example"}})
    found = verified(gateway, journal, receipt.item_id)
    assert "ada@home" not in found.model_dump_json()
    assert [each.new for each in found.changes] == ["(EMAIL_ADDRESS)"]


# ── nobody's edit is lost ───────────────────────────────────────────────────────────────────────────────────────────


def edit(gateway: Gateway, item_id: str) -> None:
    tamper(gateway, item_id, lambda stored: {"expected_output": stored.expected_output | {"outcome": "improved"}})


@pytest.mark.parametrize("other", [False, True], ids=["this machine", "another machine"])
def test_an_edit_is_shown_and_not_overwritten(
    other: bool, run: Promote, gateway: Gateway, journal: Journal, elsewhere: Journal
) -> None:
    receipt = run(make_item())
    edit(gateway, receipt.item_id)
    before = gateway.item(receipt.item_id)
    refused = run(make_item(metadata={"reviewer": "grace"}), journal=elsewhere if other else journal)
    assert (refused.verdict, refused.action, code(refused)) == ("refused", "none", "ITEM_EDITED")
    assert {"keep-theirs", "overwrite", "adopt"} <= set(refused.remedies)
    (change,) = [each for each in refused.changes if each.path == "expected_output.outcome"]
    assert (change.old, change.new) == ("answer", "improved")
    assert gateway.item(receipt.item_id) == before


@pytest.mark.parametrize(("remedy", "outcome"), [("keep-theirs", "improved"), ("overwrite", "answer")])
def test_whose_version_counts_is_said_and_can_be_taken_back(
    remedy: str, outcome: str, run: Promote, gateway: Gateway, journal: Journal, elsewhere: Journal
) -> None:
    receipt = run(make_item())
    edit(gateway, receipt.item_id)
    written = run(make_item(metadata={"reviewer": "grace"}), remedies=[remedy])
    assert (written.verdict, written.action) == ("verified", "updated")
    stored = gateway.item(receipt.item_id)
    assert stored is not None
    assert (stored.expected_output["outcome"], stored.metadata["reviewer"]) == (outcome, "grace")
    assert verified(gateway, journal, receipt.item_id).verdict == "verified"
    assert verified(gateway, elsewhere, receipt.item_id).verdict == "unproven"
    assert [each.outcome for each in undo(gateway, journal, EmailFinder(), patience=QUICK)] == ["restored"]
    back = gateway.item(receipt.item_id)
    assert back is not None
    assert back.expected_output["outcome"] == "improved"


def test_an_edit_with_personal_values_is_not_kept(run: Promote, gateway: Gateway) -> None:
    receipt = run(make_item())
    tamper(gateway, receipt.item_id, lambda stored: {"input": {"query": "ada@home.example"}})
    refused = run(make_item(), remedies=["keep-theirs"])
    assert (refused.verdict, refused.action, code(refused)) == ("refused", "none", "ITEM_NOT_SCRUBBED")


def test_what_this_machine_took_back_is_no_edit(run: Promote, gateway: Gateway, journal: Journal) -> None:
    run(make_item())
    run(make_item(input={"query": "second"}))
    list(undo(gateway, journal, EmailFinder(), patience=QUICK))
    assert run(make_item(input={"query": "third"})).verdict == "verified"


def test_another_reviewers_approval_of_the_same_is_no_edit(
    run: Promote, gateway: Gateway, journal: Journal, elsewhere: Journal
) -> None:
    assert run(make_item()).action == "created"
    assert run(make_item(input={"query": "better"}), journal=elsewhere).action == "updated"
    assert code(run(make_item())) == "ITEM_EDITED"  # grace's approved version is somebody's work as well
    assert run(make_item(input={"query": "better"})).verdict == "unchanged"


# ── amending ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_metadata_is_amended_provably_and_taken_back(
    run: Promote, gateway: Gateway, journal: Journal, server: SandboxServer
) -> None:
    receipt = run(make_item())
    promoter = Promoter(gateway, journal, EmailFinder(), reviewer="grace", patience=QUICK)
    amended = promoter.amend(DATASET, receipt.item_id, {"gate": {"state": "known"}, "failure_type": None})
    assert (amended.verdict, amended.action, amended.trace_id) == ("verified", "updated", "")
    stored = gateway.item(receipt.item_id)
    assert stored is not None
    assert stored.metadata["gate"] == {"state": "known"}
    assert "failure_type" not in stored.metadata
    assert stored.metadata["digest"] == lineage.approval_digest(stored) == amended.digest != receipt.digest
    assert verified(gateway, journal, receipt.item_id).verdict == "verified"
    assert [each.outcome for each in promoter.undo()] == ["restored"]
    assert verified(gateway, journal, receipt.item_id).verdict == "verified"


def test_only_what_stands_as_approved_is_amended(run: Promote, gateway: Gateway, journal: Journal) -> None:
    promoter = Promoter(gateway, journal, EmailFinder(), reviewer="grace", patience=QUICK)
    assert code(promoter.amend(DATASET, "nobody", {"a": 1})) == "ITEM_MISSING"
    receipt = run(make_item())
    assert code(promoter.amend("elsewhere", receipt.item_id, {"a": 1})) == "ITEM_COLLISION"
    edit(gateway, receipt.item_id)
    assert code(promoter.amend(DATASET, receipt.item_id, {"a": 1})) == "ITEM_EDITED"
    gateway.put_item(make_item(id="by-hand").model_copy(update={"metadata": {"why": "?"}}))
    by_hand = promoter.amend(DATASET, "by-hand", {"a": 1})
    assert (by_hand.verdict, by_hand.action, code(by_hand)) == ("refused", "none", "ITEM_NO_LINEAGE")
    assert "--fix adopt" in by_hand.problem.remedy
    stored = gateway.item("by-hand")
    assert stored is not None
    assert stored.metadata == {"why": "?"}
