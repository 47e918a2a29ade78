"""The gateway against the sandbox, over real HTTP with the real SDK."""

import json
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from curator.config import Connection
from curator.gateway import (
    BadAnswer,
    Conflict,
    Gateway,
    NoAnswer,
    NotFound,
    Refused,
    TooLarge,
    Unauthorised,
    Unreachable,
)
from curator.gateway.calls import URL_BUDGET, batches
from curator.model import Item
from curator.sandbox.load import load_files
from curator.sandbox.server import SandboxServer
from tests.gateway.servers import Answering, connection_to

NOW = datetime.now(UTC).replace(microsecond=0)


def observation(trace: str, id: str, minutes: float = 5, **fields: Any) -> dict[str, Any]:
    start = NOW - timedelta(minutes=minutes)
    return {
        "id": id,
        "traceId": trace,
        "startTime": start.isoformat(),
        "endTime": (start + timedelta(seconds=2)).isoformat(),
        "type": "SPAN",
        "name": id,
        "parentObservationId": None,
        **fields,
    }


def load(sandbox: SandboxServer, folder: Path, rows: list[dict[str, Any]]) -> None:
    file = folder / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    report = load_files(sandbox.store, [file])
    assert report.bad_total == 0, report.bad


def item(id: str = "case-1", dataset: str = "regression", **fields: Any) -> Item:
    return Item(
        **{
            "id": id,
            "dataset": dataset,
            "input": {"q": 1},
            "expected_output": {"a": 2},
            "metadata": {"m": 3},
            **fields,
        }
    )


# ── server and keys ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_health_and_project(gateway: Gateway, sandbox: SandboxServer) -> None:
    server = gateway.health()
    assert server.release[0] >= 4
    assert server.clock_skew is not None
    assert abs(server.clock_skew) < 5
    assert gateway.requests == 2
    project = gateway.project()
    assert gateway.trace_url("a/b") == f"{sandbox.base_url}/project/{project.id}/traces/a%2Fb"
    assert gateway.item_url("d", "i").endswith(f"/project/{project.id}/datasets/d/items/i")
    assert gateway.requests == 3


def test_wrong_secret(sandbox: SandboxServer) -> None:
    with Gateway(connection_to(sandbox.base_url, public=sandbox.public_key)) as gateway:
        with pytest.raises(Unauthorised):
            gateway.health()
        with pytest.raises(Unauthorised):
            gateway.put_item(item())


def test_a_trailing_slash_and_a_folder_in_the_address(sandbox: SandboxServer, connection: Connection) -> None:
    heard: list[str] = []
    slash = connection.model_copy(update={"base_url": sandbox.base_url + "/"})
    with Gateway(slash, on_request=heard.append) as gateway:
        gateway.project()
    assert heard == ["GET /api/public/projects"]
    folder = connection.model_copy(update={"base_url": sandbox.base_url + "/langfuse"})
    with Gateway(folder, on_request=heard.append) as gateway, pytest.raises(BadAnswer):
        gateway.project()
    assert heard[1:] == ["GET /api/public/projects"]


# ── observations, scores, comments ──────────────────────────────────────────────────────────────────────────────────


def test_a_trace_with_everything(gateway: Gateway, sandbox: SandboxServer, tmp_path: Path) -> None:
    trace = "a" * 32
    meta = {"note": "x" * 500}
    load(
        sandbox,
        tmp_path,
        [
            observation(trace, "root", traceName="agent", userId="u", sessionId="s", tags=["b", "a"], metadata=meta)
            | {"input": '{"q": "hi"}', "output": "plain text", "environment": "production"},
            observation(trace, "tool", 4, parentObservationId="root", type="TOOL", level="ERROR", statusMessage="no"),
            observation("b" * 32, "other"),
            {"id": "s1", "name": "quality", "value": 0.5, "dataType": "NUMERIC", "source": "EVAL"}
            | {"timestamp": NOW.isoformat(), "subject": {"kind": "trace", "id": trace}},
            {"id": "s2", "name": "output", "value": "better", "dataType": "CORRECTION", "source": "ANNOTATION"}
            | {"timestamp": NOW.isoformat(), "subject": {"kind": "observation", "id": "tool", "traceId": trace}},
        ],
    )
    comment(sandbox, "TRACE", trace, "about the trace")
    comment(sandbox, "OBSERVATION", "tool", "about the tool")
    comment(sandbox, "OBSERVATION", "other", "about another")
    found = gateway.trace(trace)
    assert [one.id for one in found.observations] == ["root", "tool"]
    root, tool = found.observations
    assert root.is_root
    assert not tool.is_root
    assert (root.input, root.output, tool.input) == ('{"q": "hi"}', "plain text", None)
    assert root.metadata["note"] == "x" * 500
    assert (root.user_id, root.session_id, root.environment) == ("u", "s", "production")
    assert set(root.tags) == {"a", "b"}
    assert root.latency == pytest.approx(2)
    assert (tool.level, tool.status_message, tool.parent_id) == ("ERROR", "no", "root")
    assert [one.id for one in found.scores] == ["s1", "s2"]
    assert found.correction == "better"
    assert sorted(one.content for one in found.comments) == ["about the tool", "about the trace"]
    assert gateway.requests == 4


def test_a_project_full_of_comments(
    gateway: Gateway, sandbox: SandboxServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One trace is not worth every page of comments: beyond as many as it has observations, those are asked for."""
    trace = "a" * 32
    others = [observation("b" * 32, "elsewhere"), observation(trace, "step", 4, parentObservationId="root")]
    load(sandbox, tmp_path, [observation(trace, "root"), *others])
    for n in range(6):
        comment(sandbox, "OBSERVATION", "step" if n == 3 else "elsewhere", f"number {n}")
    pages = gateway._pages
    monkeypatch.setattr(gateway, "_pages", lambda *args, **more: pages(*args, **{**more, "limit": 1}))
    assert [one.content for one in gateway.trace(trace).comments] == ["number 3"]
    assert gateway.requests == 6  # observations, scores, comments of the trace, the first page, the two observations


def test_many_traces_share_their_requests(gateway: Gateway, sandbox: SandboxServer, tmp_path: Path) -> None:
    ids = [f"{n:032x}" for n in range(40)]
    rows = []
    for number, trace in enumerate(ids):
        rows += [
            observation(trace, f"root{number}", number + 1, input="in"),
            observation(trace, f"step{number}", number),
        ]
        rows[-1]["parentObservationId"] = f"root{number}"
        rows.append(
            {"id": f"s{number}", "name": "q", "value": number, "dataType": "NUMERIC", "source": "API"}
            | {"timestamp": NOW.isoformat(), "subject": {"kind": "trace", "id": trace}}
        )
    load(sandbox, tmp_path, rows)
    comment(sandbox, "TRACE", ids[3], "about three")
    comment(sandbox, "OBSERVATION", "step7", "about step seven")
    found = gateway.traces([*reversed(ids), "unknown", ids[0]])
    assert list(found) == ids[::-1]
    assert gateway.requests == 4
    for number, trace in enumerate(ids):
        assert [one.id for one in found[trace].observations] == [f"root{number}", f"step{number}"]
        assert [one.value for one in found[trace].scores] == [number]
        assert found[trace].root.input == "in"
    assert [one.content for one in found[ids[3]].comments] == ["about three"]
    assert [one.content for one in found[ids[7]].comments] == ["about step seven"]
    assert sum(len(one.comments) for one in found.values()) == 2
    assert gateway.traces(["unknown"]) == {}
    assert gateway.trace(ids[3]) == found[ids[3]]


def comment(sandbox: SandboxServer, object_type: str, object_id: str, content: str) -> None:
    project = post(sandbox, "GET", "/api/public/projects")["data"][0]["id"]
    body = {"projectId": project, "objectType": object_type, "objectId": object_id, "content": content}
    post(sandbox, "POST", "/api/public/comments", body)


def post(sandbox: SandboxServer, method: str, path: str, body: Any = None) -> Any:
    answer = httpx.request(method, sandbox.base_url + path, json=body, auth=(sandbox.public_key, sandbox.secret_key))
    assert answer.is_success, answer.text
    return answer.json()


def test_an_unknown_trace(gateway: Gateway) -> None:
    with pytest.raises(NotFound) as error:
        gateway.trace("f" * 32)
    assert error.value.code == "TRACE_NOT_FOUND"


def test_all_pages_of_observations_and_scores(gateway: Gateway, sandbox: SandboxServer, tmp_path: Path) -> None:
    ids = [f"{n:032x}" for n in range(1, 1206)]
    load(
        sandbox,
        tmp_path,
        [observation(trace, trace[16:]) for trace in ids]
        + [
            {"id": f"s{trace}", "name": "q", "value": 0, "dataType": "NUMERIC", "source": "API"}
            | {"timestamp": NOW.isoformat(), "subject": {"kind": "trace", "id": trace}}
            for trace in ids[:250]
        ],
    )
    assert {one.trace_id for one in gateway.observations()} == set(ids)
    assert gateway.requests == 2
    assert {one.trace_id for one in gateway.scores(names=["q"])} == set(ids[:250])
    assert gateway.requests == 5
    # 1,205 ids of 32 signs: 41 bytes each in the URL, 12,000 per request.
    found = [one.trace_id for one in gateway.observations(trace_ids=[*ids, *ids[:9]], roots_only=True)]
    assert sorted(found) == ids
    assert gateway.requests == 5 + 5
    assert len(list(gateway.observations(limit=7))) == 7
    assert list(gateway.observations(trace_ids=[])) == []
    assert list(gateway.scores(trace_ids=[])) == []
    assert list(gateway.scores(names=[])) == []
    assert gateway.requests == 11


def test_conditions_on_observations(gateway: Gateway, sandbox: SandboxServer, tmp_path: Path) -> None:
    load(
        sandbox,
        tmp_path,
        [
            observation("t1", "r1", 60, sessionId="s1", level="ERROR"),
            observation("t1", "c1", 59, sessionId="s1", parentObservationId="r1", level="WARNING"),
            observation("t2", "r2", 10, sessionId="s2 & ü"),
            observation("t3", "r3", 5),
        ],
    )

    def ids(**conditions: Any) -> set[str]:
        return {one.id for one in gateway.observations(**conditions)}

    assert ids(levels=["ERROR", "WARNING"]) == {"r1", "c1"}
    assert ids(levels=["WARNING"], roots_only=True) == set()
    assert ids(session_ids=["s2 & ü"]) == {"r2"}
    assert ids(session_ids=["s1", "s2 & ü"], roots_only=True) == {"r1", "r2"}
    assert ids(ids=["c1", "r3", "nope"]) == {"c1", "r3"}
    assert ids(from_=NOW - timedelta(minutes=30)) == {"r2", "r3"}
    assert ids(from_=NOW - timedelta(minutes=30), to=NOW - timedelta(minutes=10)) == set()
    assert ids(from_=NOW - timedelta(minutes=10), to=NOW) == {"r2", "r3"}
    assert ids(filters=[{"type": "string", "column": "name", "operator": "=", "value": "r3"}]) == {"r3"}


def test_conditions_on_scores(gateway: Gateway, sandbox: SandboxServer, tmp_path: Path) -> None:
    def score(id: str, name: str, value: Any, kind: str, minutes: float = 5, **fields: Any) -> dict[str, Any]:
        time = (NOW - timedelta(minutes=minutes)).isoformat()
        subject = {"kind": "trace", "id": "t1"}
        base = {"id": id, "name": name, "value": value, "dataType": kind, "source": "API", "timestamp": time}
        return {**base, "subject": subject, **fields}

    load(
        sandbox,
        tmp_path,
        [
            score("n1", "q", 0.3, "NUMERIC"),
            score("n2", "q", 0.9, "NUMERIC", 60, source="EVAL"),
            score("n3", "odd, name", 0.1, "NUMERIC"),
            score("b1", "ok", False, "BOOLEAN"),
            score("b2", "ok", True, "BOOLEAN", source="ANNOTATION"),
            score("c1", "mood", "bad", "CATEGORICAL", subject={"kind": "session", "id": "s1"}),
            score("c2", "mood", "good", "CATEGORICAL", subject={"kind": "observation", "id": "o", "traceId": "t2"}),
        ],
    )

    def ids(**conditions: Any) -> set[str]:
        return {one.id for one in gateway.scores(**conditions)}

    assert ids(names=["q", "mood"]) == {"n1", "n2", "c1", "c2"}
    assert ids(names=["odd, name"]) == {"n3"}
    assert ids(data_type="NUMERIC", value_max=0.3) == {"n1", "n3"}
    assert ids(data_type="NUMERIC", value_min=0.9) == {"n2"}
    assert ids(data_type="BOOLEAN", value="false") == {"b1"}
    assert ids(data_type="CATEGORICAL", value="bad,good") == {"c1", "c2"}
    assert ids(source="ANNOTATION") == {"b2"}
    assert ids(session_ids=["s1", "s9"]) == {"c1"}
    assert ids(trace_ids=["t2"]) == {"c2"}
    assert ids(from_=NOW - timedelta(minutes=30), names=["q"]) == {"n1"}
    assert ids(to=NOW - timedelta(minutes=30)) == {"n2"}
    by_id = {one.id: one for one in gateway.scores()}
    assert (by_id["c1"].session_id, by_id["c1"].trace_id, by_id["c1"].subject) == ("s1", None, "session")
    assert by_id["b1"].value is False
    assert by_id["n1"].value == 0.3
    assert by_id["b2"].source == "ANNOTATION"


def test_batches_fit_into_a_url() -> None:
    ids = [f"Bestellung {n} ü/%" for n in range(2000)]
    cut = list(batches(ids, overhead=9))
    assert [one for batch in cut for one in batch] == ids
    assert all(sum(len(httpx.QueryParams({"x": one})["x"].encode()) for one in batch) < URL_BUDGET for batch in cut)
    assert list(batches([], overhead=9)) == []
    assert list(batches(["a", "a"], overhead=9)) == [["a"]]
    assert list(batches(["x" * 20_000, "b"], overhead=9)) == [["x" * 20_000], ["b"]]


# ── scores and annotation queues ────────────────────────────────────────────────────────────────────────────────────


def test_scores_are_written_once_and_overwritten_by_id(gateway: Gateway) -> None:
    for value in ("dismissed", "open"):
        gateway.put_score(
            id="c-1", name="curation", value=value, data_type="CATEGORICAL", trace_id="t", metadata={"a": {"b": 1}}
        )
    gateway.put_score(
        id="c-2", name="ok", value=1, data_type="BOOLEAN", trace_id="t", observation_id="o", comment="fine"
    )
    gateway.put_score(id="c-3", name="n", value=0.25, data_type="NUMERIC", session_id="s")
    found = {one.id: one for one in gateway.scores()}
    assert (found["c-1"].value, found["c-1"].metadata) == ("open", {"a": {"b": 1}})
    assert (found["c-2"].value, found["c-2"].observation_id, found["c-2"].comment) == (True, "o", "fine")
    assert (found["c-3"].value, found["c-3"].session_id) == (0.25, "s")
    gateway.delete_score("c-1")
    gateway.delete_score("never there")
    assert {one.id for one in gateway.scores()} == {"c-2", "c-3"}
    with pytest.raises(Refused):
        gateway.put_score(id="c-4", name="n", value="x", data_type="NUMERIC", trace_id="t")


def test_a_server_that_takes_one_score_at_a_time(answering: Answering) -> None:
    """Servers before 4.59 refuse the SDK's list; the gateway then sends objects, and asks only once which it is."""
    answering.answer(400, '{"message": "Invalid input: expected object, received array"}')
    answering.answer(200, '{"id": "a"}')
    with Gateway(connection_to(answering.base_url)) as gateway:
        for id in ("a", "b"):
            gateway.put_score(id=id, name="n", value="x", data_type="CATEGORICAL", trace_id="t", metadata={"k": 1})
    bodies = [json.loads(body) for _, _, body in answering.requests]
    fields = {"name": "n", "value": "x", "dataType": "CATEGORICAL", "traceId": "t", "metadata": {"k": 1}}
    assert bodies == [[{"id": "a", **fields}], {"id": "a", **fields}, {"id": "b", **fields}]


def test_a_score_rejected_inside_an_accepted_list(answering: Answering) -> None:
    answering.answer(207, '{"accepted": 0, "rejected": 1, "errors": [{"message": "no such config"}]}')
    with Gateway(connection_to(answering.base_url)) as gateway, pytest.raises(Refused) as error:
        gateway.put_score(id="a", name="n", value=1, data_type="NUMERIC", trace_id="t")
    assert "no such config" in error.value.server_message
    assert "no such config" not in str(error.value)


def test_annotation_queues(gateway: Gateway, sandbox: SandboxServer) -> None:
    config = post(sandbox, "POST", "/api/public/score-configs", {"name": "q", "dataType": "BOOLEAN"})["id"]
    queues = [
        post(sandbox, "POST", "/api/public/annotation-queues", {"name": name, "scoreConfigIds": [config]})["id"]
        for name in ("triage", "other")
    ]
    for kind, object_id in (("TRACE", "t"), ("TRACE", "t"), ("OBSERVATION", "o"), ("SESSION", "s")):
        post(
            sandbox,
            "POST",
            f"/api/public/annotation-queues/{queues[0]}/items",
            {"objectType": kind, "objectId": object_id},
        )
    triage = next(queue for queue in gateway.annotation_queues() if queue.name == "triage")
    entries = list(gateway.queue_entries(triage))
    assert sorted((one.object_type, one.object_id) for one in entries) == [
        ("OBSERVATION", "o"),
        ("SESSION", "s"),
        ("TRACE", "t"),
        ("TRACE", "t"),
    ]
    assert {one.queue_name for one in entries} == {"triage"}
    gateway.set_queue_entry(triage.id, entries[0].id, "COMPLETED")
    gateway.set_queue_entry(triage.id, entries[0].id, "COMPLETED")
    assert len(list(gateway.queue_entries(triage))) == 3
    assert [one.id for one in gateway.queue_entries(triage, "COMPLETED")] == [entries[0].id]
    gateway.set_queue_entry(triage.id, entries[0].id, "PENDING")
    assert len(list(gateway.queue_entries(triage))) == 4
    with pytest.raises(NotFound):
        gateway.set_queue_entry(triage.id, "nope", "COMPLETED")


# ── datasets ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "name", ["plain", "folder/sub/name", "with blanks & ümläut 数据", "a+b?c=d#e&f", "100%", "a%2Fb", ".."]
)
def test_dataset_names(gateway: Gateway, name: str) -> None:
    assert gateway.dataset(name) is None
    made = gateway.put_dataset(name, "what it is", {"owner": "x"}, {"type": "object"}, {"type": "object"})
    found = gateway.dataset(name)
    assert found is not None
    assert found == made
    assert (found.name, found.description, found.metadata) == (name, "what it is", {"owner": "x"})
    assert found.input_schema == {"type": "object"}
    assert [one.name for one in gateway.datasets()] == [name]
    gateway.put_item(item(dataset=name))
    assert [one.id for one in gateway.items(name)] == ["case-1"]


def test_an_archived_item_is_not_revived_unasked(gateway: Gateway) -> None:
    gateway.put_dataset("regression")
    gateway.put_item(item(status="ARCHIVED"))
    assert gateway.put_item(item(), keep_status=True).status == "ARCHIVED"
    assert gateway.put_item(item()).status == "ACTIVE"


def test_the_life_of_an_item(gateway: Gateway) -> None:
    gateway.put_dataset("regression")
    gateway.put_dataset("other")
    assert gateway.item("case-1") is None
    stored = gateway.put_item(item(source_trace_id="t", source_observation_id="o"))
    assert gateway.item("case-1") == stored
    assert (stored.input, stored.expected_output, stored.metadata) == ({"q": 1}, {"a": 2}, {"m": 3})
    assert (stored.source_trace_id, stored.source_observation_id, stored.status) == ("t", "o", "ACTIVE")
    assert [one.id for one in gateway.items(source_trace_id="t")] == ["case-1"]
    # A None is not sent, so the server keeps the old value; a cleared field becomes null.
    kept = gateway.put_item(item(expected_output=None))
    assert kept.expected_output == {"a": 2}
    cleared = gateway.put_item(item(expected_output=None), clear=["expected_output"])
    assert cleared.expected_output is None
    with pytest.raises(Conflict) as owned:
        gateway.put_item(item(dataset="other"))
    assert "already exists in another dataset" in owned.value.server_message
    with pytest.raises(NotFound) as missing:
        gateway.put_item(item("case-2", dataset="nowhere"))
    assert "nowhere" in missing.value.server_message
    gateway.put_item(item(status="ARCHIVED"))
    archived = gateway.item("case-1")
    assert archived is not None
    assert archived.status == "ARCHIVED"
    assert gateway.items("regression").total_items == 0
    gateway.delete_item("case-1")
    assert gateway.item("case-1") is None
    with pytest.raises(NotFound):
        gateway.delete_item("case-1")


def test_falsy_values_are_values(gateway: Gateway) -> None:
    gateway.put_dataset("regression")
    for number, value in enumerate((0, False, [], {}, 0.5)):
        stored = gateway.put_item(item(f"case-{number}", input=value, expected_output=value))
        assert (stored.input, stored.expected_output) == (value, value)


def test_pages_of_items(gateway: Gateway) -> None:
    gateway.put_dataset("regression")
    for number in range(5):
        gateway.put_item(item(f"case-{number}"))
    before = gateway.requests
    pages = gateway.items("regression", limit=2)
    assert gateway.requests == before
    assert pages.total_items == 5
    assert gateway.requests == before + 1
    assert [one.id for one in pages] == [f"case-{number}" for number in (4, 3, 2, 1, 0)]
    assert gateway.requests == before + 3
    with pytest.raises(NotFound):
        list(gateway.items("nowhere"))


def test_items_at_a_version(gateway: Gateway) -> None:
    gateway.put_dataset("regression")
    first = gateway.put_item(item(input={"q": 1}))
    gateway.put_item(item(input={"q": 2}))
    old = list(gateway.items("regression", version=first.updated_at))
    assert [one.input for one in old] == [{"q": 1}]


# ── experiments ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_experiments_and_their_items(answering: Answering) -> None:
    time = NOW.isoformat()
    score = {"id": "s", "name": "q", "value": 1, "dataType": "NUMERIC", "source": "EVAL", "timestamp": time}
    run = {"id": "e1", "name": "run", "startTime": time, "endTime": time, "itemCount": 2, "datasetId": "d"}
    row = {"id": "o", "traceId": "t", "experimentId": "e1", "experimentName": "run", "experimentItemId": "case-1"}
    row |= {"startTime": time, "level": "ERROR", "experimentItemVersion": time, "scores": [score], "output": {"a": 1}}
    answering.answer(200, json.dumps({"data": [run], "meta": {"cursor": "more"}}))
    answering.answer(200, json.dumps({"data": [{**run, "id": "e2", "scores": [score]}], "meta": {}}))
    answering.answer(200, json.dumps({"data": [row, {**row, "id": "p", "scores": [None]}], "meta": {}}))
    with Gateway(connection_to(answering.base_url)) as gateway:
        runs = list(gateway.experiments(from_=NOW, dataset_id="d", names=["run", "other"]))
        assert [(one.id, one.item_count, len(one.scores)) for one in runs] == [("e1", 2, 0), ("e2", 2, 1)]
        (one,) = gateway.experiment_items(from_=NOW, experiment_id="e1", fields=["io", "scores"])
        assert (one.item_id, one.level, one.output, one.item_version) == ("case-1", "ERROR", {"a": 1}, NOW)
        assert [score.value for score in one.scores] == [1]
        assert gateway.unreadable == 1
    queries = [parse_qs(urlsplit(path).query) for _, path, _ in answering.requests]
    assert queries[0]["name"] == ["run,other"]
    assert queries[0]["datasetId"] == ["d"]
    assert queries[1]["cursor"] == ["more"]
    assert queries[2]["fields"] == ["core,io,scores"]
    assert all("fromStartTime" in query for query in queries)


# ── connections ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_too_large_and_the_connection_after_it(gateway: Gateway) -> None:
    gateway.put_dataset("regression")
    for number in range(3):
        with pytest.raises(TooLarge):
            gateway.put_item(item("large", input="x" * 5_000_000))
        # The server resets the connection of the refused body; a write, which is never repeated, must not meet that.
        gateway.put_item(item(f"small-{number}"))
    assert gateway.requests == 1 + 6
    stored = gateway.put_item(item("nearly", input="x" * 4_300_000))
    assert len(stored.input) == 4_300_000
    assert gateway.item("large") is None


def test_comments_since_a_time_are_found_in_any_order(answering: Answering) -> None:
    """Langfuse sorts them by nothing: an old one first says nothing about those that follow."""

    def page(*hours: float) -> str:
        rows = [
            {
                "id": f"c{hour}",
                "objectType": "TRACE",
                "objectId": "t",
                "content": "x",
                "createdAt": (NOW - timedelta(hours=hour)).isoformat(),
            }
            for hour in hours
        ]
        return json.dumps({"data": rows, "meta": {"page": 1, "limit": 100, "totalItems": 4, "totalPages": 2}})

    answering.answer(200, page(30, 2))
    answering.answer(200, page(40, 1))
    with Gateway(connection_to(answering.base_url)) as gateway:
        found = gateway.comments("TRACE", since=NOW - timedelta(hours=24))
        assert [one.id for one in found] == ["c2", "c1"]
        assert gateway.requests == 2


def test_a_lost_answer_to_a_write(gateway: Gateway, sandbox: SandboxServer) -> None:
    gateway.put_dataset("regression")
    sandbox.fault("drop-response")
    with pytest.raises(NoAnswer):
        gateway.put_item(item())
    assert gateway.item("case-1") is not None


def test_reads_survive_faults_that_pass(gateway: Gateway, sandbox: SandboxServer) -> None:
    sandbox.fault("http-500", "every:2")
    for _ in range(3):
        assert gateway.version().version
    assert gateway.requests == 6 - 1


def test_answers_that_stop_half_way(gateway: Gateway, sandbox: SandboxServer) -> None:
    gateway.put_dataset("regression")
    sandbox.fault("truncate-body", "every:2")
    assert gateway.dataset("regression") is not None
    assert gateway.dataset("regression") is not None
    sandbox.fault("truncate-body", "every:1")
    with pytest.raises(Unreachable):
        gateway.dataset("regression")


def test_many_threads_one_gateway(sandbox: SandboxServer, connection: Connection) -> None:
    heard: list[str] = []
    errors: list[Exception] = []
    with Gateway(connection, on_request=heard.append) as gateway:
        gateway.put_dataset("regression")

        def work(number: int) -> None:
            try:
                for step in range(5):
                    gateway.put_item(item(f"case-{number}-{step}"))
                    stored = gateway.item(f"case-{number}-{step}")
                    assert stored is not None
                    assert stored.id == f"case-{number}-{step}"
            except Exception as error:
                errors.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not errors
        assert gateway.items("regression").total_items == 40
        assert gateway.requests == len(heard) == 1 + 80 + 1
    counted = httpx.get(f"{sandbox.base_url}/__sandbox__/requests").json()
    flat = json.dumps(counted)
    assert "dataset-items" in flat


def test_import_is_light() -> None:
    code = (
        "import sys, curator.gateway, curator.queue, curator.queue.decisions, curator.cli.queue, curator.cli.show,"
        " curator.cli.decide, curator.cli.doctor\n"
        "print([m for m in ('langfuse', 'textual', 'presidio_analyzer', 'spacy', 'scipy', 'starlette')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
