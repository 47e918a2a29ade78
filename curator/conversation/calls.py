"""The tool calls that were made for an answer, and their results: from messages, generations and the tools' own spans."""

import ast
import re
from collections.abc import Sequence
from typing import Any

from curator.conversation.messages import messages_in, with_results
from curator.conversation.parts import content_of, opened, snake
from curator.conversation.texts import FINAL_TOOLS, tool_calls_in
from curator.conversation.values import Message, ToolCall
from curator.conversation.view import SIDES, View, above, attributes
from curator.model.json import canonical
from curator.model.trace import Observation

WRAPPING = {"args", "kwargs", "inputs", "input_str", "tags", "metadata", "sanitize_inputs_outputs"}
"""Keys of a tool's input of which `kwargs` or `inputs` are the arguments."""
HANDOFF = re.compile(r"handoff to (.+)")
TOOL_NAME = re.compile(r"(?:^|[._])tool(?:[._]?call|\.definition)?[._]name$", re.IGNORECASE)
"""Span attributes that name a tool: `gen_ai.tool.name`, `ai.toolCall.name`, `lk.function_tool.name`."""


def calls_made(view: View, messages: Sequence[Message]) -> tuple[ToolCall, ...]:
    """The calls made for this answer: those after the question, those of every generation, those of TOOL observations."""
    start = next((at for at in range(len(messages) - 1, -1, -1) if messages[at].role == "user"), -1)
    calls = list(with_results(messages[start + 1 :]))
    own = tool_calls_in(view.value(view.top, "output"))
    if own and not calls and None in (view.messages(view.top, side) for side in SIDES):
        calls = list(own)
    by_generation: dict[str, list[ToolCall]] = {}
    every: list[ToolCall] = []
    for one in view.generations:
        said = view.messages(one, "output") or ()
        if any(each.role == "user" for each in said):
            said = ()  # the whole history again: its calls are not all new
        made = [call for each in said if each.role == "assistant" for call in each.tool_calls]
        by_generation[one.id] = made
        every += _beyond(made, [call for outer in above(view.parents, one) for call in by_generation.get(outer, ())])
    calls += _beyond(every, calls)
    worked: list[ToolCall] = []
    seen: dict[str, ToolCall] = {}
    for one in view.inside:
        named = one.type == "SPAN" and _named(one)
        if not (one.type == "TOOL" or named) or one.id == view.top.id:
            continue
        call = _observed(view, one)
        around = [seen[outer] for outer in above(view.parents, one) if outer in seen and seen[outer].name == call.name]
        if any(not call.arguments or call.arguments == each.arguments for each in around):
            continue  # the instrumented tool below a span around it
        seen[one.id] = call
        worked.append(call)
    calls = _filled(calls, worked)
    ends = FINAL_TOOLS | {call.name for call in calls if call.name == "finish" and not call.arguments}  # DSPy's ReAct
    return tuple(call for call in calls if call.name and snake(call.name).removesuffix("_tool") not in ends)


def _beyond(calls: Sequence[ToolCall], known: Sequence[ToolCall]) -> list[ToolCall]:
    """Those of the calls that are not among the known ones; each known one stands for one of them."""
    left = list(known)
    found = []
    for call in calls:
        same = next((each for each in left if _same(each, call)), None)
        if same is None:
            found.append(call)
        else:
            left.remove(same)
    return found


def _same(one: ToolCall, other: ToolCall) -> bool:
    if one.id is not None and other.id is not None:
        return one.id == other.id
    return _call_key(one) == _call_key(other)


def _call_key(call: ToolCall) -> str:
    return canonical([call.name, call.arguments])


def _filled(calls: list[ToolCall], worked: Sequence[ToolCall]) -> list[ToolCall]:
    """The calls with what the tools' own observations add: results, and calls that no message mentions."""
    free = list(range(len(calls)))
    for done in worked:
        at = next((at for at in free if _call_key(calls[at]) == _call_key(done)), None)
        if at is None:
            at = next(
                (
                    at
                    for at in free
                    if calls[at].name == done.name
                    and (done.arguments in (None, {}, "") or _held(calls[at].arguments, done.arguments))
                ),
                None,
            )
        if at is None and isinstance(done.arguments, dict) and done.arguments:
            # A span may bear the name of the tool's class or function: the same arguments are the same call.
            wanted = canonical(done.arguments)
            at = next((at for at in free if canonical(calls[at].arguments) == wanted and not calls[at].result), None)
        if at is None:
            calls.append(done)
            continue
        free.remove(at)
        if calls[at].result is None and done.result is not None:
            calls[at] = calls[at].model_copy(update={"result": done.result})
    return calls


def _held(arguments: Any, observed: Any) -> bool:
    """Whether an observation's input is the call's arguments with something of the framework around them."""
    return (
        isinstance(arguments, dict)
        and bool(arguments)
        and isinstance(observed, (dict, list))
        and all(canonical(value) in canonical(observed) for value in arguments.values())
    )


def _observed(view: View, one: Observation) -> ToolCall:
    given, result = view.value(one, "input"), opened(view.value(one, "output"))
    if HANDOFF.match(one.name or ""):  # its input and output are names of agents
        return ToolCall(name=_tool_name(one), arguments={})
    if isinstance(given, dict) and isinstance(given.get("kwargs"), dict) and set(given) <= WRAPPING:
        given = given["kwargs"] or given.get("inputs") or ({"args": given["args"]} if given.get("args") else {})
    elif (found := messages_in(given)) and len(found) == 1 and found[0].role == "tool":
        given = opened(found[0].text)  # events of OpenTelemetry
    elif (
        isinstance(given, dict)
        and isinstance(inner := given.get("input", given.get("arguments")), (dict, str))
        and set(given) <= {"input", "arguments", "name", "tool_call_id"}
    ):
        given = opened(inner)
    if isinstance(given, str):
        given = _literal(given)
    return ToolCall(name=_tool_name(one), arguments=given, result=_unwrapped(result))


def _named(one: Observation) -> str | None:
    found = (each for name, each in attributes(one).items() if TOOL_NAME.search(name))
    return next((each for each in found if isinstance(each, str) and each), None)


def _tool_name(one: Observation) -> str:
    """The tool's own name, as an instrumentation's attribute says it, else the span's without what stands before it."""
    if said := _named(one):
        return said
    if handed := HANDOFF.match(one.name or ""):
        return "transfer_to_" + re.sub(r"\W", "_", handed[1]).lower()  # as OpenAI's Agents SDK calls it elsewhere
    before = r"^(?:execute_tool|running tool:?|tool:|ai\.toolCall|tools/call) (?=\S)|\.(?:tool|__call__)$"
    return re.sub(before, "", one.name or "").strip("'")


def _literal(text: str) -> Any:
    """LangChain's handler writes a tool's arguments as a Python dict."""
    if text[:1] != "{":
        return text
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def _unwrapped(result: Any) -> Any:
    if isinstance(result, dict) and set(result) <= {"message", "id"} and isinstance(result.get("message"), str):
        content = content_of(result["message"])  # events of OpenTelemetry
        return opened(content.text) if content is not None else result
    if isinstance(result, dict) and {"raw_output", "tool_name"} <= result.keys():
        return opened(result["raw_output"])  # LlamaIndex
    found = messages_in(result)
    if found and len(found) == 1 and found[0].role == "tool":
        return opened(found[0].text)
    return result
