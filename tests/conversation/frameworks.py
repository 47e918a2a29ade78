"""Traces as frameworks write them: observations, what the user said, tool calls, retrieved texts."""

import json
from typing import Any

FIRST = "Hi, this is Amara. I ordered two lamps, order ORDER-3321."
HELLO = "Hello Amara, how can I help?"
LAST = "One lamp arrived broken. Can I get a refund?"
ANSWER = "Your parcel was delivered yesterday, so no refund is possible."
SYSTEM = "You are the assistant of a lamp shop."
ORDER = {"order_id": "ORDER-3321"}
FACTS = {"status": "delivered", "days": 1}
RULE = "Refunds: within 30 days of delivery."
TOOL = {"type": "TOOL", "name": "lookup_order", "parent": "agent", "input": ORDER, "output": FACTS}
CALL = {"id": "call_1", "type": "function", "function": {"name": "lookup_order", "arguments": json.dumps(ORDER)}}
PLUMBING = (
    "additional_kwargs", "response_metadata", "usage", "usage_metadata", "lc", "kwargs", "args", "id", "tool_call_id",
    "call_id", "model", "tools", "max_steps", "meta", "blocks", "parts", "finish_reason", "lc_kwargs", "object",
)  # fmt: skip
SCHEMA = {"type": "function", "function": {"name": "lookup_order", "parameters": {"type": "object", "properties": {}}}}


def said(*more: dict[str, Any], **keys: Any) -> list[dict[str, Any]]:
    """The conversation in OpenAI's form, with further keys on every message."""
    turns = [("system", SYSTEM), ("user", FIRST), ("assistant", HELLO), ("user", LAST)]
    return [{"role": role, "content": text, **keys} for role, text in turns] + list(more)


def parts(wrap: Any, *roles: str) -> list[dict[str, Any]]:
    """The conversation as messages of parts; `roles` are the framework's words for user and assistant."""
    user, assistant = roles
    return [{"role": r, **wrap(text)} for r, text in ((user, FIRST), (assistant, HELLO), (user, LAST))]


def otel(text: str) -> dict[str, Any]:
    return {"parts": [{"type": "text", "content": text}]}


def google(text: str) -> dict[str, Any]:
    return {"parts": [{"text": text}]}


RESPONSES_LOOP = [
    {"type": "reasoning", "id": "rs_1", "summary": []},
    {
        "type": "function_call",
        "id": "fc_1",
        "call_id": "call_1",
        "name": "lookup_order",
        "arguments": json.dumps(ORDER),
    },
    {"type": "function_call_output", "call_id": "call_1", "output": json.dumps(FACTS)},
]  # fmt: skip
RESPONSES_ANSWER = {
    "id": "msg_1", "type": "message", "role": "assistant", "status": "completed",
    "content": [{"type": "output_text", "text": ANSWER, "annotations": [], "logprobs": []}],
}  # fmt: skip
FULL = {"id": "resp_1", "object": "response", "model": "gpt-5", "instructions": SYSTEM, "tools": [SCHEMA], "usage": {}}


def response(*items: Any) -> dict[str, Any]:
    return FULL | {"output": list(items)}


TWO, ONE = [FIRST, LAST], [LAST]
LOOKED = [("lookup_order", ORDER)]
Case = tuple[list[dict[str, Any]], list[str], list[tuple[str, Any]], list[str]]
TRACES: dict[str, Case] = {
    "openai-chat": (
        [
            {"id": "agent", "name": "support"},
            {"parent": "agent", "type": "GENERATION", "name": "OpenAI-generation",
             "input": {"messages": said(), "tools": [SCHEMA]},
             "output": {"role": "assistant", "content": None, "tool_calls": [CALL]}},
            TOOL,
            {"parent": "agent", "type": "GENERATION", "name": "OpenAI-generation", "input": {"messages": said(
                {"role": "assistant", "content": None, "tool_calls": [CALL]},
                {"role": "tool", "tool_call_id": "call_1", "content": json.dumps(FACTS)})},
             "output": {"role": "assistant", "content": ANSWER}},
        ], TWO, LOOKED, [],
    ),
    "langgraph": (
        [
            {"id": "agent", "type": "CHAIN", "name": "LangGraph", "input": {"messages": [
                {"type": kind, "content": text, "additional_kwargs": {}, "response_metadata": {}, "id": f"m{at}"}
                for at, (kind, text) in enumerate((("human", FIRST), ("ai", HELLO), ("human", LAST)))]},
             "output": {"messages": [
                {"type": kind, "content": text, "additional_kwargs": {}, "response_metadata": {}, **more}
                for kind, text, more in (
                    ("human", FIRST, {}), ("ai", HELLO, {}), ("human", LAST, {}),
                    ("ai", "", {"tool_calls": [{"name": "lookup_order", "args": ORDER, "id": "c1"}]}),
                    ("tool", json.dumps(FACTS), {"tool_call_id": "c1", "name": "lookup_order"}), ("ai", ANSWER, {}))]}},
            TOOL | {"input": str(ORDER)},
        ], TWO, LOOKED, [],
    ),
    "openai-responses": (
        [
            {"id": "agent", "name": "support"},
            {"parent": "agent", "type": "GENERATION", "input": {"instructions": SYSTEM, "input": said()[1:]},
             "output": RESPONSES_LOOP[:2]},
            TOOL,
            {"parent": "agent", "type": "GENERATION",
             "input": {"instructions": SYSTEM, "input": [*said()[1:], *RESPONSES_LOOP]}, "output": [RESPONSES_ANSWER]},
        ], TWO, LOOKED, [],
    ),
    "openai-agents": (
        [
            {"id": "flow", "name": "Agent workflow"},
            {"id": "agent", "parent": "flow", "type": "AGENT", "name": "Lamp agent"},
            {"parent": "agent", "type": "GENERATION", "name": "response", "input": said()[1:],
             "output": response(*RESPONSES_LOOP[:2])},
            TOOL | {"input": json.dumps(ORDER), "output": json.dumps(FACTS)},
            {"parent": "agent", "type": "GENERATION", "name": "response", "input": [*said()[1:], *RESPONSES_LOOP],
             "output": response(RESPONSES_ANSWER)},
        ], TWO, LOOKED, [],
    ),
    "pydantic-ai": (
        [
            {"id": "agent", "type": "AGENT", "name": "agent run", "output": ANSWER, "input": [
                {"role": "system", **otel(SYSTEM)}, *parts(otel, "user", "assistant"),
                {"role": "assistant", "parts": [
                    {"type": "tool_call", "id": "c1", "name": "lookup_order", "arguments": ORDER}]},
                {"role": "user", "parts": [
                    {"type": "tool_call_response", "id": "c1", "name": "lookup_order", "result": FACTS}]},
                {"role": "assistant", **otel(ANSWER)},
            ]},
            {"parent": "agent", "type": "GENERATION", "name": "chat gpt-5", "input": parts(otel, "user", "assistant"),
             "output": [{"role": "assistant", "finish_reason": "tool_call", "parts": [
                 {"type": "tool_call", "id": "c1", "name": "lookup_order", "arguments": ORDER}]}]},
            TOOL | {"name": "running tool", "output": FACTS, "metadata": {"gen_ai.tool.name": "lookup_order"}},
            {"parent": "agent", "type": "GENERATION", "name": "chat gpt-5", "input": parts(otel, "user", "assistant"),
             "output": [{"role": "assistant", "finish_reason": "stop", **otel(ANSWER)}]},
        ], TWO, LOOKED, [],
    ),
    "pydantic-ai-own-form": (
        [
            {"id": "agent", "type": "AGENT", "name": "agent run", "output": {"final_result": ANSWER}},
            {"parent": "agent", "type": "GENERATION", "input": [
                {"kind": "request", "instructions": None, "parts": [
                    {"part_kind": "system-prompt", "content": SYSTEM},
                    {"part_kind": "user-prompt", "content": LAST, "timestamp": "2026-01-01T00:00:00Z"}]}],
             "output": [{"kind": "response", "usage": {}, "parts": [{"part_kind": "text", "content": ANSWER}]}]},
        ], ONE, [], [],
    ),
    "llamaindex-agent": (
        [
            {"id": "agent", "type": "AGENT", "name": "FunctionAgent.run", "input": {
                "user_msg": LAST, "chat_history": [
                    {"role": "user", "additional_kwargs": {}, "blocks": [{"block_type": "text", "text": FIRST}]},
                    {"role": "assistant", "additional_kwargs": {}, "blocks": [{"block_type": "text", "text": HELLO}]}],
                "memory": None, "max_iterations": None},
             "output": "AgentOutput(response=ChatMessage(role=<MessageRole.ASSISTANT: 'assistant'>, "
             f"additional_kwargs={{}}, blocks=[TextBlock(block_type='text', text={ANSWER!r})]), "
             "tool_calls=[], raw=None)"},
            {"parent": "agent", "type": "GENERATION", "name": "OpenAI.astream_chat", "input": {"messages": said()},
             "output": {"role": "assistant", "tool_calls": [CALL], "content": ""}},
            TOOL,
            {"parent": "agent", "type": "GENERATION", "name": "OpenAI.astream_chat",
             "input": {"messages": said({"role": "assistant", "tool_calls": [CALL]},
                                        {"role": "tool", "tool_call_id": "call_1", "content": json.dumps(FACTS)})},
             "output": "assistant: " + ANSWER},
        ], TWO, LOOKED, [],
    ),
    "llamaindex-query": (
        [
            {"id": "q", "type": "CHAIN", "name": "RetrieverQueryEngine.query", "input": LAST, "output": ANSWER},
            {"parent": "q", "type": "RETRIEVER", "name": "VectorIndexRetriever.retrieve", "input": LAST, "metadata": {
                "retrieval.documents.0.document.id": "d1", "retrieval.documents.0.document.content": RULE}},
            {"parent": "q", "type": "GENERATION", "input": {"messages": [
                {"role": "system", "content": SYSTEM},
                {"role": "user", "content": f"Context information is below.\n---------------------\n{RULE}\n"
                 f"---------------------\nGiven the context information, answer the query.\nQuery: {LAST}\nAnswer: "}]},
             "output": ANSWER},
        ], ONE, [], [RULE],
    ),
    "crewai": (
        [
            {"id": "crew", "type": "CHAIN", "name": "Crew_1.kickoff", "input": {"question": LAST},
             "output": json.dumps({"raw": ANSWER, "pydantic": None, "json_dict": None, "tasks_output": [
                 {"description": "Answer", "raw": ANSWER, "agent": "Clerk"}], "token_usage": {"total_tokens": 9}})},
            {"id": "agent", "parent": "crew", "type": "AGENT", "name": "Agent._execute_core",
             "input": f"Answer the customer: {LAST}", "output": ANSWER},
            {"parent": "agent", "type": "GENERATION", "input": {"messages": [
                {"role": "system", "content": "You are Clerk. Your goal is to help."},
                {"role": "user", "content": f"\nCurrent Task: Answer the customer: {LAST}\n\nBegin!"}]},
             "output": "Thought: I must look.\nAction: lookup_order\nAction Input: {}"},
            TOOL | {"name": "lookup_order"},
            {"parent": "agent", "type": "GENERATION", "input": {"messages": [
                {"role": "user", "content": f"\nCurrent Task: Answer the customer: {LAST}\n\nBegin!"}]},
             "output": f"Thought: I now can give a great answer\nFinal Answer: {ANSWER}"},
        ], ONE, LOOKED, [],
    ),
    "haystack": (
        [
            {"id": "p", "name": "haystack.pipeline.run", "input": {
                "retriever": {"query": LAST}, "prompt_builder": {"question": LAST}},
             "output": {"llm": {"replies": [{"role": "assistant", "meta": {"model": "gpt"}, "name": None,
                                            "content": [{"text": ANSWER}]}]}}},
            {"parent": "p", "type": "RETRIEVER", "name": "retriever", "input": {"query": LAST, "top_k": 3},
             "output": {"documents": [{"id": "d1", "content": RULE, "meta": {}, "score": 0.4, "embedding": None}]}},
            {"parent": "p", "type": "GENERATION", "name": "llm", "input": [
                {"role": "user", "content": f"Context: {RULE}\nQuestion: {LAST}"}], "output": [
                    {"role": "assistant", "content": ANSWER}]},
        ], ONE, [], [RULE],
    ),
    "dspy": (
        [
            {"id": "m", "type": "CHAIN", "name": "ChainOfThought.forward", "input": {"question": LAST},
             "output": f"Prediction(\n    reasoning='It was delivered.',\n    answer={ANSWER!r}\n)"},
            {"parent": "m", "type": "GENERATION", "name": "LM.__call__", "input": {
                "prompt": None, "kwargs": {}, "messages": [
                    {"role": "system", "content": "Your input fields are: 1. `question` (str)"},
                    {"role": "user", "content": f"[[ ## question ## ]]\n{LAST}\n\nRespond with the fields."}]},
             "output": [f"[[ ## reasoning ## ]]\nIt was.\n\n[[ ## answer ## ]]\n{ANSWER}\n\n[[ ## completed ## ]]"]},
        ], ONE, [], [],
    ),
    "smolagents": (
        [
            {"id": "agent", "type": "AGENT", "name": "ToolCallingAgent.run", "output": ANSWER, "input": {
                "task": LAST, "stream": False, "reset": True, "images": None, "additional_args": None,
                "max_steps": None}},
            {"id": "step", "parent": "agent", "type": "CHAIN", "name": "Step 1", "output": f"Execution logs\n{FACTS}"},
            {"parent": "step", "type": "GENERATION", "name": "OpenAIServerModel.generate", "input": {"messages": [
                {"role": "system", "content": [{"type": "text", "text": SYSTEM}]},
                {"role": "user", "content": [{"type": "text", "text": f"New task:\n{LAST}"}]}], "stop_sequences": []},
             "output": {"role": "assistant", "content": None, "tool_calls": [CALL], "raw": None, "token_usage": {}}},
            TOOL | {"parent": "step", "name": "LookupOrder", "input": {
                "args": [], "kwargs": ORDER, "sanitize_inputs_outputs": True},
                "metadata": {"tool.name": "lookup_order"}},
            {"parent": "step", "type": "GENERATION", "name": "OpenAIServerModel.generate", "input": {"messages": [
                {"role": "user", "content": [{"type": "text", "text": f"New task:\n{LAST}"}]}]},
             "output": {"role": "assistant", "content": None, "tool_calls": [{
                 "id": "call_2", "type": "function", "function": {
                     "name": "final_answer", "arguments": json.dumps({"answer": ANSWER})}}]}},
            {"parent": "step", "type": "TOOL", "name": "FinalAnswerTool", "input": {
                "args": [], "kwargs": {"answer": ANSWER}, "sanitize_inputs_outputs": True}, "output": ANSWER},
        ], ONE, LOOKED, [],
    ),
    "google-adk": (
        [
            {"id": "inv", "name": "invocation"},
            {"id": "agent", "parent": "inv", "type": "AGENT", "name": "agent_run [lamps]"},
            {"parent": "agent", "type": "GENERATION", "name": "call_llm", "input": {
                "model": "gemini", "config": {"system_instruction": SYSTEM, "tools": [{"function_declarations": []}]},
                "contents": parts(google, "user", "model")},
             "output": {"content": {"role": "model", "parts": [{"function_call": {
                 "id": "adk-1", "name": "lookup_order", "args": ORDER}}]}, "usage_metadata": {}}},
            TOOL | {"name": "execute_tool lookup_order", "output": {"id": "adk-1", "response": FACTS}},
            {"parent": "agent", "type": "GENERATION", "name": "call_llm", "input": {
                "model": "gemini", "config": {"system_instruction": SYSTEM}, "contents": [
                    *parts(google, "user", "model"),
                    {"role": "model", "parts": [{"function_call": {"name": "lookup_order", "args": ORDER}}]},
                    {"role": "user", "parts": [{"function_response": {"name": "lookup_order", "response": FACTS}}]}]},
             "output": {"content": {"role": "model", "parts": [{"text": ANSWER}]}, "usage_metadata": {}}},
        ], TWO, LOOKED, [],
    ),
    "adk-new-message": (
        [
            {"id": "inv", "type": "CHAIN", "name": "invocation [lamps]", "input": {
                "user_id": "u", "session_id": "s", "invocation_id": None, "state_delta": None, "run_config": None,
                "new_message": {"role": "user", "parts": [{"text": LAST}]}},
             "output": {"content": {"role": "model", "parts": [{"text": ANSWER}]}, "author": "lamps", "id": "e1",
                        "invocation_id": "i1", "partial": None, "actions": {"state_delta": {}}}},
        ], ONE, [], [],
    ),
    "bedrock-converse": (
        [
            {"id": "agent", "name": "bedrock"},
            {"parent": "agent", "type": "GENERATION", "name": "converse", "input": [
                *parts(lambda text: {"content": [{"text": text}]}, "user", "assistant"),
                {"role": "assistant", "content": [{"toolUse": {
                    "toolUseId": "t1", "name": "lookup_order", "input": ORDER}}]},
                {"role": "user", "content": [{"toolResult": {"toolUseId": "t1", "content": [{"json": FACTS}]}}]}],
             "output": {"output": {"message": {"role": "assistant", "content": [{"text": ANSWER}]}},
                        "stopReason": "end_turn", "usage": {"inputTokens": 9}, "metrics": {"latencyMs": 3}}},
        ], TWO, LOOKED, [],
    ),
    "observe-args": ([{"name": "ask", "input": {"args": [LAST, "en"], "kwargs": {}}, "output": ANSWER}], ONE, [], []),
    "observe-locale": (
        [{"name": "ask", "input": {"args": [LAST], "kwargs": {"locale": "en"}}, "output": ANSWER}], ONE, [], [],
    ),
    "observe-id-first": (
        [{"name": "ask", "input": {"args": ["user-17", LAST], "kwargs": {"locale": "en"}}, "output": ANSWER}],
        ONE, [], [],
    ),
    "prompt-as-text": (
        [{"type": "GENERATION", "name": "llm", "input": f"System: {SYSTEM}\nHuman: {LAST}\nAI:", "output": ANSWER}],
        ONE, [], [],
    ),
    "own-words": (
        [{"name": "frage", "input": {"sprache": "de", "frage": LAST}, "output": {"antwort": ANSWER}}], ONE, [], [],
    ),
    "http-handler": (
        [{"name": "h", "input": json.dumps(json.dumps({"query": LAST})),
          "output": json.dumps({"statusCode": 200, "body": json.dumps({"answer": ANSWER})})}], ONE, [], [],
    ),
    "observe-kwargs": (
        [{"name": "ask", "input": {"args": [], "kwargs": {"message": LAST, "history": [
            {"role": "user", "content": FIRST}, {"role": "assistant", "content": HELLO}], "model": "gpt"}},
          "output": {"answer": ANSWER, "sources": [{"id": "d1", "text": RULE}], "tokens": 12}}], TWO, [], [RULE],
    ),
    "observe-self": (
        [{"name": "ask", "input": {"args": ["<app.Bot object at 0x7f12>", LAST], "kwargs": {}},
          "output": {"reply": ANSWER, "elapsed": 0.2}}], ONE, [], [],
    ),
    "stream": (
        [
            {"id": "r", "name": "POST /chat"},
            {"parent": "r", "type": "GENERATION", "input": said(), "output": [
                {"choices": [{"delta": {"role": "assistant", "content": ANSWER[:20]}}]},
                {"choices": [{"delta": {"content": ANSWER[20:]}}]}, {"choices": [], "usage": {}}]},
        ], TWO, [], [],
    ),
    "generator": (
        [
            {"id": "r", "name": "chat", "input": {"args": [LAST], "kwargs": {}},
             "output": "<async_generator object chat at 0x7f1bd4c1>"},
            {"parent": "r", "type": "GENERATION", "input": said()[:1] + said()[3:], "output": ANSWER},
        ], ONE, [], [],
    ),
    "wrapped-twice": (
        [
            {"id": "r", "name": "litellm"},
            {"id": "w", "parent": "r", "type": "GENERATION", "name": "completion", "input": {"messages": said()},
             "output": {"choices": [{"finish_reason": "stop", "index": 0, "message": {
                 "role": "assistant", "content": ANSWER, "tool_calls": None}}], "usage": {}}},
            {"parent": "w", "type": "GENERATION", "name": "openai", "input": said(), "output": {
                "role": "assistant", "content": ANSWER}},
            {"parent": "w", "type": "GENERATION", "name": "empty"},
        ], TWO, [], [],
    ),
    "langchain-strings": (
        [
            {"id": "agent", "type": "CHAIN", "name": "AgentExecutor", "input": {
                "input": LAST, "chat_history": f"[HumanMessage(content={FIRST!r}, additional_kwargs={{}}, "
                f"response_metadata={{}}), AIMessage(content={HELLO!r}, additional_kwargs={{}})]"},
             "output": {"output": ANSWER, "intermediate_steps": []}},
            TOOL | {"input": str(ORDER), "output": str(FACTS)},
        ], TWO, LOOKED, [],
    ),
    "autogen": (
        [
            {"id": "agent", "type": "AGENT", "name": "invoke_agent", "input": {
                "messages": [{"source": "user", "models_usage": None, "content": LAST, "type": "TextMessage"}]},
             "output": {"messages": [
                 {"source": "user", "models_usage": None, "content": LAST, "type": "TextMessage"},
                 {"source": "clerk", "models_usage": {"prompt_tokens": 1}, "content": ANSWER, "type": "TextMessage"}],
                 "stop_reason": None}},
        ], ONE, [], [],
    ),
}  # fmt: skip
