"""The story of one item: source, reasons, decisions, versions with their differences, runs."""

from datetime import UTC, datetime
from typing import Any

import pytest

from curator.audit.story import MAX_VERSIONS, Story, chapters, masked_chapters, render_story, story_of
from curator.gateway import Gateway
from curator.journal import Journal, SavedDraft
from curator.model import Item, ScrubPolicy
from curator.model.errors import UsageError
from curator.sandbox.server import SandboxServer
from curator.scrub import Scrubber
from tests.audit.support import DATASET, QuickScrub
from tests.audit.worlds import numbered, write_items
from tests.demo.maker.audit_example import RUNS, planned
from tests.promote.support import promote


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
    assert (newest.changed, newest.first) == (("expected_output",), False)
    assert (first.diff, first.first) == ((), True)
    assert not reworded.older_versions


def test_it_fits_one_screen_and_names_every_part(reworded: Story) -> None:
    text = render_story(reworded)
    assert len(text.splitlines()) < 50
    parts = ("Source", "Why it is here", "Draft decisions", "1 receipt, no draft", "Versions (2)", "Runs (4)")
    assert [part for part in parts if part not in text] == []
    assert text.index("Source") < text.index("Draft decisions") < text.index("Versions (2)") < text.index("Runs (4)")
    assert "right_route 1" in text
    assert "\x1b" not in text


def test_a_source_that_is_gone_is_said(example_gateway: Gateway, now: datetime, moment: datetime) -> None:
    planted = item_of(now, "LIN004")
    story = tell(example_gateway, None, planted.id, moment)
    assert story.source is None
    assert f"{planted.trace_id} is gone" in render_story(story)


def test_an_archived_item_has_a_story(example_gateway: Gateway, now: datetime, moment: datetime) -> None:
    story = tell(example_gateway, None, item_of(now, "REC001").id, moment)
    assert [version.item.status for version in story.versions] == ["ARCHIVED", "ACTIVE"]
    assert '-  "status": "ACTIVE"' in "\n".join(story.versions[0].diff)


def test_an_item_without_lineage_has_a_story(example_gateway: Gateway, now: datetime, moment: datetime) -> None:
    story = tell(example_gateway, None, item_of(now, "LIN001").id, moment)
    assert (story.lineage, story.source, story.scores) == ({}, None, ())
    assert "none is named" in render_story(story)


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
    assert "Ada" not in render_story(story)


def test_what_was_written_again_is_told_apart_from_what_was_changed(
    example_gateway: Gateway, now: datetime, moment: datetime
) -> None:
    story = tell(example_gateway, None, item_of(now, "CON002").id, moment)
    assert [version.changed for version in story.versions] == [(), ()]
    assert "written again, nothing changed" in render_story(story)


def test_differences_far_apart_are_parted(server: SandboxServer, gateway: Gateway) -> None:
    (item,) = write_items(server, 1)
    fields = item.model_dump(exclude={"dataset_id", "created_at", "updated_at", "media"})
    fields["input"] |= {"question": "another one?"}
    fields["metadata"] |= {"rubric": "other"}
    gateway.put_item(Item(**fields))
    newest, _ = tell(gateway, None, item.id, datetime.now(UTC)).versions
    assert newest.changed == ("input", "metadata")
    assert newest.diff.count(" ⋯") == 1
    assert " ⋯" not in (newest.diff[0], newest.diff[-1])


def test_reasons_of_a_reviewer_are_told(server: SandboxServer, gateway: Gateway) -> None:
    scrub = {"replaced": {"PERSON": 2}, "kept": {"EMAIL_ADDRESS": 1}, "reasons": ["the shop's own address"]}
    signal = {"kind": "annotation", "name": "review", "value": "wrong", "source": "ANNOTATION", "annotator": "u1"}
    more = {"scrub": scrub, "signals": [signal | {"comment": "not our policy"}], "backfilled": ["rubric"]}
    (item,) = write_items(server, 1, metadata=more)
    lines = [
        " ".join(line.split()) for line in render_story(tell(gateway, None, item.id, datetime.now(UTC))).splitlines()
    ]
    assert "signal review (ANNOTATION, annotator u1) wrong not our policy" in lines
    assert {"replaced 2 PERSON", "kept 1 EMAIL_ADDRESS", "reason the shop's own address"} <= set(lines)
    assert "backfilled rubric" in lines


def test_what_was_scrubbed_away_later_is_not_told_again(
    server: SandboxServer, gateway: Gateway, scrubber: Scrubber
) -> None:
    (item,) = write_items(server, 1)
    fields = item.model_dump(exclude={"dataset_id", "created_at", "updated_at", "media"})
    gateway.put_item(Item(**{**fields, "input": {"question": "Write to ada@mail.example.com.", "channel": "chat"}}))
    gateway.put_item(Item(**fields))
    story = tell(gateway, None, item.id, datetime.now(UTC))
    assert "ada@mail.example.com" in render_story(story)
    told = render_story(story, masked_chapters(chapters(story), scrubber, ScrubPolicy()))
    assert "ada@mail.example.com" not in told
    assert "<EMAIL_ADDRESS_1>" in told
    assert item.source_trace_id is not None
    assert item.source_trace_id in told


def test_many_versions_are_cut_and_said(server: SandboxServer, gateway: Gateway, journal: Journal) -> None:
    write_items(server, 1, offset=50)
    stored = numbered(0)
    for risk in range(MAX_VERSIONS + 2):
        fields = stored.model_dump(exclude={"dataset_id", "created_at", "updated_at", "media"})
        fields["metadata"] |= {"risk": str(risk)}
        gateway.put_item(Item(**fields))
    story = tell(gateway, journal, stored.id, datetime.now(UTC))
    assert len(story.versions) == MAX_VERSIONS
    assert story.older_versions
    assert "Versions (10 or more)" in render_story(story)
    assert story.versions[-1].first is None
    assert "older versions were not looked up" in render_story(story)


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
    item = Item(**numbered(0).model_dump(exclude={"dataset_id", "created_at", "updated_at", "media"}))
    journal.drafts.save(SavedDraft.of_item(item, rule="other", reason="saved"))
    promote(gateway, journal, QuickScrub(), item, policy=ScrubPolicy(), rule="r", reviewer="mara")
    story = tell(gateway, journal, item.id, datetime.now(UTC))
    assert [entry.action for entry in story.ledger] == ["promote"]
    assert story.draft
    assert "1 receipt, a draft is kept" in render_story(story)
    assert "promote (verified, created) by mara" in render_story(story)
