"""A program prepares, a person approves: the line between the two stands in the item."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from curator.config import Settings
from curator.gateway import Gateway
from curator.journal import Journal
from curator.model import Decision, Receipt, StoredItem
from curator.promote import Choices, Order, Promoter, Via
from curator.promote.approval import as_prepared
from curator.queue import Window, find_failures
from curator.rulebook import LoadedRule
from tests.demo.truth import DemoData
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


def test_a_rule_that_wants_two_people_writes_what_both_approved(desk: Desk) -> None:
    lineage = desk.rule.rule.lineage.model_copy(update={"approvals": 2})
    desk.rule = desk.rule.model_copy(update={"rule": desk.rule.rule.model_copy(update={"lineage": lineage})})
    items = desk.gateway.items

    def waits(receipt: Receipt, who: str) -> None:
        assert (receipt.verdict, receipt.action, code(receipt)) == ("refused", "none", "APPROVAL_NEEDS_ANOTHER")
        assert receipt.problem is not None
        assert receipt.problem.message == f"Approved by {who}: 1 of 2."
        assert items(desk.rule.rule.dataset.name).total_items == 0

    assert code(desk.promote("script")) == "APPROVAL_NEEDS_PERSON"
    waits(desk.promote("script", "ada"), "ada")
    waits(desk.promote("script", " Ada "), "Ada")  # the same person twice does not count
    other = ORDER.model_copy(update={"edits": ORDER.edits | {"input.order_reference": "ORDER-925"}})
    waits(desk.promote("script", "bo", other), "bo")  # another draft starts again
    refused, *_ = desk.by("script", "bo").promote_traces([desk.trace], desk.rule, ORDER, dry_run=True)
    assert refused.problem is not None
    assert refused.problem.message == "Dry run: the item would be created, once 2 people approved it."
    waits(desk.promote("script", "ada", other.model_copy(update={"case": "2"})), "ada")  # another case, another item
    window = Window(since=datetime(2020, 1, 1, tzinfo=UTC), until=datetime.now(UTC) + timedelta(days=1))
    (failure,) = [f for f in find_failures(desk.gateway, [desk.rule.rule], window).failures if f.trace_id == desk.trace]
    assert failure.approved_by == ("Ada", "ada", "bo")  # as they write themselves, of either case
    done = desk.promote("script", "bo")
    assert done.verdict == "verified", done.problem
    stored = desk.stored(done)
    assert stored.metadata["approvals"] == ["Ada", "bo"]
    assert desk.approval(done) == {"approved_by": "bo", "approved_via": "script"}
    assert desk.promote("script", "ada").verdict == "unchanged"

    # Only reviewers whom the rule names count, and what nobody approved is not kept.
    named = lineage.model_copy(update={"reviewers": ("bo", "cy")})
    desk.rule = desk.rule.model_copy(update={"rule": desk.rule.rule.model_copy(update={"lineage": named})})
    for who, counted in (("ada", "nobody whom the rule names: 0"), ("bo", "bo: 1")):
        receipt = desk.promote("script", who, other)
        assert receipt.problem is not None
        assert receipt.problem.message == f"Approved by {counted} of 2."
    choices = Choices(remedies=frozenset({"keep-theirs"}))
    (receipt,) = desk.by("script", "cy").promote_traces([desk.trace], desk.rule, other, choices)
    assert code(receipt) == "APPROVAL_NEEDS_ANOTHER"
    receipt = desk.promote("script", "cy", other)
    assert receipt.ok
    assert desk.stored(receipt).metadata["approvals"] == ["bo", "cy"]


def test_an_item_from_before_the_rule_asked_is_approved_by_the_others(desk: Desk) -> None:
    first = desk.promote("script", "ada")
    lineage = desk.rule.rule.lineage.model_copy(update={"approvals": 2})
    desk.rule = desk.rule.model_copy(update={"rule": desk.rule.rule.model_copy(update={"lineage": lineage})})
    assert code(desk.promote("script", "ada")) == "APPROVAL_NEEDS_ANOTHER"
    again = desk.promote("script", "bo")
    assert (again.item_id, again.action) == (first.item_id, "updated")
    assert desk.stored(again).metadata["approvals"] == ["ada", "bo"]


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


def test_what_takes_the_place_of_a_finding_waits_in_the_inbox_too(desk: Desk) -> None:
    by = desk.by("script")
    source = next(by.read([desk.trace], desk.rule))
    prepared = ORDER.model_copy(update={"replace": {"picture": "a parcel with a torn label"}})
    by.save(by.draft(source, desk.rule, prepared), "triage")
    order = as_prepared(by.job(desk.rule), source, Order(replace={"voice": "a greeting"}))
    assert order.replace == {"picture": "a parcel with a torn label", "voice": "a greeting"}
    assert order.edits.keys() == ORDER.edits.keys()
