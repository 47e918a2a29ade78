"""The question in an input and the answer in an output that are no messages: plain texts, objects, function arguments.

The forms, framework by framework: `forms.md` beside this file.
"""

import re
from collections.abc import Iterable
from typing import Any

from curator.conversation import reprs
from curator.conversation.messages import messages_in, with_results
from curator.conversation.parts import DEEPEST, opened, snake, spoken
from curator.conversation.values import ToolCall, words
from curator.model.json import parse_text

QUESTIONS, WRAPPERS, ANSWERS = words("texts").values()
FINAL_TOOLS = frozenset({"final_answer", "final_result"})
"""Tools of smolagents and Pydantic AI by which a model gives its answer: their argument is the answer, no tool's work."""
BESIDE = re.compile(r"(?:^|_)(?:id|uuid|locale|lang|language|date|time|timestamp)$")
"""Keys that hold no question, even where theirs is the only text."""
SILENT_EVENT = re.compile(r"tool|argument|function|reason|think|_(?:start|done|stop|end|completed)$")
"""Events of a stream that hold nothing that is said, or all of it again."""
MANY = 40
"""Keys of an object that are looked at."""


def question_in(value: Any, depth: int = 0) -> str | None:
    """What was asked: the text itself, under a known key, or the only text (or sentence) there is.

    None: nobody can tell."""
    if depth > DEEPEST:
        return None
    if isinstance(value, str):
        inner = opened(value)
        if isinstance(inner, (dict, list)):
            return question_in(inner, depth + 1)
        shape = reprs.value_of(value)
        if shape is not None:
            return question_in(reprs.plain(shape), depth + 1)
        return value if value.strip() and not reprs.is_object(value) else None
    if isinstance(value, list):
        return _telling(value, depth)
    if not isinstance(value, dict):
        return None
    if isinstance(value.get("args"), list) and isinstance(kwargs := value.get("kwargs"), dict):
        # A keyword that says so, else the first argument that asks something, else whatever keyword does.
        return (
            _under_a_known_key(kwargs, depth + 1)
            or _telling(value["args"], depth + 1, first=True)
            or question_in(kwargs, depth + 1)
        )
    if (found := _under_a_known_key(value, depth)) is not None:
        return found
    return _telling((value[key] for key in list(value)[:MANY] if not BESIDE.search(snake(key))), depth)


def _under_a_known_key(value: dict[str, Any], depth: int) -> str | None:
    written = {snake(key): key for key in reversed(value)}
    for word in QUESTIONS:
        below = value.get(written.get(word, word))
        if below in (None, "", [], {}) or not (isinstance(below, (str, dict)) or word in WRAPPERS):
            continue
        if (found := question_in(below, depth + 1)) is not None:
            return found
    return None


def _telling(values: Iterable[Any], depth: int, *, first: bool = False) -> str | None:
    """The only text among the values, or the only one of several words; `first`: the first of several, too."""
    found = (question_in(one, depth + 1) for one in values if isinstance(one, (str, dict)))
    texts = list(dict.fromkeys(each for each in found if each is not None))
    for some in ([each for each in texts if " " in each.strip()], texts):
        if some and (first or len(some) == 1):
            return some[0]
    return None


def answer_in(value: Any, depth: int = 0) -> Any:
    """The answer in an output: the last message's text, a text under a known key, else the object itself; None: none."""
    if value is None or value in ("", [], {}) or depth > DEEPEST:
        return None
    if isinstance(value, str):
        return _answer_in_text(value, depth)
    if (messages := messages_in(value)) is not None:
        asked_at = max((at for at, one in enumerate(messages) if one.role == "user"), default=-1)
        said = [one for one in messages[asked_at + 1 :] if one.role == "assistant"]
        final = _final(tuple(call for one in said[-1:] for call in one.tool_calls))
        if said and said[-1].text:
            return final if final is not None else said[-1].text
        if final is not None:
            return final
        if said or isinstance(value, list):
            return None  # a model that only calls tools has not answered yet, and what the user says is no answer
    if isinstance(value, list):
        alone = answer_in(value[0], depth + 1) if len(value) == 1 and isinstance(value[0], dict) else None
        return alone if isinstance(alone, str) else _stream(value) or value
    if not isinstance(value, dict):
        return value
    written = {snake(key): key for key in reversed(value)}
    for word in ANSWERS:
        if (below := value.get(written.get(word, word))) not in (None, "", [], {}):
            if isinstance(below, list) and below and isinstance(below[0], str):
                below = below[0]
            found = answer_in(below, depth + 1)
            if isinstance(found, str):
                return found
    if len(value) == 1 or all(isinstance(below, dict) for below in value.values()):
        # Components by name, as Haystack's `{llm: {replies: […]}, tracer: {…}}`; or one key in any language.
        texts = [each for below in value.values() if isinstance(each := answer_in(below, depth + 1), str)]
        if len(texts) == 1:
            return texts[0]
    return value


def _answer_in_text(text: str, depth: int) -> Any:
    if reprs.is_object(text) or reprs.is_cut(text):
        return None  # the generator of a stream, recorded before it ran; the beginning of a repr
    text = spoken(text)
    inner = opened(text)
    if isinstance(inner, (dict, list)):
        return answer_in(inner, depth + 1)
    if (messages := messages_in(text)) is not None:
        return answer_in([_plain(one) for one in messages], depth + 1)
    text = reprs.TOKEN.sub("", text).strip()
    shape = reprs.value_of(text)
    if isinstance(shape, dict):
        found = answer_in(reprs.plain(shape), depth + 1)
        return found if isinstance(found, str) else text
    return text


def _plain(message: Any) -> dict[str, Any]:
    return {"role": message.role, "content": message.text}


def _final(calls: Iterable[ToolCall]) -> Any:
    """The argument of the tool by which a model gives its answer."""
    for call in calls:
        if call.name in FINAL_TOOLS:
            given = call.arguments
            values = list(given.values()) if isinstance(given, dict) else [given]
            return values[0] if len(values) == 1 else given
    return None


def _stream(chunks: list[Any]) -> str:
    """The text of a stream that was recorded chunk by chunk; empty when the chunks hold none."""
    if all(isinstance(each, str) for each in chunks):
        return "".join(chunks)
    texts = []
    for each in chunks:
        if not isinstance(each, dict):
            return ""
        if SILENT_EVENT.search(snake(each.get("type", "")).replace(".", "_")):
            continue
        choices = each.get("choices")
        first = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else each
        delta = first.get("delta", first)
        text = (
            delta
            if isinstance(delta, str)
            else delta.get("content", delta.get("text"))
            if isinstance(delta, dict)
            else None
        )
        if isinstance(text, str):
            texts.append(text)
    return "".join(texts)


def tool_calls_in(value: Any) -> tuple[ToolCall, ...] | None:
    """The tool calls that an output lists, as a task returns them (`tool_calls: [{name, arguments}]`) or in messages.

    None when the output says nothing about tools: no list of calls, no messages.
    """
    if isinstance(value, str):
        value = parse_text(value)
    if isinstance(value, dict) and isinstance(value.get("tool_calls"), list) and "role" not in value:
        value = [{"role": "assistant", "tool_calls": value["tool_calls"]}]
    messages = messages_in(value)
    return None if messages is None else with_results(messages)
