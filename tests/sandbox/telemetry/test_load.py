"""Loading saved rows: every shape that Langfuse gives them, bad lines, and no more memory than a batch needs."""

import gzip
import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from langfuse.api import LangfuseAPI

from curator.sandbox.errors import SandboxProblem
from curator.sandbox.load import LoadReport, load_files
from curator.sandbox.server import SandboxServer

Row = dict[str, Any]
ALL = "core,basic,time,io,metadata,model,usage,prompt,trace_context"


def write(path: Path, rows: list[Any]) -> Path:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    data = "".join(f"{line}\n" for line in lines).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def shown(web: httpx.Client) -> list[Row]:
    rows: list[Row] = web.get("/v2/observations", params={"fields": ALL, "limit": 1000}).json()["data"]
    return rows


def test_what_the_api_answers_can_be_loaded_and_is_answered_again(
    sandbox: SandboxServer, web: httpx.Client, helpers: Any, tmp_path: Path
) -> None:
    row = helpers.observation(
        3,
        endTime="2026-11-01T10:00:04.001Z",
        input='{"q": 1}',
        metadata={"a": {"b": [1]}, "text": "x", "scope.name": "sdk"},
        tags=["vip"],
        traceName="checkout",
        model="gpt-4o",
        modelParameters={"temperature": 0.1},
        usageDetails={"input": 1, "total": 1},
        costDetails={"total": 0.25},
        promptName="p",
        promptVersion=3,
        completionStartTime="2026-11-01T10:00:03.500Z",
    )
    load_files(sandbox.store, [write(tmp_path / "a.jsonl.gz", [row])])
    once = shown(web)
    assert {key: once[0][key] for key in row} == row
    load_files(sandbox.store, [write(tmp_path / "b.jsonl", once)])
    assert shown(web) == once


def test_rows_of_the_blob_storage_export(sandbox: SandboxServer, web: httpx.Client, tmp_path: Path) -> None:
    observation = {
        "id": "o1",
        "trace_id": "t1",
        "project_id": "p",
        "type": "GENERATION",
        "start_time": "2026-11-01 10:00:00.125",
        "end_time": "2026-11-01 10:00:01.000",
        "parent_observation_id": "",
        "metadata": {"k": "v"},
        "input": "hi",
        "output": None,
        "provided_model_name": "gpt-4o",
        "model_parameters": '{"temperature": 0.1}',
        "usage_details": {"input": "3", "total": "3"},
        "cost_details": {},
        "level": "ERROR",
        "prompt_version": None,
    }
    score = {
        "id": "s1",
        "timestamp": "2026-11-01 10:00:02.000",
        "trace_id": "t1",
        "observation_id": None,
        "name": "tone",
        "value": 0,
        "string_value": "rude",
        "data_type": "CATEGORICAL",
        "source": "ANNOTATION",
        "author_user_id": "ann",
    }
    report = load_files(sandbox.store, [write(tmp_path / "export.jsonl", [observation, score])])
    assert (report.observations, report.scores, report.bad_total) == (1, 1, 0)
    (row,) = shown(web)
    assert (row["startTime"], row["model"], row["level"]) == ("2026-11-01T10:00:00.125Z", "gpt-4o", "ERROR")
    assert (row["isRootObservation"], row["usageDetails"]) == (True, {"input": 3, "total": 3})
    assert row["modelParameters"] == {"temperature": 0.1}
    (found,) = web.get("/v3/scores", params={"fields": "subject,annotation"}).json()["data"]
    assert (found["value"], found["source"], found["authorUserId"]) == ("rude", "ANNOTATION", "ann")


def test_rows_of_the_interfaces_exports(sandbox: SandboxServer, web: httpx.Client, tmp_path: Path) -> None:
    trace = {
        "id": "trace-1",
        "timestamp": "2026-11-01T10:00:00.000Z",
        "name": "checkout",
        "input": {"q": 1},
        "output": "done",
        "tags": ["vip"],
        "userId": "u",
        "latency": 1.5,
        "metadata": {"a": 1},
    }
    observation = {
        "id": "o1",
        "traceId": "trace-1",
        "startTime": "2026-11-01T10:00:00.500Z",
        "type": "GENERATION",
        "parentObservationId": "x",
        "input": [{"role": "user"}],
    }
    correction = {
        "id": "c1",
        "traceId": "trace-1",
        "name": "output",
        "source": "ANNOTATION",
        "dataType": "CORRECTION",
        "value": 0,
        "longStringValue": "better",
        "timestamp": "2026-11-01T10:01:00.000Z",
    }
    load_files(sandbox.store, [write(tmp_path / "export.jsonl", [trace, observation, correction])])
    child, root = shown(web)
    assert (root["traceId"], root["isRootObservation"], root["latency"]) == ("trace-1", True, 1.5)
    assert (root["input"], root["output"], root["traceName"], root["tags"]) == ('{"q": 1}', "done", "checkout", ["vip"])
    assert (child["input"], child["isRootObservation"]) == ('[{"role": "user"}]', False)
    assert web.get("/v3/scores").json()["data"][0]["value"] == "better"


def test_spans_that_never_were_in_langfuse(sandbox: SandboxServer, web: httpx.Client, tmp_path: Path) -> None:
    """OTLP/JSON: one export as a document, and a collector's file with one per line."""

    def export(trace_id: str, said: str) -> dict[str, Any]:
        texts = {"gen_ai.operation.name": "chat", "input.value": said, "output.value": "No."}
        attributes = [{"key": key, "value": {"stringValue": value}} for key, value in texts.items()]
        span = {
            "traceId": trace_id, "spanId": trace_id[:16], "name": "ask", "attributes": attributes,
            "status": {"code": 2},
            "startTimeUnixNano": "1795428000000000000", "endTimeUnixNano": "1795428001000000000",
        }  # fmt: skip
        return {"resourceSpans": [{"resource": {}, "scopeSpans": [{"scope": {"name": "s"}, "spans": [span]}]}]}

    one, two, three = (export(digit * 32, f"question {digit}") for digit in "abc")
    document = tmp_path / "one.json"
    document.write_text(json.dumps(one))
    report = load_files(sandbox.store, [document, write(tmp_path / "lines.jsonl", [two, three, {"resourceSpans": 1}])])
    assert (report.observations, report.bad_total) == (3, 1)
    rows = sorted(shown(web), key=lambda row: str(row["traceId"]))
    assert [(row["input"], row["output"], row["level"]) for row in rows] == [
        (f"question {digit}", "No.", "ERROR") for digit in "abc"
    ]


def test_queues_comments_and_configs_keep_their_ids(sandbox: SandboxServer, web: httpx.Client, tmp_path: Path) -> None:
    at = {"createdAt": "2026-11-01T10:00:00.000Z", "updatedAt": "2026-11-01T10:00:00.000Z"}
    rows: list[Row] = [
        {"id": "c", "name": "quality", "dataType": "NUMERIC", "isArchived": False, "minValue": 0, **at},
        {"id": "q", "name": "review", "description": None, "scoreConfigIds": ["c"], **at},
        {"id": "i", "queueId": "q", "objectId": "t", "objectType": "TRACE", "status": "PENDING", **at},
        {"id": "m", "objectType": "TRACE", "objectId": "t", "content": "why?", "authorUserId": "ann", **at},
    ]
    assert load_files(sandbox.store, [write(tmp_path / "reviews.jsonl", rows)]).reviews == 4
    load_files(sandbox.store, [write(tmp_path / "again.jsonl", rows)])
    assert web.get("/score-configs/c").json()["minValue"] == 0
    assert web.get("/annotation-queues").json()["meta"]["totalItems"] == 1
    assert web.get("/annotation-queues/q/items/i").json()["objectId"] == "t"
    assert web.get("/comments/m").json()["authorUserId"] == "ann"


def test_bad_lines_are_named_by_number_and_skipped(
    sandbox: SandboxServer, web: httpx.Client, helpers: Any, tmp_path: Path
) -> None:
    good = helpers.observation(0)
    lines: list[Any] = [
        good,
        "{broken",
        "",
        [1],
        {"id": "x"},
        {**good, "id": None},
        {**good, "startTime": "yesterday"},
        {**good, "tags": "vip"},
        {**good, "usageDetails": {"input": "many"}},
        {"id": "s", "name": "n", "value": "x", "dataType": "NUMERIC", "timestamp": "2026-11-01", "traceId": "t"},
        {"id": "s", "name": "n", "value": 1, "dataType": "NUMERIC", "timestamp": "2026-11-01"},
        helpers.observation(1),
    ]
    report = load_files(sandbox.store, [write(tmp_path / "mixed.jsonl", lines)])
    assert (report.observations, report.scores, report.lines, report.bad_total) == (2, 0, 12, 9)
    assert [(bad.line, bad.reason) for bad in report.bad] == [
        (2, "not JSON"),
        (4, "not a JSON object"),
        (5, "no observation (startTime), trace (timestamp), score (name, value), queue, comment or score config"),
        (6, "id is missing"),
        (7, "startTime is no time"),
        (8, "tags are no list of texts"),
        (9, "usageDetails holds something that is no number"),
        (10, "value is no number"),
        (11, "the score has no trace, session or experiment"),
    ]
    assert len(shown(web)) == 2


def test_only_the_first_bad_lines_are_kept(sandbox: SandboxServer, tmp_path: Path) -> None:
    report = load_files(sandbox.store, [write(tmp_path / "bad.jsonl", ["{"] * 100)])
    assert (len(report.bad), report.bad_total) == (20, 100)


def test_progress_reaches_the_end(sandbox: SandboxServer, helpers: Any, tmp_path: Path) -> None:
    seen: list[tuple[int, float]] = []

    def progress(report: LoadReport, share: float) -> None:
        seen.append((report.lines, share))

    files = [write(tmp_path / name, [helpers.observation(n) for n in range(25)]) for name in ("a.jsonl", "b.jsonl.gz")]
    load_files(sandbox.store, files, progress, batch=10)
    assert [lines for lines, _ in seen] == [10, 20, 25, 35, 45, 50]
    assert [share for _, share in seen] == sorted(share for _, share in seen)
    assert seen[-1][1] == 1


def test_a_missing_or_broken_file_is_a_usage_error(sandbox: SandboxServer, tmp_path: Path) -> None:
    with pytest.raises(SandboxProblem, match=r"missing\.jsonl cannot be read"):
        load_files(sandbox.store, [tmp_path / "missing.jsonl"])
    (tmp_path / "plain.jsonl.gz").write_text("{}\n")
    with pytest.raises(SandboxProblem, match="is no complete gzip file"):
        load_files(sandbox.store, [tmp_path / "plain.jsonl.gz"])
    whole = write(tmp_path / "cut.jsonl.gz", [{"id": str(n)} for n in range(1000)]).read_bytes()
    (tmp_path / "cut.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SandboxProblem, match="is no complete gzip file"):
        load_files(sandbox.store, [tmp_path / "cut.jsonl.gz"])


@pytest.mark.slow
def test_two_hundred_real_agent_runs(sandbox: SandboxServer, api: LangfuseAPI, shared: Path) -> None:
    traces = shared / "traces"
    report = load_files(sandbox.store, sorted(traces.glob("airline.[os]*.jsonl.gz")))
    assert (report.observations, report.scores, report.bad_total) == (3818, 200, 0)
    failing: list[str] = []
    cursor = None
    while True:
        page = api.scores.get_many(
            name="reward", data_type="NUMERIC", value_max=0.5, fields="subject", limit=100, cursor=cursor
        )
        failing += [score.subject.id for score in page.data if score.subject]
        cursor = page.meta.cursor
        if not cursor:
            break
    assert len(failing) == 116
    one = {"type": "stringOptions", "column": "traceId", "operator": "any of", "value": failing[:100]}
    roots = api.observations.get_many(filter=json.dumps([one]), is_root_observation=True, limit=1000).data
    assert {row.trace_id for row in roots} == set(failing[:100])


MEMORY = """
import json, resource, sys
from pathlib import Path
from curator.sandbox.load import load_files
from curator.sandbox.store import Store
store = Store()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
report = load_files(store, [Path(sys.argv[1])])
print(report.observations, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
store.close()
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(helpers: Any, tmp_path: Path) -> None:
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 0
    text = "word " * 800
    grown = []
    for count in (2_000, 20_000):
        file = write(tmp_path / f"{count}.jsonl.gz", [helpers.observation(n, input=text) for n in range(count)])
        done = subprocess.run(
            [sys.executable, "-c", MEMORY, str(file)], capture_output=True, text=True, check=True, timeout=120
        )
        loaded, kilobytes = map(int, done.stdout.split())
        assert loaded == count
        grown.append(kilobytes)
    # Ten times the rows (80 MB of text) may cost SQLite's caches, not ten times the memory.
    assert grown[1] - grown[0] < 30_000, grown
