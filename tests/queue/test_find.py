"""Which traces need a decision, over real HTTP."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from curator.queue import Hears, Window
from curator.sandbox.load import load_files
from tests.queue.world import World, ago, ids, rule

TRACES = Path(__file__).parents[3] / "shared" / "traces"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"score": "q", "below": 0.5}, ["low"]),
        ({"score": "q", "at_most": 0.5}, ["half", "low"]),
        ({"score": "q", "above": 0.5}, ["high"]),
        ({"score": "q", "at_least": 0.5}, ["half", "high"]),
        ({"score": "q", "at_most": 0.5, "source": "API"}, ["half"]),
        ({"score": "ok", "is": False}, ["false"]),
        ({"score": "ok", "is": True}, ["true"]),
        ({"score": "mood", "in": ["bad", "angry, very"]}, ["angry", "bad"]),
        ({"score": "mood", "in": ["bad"]}, ["bad"]),
        ({"score": "thing", "below": 1}, ["part"]),
        ({"annotation": True}, ["true"]),
        ({"level": "ERROR"}, ["error"]),
        ({"level": "WARNING"}, ["half"]),
    ],
)
def test_conditions(world: World, condition: dict[str, Any], expected: list[str]) -> None:
    for trace in ("low", "half", "high", "true", "false", "bad", "angry", "part", "error"):
        world.trace(trace)
    world.score("low", "q", 0.1)
    world.score("half", "q", 0.5, source="API")
    world.score("high", "q", 0.9)
    world.score("true", "ok", True, source="ANNOTATION")
    world.score("false", "ok", False)
    world.score("bad", "mood", "bad")
    world.score("angry", "mood", "angry, very")
    world.score({"kind": "observation", "id": "part-root", "traceId": "part"}, "thing", 0)
    world.score("high", "curation", "open", source="ANNOTATION")
    world.observation("error", "step", 1, parentObservationId="error-root", level="ERROR", statusMessage="timeout")
    world.observation("half", "warn", 1, parentObservationId="half-root", level="WARNING")
    found = world.look(rule(condition))
    assert ids(found) == expected
    assert found.hidden == 0


def test_failures_arrive_with_the_first_pages(world: World) -> None:
    """The first after two requests; together they are what is found in the end, as far as scores tell."""
    seen: list[tuple[int, tuple[str, ...]]] = []
    for number in range(150):
        world.trace(f"t{number}", number / 100)
        world.score(f"t{number}", "q", 0.1)
    world.trace("error")
    world.observation("error", "step", 1, parentObservationId="error-root", level="ERROR")
    world.load()
    before = world.gateway.requests
    hears = Hears(arrived=lambda some: seen.append((world.gateway.requests - before, tuple(one.key for one in some))))
    found = world.look(rule({"score": "q", "below": 0.5}, {"level": "ERROR"}), hears=hears)
    requests, first = seen[0]
    assert requests == 2
    assert len(first) == 100
    assert {key for _, keys in seen for key in keys} <= set(ids(found))
    assert "error" in ids(found)
    assert world.look(rule({"score": "q", "below": 0.5}, {"level": "ERROR"})).requests >= found.requests - 1


def test_what_a_failure_says(world: World) -> None:
    world.trace("t", 3, name="span", traceName="agent", sessionId="s", userId="u", tags=["x"], environment="prod")
    world.score("t", "q", 0.25, 1, comment="too short", authorUserId="anna", source="ANNOTATION")
    (one,) = world.look(rule({"score": "q", "below": 0.5}, name="r")).failures
    assert (one.name, one.session_id, one.user_id, one.environment) == ("agent", "s", "u", "prod")
    assert (one.observation_id, one.timestamp, one.tags, one.latency) == ("t-root", ago(3), ("x",), 3)
    assert (one.state, one.items, one.decision, one.source_gone) == ("open", (), None, False)
    (signal,) = one.signals
    assert (signal.kind, signal.name, signal.value, signal.source) == ("score", "q", 0.25, "ANNOTATION")
    assert (signal.comment, signal.annotator, signal.timestamp, signal.rule) == ("too short", "anna", ago(1), "r")


def test_signals_of_one_trace_collapse(world: World) -> None:
    world.trace("t")
    world.score("t", "q", 0.1, 3)
    world.score("t", "q", 0.2, 2)
    world.score("t", "ok", False, 1)
    world.queue("triage", ("TRACE", "t"), ("TRACE", "t"))
    rules = [
        rule({"score": "q", "below": 0.5}, {"annotation_queue": "triage"}, name="one"),
        rule({"score": "q", "below": 0.3}, {"score": "ok", "is": False}, name="two"),
    ]
    (one,) = world.look(*rules).failures
    assert sorted((s.rule, s.kind, s.name, s.value) for s in one.signals if s.kind == "score") == [
        ("one", "score", "q", 0.1),
        ("one", "score", "q", 0.2),
        ("two", "score", "ok", False),
        ("two", "score", "q", 0.1),
        ("two", "score", "q", 0.2),
    ]
    entries = [s for s in one.signals if s.kind == "queue"]
    assert len({s.queue_entry_id for s in entries}) == 2
    assert {(s.rule, s.name, s.source) for s in entries} == {("one", "triage", "QUEUE")}


def test_one_score_that_fulfils_two_conditions_is_one_signal(world: World) -> None:
    world.trace("t")
    world.score("t", "q", 0.1, source="ANNOTATION")
    (one,) = world.look(rule({"score": "q", "below": 0.5}, {"annotation": True})).failures
    assert len(one.signals) == 1


def test_an_error_is_shown_where_it_happened(world: World) -> None:
    world.trace("t", 2, level="ERROR")
    world.observation("t", "agent", 1.9, parentObservationId="t-root", level="ERROR")
    world.observation("t", "tool", 1.8, parentObservationId="agent", level="ERROR", statusMessage="timeout")
    (one,) = world.look(rule({"level": "ERROR"})).failures
    (signal,) = one.signals
    assert (signal.kind, signal.name, signal.value, signal.comment) == ("level", "ERROR", "tool", "timeout")
    assert signal.observation_id == "tool"
    assert one.observation_id == "t-root"


def test_a_score_of_a_session_is_one_failure_of_its_last_trace(world: World) -> None:
    for trace, session in (("a", "s1"), ("b", "s1"), ("c", "s2")):
        world.trace(trace, sessionId=session)
    world.score({"kind": "session", "id": "s1"}, "resolved", False)
    world.score({"kind": "session", "id": "gone"}, "resolved", False)
    world.score("c", "resolved", False)
    found = world.look(rule({"score": "resolved", "is": False, "on": "session"}))
    assert ids(found) == ["b", "gone"]
    assert {one.trace_id: one.session for one in found.failures} == {"b": ("a", "b"), "gone": ()}
    by_id = {one.trace_id: one for one in found.failures}
    assert by_id["b"].signals[0].kind == "session"
    assert by_id["gone"].source_gone
    assert ids(world.look(rule({"score": "resolved", "is": False}))) == ["c"]


def test_annotation_queues(world: World) -> None:
    world.trace("t1")
    world.trace("t2")
    world.observation("t2", "step", parentObservationId="t2-root")
    world.trace("t3", sessionId="s")
    world.trace("done")
    world.load()
    queue = world.queue(
        "triage",
        ("TRACE", "t1"),
        ("OBSERVATION", "step"),
        ("SESSION", "s"),
        ("TRACE", "lost"),
        ("OBSERVATION", "lost2"),
    )
    entry = world.send(
        "POST", f"/api/public/annotation-queues/{queue}/items", {"objectType": "TRACE", "objectId": "done"}
    )
    world.send("PATCH", f"/api/public/annotation-queues/{queue}/items/{entry['id']}", {"status": "COMPLETED"})
    world.queue("other", ("TRACE", "done"))
    found = world.look(rule({"annotation_queue": "triage"}))
    assert ids(found) == ["lost", "lost2", "t1", "t2/step", "t3"]
    by_id = {one.trace_id: one for one in found.failures}
    assert by_id["t2"].signals[0].observation_id == "step"
    assert [id for id, one in sorted(by_id.items()) if one.source_gone] == ["lost", "lost2"]
    assert by_id["lost"].observation_id is None
    assert by_id["lost"].timestamp is not None


def test_a_queue_that_does_not_exist_is_told(world: World) -> None:
    notes: list[str] = []
    world.trace("t")
    world.score("t", "q", 0)
    found = world.look(
        rule({"annotation_queue": "typo"}, {"score": "q", "below": 1}, name="r"), hears=Hears(note=notes.append)
    )
    assert ids(found) == ["t"]
    assert len(notes) == 1
    assert "'typo'" in notes[0]


def test_the_window(world: World) -> None:
    for trace, hours in (("old", 24 * 9), ("edge", 24 * 7), ("new", 1)):
        world.trace(trace, 24 * 20)
        world.score(trace, "q", 0, hours)
    assert ids(world.look(rule({"score": "q", "below": 1}))) == ["edge", "new"]
    world.queue("triage", ("TRACE", "old"))
    past = Window(since=ago(48), until=ago(24))
    found = world.look(rule({"annotation_queue": "triage"}), window=past)
    assert (ids(found), found.total, found.hidden) == ([], 1, 1)


def test_filters(world: World) -> None:
    world.trace("a", traceName="agent", tags=["vip"], environment="production", userId="u1", sessionId="s1")
    world.trace("b", name="agent", tags=["x", "y"], environment="staging", userId="u2", sessionId="s2")
    world.trace("c", traceName="other", environment="production")
    for trace in ("a", "b", "c", "gone"):
        world.score(trace, "q", 0)
    world.load()

    def kept(**filters: Any) -> list[str]:
        found = world.look(rule({"score": "q", "below": 1}, **filters))
        assert found.total == 4
        # Nobody can tell any more whether a deleted trace would pass.
        assert "gone" in ids(found)
        return [id for id in ids(found) if id != "gone"]

    assert kept() == ["a", "b", "c"]
    assert kept(names=["agent"]) == ["a", "b"]
    assert kept(tags=["vip", "y"]) == ["a", "b"]
    assert kept(environments=["production"]) == ["a", "c"]
    assert kept(user_ids=["u2"]) == ["b"]
    assert kept(session_ids=["s1", "s2"], environments=["staging"]) == ["b"]
    assert kept(names=["nobody"]) == []


def test_experiments_are_no_failures_to_review(world: World) -> None:
    world.trace("real", environment="production")
    world.trace("run", environment="sdk-experiment")
    for trace in ("real", "run"):
        world.score(trace, "q", 0)
    found = world.look(rule({"score": "q", "below": 1}))
    assert (ids(found), found.hidden) == (["real"], 1)
    assert ids(world.look(rule({"score": "q", "below": 1}, environments=["sdk-experiment"]))) == ["run"]


def test_each_rule_looks_through_its_own_filters(world: World) -> None:
    world.trace("a", environment="production")
    world.trace("b", environment="staging")
    for trace in ("a", "b"):
        world.score(trace, "q", 0)
    rules = [
        rule({"score": "q", "below": 1}, name="prod", environments=["production"]),
        rule({"score": "q", "below": 1}, name="all"),
    ]
    by_id = {one.trace_id: {s.rule for s in one.signals} for one in world.look(*rules).failures}
    assert by_id == {"a": {"prod", "all"}, "b": {"all"}}


def test_roots(world: World) -> None:
    world.trace("two", 3)
    world.observation("two", "later-root", 1)
    # Its root was never ingested; the trace is there all the same.
    world.observation("headless", "late", 1, parentObservationId="lost")
    world.observation("headless", "early", 2, parentObservationId="lost")
    for trace in ("two", "headless"):
        world.score(trace, "q", 0)
    by_id = {one.trace_id: one for one in world.look(rule({"score": "q", "below": 1})).failures}
    assert by_id["two"].observation_id == "two-root"
    assert by_id["headless"].observation_id == "early"
    assert not by_id["headless"].source_gone


def test_a_limit_stops_the_fetch_and_says_so(world: World) -> None:
    for number in range(30):
        world.trace(f"t{number}", number)
        world.score(f"t{number}", "q", 0, number)
        world.observation(f"t{number}", f"e{number}", number, parentObservationId=f"t{number}-root", level="ERROR")
    rules = [rule({"score": "q", "below": 1}, {"level": "ERROR"})]
    found = world.look(*rules, limit=5)
    assert found.truncated
    assert ids(found) == ["t0", "t1", "t2", "t3", "t4"]
    whole = world.look(*rules, limit=30)
    assert len(whole.failures) == 30
    assert not world.look(*rules).truncated


def test_ids_of_any_kind(world: World) -> None:
    odd = ["with blank", "ü/ñ", 'quote"s', "a&b=c", "50%"]
    for trace in odd:
        world.trace(trace)
        world.score(trace, "q", 0)
    found = world.look(rule({"score": "q", "below": 1}))
    assert ids(found) == sorted(each + "/" * ("/" in each) for each in odd)
    assert sorted(one.trace_id for one in found.failures) == sorted(odd)
    assert not any(one.source_gone for one in found.failures)


def test_nothing_to_find(world: World) -> None:
    found = world.look(rule({"score": "q", "below": 1}, {"level": "ERROR"}, {"annotation": True}))
    assert (found.failures, found.fetched, found.total, found.hidden) == ((), 0, 0, 0)
    assert found.requests == 3


def test_a_thousand_failures_cost_few_requests(world: World) -> None:
    for number in range(1000):
        world.trace(f"{number:032x}", number % 150)
        world.score(f"{number:032x}", "q", 0, number % 150)
    world.gateway.put_dataset("regression")
    found = world.look(rule({"score": "q", "below": 1}))
    assert len(found.failures) == 1000
    # 10 pages of scores, 4 batches of traces, 3 of decisions, 1 page of items.
    assert found.requests <= 18


@pytest.mark.skipif(not TRACES.is_dir(), reason="the real traces are not beside this checkout")
def test_the_real_traces(world: World) -> None:
    load_files(world.sandbox.store, [TRACES / f"airline.{kind}.jsonl.gz" for kind in ("observations", "scores")])
    window = Window(since=datetime(2026, 11, 1, tzinfo=UTC), until=datetime(2026, 12, 1, tzinfo=UTC))
    found = world.look(rule({"score": "reward", "at_most": 0.5}), window=window)
    assert (len(found.failures), found.fetched, found.total, found.hidden) == (116, 116, 116, 0)
    assert found.requests == 5
    assert all(one.state == "open" and one.name == "airline-agent" for one in found.failures)
    every = world.look(rule({"score": "reward", "at_most": 1}), window=window)
    assert len(every.failures) == 200
    assert every.requests <= 12
