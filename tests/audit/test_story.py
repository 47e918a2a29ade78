"""The story of one item: source, reasons, decisions, versions with their differences, runs."""

from datetime import UTC, datetime
from typing import Any

import pytest

from curator.audit.report.story import render
from curator.audit.story import MAX_VERSIONS, Story, story_of
from curator.errors import UsageError
from curator.gateway import Gateway
from curator.journal import Journal, SavedDraft
from curator.model import Item, ScrubPolicy
from curator.promote import promote
from curator.sandbox.demo.audit_example.build import RUNS, planned
from curator.sandbox.server import SandboxServer
from tests.audit.support import DATASET, QuickScrub
from tests.audit.worlds import numbered, write_items


def item_of(now: datetime, plant: str) -> Any:
    return next(item for item in planned(now) if item.case.plant == plant)


def tell(gateway: Gateway, journal: Journal | None, item_id: str, at: datetime) -> Story:
    return story_of(gateway, journal, DATASET, item_id, at=at)


@pytest.fixture(scope="module")
def reworded(example_gateway: Gateway, example_journal: Journal, now: datetime, moment: datetime) -> Story:
    return tell(example_gateway, example_journal, item_of(now, "CON001").id, moment)


def test_the_whole_way_is_told(reworded: Story, now: datetime) -> None:
    planted = item_of(now, "CON001")
    assert reworded.source is not None
    assert reworded.source.session_id == planted.session
    assert reworded.lineage["reviewer"] in ("mara", "tobias", "desk-lead")
    assert [receipt.item_id for receipt in reworded.promotions] == [planted.id]
    assert [run.experiment_name for run in reworded.runs] == list(RUNS)[::-1]
    assert all(len(run.scores) == 3 for run in reworded.runs)


def test_versions_come_with_what_changed(reworded: Story) -> None:
    newest, first = reworded.versions
    assert [line for line in newest.diff if line.startswith(("+", "-"))] == [
        '-      "photo",',
        '-      "discount"',
        '+      "photo"',
    ]
    assert first.diff == ()
    assert not reworded.older_versions


def test_it_fits_one_screen_and_names_every_part(reworded: Story) -> None:
    text = render(reworded)
    assert len(text.splitlines()) < 50
    for part in ("source", "why it is here", "on this machine (1 receipts, no draft)", "versions (2)", "runs (4)"):
        assert part in text
    assert "right_route 1" in text
    assert "\x1b" not in text


def test_a_source_that_is_gone_is_said(example_gateway: Gateway, now: datetime, moment: datetime) -> None:
    planted = item_of(now, "LIN004")
    story = tell(example_gateway, None, planted.id, moment)
    assert story.source is None
    assert f"trace {planted.trace_id}: gone" in render(story)


def test_an_archived_item_has_a_story(example_gateway: Gateway, now: datetime, moment: datetime) -> None:
    story = tell(example_gateway, None, item_of(now, "REC001").id, moment)
    assert [version.item.status for version in story.versions] == ["ARCHIVED", "ACTIVE"]
    assert '-  "status": "ACTIVE"' in "\n".join(story.versions[0].diff)


def test_an_item_without_lineage_has_a_story(example_gateway: Gateway, now: datetime, moment: datetime) -> None:
    story = tell(example_gateway, None, item_of(now, "LIN001").id, moment)
    assert (story.lineage, story.source, story.scores) == ({}, None, ())
    assert "none named" in render(story)


@pytest.mark.parametrize("plant", ["REC002", None])
def test_an_unknown_item_is_a_usage_error(
    plant: str | None, example_gateway: Gateway, now: datetime, moment: datetime
) -> None:
    with pytest.raises(UsageError) as caught:
        tell(example_gateway, None, item_of(now, plant).id if plant else "nobody", moment)
    assert caught.value.code == "ITEM_UNKNOWN"


def test_an_item_of_another_dataset_is_not_told(example_gateway: Gateway, now: datetime, moment: datetime) -> None:
    with pytest.raises(UsageError, match="another dataset"):
        story_of(example_gateway, None, "elsewhere", item_of(now, "CON001").id, at=moment)


def test_it_costs_few_requests(example_gateway: Gateway, now: datetime, moment: datetime) -> None:
    began = example_gateway.requests
    tell(example_gateway, None, item_of(now, "CON001").id, moment)
    # The item, its source, its scores, its runs; one per version and one to see that there is no older one.
    assert example_gateway.requests - began == 4 + 2


def test_texts_of_people_are_left_out(server: SandboxServer, gateway: Gateway) -> None:
    (item,) = write_items(server, 1)
    trace = item.source_trace_id
    gateway.put_score(id="s1", name="rating", value=1, data_type="NUMERIC", trace_id=trace, comment="Ada was angry")
    gateway.put_score(id="s2", name="output", value="Dear Ada", data_type="CORRECTION", trace_id=trace)
    story = tell(gateway, None, item.id, datetime.now(UTC))
    assert sorted(score.name for score in story.scores) == ["output", "rating"]
    assert "Ada" not in story.model_dump_json()
    assert "Ada" not in render(story)


def test_many_versions_are_cut_and_said(server: SandboxServer, gateway: Gateway, journal: Journal) -> None:
    write_items(server, 1, offset=50)
    stored = numbered(0)
    for risk in range(MAX_VERSIONS + 2):
        fields = stored.model_dump(exclude={"dataset_id", "created_at", "updated_at"})
        fields["metadata"] |= {"risk": str(risk)}
        gateway.put_item(Item(**fields))
    story = tell(gateway, journal, stored.id, datetime.now(UTC))
    assert len(story.versions) == MAX_VERSIONS
    assert story.older_versions
    assert "versions (10 or more)" in render(story)
    assert story.versions[-1].diff == ("(older versions were not looked up)",)


def test_an_item_without_a_source_is_looked_for_in_three_pages_only(server: SandboxServer, gateway: Gateway) -> None:
    def by_hand(question: str) -> None:
        expected = {"must_mention": [], "must_not_mention": []}
        asked = {"question": question, "channel": "chat"}
        gateway.put_item(Item(id="by-hand", dataset=DATASET, input=asked, expected_output=expected, metadata={}))

    write_items(server, 1)
    by_hand("first")
    with server.store.write() as db:  # so that all the others are newer
        db.execute("UPDATE item_versions SET valid_from = valid_from - 1000000 WHERE id = 'by-hand'")
    write_items(server, 400, offset=1)
    by_hand("second")
    began = gateway.requests
    story = tell(gateway, None, "by-hand", datetime.now(UTC))
    assert gateway.requests - began == 1 + 4 + 1
    assert [version.item.input["question"] for version in story.versions] == ["second"]
    assert story.older_versions


def test_the_ledger_and_a_draft_belong_to_the_story(server: SandboxServer, gateway: Gateway, journal: Journal) -> None:
    write_items(server, 1, offset=9)
    item = Item(**numbered(0).model_dump(exclude={"dataset_id", "created_at", "updated_at"}))
    journal.drafts.save(SavedDraft.of_item(item, rule="other", reason="saved"))
    promote(gateway, journal, QuickScrub(), item, policy=ScrubPolicy(), rule="r", reviewer="mara")
    story = tell(gateway, journal, item.id, datetime.now(UTC))
    assert [entry.action for entry in story.ledger] == ["promote"]
    assert story.draft
    assert "on this machine (1 receipts, a draft)" in render(story)
