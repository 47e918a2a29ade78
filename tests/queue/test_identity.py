"""What one failure is: a trace, a reviewed observation of it, or a session; and what it is known by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curator.gateway import Gateway
from curator.model import Decision, Item, State, key_of, split_key
from curator.promote import read_traces
from curator.queue.decisions import decisions_in, put_decision
from tests.queue.world import NOW, World, ago, ids, rule

BAD = rule({"score": "ok", "is": False}, {"annotation_queue": "steps"}, {"level": "ERROR"})
IDS = st.text("0123456789abcdef-", min_size=1)


def of(observation: str, trace: str) -> dict[str, str]:
    return {"kind": "observation", "id": observation, "traceId": trace}


def steps(world: World, trace: str = "t") -> None:
    """A trace of two like generations below its root."""
    world.trace(trace, 3, name="agent", traceName="agent")
    world.observation(trace, f"{trace}-one", 2.9, name="step", parentObservationId=f"{trace}-root")
    world.observation(trace, f"{trace}-two", 2.8, name="step", parentObservationId=f"{trace}-root")


@given(IDS, st.none() | IDS)
def test_a_key_says_trace_and_observation(trace: str, observation: str | None) -> None:
    assert split_key(key_of(trace, observation)) == (trace, observation)


def test_each_reviewed_observation_is_a_failure_of_its_own(world: World) -> None:
    steps(world)
    world.score(of("t-one", "t"), "ok", False)
    world.score(of("t-two", "t"), "ok", True)
    world.queue("steps", ("OBSERVATION", "t-two"), ("OBSERVATION", "t-two"))
    world.score("t", "ok", False)
    found = world.look(BAD)
    assert ids(found) == ["t", "t/t-one", "t/t-two"]
    by_key = {one.key: one for one in found.failures}
    assert {key: one.observation_id for key, one in by_key.items()} == {
        "t": "t-root",
        "t/t-one": "t-one",
        "t/t-two": "t-two",
    }
    assert (by_key["t/t-one"].name, by_key["t/t-one"].observation_name) == ("agent", "step")
    assert by_key["t/t-one"].timestamp == ago(2.9)
    assert {signal.kind for signal in by_key["t/t-two"].signals} == {"queue"}
    assert (found.total, found.hidden) == (3, 0)


def test_a_review_of_the_root_and_an_error_below_are_the_trace_itself(world: World) -> None:
    steps(world)
    world.score(of("t-root", "t"), "ok", False)
    world.observation("t", "broken", 2.7, parentObservationId="t-root", level="ERROR")
    (one,) = world.look(BAD).failures
    assert (one.key, sorted(signal.kind for signal in one.signals)) == ("t", ["level", "score"])


def test_a_rule_may_name_the_reviewed_observation(world: World) -> None:
    steps(world)
    world.score(of("t-one", "t"), "ok", False)
    assert ids(world.look(rule({"score": "ok", "is": False}, names=["step"]))) == ["t/t-one"]
    hidden = world.look(rule({"score": "ok", "is": False}, names=["other"]))
    assert (ids(hidden), hidden.total, hidden.hidden) == ([], 1, 1)


@pytest.mark.parametrize(
    ("decided", "open_"),
    [
        (("t/t-one", "dismissed"), ["t", "t/t-two"]),
        (("t", "dismissed"), []),  # all of it
        (("t", "promoted"), ["t/t-one", "t/t-two"]),  # an item of the trace is none of a step
    ],
)
def test_decisions_go_by_the_key(world: World, gateway: Gateway, decided: tuple[str, State], open_: list[str]) -> None:
    steps(world)
    for subject in (of("t-one", "t"), of("t-two", "t")):
        world.score(subject, "ok", False)
    world.score("t", "ok", False)
    world.load()
    key, state = decided
    trace, observation = split_key(key)
    made = Decision(trace_id=trace, observation_id=observation, state=state, reviewer="anna", at=NOW)
    assert ids(world.look(BAD, decisions=[made])) == open_
    put_decision(gateway, made)
    assert ids(world.look(BAD)) == open_
    shared = decisions_in(gateway.scores(names=["curation"]))
    assert {key: each.observation_id for key, each in shared.items()} == {key: observation}


def test_an_item_belongs_to_the_observation_that_it_came_from(world: World, gateway: Gateway) -> None:
    steps(world)
    for subject in (of("t-one", "t"), of("t-two", "t")):
        world.score(subject, "ok", False)
    world.score("t", "ok", False)
    gateway.put_dataset("regression")
    for id, observation in (("i-one", "t-one"), ("i-root", "t-root")):
        gateway.put_item(
            Item(
                id=id,
                dataset="regression",
                input={"q": 1},
                expected_output={},
                metadata={},
                source_trace_id="t",
                source_observation_id=observation,
            )
        )
    found = world.look(BAD, state=None)
    assert {one.key: one.items for one in found.failures} == {"t": ("i-root",), "t/t-one": ("i-one",), "t/t-two": ()}
    assert {one.key for one in found.failures if one.state == "open"} == {"t/t-two"}


def test_a_bare_trace_stands_for_each_failure_in_it(world: World, gateway: Gateway) -> None:
    steps(world)
    world.score(of("t-two", "t"), "ok", False, 1)
    world.score(of("t-one", "t"), "ok", False, 0.5)
    steps(world, "whole")
    world.load()

    def found(*keys: str) -> list[tuple[str, int]]:
        return [(each.key, len(each.signals)) for each in read_traces(gateway, keys, BAD)]

    assert found("t") == [("t/t-two", 1), ("t/t-one", 1)]  # what was reviewed first comes first
    assert found("t/t-one", "whole") == [("t/t-one", 1), ("whole", 0)]
    assert found("t/t-root") == [("t", 0)]
    (missing,) = read_traces(gateway, ["t/nothing"], BAD)
    assert missing.problem is not None
    assert missing.problem.code == "TRACE_NOT_FOUND"


def test_of_several_roots_the_one_with_the_content_stands_for_the_trace(world: World, gateway: Gateway) -> None:
    world.observation("t", "auth", 3, name="auth")
    world.observation("t", "chat", 2.9, name="chat", input='{"q": 1}', output='{"a": 1}')
    world.observation("t", "late", 2.8, name="late", input="{}", traceName="chat")
    world.score("t", "ok", False)
    before = gateway.requests
    (one,) = world.look(BAD).failures
    assert (one.observation_id, one.roots) == ("chat", 3)
    assert gateway.requests - before <= 7
    (one,) = world.look(rule({"score": "ok", "is": False}, names=["late"])).failures
    assert one.observation_id == "late"


def test_a_bad_session_is_one_failure_and_keeps_its_place(world: World) -> None:
    sessions = rule({"score": "resolved", "is": False, "on": "session"}, {"score": "ok", "is": False})
    for number in range(4):
        world.trace(f"a{number}", 5 - number, sessionId="s")
    world.score({"kind": "session", "id": "s"}, "resolved", False, 3.5)
    (one,) = world.look(sessions).failures
    # Two turns came after the session was found bad; they do not move the failure.
    assert (one.key, one.session) == ("a1", ("a0", "a1", "a2", "a3"))
    world.score("a2", "ok", False, 2)
    (one,) = world.look(sessions).failures
    assert (one.key, len(one.signals)) == ("a2", 2)
