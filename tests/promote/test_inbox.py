"""A program prepares, a person approves: the line between the two stands in the item."""

from typing import Any

import pytest

from curator.config import Settings
from curator.gateway import Gateway
from curator.journal import Journal
from curator.model import Decision, Receipt, StoredItem
from curator.promote import Promoter, Via
from curator.rulebook import LoadedRule
from curator.sandbox.demo.data import DemoData
from tests.promote.support import QUICK, code
from tests.promote.test_promoter import ORDER, NoScrub, loaded, shop, traces_of  # noqa: F401


class Desk:
    """One trace, and promoters that differ in who sits there."""

    def __init__(self, gateway: Gateway, journal: Journal, rule: LoadedRule, trace: str) -> None:
        self.gateway, self.journal, self.rule, self.trace = gateway, journal, rule, trace

    def by(self, via: Via, reviewer: str | None = None) -> Promoter:
        settings = Settings(reviewer=reviewer)
        return Promoter(self.gateway, self.journal, NoScrub(), settings, via=via, patience=QUICK)

    def save(self, prepared_by: str = "") -> None:
        by = self.by("script")
        by.save(by.draft(next(by.read([self.trace], self.rule)), self.rule, ORDER), prepared_by)

    def promote(self, via: Via, reviewer: str | None = None, order: Any = ORDER) -> Receipt:
        (receipt,) = self.by(via, reviewer).promote_traces([self.trace], self.rule, order)
        return receipt

    def stored(self, receipt: Receipt) -> StoredItem:
        item = self.gateway.item(receipt.item_id)
        assert item is not None
        return item

    def approval(self, receipt: Receipt) -> dict[str, Any]:
        metadata = self.stored(receipt).metadata
        return {key: metadata[key] for key in ("prepared_by", "approved_by", "approved_via") if key in metadata}


@pytest.fixture
def desk(shop: Gateway, journal: Journal, loaded: LoadedRule, demo: DemoData) -> Desk:  # noqa: F811
    return Desk(shop, journal, loaded, traces_of(demo, 1)[0])


def with_approval(rule: LoadedRule, approval: str) -> LoadedRule:
    lineage = rule.rule.lineage.model_copy(update={"approval": approval})
    return rule.model_copy(update={"rule": rule.rule.model_copy(update={"lineage": lineage})})


@pytest.mark.parametrize(
    ("via", "reviewer", "approval"),
    [
        ("terminal", None, {"approved_via": "terminal"}),
        ("script", "ada", {"approved_by": "ada", "approved_via": "script"}),
        ("script", None, {"approved_via": "script"}),
    ],
)
def test_the_item_says_who_approved_it_and_how(
    via: Via, reviewer: str | None, approval: dict[str, str], desk: Desk
) -> None:
    receipt = desk.promote(via, reviewer)
    assert receipt.verdict == "verified"
    if via == "terminal":  # whoever sits there, by the login name
        approval = approval | {"approved_by": receipt.reviewer}
    assert desk.approval(receipt) == approval


def test_a_rule_that_wants_a_person_takes_no_login_name_of_a_script(desk: Desk) -> None:
    desk.rule = with_approval(desk.rule, "person")
    refused = desk.promote("script")
    assert (refused.verdict, refused.action, code(refused)) == ("refused", "none", "APPROVAL_NEEDS_PERSON")
    assert desk.gateway.items(desk.rule.rule.dataset.name).total_items == 0
    assert desk.promote("script", "ada").verdict == "verified"
    assert desk.promote("terminal").ok


def test_what_was_prepared_is_approved_with_its_edits_and_leaves_the_inbox(desk: Desk) -> None:
    desk.save("triage 1.2")
    (waiting,) = desk.journal.drafts.prepared()
    assert (waiting.trace_id, waiting.prepared_by) == (desk.trace, "triage 1.2")
    assert {"reviewer", "approved_at"} & set(waiting.metadata) == set()
    receipt = desk.promote("terminal", order=None)  # nothing is said again: the order was kept
    assert receipt.verdict == "verified", receipt.problem
    assert desk.approval(receipt)["prepared_by"] == "triage 1.2"
    stored = desk.stored(receipt)
    assert (stored.input, stored.expected_output) == (waiting.input, waiting.expected_output)
    assert desk.journal.drafts.all() == []


def test_what_is_dismissed_leaves_the_inbox(desk: Desk) -> None:
    desk.save()
    at = desk.journal.drafts.prepared()[0].saved_at
    desk.journal.decide(Decision(trace_id="another", state="dismissed", reviewer="ada", reason="no", at=at))
    assert len(desk.journal.drafts.prepared()) == 1
    desk.journal.decide(Decision(trace_id=desk.trace, state="dismissed", reviewer="ada", reason="no", at=at))
    assert desk.journal.drafts.prepared() == []


def test_a_person_s_approval_is_added_to_a_script_s_and_not_replaced_by_another(desk: Desk) -> None:
    assert desk.promote("script").action == "created"
    added = desk.promote("script", "ada")
    assert (added.verdict, added.action, desk.approval(added)["approved_by"]) == ("verified", "updated", "ada")
    again = desk.promote("script", "grace")
    assert (again.verdict, desk.approval(again)["approved_by"]) == ("unchanged", "ada")
    assert desk.promote("script").verdict == "unchanged"
