"""POST /api/public/otel/v1/traces: spans as observations, as Langfuse 4.16.0 makes them of what SDK 5 writes.

Spans of other instrumentations get input and output from the first of the sources that Langfuse reads, in its order.
"""

import json
import re
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from curator.sandbox import observation_record
from curator.sandbox.issues import to_milliseconds
from curator.sandbox.observation_record import Row, trace_hash
from curator.sandbox.otlp import Attributes, BadExport, Span, decode
from curator.sandbox.score_body import normal_environment
from curator.sandbox.web import json_response, raw_body, store_of

OBSERVATION, TRACE, EXPERIMENT = "langfuse.observation", "langfuse.trace", "langfuse.experiment"

_READ = tomllib.loads(files("curator.sandbox").joinpath("otlp.toml").read_text(encoding="utf-8"))
TYPES: dict[str, dict[str, str]] = _READ["types"]
LEVELS = ("DEBUG", "DEFAULT", "WARNING", "ERROR")
TEXTS: dict[str, tuple[str, ...]] = {column: tuple(names) for column, names in _READ["texts"].items()}
"""Column → the attributes, of which the first that holds something fills it."""
ENVIRONMENTS, TAGS = tuple(_READ["environments"]), tuple(_READ["tags"])
SDK, GOOGLE, DIALECTS, DOTTED, CONVENTIONS, LIVEKIT, VERCEL = (
    [tuple(names) for names in _READ["contents"][name]]
    for name in ("sdk", "google", "dialects", "dotted", "conventions", "livekit", "vercel")
)
PAIRS = (*SDK, *GOOGLE, LIVEKIT[0], LIVEKIT[1], *DIALECTS, *DOTTED, *CONVENTIONS)
CONTENT = (*(name for pair in PAIRS for name in pair if "." in name), *VERCEL[0], *VERCEL[1])
"""Beginnings of attributes that hold content, so that it is not shown in the metadata once more."""
WHOLE = {name for pair in PAIRS for name in pair if "." not in name}
"""The same for whole names."""
STATUS_ERROR = 2
NEWEST_INGESTION = 4


def export_traces(request: Request) -> Response:
    """Store every span as an observation; an export is taken whole or refused whole."""
    headers = request.headers
    try:
        spans = decode(raw_body(request), headers.get("content-type", ""), headers.get("content-encoding", ""))
    except BadExport as problem:
        return json_response({"error": str(problem)}, 400)
    version = headers.get("x-langfuse-ingestion-version")
    if spans and version and not (version.isdecimal() and int(version) <= NEWEST_INGESTION):
        sentence = f'Unsupported x-langfuse-ingestion-version: "{version}". Maximum supported: "{NEWEST_INGESTION}".'
        return json_response({"error": sentence}, 400)
    store = store_of(request)
    now_ms = store.now_ms()
    lag_ms = int(request.app.state.settings.lag.observations * 1000)
    with store.write() as db:
        observation_record.insert(db, (to_record(span, now_ms, lag_ms) for span in spans))
    return json_response({})


def to_record(span: Span, now_ms: int, lag_ms: int) -> Row:
    """The record of a span that arrived at `now_ms` and is visible after the lag."""
    given = span.attributes
    kind = _type(given)
    start = span.start_ms if span.start_ms is not None else span.end_ms
    end = span.end_ms if span.end_ms is not None else span.start_ms
    start = now_ms if start is None else start
    input_, output = next(_contents(span), (None, None))
    record = observation_record.DEFAULTS | {column: _first(given, names) for column, names in TEXTS.items()}
    record |= {
        "trace_id": span.trace_id,
        "id": span.span_id,
        "trace_hash": trace_hash(span.trace_id),
        "start_ms": start,
        "end_ms": now_ms if end is None else end,
        "parent_id": span.parent_id,
        "is_app_root": int(_true(given.get("langfuse.internal.is_app_root"))),
        "type": kind,
        "name": _name(span),
        "level": _level(given, span.status_code),
        "status_message": _text(given.get(f"{OBSERVATION}.status_message", span.status_message)),
        "version": _text(given.get("langfuse.version", span.resource.get("service.version"))),
        "environment": _environment(given, span.resource),
        "public": int(_true(given.get(f"{TRACE}.public", given.get("langfuse.public")))),
        "completion_start_ms": _completion_start(given.get(f"{OBSERVATION}.completion_start_time")),
        "created_ms": now_ms,
        "updated_ms": now_ms,
        "visible_ms": now_ms + lag_ms,
        "release": _text(given.get("langfuse.release", span.resource.get("langfuse.release"))),
        "tags": json.dumps(_tags(_first_of(given, TAGS)), ensure_ascii=False),
        "model_parameters": json.dumps(_model_parameters(given), ensure_ascii=False),
        "usage_details": json.dumps(_usage(given)),
        "cost_details": json.dumps(_cost(given)),
        "metadata": json.dumps(_metadata(span), ensure_ascii=False),
        "input": _text(input_),
        "output": _text(output),
    }
    if kind == "GENERATION":
        record["prompt_name"] = _text(given.get(f"{OBSERVATION}.prompt.name"))
        record["prompt_version"] = _whole(given.get(f"{OBSERVATION}.prompt.version"))
    return record | _experiment(given)


def _text(value: Any) -> str:
    """A text column: empty when absent, JSON when it is no text."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _first_of(given: Attributes, names: tuple[str, ...]) -> Any:
    return next((given[name] for name in names if given.get(name)), None)


def _name(span: Span) -> str:
    given = span.attributes
    if found := _first(given, ("gen_ai.tool.name", "logfire.msg", "ai.toolCall.name")):
        return found
    function, operation = _text(given.get("ai.telemetry.functionId")), _text(given.get("ai.operationId"))
    return f"{function}:{operation}" if function and operation else span.name


def _contents(span: Span) -> Iterator[tuple[Any, Any]]:
    """Input and output of each source that has one of them, in Langfuse's order."""
    given = span.attributes
    for found in (
        *((given.get(one), given.get(other)) for one, other in SDK),
        _of_vercel(given) if span.scope_name == "ai" else (None, None),
        _of_events(span),
        *((given.get(one), given.get(other)) for one, other in GOOGLE),
        (_first_of(given, LIVEKIT[0]), _first_of(given, LIVEKIT[1])),
        *((given.get(one), given.get(other)) for one, other in DIALECTS),
        *((_dotted(given, one), _dotted(given, other)) for one, other in DOTTED),
        *((given.get(one), given.get(other)) for one, other in CONVENTIONS),
    ):
        if any(each not in (None, "", []) for each in found):
            if found[0] is not None and found[0] == given.get("pydantic_ai.all_messages"):
                found = (_with_instructions(found[0], given), found[1])
            yield found


def _of_vercel(given: Attributes) -> tuple[Any, Any]:
    output = _first_of(given, VERCEL[1])
    if given.get("ai.response.text") and given.get("ai.response.toolCalls"):
        output = {"text": given["ai.response.text"], "toolCalls": _parsed(given["ai.response.toolCalls"])}
    return _first_of(given, VERCEL[0]), output


def _parsed(value: Any) -> Any:
    """What a JSON text says; anything else as it is."""
    try:
        return json.loads(value)
    except (TypeError, ValueError):
        return value


def _of_events(span: Span) -> tuple[Any, Any]:
    """Messages that are events of the span, as older instrumentations of OpenTelemetry write them."""
    asked: list[Any] = []
    answered: list[Any] = []
    for name, fields in span.events:
        message = re.fullmatch(r"gen_ai\.(system|user|assistant|tool)\.message", name)
        if message:
            asked.append({"role": message[1]} | fields)
        elif name == "gen_ai.choice":
            answered.append(fields)
        elif name in ("gen_ai.content.prompt", "gen_ai.content.completion"):
            kind = name.removeprefix("gen_ai.content.")
            (asked if kind == "prompt" else answered).append(fields.get(f"gen_ai.{kind}"))
        elif name == "gen_ai.client.inference.operation.details":
            return fields.get("gen_ai.input.messages"), fields.get("gen_ai.output.messages")
    return (asked or None, answered[0] if len(answered) == 1 else answered or None)


def _dotted(given: Attributes, prefix: str) -> Any:
    """`prefix.0.role`, `prefix.0.content`, … as a list of objects; what stands under the bare prefix as it is."""
    if given.get(prefix):
        return given[prefix]
    found: dict[int, Attributes] = {}
    for name, value in given.items():
        if match := re.fullmatch(rf"{re.escape(prefix)}\.(\d+)\.(.+)", name):
            found.setdefault(int(match[1]), {})[match[2].removeprefix("message.")] = value
    return [found[at] for at in sorted(found)] or None


def _with_instructions(messages: Any, given: Attributes) -> Any:
    """Pydantic AI keeps system instructions beside the messages; Langfuse puts them in front."""
    instructions = given.get("gen_ai.system_instructions")
    listed, parts = _parsed(messages), _parsed(instructions)
    if not instructions or not isinstance(messages, str) or not isinstance(listed, list):
        return messages
    parts = [{"type": "text", "content": parts}] if parts == instructions else parts
    return [{"role": "system", "parts": parts}, *listed]


def _first(given: Attributes, names: tuple[str, ...]) -> str:
    return next((_text(given[name]) for name in names if given.get(name)), "")


def _true(value: Any) -> bool:
    return value is True or value == "true"


def _whole(value: Any) -> int | None:
    try:
        return None if value is None else int(value)
    except (TypeError, ValueError):
        return None


def _type(given: Attributes) -> str:
    for name, words in TYPES.items():
        found = words.get(str(given.get(name)))
        if found:
            return found
    if given.get("gen_ai.tool.name") or given.get("gen_ai.tool.call.id"):
        return "TOOL"
    return "GENERATION" if _first(given, TEXTS["model"]) else "SPAN"


def _level(given: Attributes, status_code: int) -> str:
    named = str(given.get(f"{OBSERVATION}.level", "")).upper()
    if named in LEVELS:
        return named
    return "ERROR" if status_code == STATUS_ERROR else "DEFAULT"


def _environment(given: Attributes, resource: Attributes) -> str:
    for name in ENVIRONMENTS:
        value = given.get(name) or resource.get(name)
        if value:
            return normal_environment(str(value))
    return "default"


def _completion_start(value: Any) -> int | None:
    if not isinstance(value, str):
        return None
    moment = to_milliseconds(value)
    return to_milliseconds(_parsed(value)) if moment is None else moment  # SDKs write the time as a JSON text


def _tags(value: Any) -> list[str]:
    if isinstance(value, str) and value.strip().startswith("["):
        value = parsed if isinstance(parsed := _parsed(value), list) else [value]
    if isinstance(value, list):
        return [_text(tag) for tag in value]
    if not isinstance(value, str):
        return []
    return [tag.strip() for tag in value.split(",")] if "," in value else [value]


def _object(value: Any) -> Attributes:
    """A JSON object in a text, else nothing."""
    found = _parsed(value) if isinstance(value, str) else None
    return found if isinstance(found, dict) else {}


def _model_parameters(given: Attributes) -> Attributes:
    found = _object(given.get(f"{OBSERVATION}.model.parameters"))
    return {name: value if type(value) in (str, int, float) else _text(value) for name, value in found.items()}


def _numbers(found: Attributes) -> dict[str, float]:
    return {
        name: value for name, value in found.items() if isinstance(value, int | float) and not isinstance(value, bool)
    }


def _usage(given: Attributes) -> dict[str, float]:
    usage = _numbers(_object(given.get(f"{OBSERVATION}.usage_details")))
    if not usage:
        pairs = {"input": "gen_ai.usage.input_tokens", "output": "gen_ai.usage.output_tokens"}
        usage = _numbers({key: given.get(name) for key, name in pairs.items()})
    if usage and "total" not in usage:
        usage["total"] = sum(usage.values())
    return usage


def _cost(given: Attributes) -> dict[str, float]:
    cost = _numbers(_object(given.get(f"{OBSERVATION}.cost_details")))
    if cost and "total" not in cost and cost.keys() <= {"input", "output"}:
        cost["total"] = sum(cost.values())
    return cost


def _metadata(span: Span) -> dict[str, str]:
    """Names with raw values; the user's own come last and win."""
    scope = {"name": span.scope_name, "version": span.scope_version, "attributes": span.scope_attributes}
    found: Attributes = {
        "resourceAttributes": span.resource,
        "scope": {name: value for name, value in scope.items() if value},
    }
    if not span.scope_name.startswith("langfuse-sdk"):
        hidden = (*CONTENT, f"{OBSERVATION}.metadata", f"{TRACE}.metadata")
        found["attributes"] = {
            name: _text(value)
            for name, value in span.attributes.items()
            if not name.startswith(hidden) and name not in WHOLE
        }
    for prefix in (f"{OBSERVATION}.metadata", f"{TRACE}.metadata"):
        found |= _prefixed(span.attributes, prefix)
    return _flat(found)


def _prefixed(given: Attributes, prefix: str) -> Attributes:
    """`prefix` as a JSON object, and every `prefix.name` with its raw value."""
    start = f"{prefix}."
    named = {name.removeprefix(start): value for name, value in given.items() if name.startswith(start)}
    return _object(given.get(prefix)) | {name: value for name, value in named.items() if name}


def _flat(values: Attributes, prefix: str = "") -> dict[str, str]:
    """Nested objects as dotted names with texts."""
    found: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = _text(value)
    return found


def _experiment(given: Attributes) -> Row:
    version = given.get(f"{EXPERIMENT}.item.version")
    moment = to_milliseconds(version) if isinstance(version, str) and version else None
    item_metadata = _prefixed(given, f"{EXPERIMENT}.item.metadata")
    return {
        "experiment_metadata": json.dumps(_flat(_prefixed(given, f"{EXPERIMENT}.metadata")), ensure_ascii=False),
        "experiment_item_version": observation_record.iso(moment),
        "experiment_item_metadata": json.dumps(_flat(item_metadata), ensure_ascii=False),
    }


routes = [Route("/api/public/otel/v1/traces", export_traces, methods=["POST"])]
