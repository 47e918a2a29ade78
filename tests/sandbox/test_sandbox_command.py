"""`curator sandbox` as a process of its own."""

import gzip
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.command import run

NAMES = ["LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY", "LANGFUSE_BASE_URL"]
COMMAND = [sys.executable, "-c", "from curator.cli.main import main; main()", "sandbox"]


@contextmanager
def running(*arguments: str) -> Iterator[tuple[dict[str, str], "subprocess.Popen[str]"]]:
    process = subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ}
    )
    assert process.stdout is not None
    try:
        lines = [process.stdout.readline().strip() for _ in NAMES]
        yield dict(line.split("=", 1) for line in lines), process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=10)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_is_and_stops_cleanly(number: signal.Signals) -> None:
    with running("--lag", "0") as (variables, process):
        assert list(variables) == NAMES
        base_url = variables["LANGFUSE_BASE_URL"]
        assert base_url.startswith("http://127.0.0.1:")
        keys = (variables["LANGFUSE_PUBLIC_KEY"], variables["LANGFUSE_SECRET_KEY"])
        assert httpx.get(f"{base_url}/api/public/projects", auth=keys).status_code == 200
        process.send_signal(number)
        _, errors = process.communicate(timeout=10)
        assert process.returncode == 0
        assert "Traceback" not in errors
    with pytest.raises(httpx.ConnectError):
        httpx.get(base_url)


def test_data_faults_and_limits(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl.gz"
    row = {"id": "a" * 16, "traceId": "b" * 32, "startTime": "2026-01-01T00:00:00.000Z", "type": "SPAN", "name": "n"}
    with gzip.open(rows, "wt") as file:
        file.write(json.dumps(row) + "\nnot json\n")
    options = ["--data", str(tmp_path / "kept"), "--load", str(rows), "--rate-limit", "hobby"]
    with running(*options, "--fault", "http-500=every:3", "--fault", "slow=0") as (variables, process):
        client = httpx.Client(
            base_url=variables["LANGFUSE_BASE_URL"],
            auth=(variables["LANGFUSE_PUBLIC_KEY"], variables["LANGFUSE_SECRET_KEY"]),
        )
        assert client.get("/__sandbox__/faults").json() == {"faults": {"http-500": "every:3", "slow": "0"}}
        answers = [client.get("/api/public/v2/observations") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 500]
        assert [each["id"] for each in answers[0].json()["data"]] == ["a" * 16]
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=10)
    assert "rows.jsonl.gz:2: not JSON" in errors
    assert "loaded 1 observation and 0 scores, skipped 1 line" in errors
    assert (tmp_path / "kept" / "sandbox.sqlite3").is_file()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--fault", "nonsense"], "There is no fault nonsense."),
        (["--fault", "slow"], "The fault slow takes SECONDS, and none was given."),
        (["--lag", "soon"], "--lag takes `measured` or a number of seconds."),
        (["--load", "/nowhere/rows.jsonl"], "rows.jsonl cannot be read."),
        (["--port", "70000"], "70000"),
    ],
)
def test_mistakes_are_one_sentence(arguments: list[str], sentence: str) -> None:
    done = run("sandbox", *arguments)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stdout == ""


def test_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "sandbox.sqlite3").write_bytes(b"no database" * 100)
    done = run("sandbox", "--data", str(tmp_path))
    assert done.returncode == 3
    assert "file is not a database" in done.stderr
    assert "SANDBOX_DATA" in done.stderr


def test_a_port_that_is_taken() -> None:
    with running() as (variables, _):
        port = variables["LANGFUSE_BASE_URL"].rpartition(":")[2]
        done = run("sandbox", "--port", port)
    assert done.returncode == 4
    assert f"Port {port} of 127.0.0.1 cannot be used" in done.stderr


def test_the_faults_can_be_listed() -> None:
    done = run("sandbox", "--fault", "list")
    assert "collision-404" in done.stdout
    assert len(done.stdout.splitlines()) == 12
