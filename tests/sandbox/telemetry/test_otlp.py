"""Traces over OTLP: from the real SDK, and hand-made exports."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langfuse import Langfuse, propagate_attributes
from langfuse.api import LangfuseAPI

from curator.sandbox.gate import Lag
from curator.sandbox.server import SandboxServer

PATH = "/otel/v1/traces"
ALL = "core,basic,time,io,metadata,model,usage,prompt,metrics,trace_context"
TRACE, SPAN = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174"


def test_a_trace_of_the_sdk_comes_back_whole(langfuse: Langfuse, api: LangfuseAPI) -> None:
    with (
        propagate_attributes(
            user_id="u-1",
            session_id="s-1",
            tags=["vip", "eu"],
            trace_name="checkout",
            version="v7",
            metadata={"shard": "1"},
        ),
        langfuse.start_as_current_observation(as_type="agent", name="root", input={"q": "where?"}) as root,
    ):
        with root.start_as_current_observation(as_type="tool", name="find", input={"id": 1}) as tool:
            tool.update(level="ERROR", status_message="denied", output="no")
        with root.start_as_current_observation(
            as_type="generation",
            name="llm",
            model="gpt-4o",
            model_parameters={"temperature": 0.1},
            usage_details={"input": 3, "output": 4},
            cost_details={"input": 0.5, "output": 0.25},
        ) as generation:
            generation.update(output={"role": "assistant", "content": "there"})
        root.update(output="there")
        root.score_trace(name="quality", value=0.4, comment="vague")
        trace_id = root.trace_id
    langfuse.flush()
    rows = {row.name: row for row in api.observations.get_many(trace_id=trace_id, fields=ALL).data}
    assert set(rows) == {"root", "find", "llm"}
    top = rows["root"]
    assert (top.type, top.is_root_observation, top.trace_name, top.tags) == ("AGENT", True, "checkout", ["vip", "eu"])
    assert (top.user_id, top.session_id, top.version) == ("u-1", "s-1", "v7")
    assert (top.input, top.output) == ('{"q": "where?"}', "there")
    assert (rows["find"].level, rows["find"].status_message) == ("ERROR", "denied")
    assert {row.parent_observation_id for name, row in rows.items() if name != "root"} == {top.id}
    llm = rows["llm"]
    assert (llm.type, llm.model, llm.model_parameters) == ("GENERATION", "gpt-4o", {"temperature": 0.1})
    assert (llm.usage_details, llm.cost_details) == (
        {"input": 3, "output": 4, "total": 7},
        {"input": 0.5, "output": 0.25, "total": 0.75},
    )
    assert llm.metadata is not None
    assert llm.metadata["shard"] == "1"
    assert llm.metadata["scope.name"] == "langfuse-sdk"
    (score,) = api.scores.get_many(trace_id=trace_id, fields="details,subject").data
    assert (score.name, score.value, score.comment) == ("quality", 0.4, "vague")


VALUES: list[tuple[Any, Any, Any]] = [
    # what is sent as input and metadata, the input that comes back, the metadata value that comes back
    ("hello", "hello", "hello"),
    ('{"a":1}', '{"a":1}', '{"a":1}'),
    ({"a": 1}, '{"a": 1}', {"a": 1}),
    ([1, "x"], '[1, "x"]', [1, "x"]),
    (5, "5", 5),
    ("5", "5", "5"),
    (1.0, "1.0", 1),
    (12345678901234567890, '"12345678901234567890"', "12345678901234567890"),
    ("", None, ""),
    ('"q"', '"q"', '"q"'),
    ("a\r\n\x00\x1bb", "a\r\n\x00\x1bb", "a\r\n\x00\x1bb"),
    ("日本 🙂", "日本 🙂", "日本 🙂"),
]


def test_values_come_back_as_they_do_from_a_real_server(langfuse: Langfuse, api: LangfuseAPI) -> None:
    traces = []
    for value, _, _ in VALUES:
        with langfuse.start_as_current_observation(name="io", input=value, output=value, metadata={"m": value}) as span:
            traces.append(span.trace_id)
    langfuse.flush()
    for trace_id, (_, text, parsed) in zip(traces, VALUES, strict=True):
        (row,) = api.observations.get_many(trace_id=trace_id, fields="io,metadata").data
        assert row.metadata is not None
        assert (row.input, row.output, row.metadata["m"]) == (text, text, parsed)
        assert type(row.metadata["m"]) is type(parsed)


def export(*spans: dict[str, Any], scope: str = "app", resource: dict[str, Any] | None = None) -> dict[str, Any]:
    about = {"attributes": attributes(resource or {"service.name": "shop"})}
    return {"resourceSpans": [{"resource": about, "scopeSpans": [{"scope": {"name": scope}, "spans": list(spans)}]}]}


def attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": {"stringValue": value}} for key, value in values.items()]


def span(**fields: Any) -> dict[str, Any]:
    times = {"startTimeUnixNano": "1793527200123456789", "endTimeUnixNano": "1793527201999999999"}
    return {"traceId": TRACE, "spanId": SPAN, "name": "work", **times, **fields}


def test_spans_of_other_instrumentations_are_understood_by_their_standard_names(web: httpx.Client) -> None:
    given = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "claude",
        "gen_ai.input.messages": '[{"role":"user"}]',
        "user.id": "u",
        "deployment.environment.name": "Langfuse-Prod",
        "color": "red",
    }
    counted = {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "12"}}
    body = export(span(attributes=[*attributes(given), counted], status={"code": 2, "message": "broke"}))
    assert web.post(PATH, json=body).status_code == 200
    (row,) = web.get("/v2/observations", params={"fields": ALL}).json()["data"]
    assert (row["id"], row["traceId"], row["type"], row["model"]) == (SPAN, TRACE, "GENERATION", "claude")
    assert (row["startTime"], row["latency"]) == ("2026-11-01T10:00:00.123Z", 1.876)
    assert (row["level"], row["statusMessage"]) == ("ERROR", "broke")
    assert (row["userId"], row["environment"], row["input"]) == ("u", "prod", '[{"role":"user"}]')
    assert row["usageDetails"] == {"input": 12, "total": 12}
    assert row["metadata"]["attributes.color"] == "red"
    assert row["metadata"]["resourceAttributes.service.name"] == "shop"


def test_gzip_and_a_second_delivery_of_the_same_span(web: httpx.Client) -> None:
    for name in ("first", "second"):
        packed = gzip.compress(json.dumps(export(span(name=name))).encode())
        headers = {"content-type": "application/json", "content-encoding": "gzip"}
        assert web.post(PATH, content=packed, headers=headers).status_code == 200
    assert [row["name"] for row in web.get("/v2/observations").json()["data"]] == ["second"]


@pytest.mark.parametrize(
    ("content", "headers", "message"),
    [
        (b"{}", {"content-type": "text/plain"}, "Invalid content type"),
        (b"{nope", {"content-type": "application/json"}, "Failed to parse OTel JSON Trace"),
        (b"\xff\xff\xff", {"content-type": "application/x-protobuf"}, "Failed to parse OTel Protobuf Trace"),
        (
            b"plain",
            {"content-type": "application/json", "content-encoding": "gzip"},
            "Failed to decompress request body",
        ),
    ],
)
def test_unreadable_exports(web: httpx.Client, content: bytes, headers: dict[str, str], message: str) -> None:
    answer = web.post(PATH, content=content, headers=headers)
    assert (answer.status_code, answer.json()) == (400, {"error": message})


def test_one_bad_span_refuses_the_whole_export(web: httpx.Client) -> None:
    good, lost = span(), span()
    del lost["spanId"]
    answer = web.post(PATH, json=export(good, lost))
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(
        "Invalid OTLP trace export: 1 of 2 span(s) cannot be processed (spanId:absent). traceId and spanId are required"
    )
    wrong = export(span(attributes={"a": 1}))
    assert "(attributes:not_an_array)" in web.post(PATH, json=wrong).json()["error"]
    assert web.get("/v2/observations").json()["data"] == []


def test_a_span_is_seen_only_after_the_lag(helpers: Any) -> None:
    moments = [datetime(2026, 11, 20, 12, tzinfo=UTC)]
    lag = Lag(observations=2)
    with SandboxServer(lag=lag, clock=lambda: moments[-1]) as server, helpers.client_of(server) as client:
        client.post(PATH, json=export(span()))
        moments.append(moments[0] + timedelta(seconds=1.9))
        assert client.get("/v2/observations").json()["data"] == []
        moments.append(moments[0] + timedelta(seconds=2))
        assert len(client.get("/v2/observations").json()["data"]) == 1


def test_an_empty_export_and_a_newer_protocol(web: httpx.Client) -> None:
    assert web.post(PATH, json={}).status_code == 200
    answer = web.post(PATH, json=export(span()), headers={"x-langfuse-ingestion-version": "5"})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith('Unsupported x-langfuse-ingestion-version: "5"')


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200))
def test_no_bytes_whatsoever_break_the_server(web: httpx.Client, content: bytes) -> None:
    answer = web.post(PATH, content=content, headers={"content-type": "application/x-protobuf"})
    assert answer.status_code in (200, 400)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["traceId", "spanId", "attributes", "key", "value", "stringValue", "intValue", "status", "name"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    extra=st.dictionaries(st.sampled_from(["attributes", "events", "status", "name", "traceId", "parentSpanId"]), JSON)
)
def test_no_span_whatsoever_breaks_the_server(web: httpx.Client, extra: dict[str, Any]) -> None:
    assert web.post(PATH, json=export(span(**extra))).status_code in (200, 400)
