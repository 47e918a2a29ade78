"""Every way in which a server or a network fails has one name, one sentence and the documented exit code."""

import json
import socket
import struct
import time
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from curator import gateway as g
from curator.gateway import Gateway
from curator.model import Item
from curator.model.errors import CuratorError, ExitCode
from tests.gateway.servers import SECRET, Answering, connection_to, raw_server

ITEM = Item(id="i-1", dataset="d", input={"q": "Jane Doe"}, expected_output=None, metadata={})
HTML = "<!DOCTYPE html><html><title>404: This page could not be found</title></html>"
LEGACY = "v2 APIs are currently in beta and only available on Langfuse Cloud"
Call = Callable[[Gateway], object]


def read(gateway: Gateway) -> object:
    return gateway.item("i-1")


def listing(gateway: Gateway) -> object:
    return list(gateway.observations(trace_ids=["t"]))


def write(gateway: Gateway) -> object:
    return gateway.put_item(ITEM)


def caught(call: Call, base_url: str, *, timeout: float = 5, patience: float = 0) -> g.GatewayError:
    with Gateway(connection_to(base_url, timeout=timeout), patience=patience) as gateway:
        with pytest.raises(g.GatewayError) as error:
            call(gateway)
        assert gateway.requests >= 1
    shown = str(error.value)
    assert SECRET not in shown
    assert "pk-lf" not in shown
    assert "Jane" not in shown
    assert "secret words" not in shown
    assert "\n" not in shown
    assert error.value.message.endswith(".")
    assert error.value.code
    return error.value


@pytest.mark.parametrize(
    ("call", "status", "body", "kind", "exit_code"),
    [
        (read, 401, {"message": "Invalid credentials. secret words"}, g.Unauthorised, ExitCode.CONFIG),
        (read, 403, {"message": "Access denied secret words"}, g.Forbidden, ExitCode.CONFIG),
        (listing, 404, HTML, g.ServerTooOld, ExitCode.CONFIG),
        (listing, 404, {"message": LEGACY, "error": "LangfuseNotFoundError"}, g.ServerTooOld, ExitCode.CONFIG),
        (listing, 501, {"message": "secret words"}, g.ServerTooOld, ExitCode.CONFIG),
        (read, 404, HTML, g.BadAnswer, ExitCode.SERVER),
        (write, 404, {"message": "Dataset d not found for project P secret words"}, g.NotFound, ExitCode.NO),
        (write, 409, {"message": "Dataset item id i-1 already exists secret words"}, g.Conflict, ExitCode.NO),
        (write, 400, {"message": "validation failed, received secret words"}, g.Refused, ExitCode.NO),
        (write, 422, {"message": "no"}, g.Refused, ExitCode.NO),
        (write, 405, {"message": "Method not allowed"}, g.Refused, ExitCode.NO),
        (listing, 431, "", g.Refused, ExitCode.NO),
        (write, 413, "Body exceeded 4.5mb limit secret words", g.TooLarge, ExitCode.NO),
        (read, 429, {"message": "secret words"}, g.RateLimited, ExitCode.SERVER),
        (write, 429, "slow down", g.RateLimited, ExitCode.SERVER),
        (read, 408, "", g.ServerFailed, ExitCode.SERVER),
        (read, 500, {"message": "secret words"}, g.ServerFailed, ExitCode.SERVER),
        (write, 502, "<html>bad gateway</html>", g.ServerFailed, ExitCode.SERVER),
        (read, 503, "", g.ServerFailed, ExitCode.SERVER),
        (read, 200, "<html>sign in</html>", g.BadAnswer, ExitCode.SERVER),
        (read, 200, '{"id": "i-1", "sta', g.BadAnswer, ExitCode.SERVER),
        (read, 200, b"\xff\xfe{}", g.BadAnswer, ExitCode.SERVER),
        (read, 200, "[" * 100_000, g.BadAnswer, ExitCode.SERVER),
        (read, 200, "", g.BadAnswer, ExitCode.SERVER),
        (read, 200, "null", g.BadAnswer, ExitCode.SERVER),
        (read, 200, {"hello": "world"}, g.BadAnswer, ExitCode.SERVER),
        (write, 200, {"hello": "world"}, g.BadAnswer, ExitCode.SERVER),
        (listing, 200, {"hello": "world"}, g.BadAnswer, ExitCode.SERVER),
        (listing, 200, {"data": {}, "meta": {}}, g.BadAnswer, ExitCode.SERVER),
        (listing, 200, ["data"], g.BadAnswer, ExitCode.SERVER),
        (listing, 200, {"data": [], "meta": "x"}, g.BadAnswer, ExitCode.SERVER),
        (read, 418, "secret words", g.BadAnswer, ExitCode.SERVER),
    ],
)
def test_answers(
    answering: Answering, call: Call, status: int, body: object, kind: type[CuratorError], exit_code: ExitCode
) -> None:
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    answering.answer(status, text, content_type="application/json" if text[:1] in ("{", b"{") else "text/html")
    error = caught(call, answering.base_url)
    assert type(error) is kind
    assert error.exit_code == exit_code
    if not 200 <= status < 300:
        assert error.status == status
    if isinstance(body, dict) and "message" in body:
        assert error.server_message == body["message"]


def test_a_refusal_says_what_the_server_said_and_quotes_no_value(answering: Answering) -> None:
    issue = {"path": ["body", "inputSchema"], "message": "Must be a valid JSON\x1b[2J Schema, received 'Jane Doe'"}
    answering.answer(400, json.dumps({"message": "Invalid request data", "error": [issue]}))
    message = caught(write, answering.base_url).message
    assert "Invalid request data; body.inputSchema: Must be a valid JSON␛[2J Schema, received …." in message


def test_a_redirect_is_named_and_not_followed(answering: Answering) -> None:
    answering.answer(308, "", location="https://example.com/api")
    assert type(caught(write, answering.base_url)) is g.BadAnswer
    assert len(answering.requests) == 1


def test_refused_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = caught(read, f"http://127.0.0.1:{port}")
    assert type(error) is g.Unreachable
    assert error.exit_code == ExitCode.SERVER
    assert f"127.0.0.1:{port}: refused" in error.message


def test_unknown_host() -> None:
    assert type(caught(read, "http://no-such-host.invalid")) is g.Unreachable


def test_user_and_password_in_the_address_are_not_shown() -> None:
    error = caught(read, "http://admin:hunter2@no-such-host.invalid")
    assert "hunter2" not in str(error)
    assert "admin" not in str(error)


def test_tls_on_a_plain_port(answering: Answering) -> None:
    error = caught(read, answering.base_url.replace("http://", "https://"))
    assert type(error) is g.Unreachable
    assert "TLS" in error.message


def test_not_http() -> None:
    def talk(peer: socket.socket) -> None:
        peer.recv(65536)
        peer.sendall(b"220 mail.example.com ready\r\n\r\n")

    with raw_server(talk) as base_url:
        assert type(caught(read, base_url)) is g.BadAnswer


def hang_up(peer: socket.socket) -> None:
    peer.recv(65536)


def reset(peer: socket.socket) -> None:
    peer.recv(65536)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def stay_silent(peer: socket.socket) -> None:
    peer.recv(65536)
    time.sleep(1)


@pytest.mark.parametrize("talk", [hang_up, reset])
def test_a_lost_connection(talk: Callable[[socket.socket], None]) -> None:
    with raw_server(talk) as base_url:
        lost = caught(read, base_url)
        assert type(lost) is g.Unreachable
        assert lost.dropped
        unknown = caught(write, base_url)
        assert type(unknown) is g.NoAnswer
        assert unknown.exit_code == ExitCode.SERVER


def test_no_answer_in_time() -> None:
    with raw_server(stay_silent) as base_url:
        assert type(caught(read, base_url, timeout=0.2)) is g.Unreachable
        assert type(caught(write, base_url, timeout=0.2)) is g.NoAnswer


def test_a_body_cut_short(answering: Answering) -> None:
    answering.answer(200, '{"id": "i-1"', content_length="500")
    assert type(caught(read, answering.base_url)) is g.Unreachable
    assert type(caught(write, answering.base_url)) is g.NoAnswer


def test_what_cannot_be_sent_is_refused_before_sending(answering: Answering) -> None:
    answering.answer(200, "{}")
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    with Gateway(connection_to(answering.base_url)) as gateway:
        for value in (float("nan"), float("inf"), "\ud800", deep):
            item = ITEM.model_copy(update={"input": value})
            with pytest.raises(g.Refused):
                gateway.put_item(item)
        for name in ("", ".", "..", "\ud800"):
            with pytest.raises(g.Refused):
                gateway.item(name)
        assert gateway.requests == 0


def test_a_mistake_in_a_call_is_not_disguised(answering: Answering) -> None:
    answering.answer(200, "{}")
    with Gateway(connection_to(answering.base_url)) as gateway, pytest.raises(ValueError, match="at most one"):
        list(gateway.observations(trace_ids=["a"], session_ids=["b"]))


def test_server_older_than_4(answering: Answering) -> None:
    answering.answer(200, '{"status": "OK", "version": "3.180.0"}')
    error = caught(lambda gateway: gateway.health(), answering.base_url)
    assert type(error) is g.ServerTooOld
    assert "3.180.0" in error.message
    assert len(answering.requests) == 1


def test_retry_after_is_read(answering: Answering) -> None:
    answering.answer(429, "", retry_after="7")
    error = caught(write, answering.base_url)
    assert isinstance(error, g.RateLimited)
    assert error.retry_after == 7
    answering.answers.clear()
    answering.answer(429, "", retry_after="Fri, 31 Dec 1999 23:59:59 GMT")
    assert getattr(caught(write, answering.base_url), "retry_after", None) == 0
    answering.answers.clear()
    answering.answer(503, "", retry_after="soon")
    assert getattr(caught(write, answering.base_url), "retry_after", 1) is None


def test_reads_are_tried_again_and_writes_are_not(answering: Answering) -> None:
    row = {
        "id": "i-1",
        "status": "ACTIVE",
        "datasetId": "x",
        "datasetName": "d",
        "createdAt": datetime.now(UTC).isoformat(),
    }
    answering.answer(503, "")
    answering.answer(429, "", retry_after="0")
    answering.answer(200, json.dumps(row))
    waits: list[tuple[float, str]] = []
    with Gateway(connection_to(answering.base_url), on_wait=lambda *wait: waits.append(wait)) as gateway:
        item = gateway.item("i-1")
        assert item is not None
        assert item.id == "i-1"
        assert gateway.requests == 3
        assert len(waits) == 2
        assert "failed" in waits[0][1]
        answering.answers.clear()
        answering.answer(503, "")
        with pytest.raises(g.ServerFailed):
            gateway.put_item(ITEM)
        with pytest.raises(g.ServerFailed):
            gateway.put_score(id="s", name="n", value=1, data_type="NUMERIC", trace_id="t")
        assert gateway.requests == 5


def test_patience_ends(answering: Answering) -> None:
    answering.answer(429, "", retry_after="3600")
    began = time.monotonic()
    with Gateway(connection_to(answering.base_url), patience=5) as gateway, pytest.raises(g.RateLimited):
        gateway.item("i-1")
    assert time.monotonic() - began < 3
    assert len(answering.requests) == 1


def test_pages_that_run_in_a_circle_end(answering: Answering) -> None:
    row = {"id": "a", "traceId": "t", "startTime": datetime.now(UTC).isoformat()}
    answering.answer(200, json.dumps({"data": [row], "meta": {"cursor": "again"}}))
    error = caught(listing, answering.base_url)
    assert type(error) is g.BadAnswer
    assert len(answering.requests) == 2


def test_a_page_that_is_too_large_is_asked_for_in_smaller_ones(answering: Answering) -> None:
    row = {"id": "a", "traceId": "t", "startTime": datetime.now(UTC).isoformat()}
    answering.answer(413, "")
    answering.answer(200, json.dumps({"data": [row], "meta": {"cursor": "next"}}))
    answering.answer(200, json.dumps({"data": [{**row, "id": "b"}], "meta": {}}))
    with Gateway(connection_to(answering.base_url)) as gateway:
        assert [one.id for one in gateway.observations(trace_ids=["t"], io=True)] == ["a", "b"]
    limits = [parse_qs(urlsplit(path).query)["limit"] for _, path, _ in answering.requests]
    assert limits == [["100"], ["10"], ["10"]]
    answering.answers.clear()
    answering.answer(413, "")
    error = caught(lambda gateway: list(gateway.observations(trace_ids=["t"], io=True)), answering.base_url)
    assert "answer" in error.message
    assert type(caught(listing, answering.base_url)) is g.TooLarge


@pytest.mark.parametrize("kind", ["unknown-type", "null-start", "not-an-object", "number-as-id"])
def test_one_odd_row_does_not_take_the_page_down(answering: Answering, kind: str) -> None:
    now = datetime.now(UTC).isoformat()
    good = {"id": "a", "traceId": "t", "startTime": now, "projectId": "p", "type": "SPAN", "usageDetails": {"x": None}}
    odd: dict[str, object] = {
        "unknown-type": {**good, "id": "b", "type": "HOLOGRAM", "level": "FATAL", "tags": None, "latency": "?"},
        "null-start": {**good, "id": "b", "startTime": None},
        "not-an-object": "b",
        "number-as-id": {**good, "id": 7},
    }
    answering.answer(200, json.dumps({"data": [good, odd[kind]], "meta": {}}))
    with Gateway(connection_to(answering.base_url)) as gateway:
        found = list(gateway.observations(trace_ids=["t"]))
        read_too = kind == "unknown-type"
        assert [one.id for one in found] == (["a", "b"] if read_too else ["a"])
        assert gateway.unreadable == (0 if read_too else 1)


def test_scores_of_unknown_kind(answering: Answering) -> None:
    now = datetime.now(UTC).isoformat()
    good = {"id": "a", "name": "n", "value": 1, "dataType": "NUMERIC", "source": "API", "timestamp": now}
    rows = [
        good,
        {**good, "id": "b", "dataType": "VECTOR", "value": "0.1,0.2", "subject": {"kind": "trace", "id": "t"}},
        {**good, "id": "c", "dataType": "VECTOR", "value": [0.1, 0.2]},
        {**good, "id": "d", "subject": {"kind": "galaxy", "id": "t"}},
    ]
    answering.answer(200, json.dumps({"data": rows, "meta": {}}))
    with Gateway(connection_to(answering.base_url)) as gateway:
        assert [one.id for one in gateway.scores()] == ["a", "b"]
        assert gateway.unreadable == 2
