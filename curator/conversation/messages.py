"""Messages: one object, a list of them, or what a request or an answer wraps around them.

The forms, framework by framework: `forms.md` beside this file.
"""

from collections.abc import Sequence
from typing import Any

from curator.conversation import reprs
from curator.conversation.parts import (
    DEEPEST,
    Content,
    as_text,
    call_of,
    content_of,
    inner_of,
    opened,
    result_of,
    snake,
    spoken,
    tidied,
)
from curator.conversation.values import Message, Role, ToolCall, words
from curator.model.json import parse_text

ROLES: dict[str, Role] = {word: role for role, written in words("roles").items() for word in written}
"""A role as some framework writes it → the role."""
CONTENT, CALLS, AROUND, SYSTEM = words("messages").values()
HISTORY = frozenset({"chat_history", "history"})
CHOICE = frozenset({"message", "index", "finish_reason", "logprobs", "text", "type", "gen_ai.system", "event.name"})
"""Keys of an object that only wraps a message."""

PART_ROLES: dict[str, Role] = words("part_roles")


def messages_in(value: Any) -> tuple[Message, ...] | None:
    """The messages that a JSON value holds, in order; None when it is in no known form.

    Texts that are the Python reprs of message objects are read too. All or nothing: a list with one element that is no
    message is none.
    """
    found = _messages(tidied(value), 0)
    return tuple(found) if found else None


def last_user(messages: Sequence[Message]) -> Message | None:
    """The last thing that the user said."""
    return next((one for one in reversed(messages) if one.role == "user" and (one.text or one.media)), None)


def _messages(value: Any, depth: int) -> list[Message] | None:
    if depth > DEEPEST:
        return None
    if isinstance(value, str):
        text = value.strip()
        if text[:1] in ("[", "{"):
            parsed = parse_text(text)
            if not isinstance(parsed, str):
                return _messages(tidied(parsed), depth + 1)
        return reprs.messages(text)
    if isinstance(value, list):
        return _list(value, depth)
    if isinstance(value, dict):
        one = message_of(value, depth)
        return one if one is not None else _around(value, depth)
    return None


def _list(value: list[Any], depth: int) -> list[Message] | None:
    if len(value) == 1 and isinstance(value[0], (list, dict)) and (found := _messages(value[0], depth + 1)) is not None:
        return found
    if pair := _pair(value):
        return [pair]
    found = []
    for each in value:
        if isinstance(each, dict):
            more = message_of(each, depth + 1)
            if more is None and isinstance(each.get("update"), dict):
                more = _messages(each["update"], depth + 1)  # LangGraph's Command
            if more is None and isinstance(each.get("message"), dict):
                more = message_of(each["message"], depth + 1)  # a choice
            if (
                more is None
                and (content := content_of(each, depth + 1)) is not None
                and (content.calls or content.results)
            ):
                more = _split("assistant", content)
            if (
                more is None
                and (call := call_of(each)) is not None
                and set(map(snake, each)) & {"tool_call_id", "id", "function"}
            ):
                more = [Message(role="assistant", tool_calls=(call,))]  # Vercel's list of calls
            if more is None and {"id", "type"} <= each.keys() and "role" not in each and _content(each) is None:
                more = []  # items of OpenAI's such as `mcp_list_tools`: beside messages, they say nothing
        elif isinstance(each, list):
            pair = _pair(each)
            more = [pair] if pair else _list(each, depth + 1)
        else:
            more = reprs.messages(each) if isinstance(each, str) else None
        if more is None:
            return None
        found += more
    return found


def _pair(value: list[Any]) -> Message | None:
    """LangChain's `("user", "text")`."""
    if len(value) == 2 and all(isinstance(each, str) for each in value) and (role := ROLES.get(snake(value[0]))):
        return Message(role=role, text=value[1])
    return None


def message_of(value: dict[str, Any], depth: int = 0) -> list[Message] | None:
    """The messages that one message object stands for: none for what a model thought, several for a list of results."""
    if depth > DEEPEST:
        return None
    if isinstance(value.get("id"), list) and isinstance(value.get("kwargs"), dict):  # LangChain's `lc` form
        return message_of({"type": str(value["id"][-1]), **value["kwargs"]} | {"type": str(value["id"][-1])}, depth + 1)
    if isinstance(value.get("data"), dict) and snake(value.get("type", "")) in ROLES and "content" not in value:
        return message_of({"type": value["type"], **value["data"]}, depth + 1)
    if isinstance(inner := opened(value.get("message")), dict) and set(value) <= CHOICE:
        return message_of(inner, depth + 1)
    if value.get("kind") in ("request", "response") and isinstance(value.get("parts"), list):
        return _pydantic(value["parts"], depth)
    if isinstance(said := value.get("message_type"), str) and "type" not in value:  # Letta
        value = {"type": said.removesuffix("_message"), **value}
    kind = snake(value.get("type") or "")
    if "role" not in value and kind.endswith(("_call", "_call_output", "tool_return")):
        content = content_of(value, depth + 1)
        return None if content is None else _split("assistant", content)
    if "role" not in value and kind == "reasoning":
        return []
    if kind in ("tool_call_request_event", "tool_call_execution_event"):  # AutoGen's
        given = [each for each in value.get("content") or () if isinstance(each, dict)]
        if kind == "tool_call_request_event":
            return _split("assistant", Content(calls=[call for each in given if (call := call_of(each))]))
        return _split("tool", Content(results=[result_of(each) for each in given]))
    role = _role(value)
    if role is None:
        return None
    given = _content(value)
    if role == "tool" and isinstance(given, dict) and given.get("type") == "function":
        return []  # Langfuse's LangChain handler lists the tools' schemas as messages
    calls = next((found for key in CALLS if isinstance(found := opened(value.get(key)), list)), None) or []
    extra = value.get("additional_kwargs")
    if not calls and isinstance(extra, dict) and isinstance(extra.get("tool_calls"), list):
        calls = extra["tool_calls"]
    if isinstance(value.get("function_call"), dict):
        calls = [*calls, value["function_call"] | {"id": None}]
    if given is None and not calls and not any(key in value for key in (*CONTENT, *CALLS)):
        return None
    content = content_of(given, depth + 1)
    if role == "tool" and not (content and content.results):
        name = value.get("name") or value.get("tool_name")
        text = content.text if content is not None and not content.calls else as_text(given)
        call_id = next(
            (str(value[key]) for key in ("tool_call_id", "toolCallId", "tool_use_id", "call_id") if value.get(key)),
            None,
        )
        return [Message(role="tool", text=text, call_id=call_id, name=str(name) if name else None)]
    if content is None:
        content = Content(texts=[as_text(given)])
    for each in calls:
        call = call_of(each)
        if call is not None and not any(call.id is not None and call.id == known.id for known in content.calls):
            content.calls.append(call)
        if isinstance(each, dict) and each.get("state") == "result":  # Vercel's toolInvocations
            content.results.append(result_of(each))
    return _split(role, content, name=value.get("name") if isinstance(value.get("name"), str) else None)


def _role(value: dict[str, Any]) -> Role | None:
    said = next((value[key] for key in ("role", "_role") if value.get(key)), None)
    if isinstance(said, dict):
        said = said.get("value") or said.get("label") or said.get("Label")
    if said is not None:
        return ROLES.get(snake(str(said).rpartition(".")[2]))
    kind = snake(value.get("type") or "")
    if (
        kind in ROLES
        and kind not in ("tool_call", "tool_result", "tool_response", "function")
        and any(key in value for key in CONTENT)
    ):
        return ROLES[kind]
    speaker = next(
        (value[key] for key in ("source", "sender", "author", "from", "speaker") if isinstance(value.get(key), str)),
        None,
    )
    if speaker is not None and isinstance(_content(value), str):
        return ROLES.get(snake(speaker)) or ("assistant" if kind.endswith("message") else None)
    if isinstance(value.get("parts"), list) and set(value) <= {"parts", "finish_reason", "name"}:
        return "user"  # Google's contents may leave the role out
    return None


def _content(value: dict[str, Any]) -> Any:
    present = [value[key] for key in (*CONTENT, "value", "body") if value.get(key) not in (None, "", [])]
    if not present and isinstance(value.get("audio"), dict):
        return [{"type": "audio", **value["audio"]}]  # OpenAI: an answer that was spoken
    return present[0] if present else None


def _split(role: Role, content: Content, name: str | None = None) -> list[Message]:
    """A message, and a message of role tool for each result in it: results come after the calls that they answer."""
    results = [
        Message(
            role="tool",
            text=as_text(each.result) if each.result is not None else "",
            call_id=each.id,
            name=each.name or None,
        )
        for each in content.results
    ]
    said = bool(content.texts or content.calls or content.media) or not results
    text = spoken(content.text) if role == "assistant" else content.text
    own = [Message(role=role, text=text, tool_calls=tuple(content.calls), media=tuple(content.media), name=name)]
    if not said:
        return results
    return [*own, *results] if role == "assistant" else [*results, *own]


def _pydantic(parts: list[Any], depth: int) -> list[Message] | None:
    found: list[Message] = []
    for part in parts:
        role = PART_ROLES.get(snake(part.get("part_kind", ""))) if isinstance(part, dict) else None
        content = content_of(part, depth + 1) if role else None
        if role is None or content is None:
            return None
        more = _split(role, content) if content.texts or content.calls or content.results or content.media else []
        if more and found and found[-1].role == role == "assistant":
            before = found[-1]
            texts = "\n".join(filter(None, (before.text, more[0].text)))
            found[-1] = before.model_copy(update={"text": texts, "tool_calls": before.tool_calls + more[0].tool_calls})
        else:
            found += more
    return found


def _around(value: dict[str, Any], depth: int) -> list[Message] | None:
    found: list[Message] | None = None
    for key in AROUND:
        each = value.get(key)
        if isinstance(each, str) and key in HISTORY | {"prompt"}:
            # A history that was turned into text: reprs of messages, or LangChain's `Human: …\nAI: …`.
            said = reprs.messages(each.strip())
            each = opened(each) if said is None else [{"role": one.role, "content": one.text} for one in said]
        elif isinstance(each, str) and key != "contents":
            each = opened(each)
        if not isinstance(each, (list, dict, str)) or not each or (isinstance(each, str) and key != "contents"):
            continue
        if key in HISTORY and (pairs := turns_in(each)):
            found = pairs
        elif key == "content" and isinstance(each, list):
            content = content_of(each, depth + 1)
            found = None if content is None else _split("assistant", content)
        elif key == "contents" and (isinstance(each, str) or all(isinstance(one, str) for one in each)):
            found = [Message(role="user", text=each if isinstance(each, str) else "\n".join(each))]  # Google's
        elif key == "generations":
            found = _generations(each, depth)
        else:
            found = _messages(each, depth + 1)
            if found and key == "candidates":
                found = [one.model_copy(update={"role": "assistant"}) if one.role == "user" else one for one in found]
            if found and key in ("content",) and isinstance(each, dict) and "role" not in each:
                found = [one.model_copy(update={"role": "assistant"}) for one in found]
        if found:
            if key == "chat_message" and (before := _messages(value.get("inner_messages"), depth + 1)):
                found = [*before, *found]  # AutoGen's
            if key in HISTORY and (text := _plain_text(value)):
                found = [*found, Message(role="user", text=text)]
            break
    if not found and len(value) == 1 and isinstance(inner := next(iter(value.values())), dict):
        found = _messages(inner, depth + 1)  # a pipeline's component
    if not found and isinstance(value.get("input"), str) and any(key in value for key in SYSTEM):
        found = [Message(role="user", text=value["input"])]
    if not found and isinstance(value.get("prompt"), str) and any(key in value for key in SYSTEM):
        found = [Message(role="user", text=value["prompt"])]
    if not found:
        return None
    if not any(one.role == "system" for one in found) and (system := _system(value)):
        found = [Message(role="system", text=system), *found]
    return found


def turns_in(history: Any) -> list[Message]:
    """A history of turns instead of messages: `[["question", "answer"]]`, `[{inputs: {…}, outputs: {…}}]`."""
    found: list[Message] = []
    for turn in history if isinstance(history, list) else ():
        sides = [turn.get("inputs"), turn.get("outputs")] if isinstance(turn, dict) else turn
        if not isinstance(sides, list) or len(sides) != 2 or snake(sides[0]) in ROLES:
            return []
        for role, side in (("user", sides[0]), ("assistant", sides[1])):
            text = (
                next((each for each in side.values() if isinstance(each, str)), None)
                if isinstance(side, dict)
                else side
            )
            if not isinstance(text, str):
                return []
            found.append(Message(role=ROLES[role], text=text))
    return found


def _plain_text(value: dict[str, Any]) -> str | None:
    return next(
        (value[key] for key in words("texts")["questions"] if isinstance(value.get(key), str) and value[key]), None
    )


def _system(value: dict[str, Any]) -> str:
    config = inner_of(value, "config")
    for key in SYSTEM:
        given = value.get(key) or config.get(key)
        content = content_of(given) if given else None
        if content is not None and content.text:
            return content.text
    return ""


def _generations(value: Any, depth: int) -> list[Message] | None:
    """LangChain's LLMResult: `[[{text, message}]]`."""
    first = value[0] if isinstance(value, list) and value else None
    first = first[0] if isinstance(first, list) and first else first
    if not isinstance(first, dict):
        return None
    if isinstance(first.get("message"), dict):
        return message_of(first["message"], depth + 1)
    return [Message(role="assistant", text=str(first["text"]))] if first.get("text") else None


def with_results(messages: Sequence[Message]) -> tuple[ToolCall, ...]:
    """The tool calls of messages in order, each with its result: by id, else by name, else in order."""
    calls = [call for one in messages if one.role == "assistant" for call in one.tool_calls]
    for one in messages:
        if one.role != "tool":
            continue
        waiting = [at for at, call in enumerate(calls) if call.result is None]
        at = next((at for at in waiting if one.call_id and calls[at].id == one.call_id), None)
        if at is None and not (one.call_id and any(call.id for call in calls)):
            at = next((at for at in waiting if one.name is None or calls[at].name == one.name), None)
        if at is not None:
            calls[at] = calls[at].model_copy(update={"result": opened(one.text)})
    return tuple(calls)


__all__ = ["ROLES", "last_user", "message_of", "messages_in", "turns_in", "with_results"]
