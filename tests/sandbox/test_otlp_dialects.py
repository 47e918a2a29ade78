"""Spans of instrumentations that are not Langfuse's own: where input, output, name, user come from."""

import json
from typing import Any

import pytest

from curator.sandbox.otlp import Span
from curator.sandbox.otlp_map import to_record

ASKED = '[{"role":"user","parts":[{"type":"text","content":"A lamp?"}]}]'
SAID = '[{"role":"assistant","parts":[{"type":"text","content":"Here."}]}]'


def record(attributes: dict[str, Any], name: str = "span", scope: str = "", events: Any = ()) -> dict[str, Any]:
    span = Span("t", "s", "", name, 1, 2, attributes, scope_name=scope, events=tuple(events))
    return to_record(span, 3, 0)


@pytest.mark.parametrize(
    ("attributes", "input_", "output"),
    [
        ({"gen_ai.input.messages": ASKED, "gen_ai.output.messages": SAID}, ASKED, SAID),
        ({"gen_ai.tool.call.arguments": "{}", "gen_ai.tool.call.result": "1"}, "{}", "1"),
        ({"input.value": "q", "output.value": "a", "gen_ai.input.messages": ASKED}, "q", "a"),
        ({"langfuse.observation.input": "own", "input.value": "q", "output.value": "a"}, "own", ""),
        ({"gcp.vertex.agent.llm_request": "{}", "gcp.vertex.agent.llm_response": "r"}, "{}", "r"),
        ({"gcp.vertex.agent.tool_call_args": "{}", "gcp.vertex.agent.tool_response": "r"}, "{}", "r"),
        ({"mlflow.spanInputs": "i", "mlflow.spanOutputs": "o"}, "i", "o"),
        ({"traceloop.entity.input": "i", "traceloop.entity.output": "o"}, "i", "o"),
        ({"lk.user_input": "hello", "lk.response.text": "hi"}, "hello", "hi"),
        ({"tool_arguments": "{}", "tool_response": "1"}, "{}", "1"),
        ({"final_result": "Here.", "pydantic_ai.all_messages": ASKED}, ASKED, "Here."),
        (
            {"gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": "q", "gen_ai.completion.0.content": "a"},
            '[{"role":"user","content":"q"}]',
            '[{"content":"a"}]',
        ),
        (
            {"llm.input_messages.0.message.role": "user", "llm.input_messages.0.message.content": "q"},
            '[{"role":"user","content":"q"}]',
            "",
        ),
        ({"input.value": "", "gen_ai.input.messages": ASKED}, ASKED, ""),
        ({"gen_ai.prompt": '["A lamp?"]', "gen_ai.completion": '["Here."]'}, '["A lamp?"]', '["Here."]'),
    ],
)
def test_the_first_source_that_is_there(attributes: dict[str, Any], input_: str, output: str) -> None:
    made = record(attributes)
    assert (made["input"], made["output"]) == (input_, output)
    assert not [name for name in json.loads(made["metadata"]) if name.removeprefix("attributes.") in attributes]


def test_system_instructions_stand_in_front() -> None:
    made = record({"pydantic_ai.all_messages": ASKED, "gen_ai.system_instructions": '[{"type":"text","content":"Be"}]'})
    assert [one["role"] for one in json.loads(made["input"])] == ["system", "user"]


def test_messages_as_events() -> None:
    events = [
        ("gen_ai.system.message", {"content": "Be kind."}),
        ("gen_ai.user.message", {"content": "A lamp?"}),
        ("gen_ai.choice", {"finish_reason": "stop", "message": '{"role":"assistant","content":"Here."}'}),
    ]
    made = record({"gen_ai.operation.name": "chat"}, events=events)
    assert [(one["role"], one["content"]) for one in json.loads(made["input"])] == [
        ("system", "Be kind."),
        ("user", "A lamp?"),
    ]
    assert "Here." in made["output"]


def test_vercel() -> None:
    given = {
        "ai.operationId": "ai.generateText",
        "ai.telemetry.functionId": "shop",
        "ai.telemetry.metadata.userId": "u1",
        "ai.telemetry.metadata.sessionId": "s1",
        "ai.telemetry.metadata.tags": ["a"],
        "ai.prompt": '{"prompt":"q"}',
        "ai.response.text": "Let me look.",
        "ai.response.toolCalls": '[{"toolName":"find"}]',
    }
    made = record(given, name="ai.generateText", scope="ai")
    assert (made["name"], made["user_id"], made["session_id"]) == ("shop:ai.generateText", "u1", "s1")
    assert json.loads(made["tags"]) == ["a"]
    assert json.loads(made["output"]) == {"text": "Let me look.", "toolCalls": [{"toolName": "find"}]}
    assert record(given)["output"] == ""  # only the SDK's own scope


def test_an_agent_by_the_conventions() -> None:
    made = record(
        {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "clerk", "gen_ai.input.messages": ASKED},
        name="invoke_agent clerk",
    )
    assert (made["type"], made["name"], made["input"]) == ("AGENT", "invoke_agent clerk", ASKED)
