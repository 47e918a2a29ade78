"""What goes wrong on purpose: limits of size and rate, and the faults that can be switched on."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from curator.sandbox.errors import ApiError, SandboxProblem
from curator.sandbox.faults import KINDS, Faults
from curator.sandbox.load import load_files
from curator.sandbox.ratelimit import RateLimit
from curator.sandbox.server import SandboxServer

ITEMS, DATASETS = "/api/public/dataset-items", "/api/public/v2/datasets"
MIB = 1024 * 1024


@pytest.fixture
def items(http: httpx.Client) -> httpx.Client:
    http.post(DATASETS, json={"name": "d"}).raise_for_status()
    http.post(DATASETS, json={"name": "other"}).raise_for_status()
    return http


class MovingClock:
    """The sandbox's clock in the hand of a test."""

    def __init__(self) -> None:
        self.now = datetime(2026, 5, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def moving() -> Iterator[tuple[httpx.Client, MovingClock]]:
    """A client on a sandbox with the dataset `d` whose time stands still until the test moves it."""
    clock = MovingClock()
    with (
        SandboxServer(clock=clock) as server,
        httpx.Client(base_url=server.base_url, auth=(server.public_key, server.secret_key)) as client,
    ):
        client.post(DATASETS, json={"name": "d"}).raise_for_status()
        yield client, clock


@pytest.fixture
def doomed(items: httpx.Client, sandbox: SandboxServer) -> Iterator[httpx.Client]:
    """A client of its own for tests that end with a reset connection."""
    with httpx.Client(base_url=items.base_url, auth=(sandbox.public_key, sandbox.secret_key)) as client:
        yield client


def put(http: httpx.Client, item: str = "i", dataset: str = "d", **fields: Any) -> httpx.Response:
    return http.post(ITEMS, json={"datasetName": dataset, "id": item, "input": 1, **fields})


def switch(http: httpx.Client, name: str, argument: str | None = None) -> None:
    http.put(f"/__sandbox__/faults/{name}", json={"arg": argument}).raise_for_status()


# ── size ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_item_of_4_4_mib_passes(items: httpx.Client) -> None:
    assert put(items, input={"text": "x" * int(4.4 * MIB)}).status_code == 200
    assert len(items.get(f"{ITEMS}/i").json()["input"]["text"]) == int(4.4 * MIB)


@pytest.mark.parametrize("size", [4.6, 6.0])
def test_a_larger_one_answers_413_and_the_next_request_meets_a_reset(doomed: httpx.Client, size: float) -> None:
    refused = put(doomed, input={"text": "x" * int(size * MIB)})
    assert (refused.status_code, refused.text) == (413, "Body exceeded 4.5mb limit")
    assert "content-type" not in refused.headers
    with pytest.raises(httpx.ReadError, match="Connection reset by peer"):
        doomed.get(f"{ITEMS}/i")
    assert doomed.get(f"{ITEMS}/i").status_code == 404, "a new connection works, and nothing was stored"


def test_a_body_of_unknown_length_is_measured_too(doomed: httpx.Client) -> None:
    def parts() -> Any:
        yield b'{"datasetName":"d","id":"i","input":"'
        for _ in range(6):
            yield b"x" * MIB
        yield b'"}'

    refused = doomed.post(ITEMS, content=parts(), headers={"content-type": "application/json"})
    assert (refused.status_code, refused.text) == (413, "Body exceeded 4.5mb limit")


def test_other_routes_take_one_mib(doomed: httpx.Client) -> None:
    refused = doomed.post(DATASETS, json={"name": "big", "metadata": "x" * MIB})
    assert (refused.status_code, refused.text) == (413, "Body exceeded 1mb limit")


def test_size_wins_over_keys(doomed: httpx.Client) -> None:
    doomed.auth = None
    assert put(doomed, input="x" * (5 * MIB)).status_code == 413


@pytest.mark.parametrize(("ids", "status"), [(400, 200), (1000, 431)])
def test_the_head_of_a_request_has_16_kib(items: httpx.Client, ids: int, status: int) -> None:
    wanted = ",".join(f"{number:032x}" for number in range(ids))
    answer = items.get("/api/public/v3/scores", params={"traceId": wanted})
    assert answer.status_code == status
    if status == 431:
        assert answer.text == ""
        assert items.get("/api/public/health").status_code == 200


# ── rate ────────────────────────────────────────────────────────────────────────────────────────────────────────────


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def passed(limit: RateLimit, method: str, path: str, tries: int) -> int:
    count = 0
    for _ in range(tries):
        try:
            limit.take(method, path)
            count += 1
        except ApiError:
            break
    return count


def test_hobby_budgets_are_separate_and_renewed_after_a_minute() -> None:
    clock = Clock()
    limit = RateLimit("hobby", clock)
    for _ in range(2):
        assert passed(limit, "GET", "/api/public/v2/observations", 40) == 29, "the last point is never given"
        assert passed(limit, "GET", "/api/public/v3/scores", 5) == 0, "all other reads share one budget"
        assert passed(limit, "GET", "/api/public/dataset-items/{id:segment}", 120) == 99
        assert passed(limit, "GET", "/api/public/annotation-queues", 120) == 99
        assert passed(limit, "GET", "/api/public/projects", 500) == 500
        clock.now += 60


def test_core_is_wider() -> None:
    assert passed(RateLimit("core", Clock()), "GET", "/api/public/v2/observations", 1100) == 999


def test_a_refusal_says_how_long_to_wait() -> None:
    clock = Clock()
    limit = RateLimit("hobby", clock)
    passed(limit, "GET", "/api/public/comments", 30)
    clock.now += 20.5
    with pytest.raises(ApiError) as refused:
        limit.take("GET", "/api/public/comments")
    assert refused.value.headers["retry-after"] == "40"
    assert refused.value.headers["x-ratelimit-limit"] == "30"
    body = refused.value.body
    assert isinstance(body, dict)
    assert body["message"] == "Rate limit exceeded"
    assert body["details"]["retryAfterSeconds"] == 40


def test_rate_limit_over_http() -> None:
    with (
        SandboxServer(rate_limit="hobby") as server,
        httpx.Client(base_url=server.base_url, auth=(server.public_key, server.secret_key)) as client,
    ):
        answers = [client.get("/api/public/comments") for _ in range(30)]
        assert [answer.status_code for answer in answers] == [200] * 29 + [429]
        assert 0 < int(answers[-1].headers["retry-after"]) <= 60
        assert client.get(DATASETS).status_code == 200
        assert client.get("/api/public/comments", auth=("x", "wrong")).status_code == 401, "keys come first"


# ── faults ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("version", "status", "message"),
    [
        (None, 404, "Dataset item with id i not found for project curator-sandbox"),
        ("3.206.1", 404, "Dataset item with id i not found for project curator-sandbox"),
        ("3.139", 404, "The dataset item with id i already exists in a dataset other than other"),
        ("3.5", 404, "The dataset item with id i was not found in the dataset other"),
        ("2.0", 500, "Internal Server Error"),
    ],
)
def test_collision_404(items: httpx.Client, version: str | None, status: int, message: str) -> None:
    switch(items, "collision-404", version)
    assert put(items).status_code == 200
    answer = put(items, dataset="other")
    assert (answer.status_code, answer.json()["message"]) == (status, message)
    assert put(items).status_code == 200, "the owning dataset is not affected"


def test_lost_write(items: httpx.Client) -> None:
    switch(items, "lost-write", "every:2")
    assert put(items, input="first").status_code == 200
    lost = put(items, input="second")
    assert (lost.status_code, lost.json()["input"]) == (200, "second")
    assert items.get(f"{ITEMS}/i").json()["input"] == "first"


def test_drop_response(items: httpx.Client) -> None:
    switch(items, "drop-response")
    with pytest.raises(httpx.ReadError):
        put(items)
    assert items.get(f"{ITEMS}/i").json()["input"] == 1, "stored, and reads are answered"
    assert put(items, dataset="nowhere").status_code == 404, "a refusal is answered"
    with pytest.raises(httpx.ReadError):
        items.delete(f"{ITEMS}/i")
    assert items.get(f"{ITEMS}/i").status_code == 404


def test_truncate_body(items: httpx.Client) -> None:
    put(items)
    switch(items, "truncate-body", "every:2")
    assert items.get(f"{ITEMS}/i").status_code == 200
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        items.get(f"{ITEMS}/i")
    assert items.get(f"{ITEMS}/i").status_code == 200


def test_stale_read(moving: tuple[httpx.Client, MovingClock]) -> None:
    items, clock = moving
    put(items, input="old")
    clock.now += timedelta(seconds=10)
    switch(items, "stale-read", "3")
    assert put(items, input="new").json()["input"] == "new"
    assert put(items, "late").status_code == 200
    clock.now += timedelta(seconds=2)
    assert items.get(f"{ITEMS}/i").json()["input"] == "old"
    assert items.get(f"{ITEMS}/late").status_code == 404
    listed = items.get(f"{ITEMS}?datasetName=d").json()
    assert [row["input"] for row in listed["data"]] == ["old"]
    clock.now += timedelta(seconds=2)
    assert items.get(f"{ITEMS}/i").json()["input"] == "new"
    assert items.get(f"{ITEMS}/late").status_code == 200


def test_duplicate_rows_as_concurrent_first_writes_leave_them(items: httpx.Client) -> None:
    switch(items, "duplicate-rows")
    assert put(items, input="first", sourceTraceId="t").status_code == 200
    listed = items.get(f"{ITEMS}?sourceTraceId=t").json()
    assert ([row["id"] for row in listed["data"]], listed["meta"]["totalItems"]) == (["i"], 2)
    put(items, input="second")
    assert items.get(f"{ITEMS}/i").json()["input"] == "first", "GET answers an older row and stays stale"
    assert [row["input"] for row in items.get(ITEMS).json()["data"]] == ["second"], "the list shows the newest"
    assert items.delete(f"{ITEMS}/i").status_code == 200
    assert items.get(f"{ITEMS}/i").json()["input"] == "second", "DELETE removes one row at a time"
    assert items.delete(f"{ITEMS}/i").status_code == 200
    assert items.get(f"{ITEMS}/i").status_code == 404
    assert items.get(ITEMS).json()["meta"]["totalItems"] == 0


def test_expire_traces(items: httpx.Client, sandbox: SandboxServer, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    ages = {"young": timedelta(days=1), "old": timedelta(days=20)}
    with rows.open("w") as file:
        for name, age in ages.items():
            moment = (datetime.now(UTC) - age).isoformat(timespec="milliseconds")
            trace = {"id": name, "traceId": name, "startTime": moment, "type": "SPAN", "name": name}
            score = {"id": name, "name": "n", "value": 1, "dataType": "NUMERIC", "timestamp": moment}
            file.write(json.dumps(trace) + "\n")
            file.write(json.dumps({**score, "subject": {"kind": "trace", "id": name}}) + "\n")
    assert load_files(sandbox.store, [rows]).bad == []
    put(items, sourceTraceId="old")

    def found(path: str) -> list[str]:
        return [row["id"] for row in items.get(path).json()["data"]]

    assert found("/api/public/v2/observations") == found("/api/public/v3/scores") == ["young", "old"]
    switch(items, "expire-traces", "14")
    assert found("/api/public/v2/observations") == found("/api/public/v3/scores") == ["young"]
    switch(items, "expire-traces")
    assert found("/api/public/v2/observations") == found("/api/public/v3/scores") == []
    assert items.get(f"{ITEMS}/i").json()["sourceTraceId"] == "old", "the item outlives its source"


def test_http_409_is_transient(items: httpx.Client) -> None:
    switch(items, "http-409", "every:2")
    assert put(items).status_code == 200, "a new id never conflicts"
    assert put(items).status_code == 200
    conflict = put(items)
    assert (conflict.status_code, conflict.json()["error"]) == (409, "LangfuseConflictError")
    assert conflict.json()["message"] == "Dataset item i was modified concurrently. Please retry the request."
    assert put(items).status_code == 200


def test_http_429_and_500(items: httpx.Client) -> None:
    switch(items, "http-429", "every:3")
    answers = [items.get(ITEMS) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 200, 200, 429]
    assert answers[2].headers["retry-after"] == "1"
    items.delete("/__sandbox__/faults/http-429")
    switch(items, "http-500", "every:2")
    assert [items.get(ITEMS).status_code for _ in range(4)] == [200, 500, 200, 500]


def test_slow(items: httpx.Client) -> None:
    switch(items, "slow", "0.2")
    started = time.monotonic()
    items.get(ITEMS)
    assert time.monotonic() - started >= 0.2


def test_counting_starts_anew_with_every_switch(items: httpx.Client) -> None:
    for _ in range(2):
        switch(items, "http-500", "every:2")
        assert items.get(ITEMS).status_code == 200


@pytest.mark.parametrize(
    ("name", "argument"),
    [
        ("nonsense", None),
        ("slow", None),
        ("slow", "fast"),
        ("slow", "-1"),
        ("slow", "inf"),
        ("http-500", "every:0"),
        ("http-500", "3"),
        ("http-500", "every:x"),
        ("collision-404", "old"),
        ("stale-read", ""),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(http: httpx.Client, name: str, argument: str | None) -> None:
    with pytest.raises(SandboxProblem):
        Faults().switch_on(name, argument)
    answer = http.put(f"/__sandbox__/faults/{name}", json={"arg": argument})
    assert answer.status_code == 400
    assert name in answer.json()["message"]
    assert http.get("/__sandbox__/faults").json() == {"faults": {}}


def test_faults_are_listed_and_switched_off(http: httpx.Client) -> None:
    switch(http, "slow", "0")
    assert http.put("/__sandbox__/faults/http-500").json() == {"faults": {"slow": "0", "http-500": "every:1"}}
    assert http.delete("/__sandbox__/faults/http-500").json() == {"faults": {"slow": "0"}}
    assert http.put("/__sandbox__/faults/slow", content=b"[").status_code == 400


def test_every_fault_is_explained() -> None:
    assert all(kind.help and kind.form for kind in KINDS.values())


# ── point in time ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_version_shows_the_items_as_they_were(moving: tuple[httpx.Client, MovingClock]) -> None:
    items, clock = moving
    for step in range(5):
        clock.now += timedelta(hours=1)
        if step == 3:
            items.delete(f"{ITEMS}/i")
        elif step == 2:
            put(items, status="ARCHIVED")
        else:
            put(items, input=step)

    def at(hour: str) -> list[Any]:
        listed = items.get(ITEMS, params={"datasetName": "d", "version": f"2026-05-01T{hour}Z"}).json()
        assert listed["meta"]["totalItems"] == len(listed["data"])
        return [row["input"] for row in listed["data"]]

    assert at("12:59:59.999") == []
    assert at("13:00:00.000") == [0]
    assert at("14:30:00.000") == [1]
    assert at("15:30:00.000") == [], "archived"
    assert at("16:30:00.000") == [], "deleted"
    assert at("17:00:00.000") == [4]
    row = items.get(f"{ITEMS}/i").json()
    assert row["createdAt"] == row["updatedAt"] == "2026-05-01T17:00:00.000Z", "every write makes both anew"
