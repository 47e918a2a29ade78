"""OTLP/HTTP trace exports, protobuf and JSON, gzip or plain, as plain spans."""

import gzip
import json
import math
import zlib
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Attributes = dict[str, Any]

IDS = ("traceId", "spanId", "parentSpanId")
ABSENT, NOT_AN_ID, NOT_A_LIST = "absent", "not_an_id", "not_an_array"


class BadExport(ValueError):
    """An export that Langfuse refuses; the message is its answer."""


@dataclass(frozen=True)
class Span:
    """One span with what it inherits from its resource and its scope. Ids are hexadecimal, times milliseconds."""

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    start_ms: int | None
    end_ms: int | None
    attributes: Attributes
    status_code: int = 0
    status_message: str = ""
    resource: Attributes = field(default_factory=dict)
    scope_name: str = ""
    scope_version: str = ""
    scope_attributes: Attributes = field(default_factory=dict)
    events: tuple[tuple[str, Attributes], ...] = ()
    """Name and attributes of each event, in order."""


def decode(body: bytes, content_type: str, encoding: str) -> list[Span]:
    """The spans of an export. Raises BadExport with Langfuse's own sentence."""
    if "gzip" in encoding:
        try:
            body = gzip.decompress(body)
        except (OSError, EOFError, zlib.error):
            raise BadExport("Failed to decompress request body") from None
    kind = content_type.lower()
    if "application/x-protobuf" in kind:
        return _from_protobuf(body)
    if "application/json" in kind:
        return _from_json(body)
    raise BadExport("Invalid content type")


# ── protobuf ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _from_protobuf(body: bytes) -> list[Span]:
    # Loading the protobuf classes takes longer than the rest of the sandbox; only an export pays for them.
    from google.protobuf.json_format import MessageToDict
    from google.protobuf.message import DecodeError
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    try:
        request = ExportTraceServiceRequest.FromString(body)
    except DecodeError:
        raise BadExport("Failed to parse OTel Protobuf Trace") from None
    resources = MessageToDict(request, use_integers_for_enums=True).get("resourceSpans", [])
    for resource in resources:
        for scope in resource.get("scopeSpans", ()):
            for span in scope.get("spans", ()):
                span |= {name: b64decode(span[name]).hex() for name in IDS if name in span}
    return _spans(_protobuf_values(resources))


def _protobuf_values(value: Any) -> Any:
    """What differs from the JSON form: a map is shown as JSON text, and bytes in hexadecimal digits."""
    if isinstance(value, list):
        return [_protobuf_values(one) for one in value]
    if not isinstance(value, dict):
        return value
    if isinstance(pairs := value.get("kvlistValue"), dict):
        return {"stringValue": json.dumps(_json_attributes(_protobuf_values(pairs.get("values"))), ensure_ascii=False)}
    if isinstance(data := value.get("bytesValue"), str):
        return {"stringValue": b64decode(data).hex()}
    return {name: _protobuf_values(one) for name, one in value.items()}


# ── JSON ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _from_json(body: bytes) -> list[Span]:
    try:
        resources = json.loads(body)["resourceSpans"]
    except (KeyError, TypeError):
        return []
    except (ValueError, RecursionError):
        raise BadExport("Failed to parse OTel JSON Trace") from None
    return _spans(resources) if isinstance(resources, list) else []


def _spans(resources: list[Any]) -> list[Span]:
    problems = _Problems()
    found = list(_walk(resources, problems))
    problems.refuse()
    return [_json_span(*one) for one in found]


def _walk(resources: list[Any], problems: "_Problems") -> Iterator[tuple[Attributes, Attributes, Attributes]]:
    for resource in map(_mapping, resources):
        about = _mapping(resource.get("resource"))
        problems.collection(about.get("attributes"), "resource.attributes")
        for scope in map(_mapping, problems.collection(resource.get("scopeSpans"), "scopeSpans")):
            library = _mapping(scope.get("scope"))
            problems.collection(library.get("attributes"), "scope.attributes")
            for span in map(_mapping, problems.collection(scope.get("spans"), "spans")):
                problems.check_span(span, str(library.get("name") or ""))
                yield about, library, span


def _mapping(value: Any) -> Attributes:
    """A JSON object; anything else counts as an empty one."""
    return value if isinstance(value, dict) else {}


def _json_span(resource: Attributes, scope: Attributes, span: Attributes) -> Span:
    status = _mapping(span.get("status"))
    code = str(status.get("code"))
    return Span(
        trace_id=_json_id(span["traceId"]),
        span_id=_json_id(span["spanId"]),
        parent_id=_json_id(span.get("parentSpanId") or ""),
        name=str(span.get("name") or ""),
        start_ms=_json_milliseconds(span.get("startTimeUnixNano")),
        end_ms=_json_milliseconds(span.get("endTimeUnixNano")),
        attributes=_json_attributes(span.get("attributes")),
        status_code=int(code) if code in ("0", "1", "2") else 0,
        status_message=str(status.get("message") or ""),
        resource=_json_attributes(resource.get("attributes")),
        scope_name=str(scope.get("name") or ""),
        scope_version=str(scope.get("version") or ""),
        scope_attributes=_json_attributes(scope.get("attributes")),
        events=tuple(
            (str(event.get("name") or ""), _json_attributes(event.get("attributes")))
            for event in map(_mapping, span.get("events") or [])
        ),
    )


def _json_id(value: Any) -> str:
    if isinstance(value, dict):
        value = value["data"]
    return bytes(value).hex() if isinstance(value, list) else str(value)


def _json_attributes(pairs: Any) -> Attributes:
    return {str(pair.get("key")): _json_value(_mapping(pair.get("value"))) for pair in map(_mapping, pairs or [])}


def _json_value(value: Attributes) -> Any:
    if "stringValue" in value:
        return value["stringValue"]
    if "doubleValue" in value:
        return _json_number(value["doubleValue"])
    if "boolValue" in value:
        return value["boolValue"]
    listed = _mapping(value.get("arrayValue")).get("values")
    if isinstance(listed, list):
        return [_json_value(_mapping(one)) for one in listed]
    if "intValue" in value:
        return _json_number(value["intValue"])
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _json_number(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return int(value)
    except ValueError:
        pass
    try:
        number = float(value)
    except ValueError:
        return value
    return number if math.isfinite(number) else value


def _json_milliseconds(value: Any) -> int | None:
    try:
        return int(value) // 1_000_000
    except (TypeError, ValueError):
        return None


class _Problems:
    """Counts what makes an export unusable; one bad span refuses the whole of it, as on Langfuse."""

    def __init__(self) -> None:
        self.spans = self.bad_spans = self.bad_lists = 0
        self.reasons: dict[str, None] = {}
        self.scopes: dict[str, None] = {}

    def check_span(self, span: Attributes, scope: str) -> None:
        """Check a span's ids and lists."""
        self.spans += 1
        wrong: dict[str, None] = {}
        for name in ("traceId", "spanId"):
            reason = _wrong_id(span.get(name))
            if reason:
                wrong[f"{name}:{reason}"] = None
        if span.get("parentSpanId") is not None and _wrong_id(span["parentSpanId"]):
            wrong[f"parentSpanId:{NOT_AN_ID}"] = None
        for name in ("attributes", "events"):
            if span.get(name) is not None and not isinstance(span[name], list):
                wrong[f"{name}:{NOT_A_LIST}"] = None
        if wrong:
            self.bad_spans += 1
            self.reasons |= wrong
            if scope:
                self.scopes[scope] = None

    def collection(self, value: Any, name: str) -> list[Any]:
        """A list that may be absent; anything else counts as a problem and is empty."""
        if value is None:
            return []
        if isinstance(value, list):
            return value
        self.bad_lists += 1
        self.reasons[f"{name}:{NOT_A_LIST}"] = None
        return []

    def refuse(self) -> None:
        """Raise BadExport if anything was wrong."""
        if not self.bad_spans and not self.bad_lists:
            return
        problems, hints = [], []
        if self.bad_spans:
            problems.append(f"{self.bad_spans} of {self.spans} span(s) cannot be processed")
        if self.bad_lists:
            problems.append(f"{self.bad_lists} resource- or scope-level field(s) are present but not arrays")
        if any(reason.endswith((f":{ABSENT}", f":{NOT_AN_ID}")) for reason in self.reasons):
            hints.append("traceId and spanId are required on every span, and each must be a string or a byte array.")
        if any(reason.endswith(f":{NOT_A_LIST}") for reason in self.reasons):
            hints.append(
                "scopeSpans, spans, attributes and events must all be arrays — OTLP attributes are a list of "
                "{key, value} entries, not a JSON object."
            )
        scopes = ", ".join(list(self.scopes)[:5]) or "unknown"
        raise BadExport(
            f"Invalid OTLP trace export: {'; '.join(problems)} ({', '.join(self.reasons)}). {' '.join(hints)} "
            "The entire export was rejected and no spans were ingested. "
            f"Instrumentation scopes: {scopes}. This endpoint accepts OpenTelemetry traces only — if you are "
            "exporting OpenTelemetry logs, point your log exporter elsewhere."
        )


def _wrong_id(value: Any) -> str | None:
    if value is None:
        return ABSENT
    if isinstance(value, dict) and value.get("type") == "Buffer":
        value = value.get("data")
    if isinstance(value, list):
        return None if all(type(byte) is int and 0 <= byte < 256 for byte in value) else NOT_AN_ID
    return None if isinstance(value, str | bytes) else NOT_AN_ID
