"""The line that chooses failures, part by part; and from the command line."""

import contextlib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curator.journal import LedgerEntry
from curator.model import Decision, Failure, Note, Signal
from curator.model.errors import UsageError
from curator.model.failure import Seen
from curator.queue import parse_filter, parse_log_filter
from tests.queue.test_cli import Curator, command, curator, fill  # noqa: F401
from tests.queue.world import NOW, World

ENTRY = LedgerEntry(
    id="e1",
    at=NOW - timedelta(days=2),
    action="promote",
    trace_id="t1",
    item_id="shop-1",
    dataset="shop",
    rule="late",
    reviewer="maya",
    verdict="verified",
    write="created",
    problem="ITEM_EDITED",
)
FAILURE = Failure(
    trace_id="t1",
    observation_id="o1",
    timestamp=NOW - timedelta(days=2),
    name="desk",
    observation_name="search",
    session_id="s-9",
    user_id="U-17",
    environment="production",
    tags=("beta",),
    group="g-12",
    items=("desk-1",),
    seen=Seen(item_id="old-item", likeness=50, promoted_at=NOW),
    notes=(Note(trace_id="t1", verdict="fail", text="two bags", reviewer="ida", at=NOW),),
    decision=Decision(trace_id="t1", state="open", reviewer="mara", at=NOW),
    signals=(
        Signal(kind="score", name="helpfulness", value=0.25, source="EVAL", comment="too short", rule="r1"),
        Signal(kind="annotation", name="verdict", value="Wrong Route", source="ANNOTATION", annotator="ada", rule="r1"),
        Signal(kind="annotation", name="verdict", value="fine", source="ANNOTATION", annotator="bo", rule="r1"),
    ),
)


@pytest.mark.parametrize(
    ("line", "chosen"),
    [
        ("", True),
        ("score<0.3", True),
        ("score<0.25", False),
        ("helpfulness<=0.25 helpfulness>=0.25 helpfulness=0.25", True),
        ("helpfulness>1", False),
        ("other<0.3", False),
        ("signal:help", True),
        ("signal:nothing", False),
        ("-signal:nothing", True),
        ("type:wrong", True),
        ('type:"wrong route"', True),
        ("group:g-12 user:u-17 session:s-9 name:search tag:beta environment:prod state:open rule:r1 by:ada", True),
        ("item:desk-1 item:old-item", True),
        ("user:u-18", False),
        ("since:3d", True),
        ("since:1d", False),
        ("-since:1d", True),
        ("is:disputed is:seen is:covered is:noted", True),
        ("note:fail note:bags by:ida bags", True),
        ("note:pass", False),
        ("is:session", False),
        ("desk short", True),
        ('"too short"', True),
        ("parcel", False),
        ("-desk", False),
        ("http://x", False),
    ],
)
def test_every_part_has_to_hold(line: str, chosen: bool) -> None:
    assert parse_filter(line, NOW).matches(FAILURE) == chosen


def test_words_are_looked_for_in_contents_too() -> None:
    found = parse_filter("lost parcel", NOW)
    assert found.words
    assert found.matches(FAILURE, "The parcel got LOST.")
    assert not parse_filter("score<1", NOW).words


@pytest.mark.parametrize("line", ["is:odd", '"open', "since:soon", "@nothing"])
def test_what_has_no_meaning_is_said(line: str) -> None:
    with pytest.raises(UsageError):
        parse_filter(line, NOW, {"late": "score<0.3"})


def test_a_view_is_a_line_with_a_name() -> None:
    assert parse_filter("@late", NOW, {"late": "score<0.3"}) == parse_filter("score<0.3", NOW)


@given(st.text(max_size=40))
def test_any_line_is_a_filter_or_said_to_be_none(line: str) -> None:
    with contextlib.suppress(UsageError):
        parse_filter(line, NOW).matches(FAILURE)
    with contextlib.suppress(UsageError):
        parse_log_filter(line, NOW)(ENTRY)


@pytest.mark.parametrize(
    ("line", "chosen"),
    [
        ("", True),
        ("action:promote by:maya", True),
        ("action:dismiss", False),
        ("-action:dismiss item:shop-1", True),
        ("outcome:created -outcome:failed", True),
        ("trace:t1 dataset:shop rule:late problem:item", True),
        ("by:tom", False),
        ("since:3d", True),
        ("since:1d", False),
        ("SHOP maya", True),
        ("colour:red", False),
    ],
)
def test_the_log_is_chosen_from_by_the_same_grammar(line: str, chosen: bool) -> None:
    assert parse_log_filter(line, NOW)(ENTRY) == chosen


def test_from_the_command_line(world: World, curator: Curator) -> None:  # noqa: F811
    fill(world)
    rules = ("--rules", str(curator.rule))

    def keys(*options: str) -> set[str]:
        shown = curator.json("queue", *rules, *options)
        assert shown["total"] == len(shown["failures"]) + shown["hidden"]
        return {one["key"] for one in shown["failures"]}

    assert keys("--filter", "score<0.1") == {"b" * 32}
    assert keys("--filter", "signal:triage -name:agent") == {"gone"}
    assert keys("--filter", '"q": "hi"'.replace('"', '\\"')) == {"a" * 32}  # in the trace's input
    curator("queue", *rules, "--filter", "is:odd", code=2)
    curator("queue", *rules, "--filter", "x", "--markdown", code=2)
