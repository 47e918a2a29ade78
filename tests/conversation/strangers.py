"""Further traces, as other people's programs log them: builders of flows, other languages, servers, templates."""

import json
from typing import Any

from tests.conversation.frameworks import (
    ANSWER,
    CALL,
    FACTS,
    FIRST,
    HELLO,
    LAST,
    LOOKED,
    ONE,
    ORDER,
    RESPONSES_ANSWER,
    RESPONSES_LOOP,
    RULE,
    SYSTEM,
    TOOL,
    TWO,
    Case,
    said,
)

TEXT = json.dumps
TURNS = (("user", FIRST), ("assistant", HELLO), ("user", LAST))


def turns(wrap: Any, *, user: str = "user", assistant: str = "assistant") -> list[dict[str, Any]]:
    """The conversation, each message made by `wrap(role, text)`."""
    return [wrap({"user": user, "assistant": assistant}[role], text) for role, text in TURNS]


def events(*more: dict[str, Any]) -> list[dict[str, Any]]:
    """Pydantic AI's `all_messages_events`: one object for every event of OpenTelemetry."""
    found = [{"content": SYSTEM, "role": "system", "gen_ai.message.index": 0, "event.name": "gen_ai.system.message"}]
    found += [{"content": text, "role": role, "event.name": f"gen_ai.{role}.message"} for role, text in TURNS]
    return [*found, *more]


STRANDS_CALL = TEXT([{"toolUse": {"toolUseId": "t1", "name": "lookup_order", "input": ORDER}}])
STRANDS_RESULT = TEXT([{"toolResult": {"toolUseId": "t1", "status": "success", "content": [{"text": TEXT(FACTS)}]}}])
DOT_CALL = {
    "message.role": "assistant",
    "message.tool_calls.0.tool_call.id": "call_1",
    "message.tool_calls.0.tool_call.function.name": "lookup_order",
    "message.tool_calls.0.tool_call.function.arguments": TEXT(ORDER),
}
HANDED = {"type": "function_call", "call_id": "h1", "name": "transfer_to_refund_agent", "arguments": "{}"}
VERCEL_CALL = {"toolCallId": "c1", "toolName": "lookup_order", "input": ORDER}

STRANGERS: dict[str, Case] = {
    "vercel-ui-messages": (
        [
            {"id": "r", "name": "POST /api/chat", "input": {
                "id": "chat-1", "trigger": "submit-message", "messages": [
                    {"id": f"m{at}", "role": role, "metadata": {}, "parts": [{"type": "text", "text": text}]}
                    for at, (role, text) in enumerate(TURNS)]}},
            {"id": "s", "parent": "r", "name": "chat:ai.streamText", "input": TEXT({"system": SYSTEM, "messages": turns(
                lambda role, text: {"role": role, "content": [{"type": "text", "text": text}]})}),
             "output": ANSWER},
            {"parent": "s", "type": "GENERATION", "name": "ai.streamText.doStream", "input": TEXT([
                {"role": "system", "content": SYSTEM},
                *turns(lambda role, text: {"role": role, "content": [{"type": "text", "text": text}]})]),
             "output": TEXT([VERCEL_CALL | {"type": "tool-call", "input": TEXT(ORDER)}])},
            TOOL | {"parent": "s", "name": "lookup_order", "input": TEXT(ORDER), "output": TEXT(FACTS)},
            {"parent": "s", "type": "GENERATION", "name": "ai.streamText.doStream", "input": TEXT([
                *turns(lambda role, text: {"role": role, "content": [{"type": "text", "text": text}]}),
                {"role": "assistant", "content": [VERCEL_CALL | {"type": "tool-call"}]},
                {"role": "tool", "content": [{"type": "tool-result", "toolCallId": "c1", "toolName": "lookup_order",
                                              "output": {"type": "json", "value": FACTS}}]}]),
             "output": ANSWER},
        ], TWO, LOOKED, [],
    ),
    "vercel-prompt-object": (
        [
            {"id": "r", "name": "ai.generateObject", "input": TEXT({"system": SYSTEM, "prompt": LAST}),
             "output": TEXT({"answer": ANSWER, "confidence": 0.9})},
            {"parent": "r", "type": "GENERATION", "name": "ai.generateObject.doGenerate", "input": TEXT([
                {"role": "system", "content": SYSTEM}, {"role": "user", "content": [{"type": "text", "text": LAST}]}]),
             "output": TEXT({"answer": ANSWER, "confidence": 0.9})},
        ], ONE, [], [],
    ),
    "anthropic-sdk": (
        [
            {"id": "r", "name": "support", "input": {"args": [], "kwargs": {"user_message": LAST}}, "output": ANSWER},
            {"parent": "r", "type": "GENERATION", "name": "claude", "input": {
                "model": "claude-sonnet-4-5", "max_tokens": 1024, "system": [
                    {"type": "text", "text": SYSTEM, "cache_control": {"type": "ephemeral"}}],
                "tools": [{"name": "lookup_order", "input_schema": {"type": "object", "properties": {}}}],
                "messages": turns(lambda role, text: {"role": role, "content": text})},
             "output": {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "content": [
                 {"type": "thinking", "thinking": "Look first.", "signature": "x"},
                 {"type": "text", "text": "I look that up.", "citations": None},
                 {"type": "tool_use", "id": "toolu_1", "name": "lookup_order", "input": ORDER}],
                 "stop_reason": "tool_use", "stop_sequence": None, "usage": {"input_tokens": 9}}},
            TOOL | {"parent": "r"},
            {"parent": "r", "type": "GENERATION", "name": "claude", "input": {
                "system": SYSTEM, "messages": [
                    *turns(lambda role, text: {"role": role, "content": text}),
                    {"role": "assistant", "content": [
                        {"type": "text", "text": "I look that up."},
                        {"type": "tool_use", "id": "toolu_1", "name": "lookup_order", "input": ORDER}]},
                    {"role": "user", "content": [
                        {"type": "tool_result", "tool_use_id": "toolu_1", "content": TEXT(FACTS)}]}]},
             "output": [{"type": "text", "text": ANSWER, "citations": None}]},
        ], TWO, LOOKED, [],
    ),
    "anthropic-block-reprs": (
        [
            {"id": "r", "name": "support", "input": {"question": LAST}},
            {"parent": "r", "type": "GENERATION", "name": "claude", "input": [{"role": "user", "content": LAST}],
             "output": f"[TextBlock(citations=None, text='I look.', type='text'), ToolUseBlock(id='toolu_1', "
             f"input={ORDER!r}, name='lookup_order', type='tool_use')]"},
            TOOL | {"parent": "r"},
            {"parent": "r", "type": "GENERATION", "name": "claude", "input": [{"role": "user", "content": LAST}],
             "output": f"Message(id='msg_1', content=[TextBlock(citations=None, text={ANSWER!r}, type='text')], "
             "model='claude', role='assistant', stop_reason='end_turn', stop_sequence=None, type='message', "
             "usage=Usage(input_tokens=9, output_tokens=9))"},
        ], ONE, LOOKED, [],
    ),
    "openinference-dotted": (
        [
            {"id": "r", "type": "CHAIN", "name": "chat"},
            {"parent": "r", "type": "GENERATION", "name": "Completions", "input": [
                {f"message.{key}": value for key, value in one.items()} for one in said()],
             "output": [DOT_CALL]},
            TOOL | {"parent": "r"},
            {"parent": "r", "type": "GENERATION", "name": "Completions", "input": [
                *({"message.role": role, "message.contents.0.message_content.type": "text",
                   "message.contents.0.message_content.text": text} for role, text in TURNS), DOT_CALL,
                {"message.role": "tool", "message.tool_call_id": "call_1", "message.content": TEXT(FACTS)}],
             "output": [{"message.role": "assistant", "message.content": ANSWER}]},
        ], TWO, LOOKED, [],
    ),
    "traceloop-dotted": (
        [
            {"id": "r", "name": "chat.workflow", "input": TEXT({"args": [], "kwargs": {"text": LAST, "tenant": "de"}}),
             "output": TEXT(ANSWER)},
            {"parent": "r", "type": "GENERATION", "name": "openai.chat", "input": [
                {"role": role, "content": text} for role, text in (("system", SYSTEM), ("user", LAST))],
             "output": [{"role": "assistant", "finish_reason": "tool_calls", "tool_calls.0.id": "call_1",
                         "tool_calls.0.name": "lookup_order", "tool_calls.0.arguments": TEXT(ORDER)}]},
            {"parent": "r", "type": "TOOL", "name": "lookup_order.tool", "input": TEXT({"args": [], "kwargs": ORDER}),
             "output": TEXT(FACTS)},
            {"parent": "r", "type": "GENERATION", "name": "openai.chat", "input": [
                {"role": "system", "content": SYSTEM}, {"role": "user", "content": LAST},
                {"role": "assistant", "tool_calls.0.id": "call_1", "tool_calls.0.name": "lookup_order",
                 "tool_calls.0.arguments": TEXT(ORDER)},
                {"role": "tool", "tool_call_id": "call_1", "content": TEXT(FACTS)}],
             "output": [{"role": "assistant", "content": ANSWER, "finish_reason": "stop"}]},
        ], ONE, LOOKED, [],
    ),
    "traceloop-langgraph": (
        [
            {"id": "r", "name": "LangGraph.workflow", "input": TEXT({
                "inputs": {"messages": turns(lambda role, text: {
                    "lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", role],
                    "kwargs": {"content": text, "type": "human", "id": "m1"}}, user="HumanMessage",
                    assistant="AIMessage")},
                "tags": [], "metadata": {"thread_id": "t"}, "kwargs": {"name": "LangGraph"}}),
             "output": TEXT({"outputs": {"messages": [
                 {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", "HumanMessage"],
                  "kwargs": {"content": LAST}},
                 {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", "AIMessage"], "kwargs": {
                     "content": "", "tool_calls": [{"name": "lookup_order", "args": ORDER, "id": "c1",
                                                    "type": "tool_call"}]}},
                 {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", "ToolMessage"], "kwargs": {
                     "content": TEXT(FACTS), "tool_call_id": "c1", "name": "lookup_order"}},
                 {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", "AIMessage"],
                  "kwargs": {"content": ANSWER}}]}, "kwargs": {"tags": []}})},
            {"parent": "r", "name": "lookup_order.tool", "type": "TOOL", "input": TEXT({
                "input_str": str(ORDER), "tags": [], "metadata": {}, "inputs": ORDER, "kwargs": {}}),
             "output": TEXT({"output": {"lc": 1, "kwargs": {"content": TEXT(FACTS), "tool_call_id": "c1"}},
                             "kwargs": {}})},
        ], TWO, LOOKED, [],
    ),
    "pydantic-ai-events": (
        [
            {"id": "agent", "type": "AGENT", "name": "support run", "input": TEXT(events(
                {"role": "assistant", "tool_calls": [CALL], "event.name": "gen_ai.assistant.message"},
                {"content": FACTS, "role": "tool", "id": "call_1", "name": "lookup_order",
                 "event.name": "gen_ai.tool.message"},
                {"role": "assistant", "content": ANSWER, "event.name": "gen_ai.assistant.message"})),
             "output": ANSWER},
            {"parent": "agent", "type": "GENERATION", "name": "chat gpt-4o", "input": TEXT(events()), "output": TEXT([
                {"index": 0, "message": {"role": "assistant", "tool_calls": [CALL]}, "event.name": "gen_ai.choice"}])},
            TOOL | {
                "parent": "agent", "name": "running tool: lookup_order", "input": TEXT(ORDER), "output": TEXT(FACTS)},
        ], TWO, LOOKED, [],
    ),
    "otel-span-events": (
        [
            {"id": "agent", "type": "AGENT", "name": "invoke_agent support"},
            {"parent": "agent", "type": "GENERATION", "name": "chat gpt-4o", "input": [
                {"role": "system", "content": SYSTEM, "gen_ai.system": "openai"},
                *({"role": role, "content": text, "gen_ai.system": "openai"} for role, text in TURNS)],
             "output": {"index": 0, "finish_reason": "tool_calls", "gen_ai.system": "openai",
                        "message": TEXT({"role": "assistant", "tool_calls": [CALL]})}},
            TOOL | {"parent": "agent", "name": "execute_tool lookup_order"},
            {"parent": "agent", "type": "GENERATION", "name": "chat gpt-4o", "input": [
                *({"role": role, "content": text} for role, text in TURNS),
                {"role": "assistant", "tool_calls": TEXT([CALL])},
                {"role": "tool", "content": TEXT(FACTS), "id": "call_1"}],
             "output": {"index": 0, "finish_reason": "stop",
                        "message": TEXT({"role": "assistant", "content": ANSWER})}},
        ], TWO, LOOKED, [],
    ),
    "strands": (
        [
            {"id": "agent", "type": "AGENT", "name": "invoke_agent Strands Agents",
             "input": [{"role": "user", "content": TEXT([{"text": LAST}])}],
             "output": {"message": ANSWER + "\n", "finish_reason": "end_turn"}},
            {"id": "c", "parent": "agent", "name": "execute_event_loop_cycle",
             "input": [{"role": "user", "content": TEXT([{"text": LAST}])}],
             "output": {"message": STRANDS_CALL, "tool.result": STRANDS_RESULT}},
            {"parent": "c", "type": "GENERATION", "name": "chat",
             "input": [{"role": "user", "content": TEXT([{"text": LAST}])}],
             "output": {"finish_reason": "tool_use", "message": STRANDS_CALL}},
            {"parent": "c", "type": "TOOL", "name": "execute_tool lookup_order",
             "input": [{"role": "tool", "content": TEXT(ORDER), "id": "t1"}],
             "output": {"message": TEXT([{"text": TEXT(FACTS)}]), "id": "t1"}},
            {"parent": "c", "type": "GENERATION", "name": "chat", "input": [
                {"role": "user", "content": TEXT([{"text": LAST}])}, {"role": "assistant", "content": STRANDS_CALL},
                {"role": "tool", "content": STRANDS_RESULT}],
             "output": {"finish_reason": "end_turn", "message": TEXT([{"text": ANSWER}])}},
        ], ONE, LOOKED, [],
    ),
    "semantic-kernel": (
        [
            {"id": "agent", "type": "AGENT", "name": "invoke_agent Support"},
            {"parent": "agent", "type": "GENERATION", "name": "chat.completions gpt-4o", "input": [TEXT([
                {"role": "system", "content": SYSTEM}, *({"role": role, "content": text} for role, text in TURNS)])],
             "output": TEXT([{"role": "assistant", "content": "", "tool_calls": [
                 {"id": "c1", "function": {"name": "orders-lookup_order", "arguments": TEXT(ORDER)},
                  "type": "function"}], "finish_reason": "tool_calls"}])},
            TOOL | {"parent": "agent", "name": "execute_tool orders-lookup_order"},
            {"parent": "agent", "type": "GENERATION", "name": "chat.completions gpt-4o", "input": [TEXT([
                *({"role": role, "content": text} for role, text in TURNS),
                {"role": "assistant", "content": "", "tool_calls": [
                    {"id": "c1", "function": {"name": "orders-lookup_order", "arguments": TEXT(ORDER)}}]},
                {"role": "tool", "content": TEXT(FACTS), "tool_call_id": "c1"}])],
             "output": TEXT([{"role": "assistant", "content": ANSWER, "finish_reason": "FinishReason.STOP"}])},
        ], TWO, [("orders-lookup_order", ORDER)], [],
    ),
    "semantic-kernel-dotnet": (
        [
            {"type": "GENERATION", "name": "chat.completions gpt-4o", "input": TEXT([
                {"Role": {"Label": role}, "Items": [{"$type": "TextContent", "Text": text}]} for role, text in TURNS]),
             "output": TEXT([{"Role": {"Label": "assistant"}, "ModelId": "gpt-4o", "Metadata": {}, "Items": [
                 {"$type": "TextContent", "Text": ANSWER}]}])},
        ], TWO, [], [],
    ),
    "microsoft-extensions-ai": (
        [
            {"id": "r", "type": "AGENT", "name": "invoke_agent support"},
            {"parent": "r", "type": "GENERATION", "name": "chat gpt-4o", "input": TEXT([
                {"role": role, "contents": [{"$type": "text", "text": text}]} for role, text in TURNS]),
             "output": TEXT({"messages": [{"role": "assistant", "contents": [
                 {"$type": "functionCall", "callId": "c1", "name": "lookup_order", "arguments": ORDER}]}]})},
            TOOL | {"parent": "r"},
            {"parent": "r", "type": "GENERATION", "name": "chat gpt-4o", "input": TEXT([
                *({"role": role, "contents": [{"$type": "text", "text": text}]} for role, text in TURNS),
                {"role": "assistant", "contents": [
                    {"$type": "functionCall", "callId": "c1", "name": "lookup_order", "arguments": ORDER}]},
                {"role": "tool", "contents": [{"$type": "functionResult", "callId": "c1", "result": FACTS}]}]),
             "output": TEXT({"messages": [
                 {"role": "assistant", "contents": [{"$type": "text", "text": ANSWER}]}], "finishReason": "stop"})},
        ], TWO, LOOKED, [],
    ),
    "mastra": (
        [
            {"id": "agent", "type": "AGENT", "name": "agent run: 'support'", "input": TEXT(
                turns(lambda role, text: {"role": role, "content": text})),
             "output": {"text": ANSWER, "files": [], "object": None}},
            {"id": "llm", "parent": "agent", "type": "GENERATION", "name": "llm: 'gpt-4o'", "input": {"messages": [
                {"role": "system", "content": SYSTEM},
                *turns(lambda role, text: {"role": role, "content": [{"type": "text", "text": text}]})]},
             "output": {"files": [], "reasoning": [], "sources": [], "warnings": [], "text": ANSWER}},
            {"parent": "llm", "name": "step: 0", "output": {"text": "", "toolCalls": [
                {"type": "tool-call", "toolCallId": "c1", "toolName": "lookup_order", "args": ORDER}]}},
            {"parent": "agent", "type": "TOOL", "name": "tool: 'lookup_order'", "input": ORDER, "output": FACTS},
        ], TWO, LOOKED, [],
    ),
    "flowise": (
        [
            {"id": "r", "name": "Lamp shop", "input": {"text": LAST}, "output": {"output": ANSWER}},
            {"id": "c", "parent": "r", "type": "CHAIN", "name": "ConversationChain", "input": {
                "question": LAST, "chat_history": [
                    {"type": "userMessage", "message": FIRST}, {"type": "apiMessage", "message": HELLO}]},
             "output": {"text": ANSWER}},
            {"parent": "c", "type": "GENERATION", "name": "ChatOpenAI", "input": {"messages": [
                {"role": role, "content": text} for role, text in TURNS]}, "output": {"text": ANSWER}},
        ], TWO, [], [],
    ),
    "dify-chatflow": (
        [
            {"id": "r", "name": "workflow", "input": {
                "sys.query": LAST, "sys.files": [], "sys.conversation_id": "c-1", "sys.user_id": "u-1",
                "sys.dialogue_count": 1, "sys.app_id": "a", "sys.workflow_id": "w", "sys.workflow_run_id": "x"},
             "output": {"answer": ANSWER, "files": []}},
            {"parent": "r", "name": "knowledge-retrieval", "input": {"query": LAST}, "output": {"result": [
                {"metadata": {"_source": "knowledge", "document_name": "rules.md", "score": 0.7}, "title": "rules.md",
                 "content": RULE}]}},
            {"parent": "r", "type": "GENERATION", "name": "llm", "input": {"model_mode": "chat", "prompts": [
                {"role": "system", "text": SYSTEM, "files": []}, {"role": "user", "text": LAST, "files": []}],
                "usage": None}, "output": {"text": ANSWER, "usage": {"total_tokens": 9}, "finish_reason": "stop"}},
        ], ONE, [], [RULE],
    ),
    "dify-chat": (
        [
            {"id": "r", "name": "message", "input": LAST, "output": ANSWER},
            {"parent": "r", "type": "GENERATION", "name": "llm", "input": [
                {"role": "system", "text": SYSTEM, "files": []},
                *turns(lambda role, text: {"role": role, "text": text, "files": []})], "output": ANSWER},
        ], TWO, [], [],
    ),
    "n8n": (
        [
            {"id": "r", "type": "CHAIN", "name": "AI Agent", "input": {
                "input": LAST, "system_message": SYSTEM, "formatting_instructions": "Always use the tool."},
             "output": {"output": ANSWER}},
            {"parent": "r", "type": "TOOL", "name": "lookup_order", "input": TEXT(ORDER), "output": TEXT([FACTS])},
        ], ONE, LOOKED, [],
    ),
    "n8n-items": (
        [
            {"id": "r", "name": "support flow", "input": [{"json": {
                "sessionId": "s-1", "action": "sendMessage", "chatInput": LAST}, "pairedItem": {"item": 0}}],
             "output": [{"json": {"output": ANSWER}}]},
        ], ONE, [], [],
    ),
    "n8n-chat-trigger": (
        [{"name": "chat", "input": {"sessionId": "s-1", "action": "sendMessage", "chatInput": LAST},
          "output": {"output": ANSWER}}], ONE, [], [],
    ),
    "langflow": (
        [
            {"id": "r", "name": "Flow", "input": {
                "ChatInput-x1 (Chat Input)": {"input_value": LAST, "sender": "User", "sender_name": "User",
                                              "session_id": "s", "files": [], "should_store_message": True}},
             "output": {"ChatOutput-y2 (Chat Output)": {"message": {
                 "text_key": "text", "text": ANSWER, "sender": "Machine", "sender_name": "AI", "session_id": "s",
                 "files": [], "category": "message", "default_value": ""}}}},
        ], ONE, [], [],
    ),
    "google-genai": (
        [
            {"id": "r", "name": "answer", "input": {"user_input": LAST}, "output": ANSWER},
            {"parent": "r", "type": "GENERATION", "name": "generate_content", "input": {
                "model": "gemini-2.5-flash", "contents": LAST, "config": {
                    "system_instruction": SYSTEM, "temperature": 0.2, "tools": ["lookup_order"]}},
             "output": {"candidates": [{"content": {"parts": [
                 {"thought": True, "text": "Look."}, {"functionCall": {"name": "lookup_order", "args": ORDER}}],
                 "role": "model"}, "finishReason": "STOP"}], "usageMetadata": {"totalTokenCount": 9}}},
            {"parent": "r", "type": "GENERATION", "name": "generate_content", "input": {
                "model": "gemini-2.5-flash", "contents": [
                    {"role": "user", "parts": [{"text": LAST}]},
                    {"role": "model", "parts": [{"functionCall": {"name": "lookup_order", "args": ORDER}}]},
                    {"role": "user", "parts": [{"functionResponse": {"name": "lookup_order", "response": FACTS}}]}]},
             "output": {"candidates": [{"content": {"parts": [{"text": ANSWER}], "role": "model"}, "index": 0}],
                        "modelVersion": "gemini-2.5-flash"}},
        ], ONE, LOOKED, [],
    ),
    "google-genai-alone": (
        [
            {"type": "GENERATION", "name": "generate_content", "input": {
                "model": "gemini-2.5-flash", "contents": ["Answer in one sentence.", LAST], "config": None},
             "output": {"candidates": [{"content": {"parts": [{"text": ANSWER}], "role": "model"}}]}},
        ], ["Answer in one sentence.\n" + LAST], [], [],
    ),
    "litellm-proxy": (
        [
            {"type": "GENERATION", "name": "litellm-acompletion", "input": {"messages": said()},
             "output": {"content": ANSWER, "role": "assistant", "tool_calls": None, "function_call": None,
                        "provider_specific_fields": {"refusal": None}, "annotations": []}},
        ], TWO, [], [],
    ),
    "rag-evaluation-row": (
        [{"name": "rag", "input": {"question": LAST},
          "output": {"question": LAST, "contexts": [RULE], "answer": ANSWER, "latency": 0.4}}], ONE, [], [RULE],
    ),
    "rag-ground-truth": (
        [{"name": "rag", "input": {"user_input": LAST, "retrieved_contexts": [RULE]}, "output": {"response": ANSWER}}],
        ONE, [], [RULE],
    ),
    "fastapi-request": (
        [{"name": "chat_endpoint", "input": {"args": [], "kwargs": {
            "request": {"message": LAST, "session_id": "s-1", "user_id": "u-1", "stream": False},
            "background_tasks": "<fastapi.background.BackgroundTasks object at 0x7f12>"}},
          "output": {"reply": ANSWER, "session_id": "s-1", "message_id": "m-9"}}], ONE, [], [],
    ),
    "fastapi-request-repr": (
        [{"name": "chat_endpoint", "input": {"args": [], "kwargs": {
            "req": f"ChatRequest(message={LAST!r}, session_id='s-1', history=[])"}},
          "output": f"ChatResponse(reply={ANSWER!r}, session_id='s-1')"}], ONE, [], [],
    ),
    "http-envelope": (
        [{"name": "POST /v1/chat", "input": {
            "method": "POST", "path": "/v1/chat", "query_params": {}, "headers": {
                "content-type": "application/json", "user-agent": "curl/8.4 (x86_64; like Gecko)"},
            "body": {"message": LAST, "conversation_id": "c-1"}},
          "output": {"status_code": 200, "headers": {"content-type": "application/json"}, "body": {"reply": ANSWER}}}],
        ONE, [], [],
    ),
    "lambda-event": (
        [{"name": "handler", "input": {
            "resource": "/chat", "httpMethod": "POST", "headers": {"User-Agent": "Mozilla/5.0 (X11; Linux)"},
            "queryStringParameters": None, "requestContext": {"stage": "prod", "requestId": "r-1"},
            "body": TEXT({"message": LAST}), "isBase64Encoded": False},
          "output": {"statusCode": 200, "headers": {}, "body": TEXT({"reply": ANSWER})}}], ONE, [], [],
    ),
    "slack-event": (
        [{"name": "on_mention", "input": {"event": {
            "type": "app_mention", "user": "U01", "text": LAST, "ts": "1710000000.1", "channel": "C01"}},
          "output": {"channel": "C01", "text": ANSWER, "thread_ts": "1710000000.1"}}], ONE, [], [],
    ),
    "twilio-form": (
        [{"name": "sms", "input": {"Body": LAST, "From": "+15550100", "To": "+15550199", "MessageSid": "SM1"},
          "output": ANSWER}], ONE, [], [],
    ),
    "langchain-retrieval-qa": (
        [
            {"id": "r", "type": "CHAIN", "name": "ConversationalRetrievalChain",
             "input": {"question": LAST, "chat_history": [[FIRST, HELLO]]},
             "output": {"answer": ANSWER, "source_documents": [
                 {"page_content": RULE, "metadata": {"source": "r.md"}}]}},
            {"parent": "r", "type": "RETRIEVER", "name": "VectorStoreRetriever", "input": LAST,
             "output": [{"page_content": RULE, "metadata": {"source": "r.md"}, "type": "Document", "id": None}]},
        ], TWO, [], [RULE],
    ),
    "promptflow": (
        [{"name": "chat_flow", "input": {"question": LAST, "chat_history": [
            {"inputs": {"question": FIRST}, "outputs": {"answer": HELLO}}]}, "output": {"answer": ANSWER}}],
        TWO, [], [],
    ),
    "gradio": (
        [{"name": "respond", "input": {"args": [LAST, [[FIRST, HELLO]]], "kwargs": {}}, "output": ANSWER}],
        TWO, [], [],
    ),
    "langgraph-own-state": (
        [
            {"id": "r", "type": "CHAIN", "name": "LangGraph", "input": {"question": LAST},
             "output": {"question": LAST, "documents": [{"page_content": RULE, "metadata": {}}], "generation": ANSWER,
                        "web_search": "No"}},
            {"id": "n", "parent": "r", "type": "CHAIN", "name": "retrieve", "input": {"question": LAST},
             "output": {"documents": [{"page_content": RULE, "metadata": {}}], "question": LAST}},
            {"parent": "n", "type": "GENERATION", "name": "ChatOpenAI", "input": [
                {"role": "user", "content": f"Question: {LAST}\nContext: {RULE}\nAnswer:"}],
             "output": {"role": "assistant", "content": ANSWER}},
        ], ONE, [], [RULE],
    ),
    "langgraph-supervisor": (
        [
            {"id": "r", "type": "CHAIN", "name": "supervisor", "input": {"messages": [
                {"role": "user", "content": LAST}]},
             "output": {"messages": [
                 {"content": LAST, "additional_kwargs": {}, "response_metadata": {}, "type": "human", "name": None,
                  "id": "m1", "example": False},
                 {"content": "", "additional_kwargs": {}, "type": "ai", "name": "orders", "id": "m2", "tool_calls": [
                     {"name": "lookup_order", "args": ORDER, "id": "c1", "type": "tool_call"}],
                  "invalid_tool_calls": []},
                 {"content": TEXT(FACTS), "type": "tool", "name": "lookup_order", "tool_call_id": "c1",
                  "artifact": None, "status": "success"},
                 {"content": ANSWER, "type": "ai", "name": "supervisor", "id": "m4", "tool_calls": []}]}},
            {"id": "n", "parent": "r", "type": "AGENT", "name": "orders"},
            TOOL | {"parent": "n", "input": str(ORDER), "output": TEXT({
                "type": "tool", "content": TEXT(FACTS), "tool_call_id": "c1", "name": "lookup_order"})},
        ], ONE, LOOKED, [],
    ),
    "langserve": (
        [{"id": "r", "type": "CHAIN", "name": "/rag", "input": {"input": {"question": LAST, "locale": "en"}, "config": {
            "configurable": {}}, "kwargs": {}}, "output": {"output": {"answer": ANSWER, "docs": [RULE]},
                                                           "metadata": {"run_id": "x"}}}], ONE, [], [RULE],
    ),
    "llamaindex-chat-engine": (
        [
            {"id": "r", "type": "CHAIN", "name": "CondensePlusContextChatEngine.chat",
             "input": {"message": LAST, "chat_history": [
                 {"role": "user", "additional_kwargs": {}, "blocks": [{"block_type": "text", "text": FIRST}]},
                 {"role": "assistant", "additional_kwargs": {}, "blocks": [{"block_type": "text", "text": HELLO}]}]},
             "output": {"response": ANSWER, "sources": [], "source_nodes": [], "is_dummy_stream": False}},
            {"parent": "r", "type": "RETRIEVER", "name": "VectorIndexRetriever._retrieve",
             "input": {"query_bundle": {"query_str": LAST, "image_path": None}}, "output": [
                 {"node": {"id_": "n1", "embedding": None, "metadata": {"file_name": "r.md"}, "text": RULE,
                           "class_name": "TextNode"}, "score": 0.83, "class_name": "NodeWithScore"}]},
        ], TWO, [], [RULE],
    ),
    "llamaindex-node-reprs": (
        [
            {"id": "r", "type": "CHAIN", "name": "query", "input": {"query": LAST}, "output": TEXT({
                "response": ANSWER, "metadata": {"n1": {"file": "r.md"}}})},
            {"parent": "r", "type": "RETRIEVER", "name": "retrieve", "input": LAST, "output":
             f"[NodeWithScore(node=TextNode(id_='n1', embedding=None, metadata={{}}, relationships={{"
             f"<NodeRelationship.SOURCE: '1'>: RelatedNodeInfo(node_id='d', node_type=<ObjectType.DOCUMENT: '4'>, "
             f"metadata={{}})}}, text={RULE!r}, start_char_idx=0), score=0.83)]"},
        ], ONE, [], [RULE],
    ),
    "llamaindex-nodes-unsaid": (
        [
            {"id": "r", "type": "CHAIN", "name": "RetrieverQueryEngine.query", "input": LAST, "output": ANSWER},
            {"parent": "r", "type": "RETRIEVER", "name": "SummaryIndexRetriever.retrieve", "input": LAST,
             "output": ["<NodeWithScore(node=TextNode(id_=c852f7df-074d), score=None)>"], "metadata": {
                 "attributes.retrieval.documents.0.document.id": "c852f7df-074d",
                 "attributes.retrieval.documents.0.document.content": RULE}},
            {"parent": "r", "type": "RETRIEVER", "name": "SummaryIndexRetriever._retrieve",
             "input": {"query_bundle": {"query_str": LAST, "embedding": None}},
             "output": ["<NodeWithScore(node=TextNode(id_=c852f7df-074d), score=None)>"]},
        ], ONE, [], [RULE],
    ),
    "haystack-wiring": (
        [
            {"id": "p", "type": "CHAIN", "name": "Pipeline.run", "input": {"data": {
                "retriever": {"query": LAST}, "prompt_builder": {"question": LAST}}}, "output": {"llm": {"replies": [
                    "ChatMessage(_role=<ChatRole.ASSISTANT: 'assistant'>, _content=[TextContent(text="
                    f"{ANSWER!r})], _name=None, _meta={{}})"]}}},
            {"parent": "p", "type": "RETRIEVER", "name": "InMemoryBM25Retriever.run", "input": {"query": LAST},
             "output": {"documents": [f"Document(id=1a2b, content: {RULE!r}, score: 0.9)"]}},
        ], ONE, [], [RULE],
    ),
    "haystack-agent": (
        [
            {"id": "p", "name": "haystack.pipeline.run", "input": {"agent": {"messages": [
                {"_role": role, "_content": [{"text": text}], "_name": None, "_meta": {}} for role, text in TURNS]}},
             "output": {"agent": {"messages": [
                 *({"role": role, "meta": {}, "name": None, "content": [{"text": text}]} for role, text in TURNS),
                 {"role": "assistant", "meta": {}, "name": None, "content": [{"tool_call": {
                     "tool_name": "lookup_order", "arguments": ORDER, "id": "c1"}}]},
                 {"role": "tool", "meta": {}, "name": None, "content": [{"tool_call_result": {
                     "result": TEXT(FACTS), "error": False, "origin": {
                         "tool_name": "lookup_order", "arguments": ORDER, "id": "c1"}}}]},
                 {"role": "assistant", "meta": {}, "name": None, "content": [{"text": ANSWER}]}],
                 "last_message": {"role": "assistant", "meta": {}, "name": None, "content": [{"text": ANSWER}]}}}},
        ], TWO, LOOKED, [],
    ),
    "haystack-span-retriever": (
        [
            {"id": "p", "name": "RAG", "input": {"text_embedder": {"text": LAST}, "prompt_builder": {"question": LAST}},
             "output": {"llm": {"replies": [ANSWER], "meta": [{"model": "gpt"}]}}},
            {"parent": "p", "name": "retriever", "input": {"query_embedding": [0.1, 0.2]}, "output": {"documents": [
                {"id": "d1", "content": RULE, "blob": None, "score": 0.4, "embedding": None, "meta": {}}]}},
            {"parent": "p", "type": "GENERATION", "name": "llm", "input": {"prompt": f"Given {RULE} answer: {LAST}"},
             "output": {"replies": [ANSWER]}},
        ], ONE, [], [RULE],
    ),
    "dspy-react": (
        [
            {"id": "m", "type": "CHAIN", "name": "ReAct.forward", "input": {"input_args": {"question": LAST}},
             "output": {
                "trajectory": {"thought_0": "Look.", "tool_name_0": "lookup_order", "tool_args_0": ORDER,
                               "observation_0": TEXT(FACTS)}, "reasoning": "It was delivered.", "answer": ANSWER}},
            {"parent": "m", "type": "TOOL", "name": "lookup_order.__call__", "input": {"kwargs": ORDER},
             "output": TEXT(FACTS)},
            {"parent": "m", "type": "TOOL", "name": "finish.__call__", "input": {"kwargs": {}}, "output": "Completed."},
        ], ONE, LOOKED, [],
    ),
    "crewai-no-inputs": (
        [
            {"id": "crew", "type": "CHAIN", "name": "Crew_2.kickoff", "output": ANSWER},
            {"id": "t", "parent": "crew", "type": "AGENT", "name": "Support Agent", "input": {
                "description": f"Answer this customer: {LAST}", "expected_output": "One short paragraph",
                "agent": "Support Agent", "context": ""}, "output": ANSWER},
        ], [f"Answer this customer: {LAST}"], [], [],
    ),
    "autogen-agentchat": (
        [
            {"id": "r", "type": "AGENT", "name": "AssistantAgent.on_messages", "input": {
                "messages": [{"id": "1", "source": "user", "models_usage": None, "metadata": {}, "content": LAST,
                              "type": "TextMessage"}], "cancellation_token": {}},
             "output": {"chat_message": {"id": "9", "source": "clerk", "models_usage": None, "metadata": {},
                                         "content": ANSWER, "type": "TextMessage"}, "inner_messages": [
                 {"source": "clerk", "type": "ToolCallRequestEvent", "content": [
                     {"id": "c1", "arguments": TEXT(ORDER), "name": "lookup_order"}]},
                 {"source": "clerk", "type": "ToolCallExecutionEvent", "content": [
                     {"content": TEXT(FACTS), "name": "lookup_order", "call_id": "c1", "is_error": False}]}]}},
        ], ONE, LOOKED, [],
    ),
    "autogen-stream": (
        [
            {"id": "r", "type": "AGENT", "name": "invoke_agent clerk", "metadata": {}},
            {"id": "s", "parent": "r", "type": "AGENT", "name": "clerk.on_messages_stream", "input": {
                "messages": [f"id='8f' source='user' models_usage=None metadata={{}} created_at=datetime.datetime("
                             f"2026, 11, 27, 12, 37, 43, 506325, tzinfo=datetime.timezone.utc) content={LAST!r} "
                             "type='TextMessage'"],
                "cancellation_token": "<autogen_core._cancellation_token.CancellationToken object at 0x7fe2>"}},
            TOOL | {"id": "t", "parent": "s", "name": "clerk.lookup_order", "metadata": {"tool.name": "lookup_order"}},
            {"parent": "t", "type": "TOOL", "name": "execute_tool lookup_order"},
            {"parent": "s", "type": "GENERATION", "name": "ChatCompletion", "input": {
                "messages": [{"role": "system", "content": SYSTEM}, {"role": "user", "content": LAST}]},
             "output": {"choices": [{"message": {"role": "assistant", "content": ANSWER}}]}},
        ], ONE, LOOKED, [],
    ),
    "cohere": (
        [
            {"type": "GENERATION", "name": "cohere.chat", "input": {
                "model": "command-r", "preamble": SYSTEM, "message": LAST, "chat_history": [
                    {"role": "USER", "message": FIRST}, {"role": "CHATBOT", "message": HELLO}],
                "documents": [{"title": "Rules", "snippet": RULE}]},
             "output": {"text": ANSWER, "generation_id": "g", "citations": [], "finish_reason": "COMPLETE"}},
        ], TWO, [], [RULE],
    ),
    "ollama": (
        [
            {"type": "GENERATION", "name": "ollama.chat", "input": {"model": "llama3.1", "messages": said(),
                                                                    "stream": False, "options": {}},
             "output": {"model": "llama3.1", "created_at": "2026-01-01T00:00:00Z", "done": True, "done_reason": "stop",
                        "message": {"role": "assistant", "content": ANSWER}, "total_duration": 9}},
        ], TWO, [], [],
    ),
    "livekit": (
        [
            {"id": "r", "name": "agent_session"},
            {"id": "t", "parent": "r", "name": "agent_turn", "input": LAST, "output": ANSWER},
            {"parent": "t", "type": "GENERATION", "name": "llm_request", "input": {"items": [
                {"id": "i1", "type": "message", "role": "system", "content": [SYSTEM], "interrupted": False},
                *turns(lambda role, text: {"id": "i", "type": "message", "role": role, "content": [text]}),
                {"id": "i5", "type": "function_call", "call_id": "c1", "arguments": TEXT(ORDER),
                 "name": "lookup_order"},
                {"id": "i6", "type": "function_call_output", "call_id": "c1", "name": "lookup_order",
                 "output": TEXT(FACTS), "is_error": False}]}, "output": ANSWER},
        ], TWO, LOOKED, [],
    ),
    "bedrock-invoke-agent": (
        [{"name": "InvokeAgent", "input": {"inputText": LAST, "agentId": "A1", "agentAliasId": "B1", "sessionId": "s",
                                           "enableTrace": True},
          "output": {"completion": ANSWER, "sessionId": "s", "contentType": "application/json"}}], ONE, [], [],
    ),
    "bedrock-titan": (
        [{"type": "GENERATION", "name": "InvokeModel", "input": TEXT({
            "inputText": f"User: {LAST}\nBot:", "textGenerationConfig": {"maxTokenCount": 99}}),
          "output": TEXT({"inputTextTokenCount": 9, "results": [
              {"tokenCount": 9, "outputText": ANSWER, "completionReason": "FINISH"}]})}],
        ONE, [], [],
    ),
    "chatml-template": (
        [{"type": "GENERATION", "name": "vllm", "input": "".join(
            f"<|im_start|>{role}\n{text}<|im_end|>\n" for role, text in (("system", SYSTEM), *TURNS))
            + "<|im_start|>assistant\n", "output": ANSWER + "<|im_end|>"}], TWO, [], [],
    ),
    "llama-template": (
        [{"type": "GENERATION", "name": "vllm", "input": "<|begin_of_text|>" + "".join(
            f"<|start_header_id|>{role}<|end_header_id|>\n\n{text}<|eot_id|>"
            for role, text in (("system", SYSTEM), *TURNS)) + "<|start_header_id|>assistant<|end_header_id|>\n\n",
          "output": {"choices": [{"index": 0, "text": ANSWER, "finish_reason": "stop"}]}}], TWO, [], [],
    ),
    "legacy-completion": (
        [{"type": "GENERATION", "name": "completion", "input": {"model": "claude-2", "prompt":
          f"{SYSTEM}\n\nHuman: {FIRST}\n\nAssistant: {HELLO}\n\nHuman: {LAST}\n\nAssistant:"},
          "output": {"completion": " " + ANSWER, "stop_reason": "stop_sequence"}}], TWO, [], [],
    ),
    "genkit": (
        [
            {"id": "r", "name": "supportFlow", "input": {"question": LAST}, "output": ANSWER},
            {"parent": "r", "type": "GENERATION", "name": "generate", "input": {"messages": turns(
                lambda role, text: {"role": role, "content": [{"text": text}]}, assistant="model"), "config": {},
                "tools": []},
             "output": {"message": {"role": "model", "content": [{"toolRequest": {
                 "name": "lookup_order", "ref": "c1", "input": ORDER}}]}, "finishReason": "stop", "usage": {}}},
            {"parent": "r", "type": "GENERATION", "name": "generate", "input": {"messages": [
                *turns(lambda role, text: {"role": role, "content": [{"text": text}]}, assistant="model"),
                {"role": "model", "content": [{"toolRequest": {"name": "lookup_order", "ref": "c1", "input": ORDER}}]},
                {"role": "tool", "content": [{"toolResponse": {"name": "lookup_order", "ref": "c1",
                                                               "output": FACTS}}]}]},
             "output": {"message": {"role": "model", "content": [{"text": ANSWER}]}, "finishReason": "stop"}},
        ], TWO, LOOKED, [],
    ),
    "claude-agent-sdk": (
        [
            {"id": "r", "type": "AGENT", "name": "claude.conversation", "input": {"prompt": LAST, "options": {
                "system_prompt": SYSTEM, "allowed_tools": ["mcp__shop__lookup_order"], "max_turns": 5}},
             "output": {"type": "result", "subtype": "success", "is_error": False, "num_turns": 2, "result": ANSWER,
                        "session_id": "s", "total_cost_usd": 0.01, "usage": {}}},
            {"parent": "r", "type": "GENERATION", "name": "claude.assistant.turn", "input": [
                {"role": "user", "content": LAST}], "output": [{"role": "assistant", "content": [
                    {"type": "tool_use", "id": "t1", "name": "mcp__shop__lookup_order", "input": ORDER}]}]},
            TOOL | {"parent": "r", "name": "mcp__shop__lookup_order", "output": {"content": [
                {"type": "text", "text": TEXT(FACTS)}]}},
            {"parent": "r", "type": "GENERATION", "name": "claude.assistant.turn", "input": [
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": [
                    {"type": "text", "text": TEXT(FACTS)}]}]}],
             "output": [{"role": "assistant", "content": [{"type": "text", "text": ANSWER}]}]},
        ], ONE, [("mcp__shop__lookup_order", ORDER)], [],
    ),
    "openai-responses-root": (
        [
            {"type": "GENERATION", "name": "OpenAI-generation", "input": [
                {"role": "developer", "content": SYSTEM}, {"role": "user", "content": [
                    {"type": "input_text", "text": LAST},
                    {"type": "input_image", "image_url": "data:image/png;base64,x"}]}],
             "output": {"id": "resp_1", "object": "response", "status": "completed", "output_text": ANSWER, "output": [
                 {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {
                     "type": "search", "query": "lamp"}},
                 {"type": "message", "role": "assistant", "id": "msg_1", "content": [
                     {"type": "output_text", "text": ANSWER, "annotations": []}]}]}},
        ], ONE, [("web_search", {"action": {"type": "search", "query": "lamp"}})], [],
    ),
    "typescript-observation": (
        [
            {"id": "r", "name": "handle-chat-message", "input": {"inputText": LAST, "userId": "u-1"},
             "output": {"result": {"text": ANSWER, "toolCalls": []}}},
            {"parent": "r", "type": "GENERATION", "name": "OpenAI-generation", "input": {
                "model": "gpt-4o", "messages": [{"role": "user", "content": LAST}]},
             "output": {"content": ANSWER, "role": "assistant", "refusal": None}},
        ], ONE, [], [],
    ),
    "xml-chat-history": (
        [{"name": "kernel function", "input": "<chat_history>" + "".join(
            f'<message role="{role}"><text>{text}</text></message>' for role, text in TURNS) + "</chat_history>",
          "output": ANSWER}], TWO, [], [],
    ),
    "mlflow-predict": (
        [{"name": "predict", "input": {"model_input": {"messages": turns(
            lambda role, text: {"role": role, "content": text})}, "context": None},
          "output": {"choices": [{"message": {"role": "assistant", "content": ANSWER}}]}}], TWO, [], [],
    ),
    "conversation-list-own-words": (
        [{"name": "bot", "input": {"conversation": [
            {"speaker": "customer", "text": FIRST}, {"speaker": "agent", "text": HELLO},
            {"speaker": "customer", "text": LAST}], "channel": "web"}, "output": {"next_message": ANSWER}}],
        TWO, [], [],
    ),
    "sender-messages": (
        [{"name": "bot", "input": {"thread": [
            {"sender": "user", "body": FIRST, "at": "10:00"}, {"sender": "bot", "body": HELLO, "at": "10:01"},
            {"sender": "user", "body": LAST, "at": "10:02"}]}, "output": {"text": ANSWER, "intent": "refund"}}],
        TWO, [], [],
    ),
    "spring-ai-to-string": (
        [{"type": "GENERATION", "name": "chat gpt-4o", "input": "[" + ", ".join([
            f"SystemMessage{{textContent='{SYSTEM}', messageType=SYSTEM, metadata={{messageType=SYSTEM}}}}",
            f"UserMessage{{content='{LAST}', properties={{messageType=USER}}, messageType=USER}}"]) + "]",
          "output": ANSWER}], ONE, [], [],
    ),
    "openai-realtime": (
        [{"type": "GENERATION", "name": "realtime", "input": [
            {"type": "message", "role": "user", "content": [{"type": "input_audio", "transcript": FIRST}]},
            {"type": "message", "role": "assistant", "content": [{"type": "audio", "transcript": HELLO}]},
            {"type": "message", "role": "user", "content": [{"type": "input_audio", "transcript": LAST}]}],
          "output": {"type": "response.done", "response": {"object": "realtime.response", "status": "completed",
            "output": [{"type": "message", "role": "assistant", "content": [
                {"type": "audio", "transcript": ANSWER}]}]}}}], TWO, [], [],
    ),
    "openai-image-part": (
        [{"type": "GENERATION", "name": "vision", "input": {"messages": [
            {"role": "system", "content": SYSTEM},
            {"role": "user", "content": [
                {"type": "text", "text": LAST},
                {"type": "image_url", "image_url": {"url": "https://shop.example/lamp.png", "detail": "low"}}]}]},
          "output": {"role": "assistant", "content": ANSWER}}], ONE, [], [],
    ),
    "openai-stream-chunks": (
        [{"type": "GENERATION", "name": "OpenAI-generation", "input": said(), "output": [
            {"object": "chat.completion.chunk", "choices": [{"delta": {"role": "assistant", "content": ""}}]},
            *({"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": piece}}]}
              for piece in (ANSWER[:20], ANSWER[20:])),
            {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}]}],
        TWO, [], [],
    ),
    "anthropic-stream-events": (
        [{"type": "GENERATION", "name": "messages.stream", "input": {"system": SYSTEM, "messages": turns(
            lambda role, text: {"role": role, "content": text})}, "output": [
            {"type": "message_start", "message": {"role": "assistant", "content": []}},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            *({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
              for piece in (ANSWER[:20], ANSWER[20:])),
            {"type": "content_block_stop", "index": 0}, {"type": "message_stop"}]}], TWO, [], [],
    ),
    "openai-batch-line": (
        [{"name": "batch", "input": {"custom_id": "r-1", "method": "POST", "url": "/v1/chat/completions", "body": {
            "model": "gpt-4o", "messages": said()}},
          "output": {"id": "b-1", "custom_id": "r-1", "error": None, "response": {"status_code": 200, "body": {
              "choices": [{"index": 0, "message": {"role": "assistant", "content": ANSWER}}]}}}}], TWO, [], [],
    ),
    "german-keys": ([{"name": "auskunft", "input": {"frage": LAST, "sprache": "de"},
                      "output": {"antwort": ANSWER, "quelle": "faq"}}], ONE, [], []),
    "spanish-keys": ([{"name": "q", "input": {"pregunta": LAST, "idioma": "es"},
                       "output": {"respuesta": ANSWER, "confianza": 0.8}}], ONE, [], []),
    "chinese-keys": ([{"name": "客服", "input": {"问题": LAST, "语言": "zh"},
                       "output": {"回答": ANSWER, "来源": "faq"}}], ONE, [], []),
    "call-transcript": (
        [{"name": "voice-turn", "input": {"call_id": "c-1", "transcript": f"User: {FIRST}\nAI: {HELLO}\nUser: {LAST}"},
          "output": {"text": ANSWER, "end_call": False}}], TWO, [], [],
    ),
    "diarized-segments": (
        [{"name": "call", "input": {"segments": [
            {"speaker": "caller", "start": 0.0, "end": 2.1, "text": FIRST},
            {"speaker": "agent", "start": 2.4, "end": 3.0, "text": HELLO},
            {"speaker": "caller", "start": 3.2, "end": 5.0, "text": LAST}]}, "output": {"reply": ANSWER}}], TWO, [], [],
    ),
    "rasa": ([{"name": "handle_message", "input": {"sender": "u-1", "message": LAST, "metadata": {}},
               "output": [{"recipient_id": "u-1", "text": ANSWER}]}], ONE, [], []),
    "dialogflow": (
        [{"name": "detectIntent", "input": {"session": "projects/p/sessions/1", "queryInput": {
            "text": {"text": LAST, "languageCode": "en"}}},
          "output": {"responseId": "x", "queryResult": {"queryText": LAST, "fulfillmentText": ANSWER,
                                                        "intentDetectionConfidence": 0.7}}}], ONE, [], [],
    ),
    "ollama-generate": (
        [{"type": "GENERATION", "name": "generate", "input": {
            "model": "llama3", "system": SYSTEM, "prompt": LAST, "stream": False},
          "output": {"model": "llama3", "response": ANSWER, "done": True, "context": [1, 2]}}], ONE, [], [],
    ),
    "text-generation-inference": (
        [{"type": "GENERATION", "name": "tgi", "input": {"inputs": LAST, "parameters": {"max_new_tokens": 99}},
          "output": [{"generated_text": ANSWER}]}], ONE, [], [],
    ),
    "observe-dataclass": (
        [{"name": "ask", "input": {"args": [{"text": LAST, "customer_id": "c-1", "locale": "en"}], "kwargs": {}},
          "output": {"text": ANSWER, "confidence": 0.9, "sources": []}}], ONE, [], [],
    ),
    "mcp-tool-result": (
        [{"id": "agent", "type": "AGENT", "name": "support", "input": LAST, "output": ANSWER},
         TOOL | {"name": "tools/call lookup_order", "input": {"name": "lookup_order", "arguments": ORDER},
                 "output": {"content": [{"type": "text", "text": TEXT(FACTS)}], "isError": False}}], ONE, LOOKED, [],
    ),
    "nested-agents": (
        [{"id": "agent", "type": "AGENT", "name": "front", "input": LAST, "output": ANSWER},
         {"id": "below", "parent": "agent", "type": "AGENT", "name": "orders", "input": {"task": "Look the order up."},
          "output": "It was delivered."},
         {"parent": "below", "type": "GENERATION", "name": "llm", "input": [
             {"role": "system", "content": "You look up orders."}, {"role": "user", "content": "Look the order up."}],
          "output": {"role": "assistant", "content": None, "tool_calls": [CALL]}},
         TOOL | {"parent": "below"}], ONE, LOOKED, [],
    ),
    "openai-assistants": (
        [{"name": "run", "input": {"thread_id": "th_1", "messages": {"object": "list", "data": turns(
            lambda role, text: {"id": "m", "role": role, "content": [
                {"type": "text", "text": {"value": text, "annotations": []}}]})}},
          "output": {"object": "list", "data": [{"role": "assistant", "content": [
              {"type": "text", "text": {"value": ANSWER, "annotations": []}}]}]}}], TWO, [], [],
    ),
    "mail": (
        [{"name": "answer_mail", "input": {"email": {
            "subject": "A broken lamp", "from": "amara@shop.example", "body": LAST}},
          "output": {"reply": ANSWER, "action": "send"}}], ONE, [], [],
    ),
    "graphql": (
        [{"name": "POST /graphql", "input": {
            "operationName": "Ask", "query": "mutation Ask($question: String!) { ask(question: $question) { text } }",
            "variables": {"question": LAST}}, "output": {"data": {"ask": {"text": ANSWER}}}}], ONE, [], [],
    ),
    "whatsapp": (
        [{"name": "webhook", "input": {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [
            {"field": "messages", "value": {"messages": [
                {"from": "490000", "id": "w", "type": "text", "text": {"body": LAST}}]}}]}]},
          "output": {"messaging_product": "whatsapp", "to": "490000", "type": "text", "text": {"body": ANSWER}}}],
        ONE, [], [],
    ),
    "bot-framework": (
        [{"name": "on_turn", "input": {"activity": {
            "type": "message", "id": "1749-abc", "channelId": "msteams", "from": {"id": "29:1", "name": "Amara"},
            "conversation": {"conversationType": "personal", "id": "a:1"}, "recipient": {"id": "28:bot"},
            "textFormat": "plain", "locale": "en-US", "text": LAST, "channelData": {"tenant": {"id": "t"}}}},
          "output": {"activities": [{"type": "typing"}, {
              "type": "message", "from": {"id": "28:bot"}, "replyToId": "1749-abc", "text": ANSWER}]}}], ONE, [], [],
    ),
    "agent-to-agent": (
        [{"name": "message/send", "input": {"jsonrpc": "2.0", "id": "1", "method": "message/send", "params": {
            "message": {"role": "user", "messageId": "m1", "parts": [{"kind": "text", "text": LAST}]}}},
          "output": {"jsonrpc": "2.0", "id": "1", "result": {"id": "t1", "kind": "task", "contextId": "c1", "status": {
              "state": "completed"}, "artifacts": [{"artifactId": "a1", "parts": [{"kind": "text", "text": ANSWER}]}],
              "history": [{"role": "user", "messageId": "m1", "parts": [{"kind": "text", "text": LAST}]}]}}}],
        ONE, [], [],
    ),
    "ag-ui-events": (
        [{"name": "run", "input": {"threadId": "t", "runId": "r", "messages": [
            {"id": f"m{at}", "role": role, "content": text} for at, (role, text) in enumerate(TURNS)]},
          "output": [{"type": "RUN_STARTED", "threadId": "t"},
                     {"type": "TOOL_CALL_ARGS", "toolCallId": "c1", "delta": TEXT(ORDER)},
                     *({"type": "TEXT_MESSAGE_CONTENT", "messageId": "m", "delta": piece}
                       for piece in (ANSWER[:20], ANSWER[20:])), {"type": "RUN_FINISHED", "threadId": "t"}]}],
        TWO, [], [],
    ),
    "openai-responses-stream": (
        [{"type": "GENERATION", "name": "responses", "input": [{"role": "user", "content": LAST}], "output": [
            {"type": "response.created", "response": {"id": "resp_1", "output": []}},
            {"type": "response.reasoning_summary_text.delta", "delta": "Look first."},
            *({"type": "response.output_text.delta", "delta": piece} for piece in (ANSWER[:20], ANSWER[20:])),
            {"type": "response.output_text.done", "text": ANSWER}]}], ONE, [], [],
    ),
    "letta": (
        [{"name": "agents.messages.create", "input": {"agent_id": "agent-1", "messages": [
            {"role": "user", "content": [{"type": "text", "text": LAST}]}]}, "output": {"messages": [
                {"id": "1", "message_type": "reasoning_message", "reasoning": "Look up."},
                {"id": "1", "message_type": "tool_call_message", "tool_call": {
                    "name": "lookup_order", "arguments": TEXT(ORDER), "tool_call_id": "c1"}},
                {"id": "2", "message_type": "tool_return_message", "tool_return": TEXT(FACTS), "tool_call_id": "c1"},
                {"id": "3", "message_type": "assistant_message", "content": ANSWER}]}}], ONE, LOOKED, [],
    ),
    "openai-responses-own-tools": (
        [{"type": "GENERATION", "name": "responses", "input": [
            {"role": "user", "content": FIRST}, {"id": "ws_1", "type": "web_search_call", "action": {"query": "lamp"}},
            {"id": "m1", "type": "message", "role": "assistant", "content": [{"type": "output_text", "text": HELLO}]},
            {"role": "user", "content": LAST}], "output": [
            {"id": "l", "type": "mcp_list_tools", "tools": [{"name": "lookup_order", "input_schema": {}}]},
            {"id": "mcp_1", "type": "mcp_call", "name": "lookup_order", "arguments": TEXT(ORDER),
             "output": TEXT(FACTS)},
            {"id": "ci_1", "type": "code_interpreter_call", "code": "print(1)", "outputs": [{"logs": "1"}]},
            RESPONSES_ANSWER]}], TWO, [*LOOKED, ("code_interpreter", {"code": "print(1)"})], [],
    ),
    "anthropic-own-tools": (
        [{"type": "GENERATION", "name": "claude", "input": [{"role": "user", "content": [
            {"type": "search_result", "source": "kb/1", "content": [{"type": "text", "text": RULE}]},
            {"type": "some_kind_of_later", "body": {}}, {"type": "text", "text": LAST}]}],
          "output": {"role": "assistant", "content": [
              {"type": "server_tool_use", "id": "s1", "name": "bash_code_execution", "input": {"command": "ls"}},
              {"type": "bash_code_execution_tool_result", "tool_use_id": "s1", "content": {"stdout": "a"}},
              {"type": "text", "text": ANSWER}]}}], ONE, [("bash_code_execution", {"command": "ls"})], [],
    ),
    "gemini-code-execution": (
        [{"type": "GENERATION", "name": "gemini", "input": {"contents": [{"role": "user", "parts": [{"text": LAST}]}]},
          "output": {"candidates": [{"content": {"role": "model", "parts": [
              {"executableCode": {"language": "PYTHON", "code": "print(1)"}},
              {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}}, {"text": ANSWER}]}}]}}],
        ONE, [("executable_code", {"language": "PYTHON", "code": "print(1)"})], [],
    ),
    "otel-server-tools": (
        [{"type": "AGENT", "name": "invoke_agent lamp", "input": [{"role": "user", "parts": [
            {"type": "text", "content": LAST}, {"type": "uri", "modality": "image", "uri": "https://x.example/a.png"}]}],
          "output": [{"role": "assistant", "finish_reason": "stop", "parts": [
              {"type": "reasoning", "content": "Look."},
              {"type": "server_tool_call", "id": "s1", "name": "search", "server_tool_call": {"query": "lamp"}},
              {"type": "server_tool_call_response", "id": "s1", "server_tool_call_response": {"results": []}},
              {"type": "text", "content": ANSWER}]}]}], ONE, [("search", {"query": "lamp"})], [],
    ),
    "spoken-answer": (
        [{"type": "GENERATION", "name": "audio", "input": [{"role": "user", "content": LAST}],
          "output": {"role": "assistant", "content": None, "audio": {"id": "a1", "transcript": ANSWER}}}], ONE, [], [],
    ),
    "thoughts-in-tags": (
        [{"id": "r", "name": "ask", "input": {"question": LAST}, "output": f"Look first.\n</think>\n\n{ANSWER}"},
         {"parent": "r", "type": "GENERATION", "name": "qwen", "input": [{"role": "user", "content": LAST}],
          "output": {"role": "assistant", "content": f"<think>\nLook first.\n</think>\n\n{ANSWER}"}}], ONE, [], [],
    ),
    "spring-ai-prompt-texts": (
        [{"id": "r", "name": "spring_ai chat_client"},
         {"parent": "r", "type": "GENERATION", "name": "chat gpt-4o",
          "input": f'["{SYSTEM}\nBe "kind".", "{LAST}"]', "output": f'["{ANSWER}"]'}], ONE, [], [],
    ),
    "langgraph-resumed": (
        [{"type": "CHAIN", "name": "LangGraph", "input": "Command(resume={'approved': True})", "output": {"messages": [
            {"type": "human", "content": LAST}, {"type": "ai", "content": "", "tool_calls": [
                {"name": "lookup_order", "args": ORDER, "id": "c1", "type": "tool_call"}]},
            {"type": "tool", "content": TEXT(FACTS), "tool_call_id": "c1"}, {"type": "ai", "content": ANSWER}]}}],
        ONE, LOOKED, [],
    ),
    "group-chat": (
        [{"id": "r", "type": "AGENT", "name": "chat", "input": LAST, "output": ANSWER},
         {"parent": "r", "type": "GENERATION", "name": "llm", "input": [
             {"role": "user", "name": "customer", "content": LAST},
             {"role": "user", "name": "planner", "content": "Plan: look first."}],
          "output": {"role": "assistant", "content": ANSWER}}], ONE, [], [],
    ),
    "voice-session": (
        [{"id": "r", "name": "conversation"}, {"id": "t1", "parent": "r", "name": "turn"},
         {"parent": "t1", "type": "GENERATION", "name": "llm", "output": HELLO, "input": [
             {"role": "system", "content": SYSTEM}, {"role": "user", "content": FIRST}]},
         {"id": "t2", "parent": "r", "name": "turn"},
         {"parent": "t2", "type": "GENERATION", "name": "llm", "output": ANSWER, "input": [
             {"role": "system", "content": SYSTEM}, *turns(lambda role, text: {"role": role, "content": text})]},
         {"parent": "t2", "name": "tts", "input": ANSWER}], TWO, [], [],
    ),
    "openai-agents-handoff": (
        [{"id": "w", "type": "AGENT", "name": "Agent workflow"},
         {"id": "a", "parent": "w", "type": "AGENT", "name": "Triage"},
         {"parent": "a", "type": "GENERATION", "name": "response", "input": [{"role": "user", "content": LAST}],
          "output": {"output": [HANDED]}},
         {"parent": "a", "type": "TOOL", "name": "handoff to Refund agent", "input": "Triage",
          "output": "Refund agent"},
         {"id": "b", "parent": "w", "type": "AGENT", "name": "Refund agent"},
         {"parent": "b", "type": "GENERATION", "name": "response", "input": [{"role": "user", "content": LAST}, HANDED],
          "output": {"output": [RESPONSES_LOOP[1]]}},
         TOOL | {"parent": "b"},
         {"parent": "b", "type": "GENERATION", "name": "response", "input": [{"role": "user", "content": LAST}],
          "output": {"output": [RESPONSES_ANSWER]}}], ONE, [("transfer_to_refund_agent", {}), *LOOKED], [],
    ),
    "watson": (
        [{"name": "message", "input": {"input": {"message_type": "text", "text": LAST}, "context": {"user_id": "u1"}},
          "output": {"output": {"intents": [{"intent": "refund", "confidence": 0.9}], "generic": [
              {"response_type": "text", "text": ANSWER}]}, "context": {}}}], ONE, [], [],
    ),
    "alexa": (
        [{"name": "skill", "input": {"version": "1.0", "request": {"type": "IntentRequest", "intent": {
            "name": "Ask", "slots": {"query": {"name": "query", "value": LAST}}}}},
          "output": {"version": "1.0", "response": {"outputSpeech": {"type": "PlainText", "text": ANSWER}}}}],
        ONE, [], [],
    ),
    "strands-with-history": (
        [{"id": "r", "type": "AGENT", "name": "invoke_agent Strands Agents", "input": [
            {"role": "user", "content": TEXT([{"text": LAST}])}],
          "output": {"message": f"{ANSWER}\n", "finish_reason": "end_turn"}},
         {"parent": "r", "type": "GENERATION", "name": "chat", "input": [
             *turns(lambda role, text: {"role": role, "content": TEXT([{"text": text}])}),
             {"role": "assistant", "content": STRANDS_CALL}, {"role": "tool", "content": STRANDS_RESULT}]}],
        TWO, LOOKED, [],
    ),
    "haystack-with-tracer": (
        [{"name": "lamp rag", "input": {"retriever": {"query": LAST}, "prompt": {"question": LAST}}, "output": {
            "tracer": {"name": "lamp rag", "trace_id": "7ce8"}, "llm": {"replies": [
                {"role": "assistant", "meta": {}, "name": None, "content": [{"text": ANSWER}]}]}}}], ONE, [], [],
    ),
    "llamaindex-workflow": (
        [{"id": "r", "type": "CHAIN", "name": "FunctionAgent.run", "input": {
            "init_state": {"is_running": False}, "start_event": "AgentWorkflowStartEvent()", "tags": {}},
          "output": "StopEvent(result=AgentOutput(response=ChatMessage(role=<MessageRole.ASSISTANT: 'assistant'>, "
          f"additional_kwargs={{}}, blocks=[TextBlock(block_type='text', text='{ANSWER[:39]}..."},
         {"parent": "r", "type": "GENERATION", "name": "OpenAILike.astream_chat", "input": {"messages": [
             f"ChatMessage(role=<MessageRole.{role.upper()}: '{role}'>, additional_kwargs={{}}, "
             f"blocks=[TextBlock(block_type='text', text={text!r})])" for role, text in TURNS]},
          "output": "assistant: "},
         {"parent": "r", "type": "TOOL", "name": "lookup_order", "input": {"kwargs": ORDER}, "output": {
             "blocks": [{"text": TEXT(FACTS)}], "tool_name": "lookup_order", "raw_output": TEXT(FACTS)}},
         {"parent": "r", "type": "GENERATION", "name": "OpenAILike.astream_chat", "output": f"assistant: {ANSWER}"}],
        TWO, LOOKED, [],
    ),
}  # fmt: skip
