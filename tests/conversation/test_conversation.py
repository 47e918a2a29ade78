"""The normal form of whole traces: which observation says what, nothing twice, nothing dropped."""

import gzip
import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from curator.conversation import conversation_of, lines_of, messages_in, several_roots
from curator.gateway import rows
from curator.model import Observation, Trace

SHAPES = next((up / "shared" / "shapes" for up in Path(__file__).parents if (up / "shared").is_dir()), Path("shapes"))
START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def trace_of(*observations: dict[str, Any], trace_id: str = "t-1") -> Trace:
    """A trace of observations given as `{id, parent, type, name, input, output}`, a second apart."""
    made = []
    for at, one in enumerate(observations):
        raw = {side: one.get(side) for side in ("input", "output")}
        made.append(
            Observation(
                id=one.get("id", f"o-{at}"),
                trace_id=trace_id,
                parent_id=one.get("parent"),
                is_root=one.get("root", one.get("parent") is None),
                type=one.get("type", "SPAN"),
                name=one.get("name"),
                trace_name=one.get("trace_name"),
                session_id=one.get("session"),
                start_time=START + timedelta(seconds=one.get("at", at)),
                metadata=one.get("metadata", {}),
                **{side: v if v is None or isinstance(v, str) else json.dumps(v) for side, v in raw.items()},
            )
        )
    return Trace(id=trace_id, observations=tuple(made))


def read(trace: Trace, observation_id: str | None = None) -> dict[str, Any]:
    found = conversation_of(trace, observation_id)
    return {
        "user": [one.text for one in found.messages if one.role == "user"],
        "answer": found.answer,
        "calls": [(call.name, call.arguments) for call in found.tool_calls],
        "retrieved": [one.text for one in found.retrieved],
    }


def expected_shapes() -> dict[str, Any]:
    file = SHAPES / "expected.json"
    return json.loads(file.read_text()) if file.is_file() else {}


@pytest.mark.skipif(not expected_shapes(), reason="the recorded traces of real frameworks are not here")
def test_recorded_traces_of_real_frameworks() -> None:
    observations = defaultdict(list)
    with gzip.open(SHAPES / "observations.jsonl.gz", "rt") as file:
        for line in file:
            one = rows.observation(json.loads(line))
            observations[one.trace_id].append(one)
    for trace_id, wanted in expected_shapes().items():
        found = read(Trace(id=trace_id, observations=tuple(observations[trace_id])))
        assert found["user"] == wanted["user_messages"], wanted["framework"]
        assert found["answer"] == wanted["answer"], wanted["framework"]
        assert found["calls"] == [(c["name"], c["arguments"]) for c in wanted["tool_calls"]], wanted["framework"]
        assert found["retrieved"] == wanted["retrieved"], wanted["framework"]


def test_a_root_without_content_is_read_from_the_generation_below() -> None:
    trace = trace_of(
        {"id": "http"},
        {
            "parent": "http",
            "type": "GENERATION",
            "input": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "A dog?"}],
            "output": {"role": "assistant", "content": "Yes."},
        },
    )
    assert read(trace) == {"user": ["A dog?"], "answer": "Yes.", "calls": [], "retrieved": []}


def test_a_remote_root_that_never_arrived() -> None:
    trace = trace_of({"parent": "elsewhere", "type": "AGENT", "input": "Hello?", "output": "Hi."})
    assert read(trace)["user"] == ["Hello?"]


def test_several_roots_the_one_with_the_name_and_the_content_wins() -> None:
    trace = trace_of(
        {"name": "auth", "trace_name": "chat", "input": {"token": "ok"}, "output": {"user": "u1"}},
        {"name": "chat", "trace_name": "chat", "input": {"question": "How much?"}, "output": {"answer": "Free."}},
        {"name": "late-judge", "input": {"judge": 1}, "output": {"score": 0}},
    )
    assert trace.root.name == "chat"
    assert read(trace)["answer"] == "Free."


def test_wrapped_duplicates_are_one_call() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "find", "arguments": '{"q": "lamp"}'}}
    asked = [{"role": "user", "content": "A lamp?"}]
    trace = trace_of(
        {"id": "root", "type": "AGENT", "input": "A lamp?", "output": "Here."},
        {"id": "wrapper", "parent": "root", "type": "AGENT", "input": "A lamp?"},
        {
            "id": "g1",
            "parent": "wrapper",
            "type": "GENERATION",
            "input": asked,
            "output": {"role": "assistant", "content": None, "tool_calls": [call]},
        },
        {
            "id": "g1b",
            "parent": "g1",
            "type": "GENERATION",
            "input": asked,
            "output": {"role": "assistant", "content": None, "tool_calls": [call]},
        },
        {"id": "t", "parent": "wrapper", "type": "TOOL", "name": "find", "input": {"q": "lamp"}, "output": "one"},
        {"parent": "t", "type": "TOOL", "name": "find", "input": {"q": "lamp"}, "output": "one"},
    )
    found = conversation_of(trace)
    assert [(one.name, one.arguments, one.result) for one in found.tool_calls] == [("find", {"q": "lamp"}, "one")]
    assert read(trace)["user"] == ["A lamp?"]


def test_the_same_call_made_twice_counts_twice() -> None:
    trace = trace_of(
        {"id": "root", "input": "A lamp?", "output": "Here."},
        *({"parent": "root", "type": "TOOL", "name": "find", "input": {"q": "lamp"}} for _ in range(2)),
    )
    assert read(trace)["calls"] == [("find", {"q": "lamp"})] * 2


def test_each_call_of_a_loop_counts_once() -> None:
    def made(at: int) -> list[dict[str, Any]]:
        call = {"id": f"c{at}", "type": "function", "function": {"name": "find", "arguments": json.dumps({"q": at})}}
        return [
            {"role": "assistant", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": f"c{at}", "content": "no"},
        ]

    asked = [{"role": "user", "content": "A lamp?"}]
    trace = trace_of(
        {"id": "root", "input": "A lamp?", "output": "None."},
        {"parent": "root", "type": "GENERATION", "input": asked, "output": made(1)[0]},
        {"parent": "root", "type": "GENERATION", "input": [*asked, *made(1)], "output": made(2)[0]},
        {"parent": "root", "type": "GENERATION", "input": [*asked, *made(1), *made(2)], "output": "None."},
    )
    assert read(trace)["calls"] == [("find", {"q": 1}), ("find", {"q": 2})]


def test_the_only_text_of_a_batch_is_no_question_when_it_is_an_id() -> None:
    assert conversation_of(trace_of({"input": {"batch_id": "b1", "items": [{"id": "1"}]}})).user_message is None


def test_content_and_tools_that_only_attributes_tell() -> None:
    trace = trace_of(
        {"id": "root", "name": "POST /chat"},
        {
            "parent": "root",
            "type": "GENERATION",
            "metadata": {
                "attributes.request_data": {"messages": [{"role": "user", "content": "A lamp?"}]},
                "attributes.response_data": {"message": {"role": "assistant", "content": "Yes."}},
            },
        },
        {
            "parent": "root",
            "name": "function_tool",
            "metadata": {"attributes": {"x.tool.definition.name": "find", "x.tool.call.arguments": '{"q": "lamp"}'}},
        },
    )
    assert read(trace) == {"user": ["A lamp?"], "answer": "Yes.", "calls": [("find", {"q": "lamp"})], "retrieved": []}


def test_a_graph_that_waits_for_a_person_has_not_answered() -> None:
    said = [("human", "A lamp?"), ("ai", "Which one?"), ("human", "The blue one.")]
    trace = trace_of(
        {
            "id": "root",
            "type": "CHAIN",
            "output": {"messages": [{"type": kind, "content": text} for kind, text in said]},
        },
        {"parent": "root", "type": "CHAIN", "name": "route", "output": "approve"},
    )
    assert read(trace)["user"] == ["A lamp?", "The blue one."]
    assert conversation_of(trace).answer is None


def test_a_tool_whose_span_above_was_not_exported_is_no_conversation_of_its_own() -> None:
    call = {"id": "call", "parent": "elsewhere", "root": True, "type": "TOOL", "name": "find", "input": {"q": "lamp"}}
    trace = trace_of({"id": "agent", "type": "AGENT", "input": "A lamp?", "output": "Yes."}, call)
    assert read(trace)["calls"] == [("find", {"q": "lamp"})]
    assert several_roots(trace) == ()


@pytest.mark.parametrize(
    "given",
    [
        {"args": ["u1", "A blue one?"], "kwargs": {"history": "HISTORY"}},
        {"args": ["A blue one?", "HISTORY"], "kwargs": {}},
        {"text": "A blue one?", "earlier": "HISTORY"},
    ],
)
def test_the_question_stands_beside_the_turns_before_it(given: dict[str, Any]) -> None:
    history = [{"role": "user", "content": "A lamp?"}, {"role": "assistant", "content": "Which one?"}]
    found = conversation_of(trace_of({"input": json.dumps(given).replace('"HISTORY"', json.dumps(history))}))
    assert found.user_message == "A blue one?"
    assert [one.text for one in found.asked] == ["A lamp?", "Which one?", "A blue one?"]


def test_an_observation_by_itself() -> None:
    trace = trace_of(
        {"id": "root", "input": {"task": "Compare"}, "output": {"report": "ok"}},
        {"id": "g1", "parent": "root", "type": "GENERATION", "input": {"text": "A 10, B 9"}, "output": "A is cheaper."},
        {"id": "g2", "parent": "root", "type": "GENERATION", "input": {"text": "C 3, D 5"}, "output": "D is lighter."},
    )
    assert read(trace, "g2")["user"] == ["C 3, D 5"]
    assert read(trace, "g1")["answer"] == "A is cheaper."


def test_earlier_turns_of_the_session() -> None:
    turns = [
        trace_of({"input": f"q{at}", "output": f"a{at}", "session": "s", "at": at * 60}, trace_id=f"t{at}")
        for at in range(3)
    ]
    found = conversation_of(turns[2], earlier=[turns[1], turns[0]])
    assert [(one.user_message, one.answer) for one in found.session] == [("q0", "a0"), ("q1", "a1")]


def test_lines_show_a_call_as_one_line_that_opens() -> None:
    messages = messages_in(
        [{"role": "assistant", "tool_calls": [{"name": "find", "args": {"q": "x" * 300}, "id": "1"}]}]
    )
    assert messages is not None
    (line,) = lines_of(messages)
    assert line.kind == "call"
    assert len(line.text) <= 120
    assert "x" * 300 in line.more
