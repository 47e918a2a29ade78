"""The parts of a message's content: text, tool calls, tool results, media.

The forms, framework by framework: `forms.md` beside this file.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from curator.conversation.values import Media, ToolCall, words
from curator.model.json import parse_text

TEXT, SILENT, CALL, RESULT, MEDIA = map(frozenset, words("parts").values())
CALLS, RESULTS = ("_call", "_tool_use"), ("_call_output", "_call_response", "_tool_result")
"""How the kinds end of the tools that a provider brings along: `web_search_call`, `bash_code_execution_tool_result`."""
NAMES, ARGUMENTS, IDS, WHERE = words("keys").values()
FLAT = re.compile(r"^message\.|\.\d+\.")
THOUGHT = re.compile(
    r"\A(?:.*?</think(?:ing)?>|\s*<reasoning>.*?</reasoning>|\s*<details type=\"reasoning\".*?</details>)\s*", re.DOTALL
)
"""What open models write before their answer; the template of some holds the opening tag already."""
DEEPEST = 40
"""Levels of nesting that are read; deeper is no message of any framework."""


@dataclass
class Content:
    """What a content holds, in order of kind."""

    texts: list[str] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    results: list[ToolCall] = field(default_factory=list)
    """`name` may be empty; `id` says which call it answers."""
    media: list[Media] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The texts as one."""
        return "\n".join(each for each in self.texts if each)

    def add(self, other: "Content") -> None:
        """Takes over what another content holds."""
        self.texts += other.texts
        self.calls += other.calls
        self.results += other.results
        self.media += other.media


def snake(word: object) -> str:
    """`toolUse`, `tool-use` and `TOOL_USE` are one word; `AIMessage` is `ai_message`."""
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", str(word))
    return text.replace("-", "_").lower()


def tidied(value: Any) -> Any:
    """Keys as other languages and flat attributes write them, in the one way that is read here.

    `{"tool_calls.0.name": …}` (OpenInference, OpenLLMetry) becomes nested; `Role`, `$type` (.NET) are `role`, `type`.
    """
    if isinstance(value, list):
        return [tidied(each) for each in value]
    if not isinstance(value, dict):
        return value
    if {"Role", "$type"} & value.keys():
        value = {snake(key.removeprefix("$")): each for key, each in value.items()}
    if not any(FLAT.search(key) for key in value):
        return {key: tidied(each) for key, each in value.items()}
    found: dict[str, Any] = {}
    for key, each in value.items():
        place, steps = found, key.removeprefix("message.").split(".") if FLAT.search(key) else [key]
        for step in steps[:-1]:
            place = place.setdefault(step, {})
            if not isinstance(place, dict):
                return value
        place[steps[-1]] = tidied(each)
    return _lists(found)


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {key: _lists(each) for key, each in value.items()}
    if inner and all(key.isdecimal() for key in inner):
        return [inner[key] for key in sorted(inner, key=int)]
    return inner


def content_of(value: Any, depth: int = 0) -> Content | None:
    """The content that a value is, None when it is none that is known."""
    if depth > DEEPEST:
        return None
    if value is None:
        return Content()
    if isinstance(value, str):
        return _inside(value, depth) or Content(texts=[value])
    if isinstance(value, dict):
        return _part(value, depth)
    if not isinstance(value, list):
        return Content(texts=[json.dumps(value)])
    found = Content()
    parts = [Content(texts=[each]) if isinstance(each, str) else content_of(each, depth + 1) for each in value]
    for each, part in zip(value, parts, strict=True):
        if part is None and (not isinstance(each, dict) or not _kind(each)[0] or not any(parts)):
            return None
        # A kind of part that is not known yet, among known ones, is no text and must not hide theirs.
        found.add(part or Content(media=[_media(_kind(each)[0], each)]))
    return found


def _inside(text: str, depth: int) -> Content | None:
    """Parts that were written as JSON text (Strands' events): only if every one says what it is."""
    if not text.startswith(('[{"', '{"')):
        return None
    value = parse_text(text)
    parts = value if isinstance(value, list) else [value]
    if not parts or not all(isinstance(each, dict) and _kind(each)[0] for each in parts):
        return None
    return content_of(parts, depth + 1)


def _kind(part: dict[str, Any]) -> tuple[str, Any]:
    """The kind of a part and its body; an empty kind when nothing says it."""
    for key in ("type", "part_kind", "block_type", "content_type"):
        if isinstance(part.get(key), str):
            kind = snake(part[key])
            if (short := kind.removesuffix("_content")) in TEXT | CALL | RESULT:
                kind = short  # .NET's `TextContent`
            if kind.startswith("tool_") and "toolCallId" in part and kind not in CALL | RESULT:
                return "tool_invocation", {"toolName": part[key].removeprefix("tool-"), **part}  # Vercel's UI parts
            if kind == "dynamic_tool":
                return "tool_invocation", part
            inner = part.get(part[key])
            return kind, inner if isinstance(inner, dict) and kind not in MEDIA else part
    if part.get("thought") is True:
        return "thought", part
    for key, body in part.items():
        word = snake(key)
        if word in CALL | RESULT | MEDIA | SILENT and isinstance(body, dict):
            return word, body
        if word == "message_content":
            return _kind(body) if isinstance(body, dict) else ("text", {"text": body})
    if isinstance(part.get("text"), str):
        return "text", part
    if "json" in part and len(part) == 1:
        return "json", part
    return "", part


def _part(part: dict[str, Any], depth: int) -> Content | None:
    kind, body = _kind(part)
    if kind in TEXT:
        text = next(
            (body[key] for key in ("text", "content", "refusal", "value", kind) if body.get(key) is not None), ""
        )
        if isinstance(text, dict) and isinstance(text.get("value"), str):  # Assistants API
            text = text["value"]
        return Content(texts=[text]) if isinstance(text, str) else content_of(text, depth + 1)
    if kind in SILENT:
        return Content()
    if kind == "tool_invocation":
        return _invocation(body)
    if kind in CALL or kind.endswith(CALLS):
        call = call_of(body) or call_of({**part, "arguments": body}) or _built_in(kind, body)
        given = next((body[key] for key in ("output", "outputs", "results") if body.get(key) is not None), None)
        return None if call is None else Content(calls=[call.model_copy(update={"result": opened(given)})])
    if kind in RESULT or kind.endswith(RESULTS):
        return Content(results=[result_of(body, depth)])
    if kind in MEDIA and isinstance(said := body.get("transcript"), str) and said:
        return Content(texts=[said])  # OpenAI's realtime API: what was heard, or spoken
    if kind in MEDIA or kind.startswith(("image/", "audio/", "video/")):
        return Content(media=[_media(kind, body)])
    if kind == "json":
        return Content(texts=[json.dumps(part["json"], ensure_ascii=False)])
    if "parts" in part and set(part) <= {"parts", "role"}:
        return content_of(part["parts"], depth + 1)
    return None


def _built_in(kind: str, body: dict[str, Any]) -> ToolCall | None:
    """The call of a provider's own tool, which bears no name but its kind: `{type: web_search_call, action: {…}}`."""
    given = {key: each for key, each in body.items() if key not in ("id", "type", "status", "results", "outputs")}
    own = kind == "executable_code" or (kind.endswith(CALLS) and kind not in CALL)
    return ToolCall(name=kind.removesuffix("_call"), arguments=given, id=_call_id(body)) if own else None


def _invocation(body: dict[str, Any]) -> Content:
    inner = inner_of(body, "toolInvocation") or body
    call = call_of(inner) or ToolCall(name="")
    if any(key in inner for key in ("result", "output")):
        return Content(calls=[call], results=[result_of(inner)])
    return Content(calls=[call])


def inner_of(body: dict[str, Any], key: str) -> dict[str, Any]:
    """The object under a key; an empty one when there is none."""
    found = body.get(key)
    return found if isinstance(found, dict) else {}


def call_of(body: object) -> ToolCall | None:
    """A tool call in any of the forms, None when no name says which tool."""
    if not isinstance(body, dict):
        return None
    if isinstance(body.get("tool_call"), dict):  # OpenInference
        return call_of(body["tool_call"])
    both = {**body, **inner_of(body, "function")}
    name = next((both[key] for key in NAMES if isinstance(both.get(key), str)), None)
    if not name or (not any(key in both for key in ARGUMENTS) and "id" not in both and "toolCallId" not in both):
        return None
    if (
        isinstance(both.get("parameters"), dict)
        and both["parameters"].get("type") == "object"
        and "properties" in both["parameters"]
    ):
        return None  # the schema of a tool, not a call
    given = next((both[key] for key in ARGUMENTS if both.get(key) is not None), None)
    return ToolCall(name=name, arguments=opened(given) if given != "" else {}, id=_call_id(both))


def result_of(body: dict[str, Any], depth: int = 0) -> ToolCall:
    """A tool's result: its value parsed, the name and id of its call where they are said."""
    origin = inner_of(body, "origin")
    value = next(
        (
            body[key]
            for key in ("output", "result", "response", "content", "tool_return", "error")
            if body.get(key) is not None
        ),
        None,
    )
    if isinstance(value, dict) and set(value) == {"type", "value"}:  # Vercel
        value = value["value"]
    elif isinstance(value, list):
        inner = content_of(value, depth + 1)
        value = value if inner is None or inner.calls or inner.media else inner.text
    name = next((place[key] for place in (body, origin) for key in NAMES if place.get(key)), "")
    return ToolCall(name=str(name), result=opened(value), id=_call_id(body) or _call_id(origin))


def _call_id(body: dict[str, Any]) -> str | None:
    return next((str(body[key]) for key in IDS if body.get(key)), None)


def _media(kind: str, body: dict[str, Any]) -> Media:
    where = ""
    for key in WHERE:
        found = body.get(key)
        if isinstance(found, dict):
            found = found.get("url") or found.get("uri") or found.get("file_id")
        if isinstance(found, str) and found and not found.startswith("data:") and len(found) <= 300:
            where = found
            break
    word = next((str(body[key]) for key in ("media_type", "mediaType", "mime_type", "mimeType") if body.get(key)), kind)
    return Media(kind=word, where=where)


def opened(value: Any) -> Any:
    """JSON text of an object or a list is what it holds; every other text stays text."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        found = parse_text(value)
        if isinstance(found, str) and value[:2] == '["' and value[-2:] == '"]':
            return value[2:-2].split('", "')  # Spring AI quotes its prompts and answers, and escapes nothing in them
        return found
    return value


def spoken(text: str) -> str:
    """What a model said, without the thoughts before it."""
    return THOUGHT.sub("", text)


def as_text(value: object) -> str:
    """A value as one text: itself, or its JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
