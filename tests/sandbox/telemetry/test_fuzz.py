"""Nothing that a client can send makes these endpoints fail: whatever is wrong is the client's 4xx."""

import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

QUERIES = {
    "/v2/observations": (
        "fields limit cursor filter type name userId sessionId level traceId version parentObservationId "
        "isRootObservation environment fromStartTime toStartTime expandMetadata parseIoAsJson"
    ),
    "/v3/scores": (
        "limit fields cursor id name source dataType environment configId queueId authorUserId value valueMin valueMax "
        "traceId sessionId observationId experimentId fromTimestamp toTimestamp userId traceTags bogus"
    ),
    "/experiments": "fields limit scoreLimit cursor fromStartTime toStartTime id name datasetId filter",
    "/experiment-items": (
        "fields limit scoreLimit cursor fromStartTime toStartTime experimentId experimentName experimentItemId "
        "datasetId filter"
    ),
    "/comments": "objectType objectId authorUserId page limit",
    "/score-configs": "page limit",
    "/annotation-queues": "page limit",
}
BODIES = {
    "/scores": (
        "id traceId sessionId observationId datasetRunId name value dataType comment metadata configId source "
        "environment timestamp queueId"
    ),
    "/score-configs": "name dataType minValue maxValue categories description",
    "/annotation-queues": "name description scoreConfigIds",
    "/comments": "projectId objectType objectId content authorUserId",
}
WORDS = st.sampled_from(
    [
        "",
        "0",
        "-1",
        "1e400",
        "NaN",
        "Infinity",
        "0x10",
        "2026-01-01T00:00:00Z",
        "275761-01-01",
        "NUMERIC",
        "BOOLEAN",
        "core,io",
        "true",
        "TRACE",
        "[]",
        "{}",
        "null",
        "eyJ2IjoxfQ",
        "\x00",
        "💥",
        "a,b",
        ",",
    ]
)
TEXTS = WORDS | st.text(max_size=8)
CURSORS = st.dictionaries(
    st.sampled_from(["v", "lastTime", "lastId", "lastTraceId", "lastExperimentId", "lastTimestamp", "lastStartTimeTo"]),
    st.none() | st.integers() | st.floats() | TEXTS,
).map(json.dumps)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
FIXTURES = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def is_answered(answer: httpx.Response) -> bool:
    """A real answer or a refusal; a text that no database takes is the only recorded reason for a 500."""
    return answer.status_code < 500


@pytest.mark.parametrize("path", QUERIES)
def test_queries(web: httpx.Client, path: str) -> None:
    names = QUERIES[path].split()

    @FIXTURES
    @given(query=st.dictionaries(st.sampled_from(names), TEXTS | CURSORS | st.lists(TEXTS, min_size=2, max_size=2)))
    def check(query: dict[str, Any]) -> None:
        assert is_answered(web.get(path, params=query))

    check()


@pytest.mark.parametrize("path", BODIES)
def test_bodies(web: httpx.Client, path: str) -> None:
    names = BODIES[path].split()

    @FIXTURES
    @given(body=st.dictionaries(st.sampled_from(names), JSON) | st.lists(JSON, max_size=2) | JSON)
    def check(body: Any) -> None:
        answer = web.post(path, content=json.dumps(body), headers={"content-type": "application/json"})
        # PostgreSQL refuses lone surrogates, as the real server's 500 shows; scores live in ClickHouse, which does not.
        assert is_answered(answer) or ("\\ud800" in json.dumps(body) and path != "/scores")

    check()


def test_a_lone_surrogate_in_a_score_becomes_a_replacement_character(web: httpx.Client) -> None:
    body = '{"traceId": "t", "name": "q", "value": 1, "comment": "a\\ud800b", "metadata": {"k": "\\udfff"}}'
    assert web.post("/scores", content=body, headers={"content-type": "application/json"}).status_code == 200
    (row,) = web.get("/v3/scores", params={"fields": "details"}).json()["data"]
    assert (row["comment"], row["metadata"]) == ("a\ufffdb", {"k": "\ufffd"})
