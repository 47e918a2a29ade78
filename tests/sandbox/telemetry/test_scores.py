"""Scores over real HTTP: reading, writing, overwriting, deleting, and what the worker drops."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langfuse import Langfuse
from langfuse.api import LangfuseAPI

from curator.sandbox.gate import Lag
from curator.sandbox.server import SandboxServer

Row = dict[str, Any]
Load = Callable[[list[Row]], None]
PATH = "/v3/scores"
CORE = {
    "id",
    "projectId",
    "name",
    "source",
    "timestamp",
    "environment",
    "createdAt",
    "updatedAt",
    "dataType",
    "value",
}


def rows_of(web: httpx.Client, **query: Any) -> list[Row]:
    answer = web.get(PATH, params={"limit": 100, **query})
    assert answer.status_code == 200, answer.text
    rows: list[Row] = answer.json()["data"]
    return rows


def write(web: httpx.Client, **body: Any) -> str:
    answer = web.post("/scores", json={"traceId": "t", "name": "quality", "value": 1, **body})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def score(number: int, **fields: Any) -> Row:
    return {
        "id": f"s{number:03d}",
        "name": "quality",
        "source": "EVAL",
        "timestamp": f"2026-11-01T10:00:{number % 60:02d}.000Z",
        "dataType": "NUMERIC",
        "value": number / 10,
        "subject": {"kind": "trace", "id": f"trace-{number % 4}"},
        **fields,
    }


def test_field_groups(web: httpx.Client) -> None:
    write(web, comment="why", metadata={"by": "me", "n": 1})
    assert set(rows_of(web)[0]) == CORE
    assert set(rows_of(web, fields="details")[0]) == CORE | {"comment", "configId", "metadata"}
    assert set(rows_of(web, fields="annotation")[0]) == CORE | {"authorUserId", "queueId"}
    assert rows_of(web, fields="core,subject")[0]["subject"] == {"kind": "trace", "id": "t"}
    assert rows_of(web, fields="details")[0]["metadata"] == {"by": "me", "n": 1}


@pytest.mark.parametrize(
    ("body", "kind", "value"),
    [
        ({"value": 0.5}, "NUMERIC", 0.5),
        ({"value": "bad"}, "CATEGORICAL", "bad"),
        ({"value": 1, "dataType": "BOOLEAN"}, "BOOLEAN", True),
        ({"value": 0, "dataType": "BOOLEAN"}, "BOOLEAN", False),
        ({"value": "a remark", "dataType": "TEXT"}, "TEXT", "a remark"),
        ({"value": "The right answer", "dataType": "CORRECTION"}, "CORRECTION", "The right answer"),
    ],
)
def test_values_keep_their_type(web: httpx.Client, body: Row, kind: str, value: Any) -> None:
    write(web, **body)
    row = rows_of(web)[0]
    assert (row["dataType"], row["value"]) == (kind, value)
    assert row["name"] == ("output" if kind == "CORRECTION" else "quality")


@pytest.mark.parametrize(
    ("body", "subject"),
    [
        ({"traceId": "t"}, {"kind": "trace", "id": "t"}),
        ({"traceId": "t", "observationId": "o"}, {"kind": "observation", "id": "o", "traceId": "t"}),
        ({"traceId": None, "sessionId": "s"}, {"kind": "session", "id": "s"}),
        ({"traceId": None, "datasetRunId": "e"}, {"kind": "experiment", "id": "e"}),
    ],
)
def test_subjects(web: httpx.Client, body: Row, subject: Row) -> None:
    write(web, **body)
    assert rows_of(web, fields="subject")[0]["subject"] == subject


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"value": "x", "dataType": "NUMERIC"}, "Invalid input: expected number, received string"),
        ({"value": True, "dataType": "BOOLEAN"}, "Invalid input: expected number, received boolean"),
        (
            {"value": 2, "dataType": "BOOLEAN"},
            "Value must be a number equal to either 0 or 1 for data type BOOLEAN",
        ),
        ({"value": "t" * 501, "dataType": "TEXT"}, "Too big: expected string to have <=500 characters"),
        ({"value": 1, "dataType": "OTHER"}, "Invalid input"),
        ({"name": ""}, "Too small: expected string to have >=1 characters"),
        ({"name": None}, "Invalid input: expected string, received null"),
        ({"source": "EVAL"}, 'Invalid option: expected one of "API"|"ANNOTATION"'),
        ({"source": "ANNOTATION"}, "configId is required when source is ANNOTATION (except for CORRECTION scores)."),
        (
            {"traceId": None},
            "Provide exactly one of the following: traceId (with optional observationId), sessionId or datasetRunId. "
            "ObservationId requires traceId.",
        ),
    ],
)
def test_wrong_bodies_are_refused_at_once(web: httpx.Client, helpers: Any, body: Row, message: str) -> None:
    answer = web.post("/scores", json={"traceId": "t", "name": "q", "value": 1, **body})
    assert helpers.issues(answer)[0]["message"] == message
    assert rows_of(web) == []


def test_the_same_id_overwrites_and_keeps_what_is_not_named(web: httpx.Client) -> None:
    write(web, id="one", value=1, comment="first", metadata={"a": 1})
    first = rows_of(web, fields="details")[0]
    write(web, id="one", value=2, metadata={"b": 2}, traceId="other")
    (second,) = rows_of(web, fields="details,subject")
    assert (second["value"], second["comment"], second["metadata"]) == (2, "first", {"a": 1, "b": 2})
    # Its time and its trace are those of the first write.
    assert (second["timestamp"], second["subject"]["id"]) == (first["timestamp"], "t")
    write(web, id="one", value=3, comment=None)
    assert rows_of(web, fields="details")[0]["comment"] is None


def test_deleting_is_accepted_for_any_id(web: httpx.Client) -> None:
    write(web, id="one")
    for score_id in ("one", "never-seen"):
        answer = web.delete(f"/scores/{score_id}")
        assert (answer.status_code, answer.json()) == (202, {"message": "Score deletion queued successfully"})
    assert rows_of(web) == []
    write(web, id="one", value=7)
    assert [row["value"] for row in rows_of(web)] == [7]


@pytest.fixture
def configs(web: httpx.Client) -> dict[str, str]:
    """Ids of one config per type, by name."""
    bodies: list[Row] = [
        {"name": "quality", "dataType": "NUMERIC", "minValue": 0, "maxValue": 1},
        {"name": "tone", "dataType": "CATEGORICAL", "categories": [{"label": "good", "value": 3}]},
        {"name": "thumbs", "dataType": "BOOLEAN"},
    ]
    return {body["name"]: web.post("/score-configs", json=body).json()["id"] for body in bodies}


def test_a_score_that_fits_its_config_is_kept(web: httpx.Client, configs: dict[str, str]) -> None:
    write(web, value=0.9, configId=configs["quality"])
    write(web, name="tone", value="good", configId=configs["tone"])
    write(web, name="thumbs", value=1, configId=configs["thumbs"])
    found = {row["name"]: (row["dataType"], row["value"]) for row in rows_of(web, fields="details")}
    assert found == {"quality": ("NUMERIC", 0.9), "tone": ("CATEGORICAL", "good"), "thumbs": ("BOOLEAN", True)}


@pytest.mark.parametrize(
    ("config", "body"),
    [
        ("quality", {"value": 9}),
        ("quality", {"value": "high"}),
        ("quality", {"value": "1", "dataType": "CATEGORICAL"}),
        ("tone", {"value": "bad"}),
        ("thumbs", {"value": 2}),
        (None, {"value": 1}),
    ],
)
def test_a_violated_or_unknown_config_is_accepted_and_dropped(
    web: httpx.Client, configs: dict[str, str], config: str | None, body: Row
) -> None:
    write(web, **body, configId=configs[config] if config else "nope")
    assert rows_of(web) == []


def test_an_archived_config_drops_too(sandbox: SandboxServer, web: httpx.Client, configs: dict[str, str]) -> None:
    with sandbox.store.write() as db:  # archiving itself is nothing that curator does
        db.execute("UPDATE score_configs SET is_archived = 1 WHERE id = ?", (configs["quality"],))
    write(web, value=0.5, configId=configs["quality"])
    assert rows_of(web) == []


def test_a_batch_is_taken_whole_or_in_part(web: httpx.Client) -> None:
    good = {"traceId": "t", "name": "a", "value": 1}
    answer = web.post("/scores", json=[good, {**good, "name": "b"}])
    assert (answer.status_code, answer.json()) == (202, {"message": "Accepted"})
    answer = web.post("/scores", json=[{**good, "name": "c"}, {"name": "d", "value": 1}])
    assert answer.status_code == 207
    assert (answer.json()["accepted"], answer.json()["rejected"], len(answer.json()["errors"])) == (1, 1, 1)
    assert {row["name"] for row in rows_of(web)} == {"a", "b", "c"}


FILTERS: list[tuple[Row, Callable[[int], bool]]] = [
    ({"valueMax": 0.3, "dataType": "NUMERIC"}, lambda n: n <= 3),
    ({"valueMin": 0.3, "valueMax": "0.5", "dataType": "numeric"}, lambda n: 3 <= n <= 5),
    ({"valueMin": ""}, lambda n: True),
    ({"value": "0.1,0.2", "dataType": "NUMERIC"}, lambda n: n in (1, 2)),
    ({"traceId": "trace-1,trace-2"}, lambda n: n % 4 in (1, 2)),
    ({"id": "s003, s004"}, lambda n: n in (3, 4)),
    ({"source": "eval"}, lambda n: True),
    ({"source": "ANNOTATION,API"}, lambda n: False),
    ({"name": "quality,other"}, lambda n: True),
    ({"environment": "production"}, lambda n: n == 9),
    ({"fromTimestamp": "2026-11-01T10:00:05Z"}, lambda n: n >= 5),
    ({"toTimestamp": "2026-11-01T10:00:05Z"}, lambda n: n < 5),
    ({"sessionId": "sess"}, lambda n: n == 8),
    ({"observationId": "obs", "traceId": "tr"}, lambda n: n == 7),
    ({"queueId": "q1"}, lambda n: n == 6),
    ({"authorUserId": "ann"}, lambda n: n == 6),
]


def test_filters(web: httpx.Client, store_rows: Load) -> None:
    store_rows([score(n) for n in range(6)])
    store_rows(
        [
            score(6, queueId="q1", authorUserId="ann"),
            score(7, subject={"kind": "observation", "id": "obs", "traceId": "tr"}),
            score(8, subject={"kind": "session", "id": "sess"}),
            score(9, environment="production"),
        ]
    )
    for query, wanted in FILTERS:
        found = {int(row["id"][1:]) for row in rows_of(web, **query)}
        expected = {n for n in range(10) if wanted(n)}
        if "traceId" in query and "observationId" not in query:
            expected -= {7, 8}
        assert found == expected, query


@pytest.mark.parametrize(
    ("query", "messages"),
    [
        ({"valueMax": 0.3}, ["valueMin and valueMax require dataType=NUMERIC as a single value"]),
        ({"value": "x"}, ["value filter requires a single dataType from: NUMERIC, BOOLEAN, CATEGORICAL"]),
        (
            {"value": "x", "dataType": "TEXT"},
            ['value filter requires dataType to be NUMERIC, BOOLEAN, or CATEGORICAL (got "TEXT")'],
        ),
        (
            {"value": "1", "dataType": "BOOLEAN"},
            ['value filter with dataType=BOOLEAN requires each value to be "true" or "false" (got "1")'],
        ),
        (
            {"value": "x", "dataType": "NUMERIC"},
            ['value filter with dataType=NUMERIC requires each value to be a finite number (got "x")'],
        ),
        (
            {"dataType": "FOO", "valueMax": 1},
            [
                'Invalid dataType value: "FOO". Allowed: NUMERIC, CATEGORICAL, BOOLEAN, CORRECTION, TEXT',
                "valueMin and valueMax require dataType=NUMERIC as a single value",
            ],
        ),
        ({"source": "X"}, ['Invalid source value: "X". Allowed: API, EVAL, ANNOTATION']),
        ({"observationId": "o"}, ["observationId filter requires traceId — observation IDs are scoped to a trace"]),
        (
            {"traceId": "t", "sessionId": "s"},
            ["At most one of traceId, sessionId, experimentId may be specified"],
        ),
        (
            {"userId": "u"},
            ["userId filter requires a trace JOIN and is not supported in v3 — use v2 or omit this filter"],
        ),
        ({"bogus": 1}, ['Unrecognized key: "bogus"']),
        ({"page": 1, "bogus": 1}, ['Unrecognized keys: "page", "bogus"']),
        ({"value": "0", "bogus": ""}, ['Unrecognized key: "bogus"']),
        ({"limit": 101}, ["Too big: expected number to be <=100"]),
        ({"limit": 0}, ["Too small: expected number to be >=1"]),
        ({"limit": 1.5}, ["Invalid input: expected int, received number"]),
        ({"fields": "nope"}, ['Invalid option: expected one of "core"|"details"|"subject"|"annotation"']),
        ({"fromTimestamp": "x"}, ["Invalid input: expected date, received Date"]),
    ],
)
def test_wrong_queries(web: httpx.Client, helpers: Any, query: Row, messages: list[str]) -> None:
    assert [issue["message"] for issue in helpers.issues(web.get(PATH, params=query))] == messages


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limit=st.integers(1, 30))
def test_pages_of_any_size_join_to_the_whole(web: httpx.Client, store_rows: Load, limit: int) -> None:
    store_rows([score(n, timestamp=f"2026-11-01T10:00:00.{n % 3:03d}Z") for n in range(50)])
    whole = [row["id"] for row in rows_of(web)]
    pages: list[str] = []
    query: Row = {"limit": limit}
    while True:
        answer = web.get(PATH, params=query).json()
        pages += [row["id"] for row in answer["data"]]
        assert answer["meta"]["limit"] == limit
        if "cursor" not in answer["meta"]:
            break
        query["cursor"] = answer["meta"]["cursor"]
    assert pages == whole
    assert len(whole) == 50


class MovingClock:
    """A clock that only moves when it is told to."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 20, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
def slow(clock: MovingClock, helpers: Any) -> Iterator[httpx.Client]:
    with SandboxServer(lag=Lag(scores=6, observations=2), clock=clock) as server, helpers.client_of(server) as client:
        yield client


def test_a_write_is_seen_only_after_the_lag(slow: httpx.Client, clock: MovingClock) -> None:
    write(slow, id="one", value=1)
    clock.advance(5.9)
    assert rows_of(slow) == []
    clock.advance(0.1)
    assert [row["value"] for row in rows_of(slow)] == [1]
    # Until an overwrite and a deletion have caught up, the earlier version is what everybody sees.
    write(slow, id="one", value=2)
    assert [row["value"] for row in rows_of(slow)] == [1]
    clock.advance(6)
    assert [row["value"] for row in rows_of(slow)] == [2]
    slow.delete("/scores/one")
    assert [row["value"] for row in rows_of(slow)] == [2]
    clock.advance(6)
    assert rows_of(slow) == []


def test_times_of_a_score(slow: httpx.Client, clock: MovingClock) -> None:
    clock.advance(0.25)
    write(slow)
    clock.advance(10)
    row = rows_of(slow)[0]
    assert row["timestamp"] == "2026-11-20T12:00:00.250Z"
    assert row["createdAt"] == "2026-11-20T12:00:00.000Z"
    assert row["updatedAt"] == "2026-11-20T12:00:06.250Z"


def test_the_sdk_writes_and_reads_scores(langfuse: Langfuse, api: LangfuseAPI) -> None:
    langfuse.create_score(name="quality", value=0.25, trace_id="a" * 32, comment="too short", metadata={"by": "x"})
    langfuse.create_score(name="tone", value="rude", data_type="CATEGORICAL", session_id="s1")
    langfuse.flush()
    page = api.scores.get_many(name="quality", data_type="NUMERIC", value_max=0.5, fields="details,subject")
    assert [(row.value, row.comment, row.subject.kind) for row in page.data] == [(0.25, "too short", "trace")]
    assert api.scores.get_many(session_id="s1").data[0].value == "rude"
