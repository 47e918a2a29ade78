"""A program prepares, a person approves, the item is proved, pulled, pinned and gates a release: a process for each."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from curator.gateway import Gateway
from curator.sandbox.load import load_files
from curator.sandbox.server import SandboxServer
from tests.promote.support import connection_of

RULE = """
rule: desk
dataset: {name: desk}
queue: {signals: [{score: q, below: 0.5}]}
input:
  schema: {type: object, required: [query], properties: {query: {type: string}}}
  fields: {query: {from: "$.input.query"}}
expected_output:
  schema: {type: object, required: [outcome], properties: {outcome: {type: string}}}
  fields: {outcome: {default: refund}}
lineage: {failure_types: [wrong], default_failure_type: wrong, rubric: r, approval: person}
checks: [{name: outcome, type: expected_outcome}]
gate: {required: [{name: outcome, at_least: 1}]}
"""
TRACE = "7" * 32
TASK = """
import json, sys
asked = json.load(sys.stdin)
print(json.dumps({"outcome": sys.argv[1]}))
"""


class Machine:
    """Runs commands as processes, with a state folder of its own."""

    def __init__(self, server: SandboxServer, folder: Path) -> None:
        state = {"CURATOR_STATE_DIR": str(folder / "state"), "CURATOR_RULES": str(folder / "rules")}
        self._env = {**os.environ, **server.environment(), **state}
        self._folder = folder

    def __call__(self, *arguments: str, code: int = 0, terminal: bool = False) -> Any:
        """The JSON document of a command; `terminal`: somebody sits at it."""
        controller, given = pty.openpty() if terminal else (None, subprocess.DEVNULL)
        try:
            done = subprocess.run(
                [sys.executable, "-m", "curator", *arguments, "--json"],
                stdin=given, capture_output=True, text=True, env=self._env, cwd=self._folder, check=False, timeout=120,
            )  # fmt: skip
        finally:
            for each in (controller, given) if controller is not None else ():
                os.close(each)
        assert done.returncode == code, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SandboxServer]:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "desk.yaml").write_text(RULE)
    (tmp_path / "task.py").write_text(TASK)
    at = "2026-11-20T10:00:00Z"
    rows = [
        {"id": "7" * 16, "traceId": TRACE, "traceName": "desk", "name": "desk", "type": "SPAN", "startTime": at,
         "endTime": at, "input": '{"query": "where is my money"}', "output": '{"outcome": "answer"}'},
        {"id": "s", "name": "q", "value": 0.1, "dataType": "NUMERIC", "source": "EVAL", "timestamp": at,
         "subject": {"kind": "trace", "id": TRACE}},
    ]  # fmt: skip
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with SandboxServer() as server:
        assert load_files(server.store, [tmp_path / "rows.jsonl"]).bad_total == 0
        with Gateway(connection_of(server)) as gateway:
            gateway.put_dataset("desk")
        yield server


@pytest.mark.slow
def test_from_a_prepared_draft_to_a_gate(server: SandboxServer, tmp_path: Path) -> None:
    desk = Machine(server, tmp_path)
    saved = desk("draft", TRACE, "--rules", "desk", "--save", "--prepared-by", "triage-bot")
    assert (saved["saved"], saved["prepared_by"]) == (True, "triage-bot")
    (refused,) = desk("promote", TRACE, "--rules", "desk", code=1)["receipts"]
    assert refused["problem"]["code"] == "APPROVAL_NEEDS_PERSON"

    (receipt,) = desk("promote", TRACE, "--rules", "desk", terminal=True)["receipts"]
    assert receipt["verdict"] == "verified"
    with Gateway(connection_of(server)) as gateway:
        stored = gateway.item(receipt["item_id"])
    assert stored is not None
    assert (stored.metadata["prepared_by"], stored.metadata["approved_via"]) == ("triage-bot", "terminal")
    assert stored.metadata["approved_by"]

    pulled = desk("pull", "desk", "dataset")
    assert list(pulled["items"]) == [receipt["item_id"]]
    assert desk("diff", "dataset", "desk")["changes"]["items"] == []
    gate = ("gate", "--rules", "desk", "--dataset-version", "dataset")
    task = f"cmd:{sys.executable} task.py"
    assert desk(*gate, "--task", f"{task} refund")["passed"] is True
    assert desk(*gate, "--task", f"{task} answer", code=1)["passed"] is False

    # Somebody rewords the case in Langfuse: the proof and the lock notice, and the diff says what.
    with Gateway(connection_of(server)) as gateway:
        gateway.put_item(stored.to_write().model_copy(update={"expected_output": {"outcome": "answer"}}))
    assert desk("verify", "desk", code=1)["items"][0]["verdict"] == "failed"
    (change,) = desk("diff", "dataset", "desk")["changes"]["items"]
    assert [field["path"] for field in change["fields"]] == ["expected_output.outcome"]
