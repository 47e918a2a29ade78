"""An interrupted run keeps what was done and goes on: after a signal, a crash, a full disk."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from curator.config import Connection
from curator.experiments import record
from curator.experiments.perform import perform_experiment
from curator.experiments.run import Plan
from curator.experiments.versions import project_of
from curator.gateway import Gateway
from curator.model.errors import UsageError
from curator.sandbox.server import SandboxServer
from tests.experiments.test_article import ROOT, Shell
from tests.experiments.workflow import Workflow

ITEMS = 5
AGENT = """
import pathlib, time
def answer(case):
    asked = pathlib.Path("asked.txt")
    with asked.open("a") as file:
        print(case["query"], file=file)
    while pathlib.Path("hang").exists() and len(asked.read_text().splitlines()) > 2:
        time.sleep(0.05)
    return {"answer": "Your order is on its way: ORDER-1", "outcome": "answer"}
"""


@pytest.fixture
def workflow(gateway: Gateway, connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workflow:
    (tmp_path / "counting.py").write_text(AGENT)
    monkeypatch.chdir(tmp_path)
    made = Workflow(gateway, connection)
    made.fill(ITEMS)
    return made


def asked() -> int:
    return len(Path("asked.txt").read_text().splitlines())


def go_on(workflow: Workflow, **options: Any) -> Any:
    plan = Plan(task="counting:answer", max_concurrency=1, resume="", **options)
    return perform_experiment(workflow.gateway, workflow.connection, workflow.rule, plan)


@pytest.mark.parametrize("how", [signal.SIGTERM, pytest.param(signal.SIGKILL, marks=pytest.mark.slow)])
def test_a_signal_loses_the_item_under_way(
    workflow: Workflow, sandbox: SandboxServer, tmp_path: Path, how: signal.Signals
) -> None:
    shell = Shell(sandbox, tmp_path)
    shell.environment["PYTHONPATH"] = str(ROOT)
    Path("hang").touch()
    rule = tmp_path / "rule.yaml"
    rule.write_text((ROOT / "rules" / "order-status-regression.yaml").read_text())
    command = ["run", "--rules", str(rule), "--task", "counting:answer", "--max-concurrency", "1", "--label", "cut"]
    process = subprocess.Popen(
        [sys.executable, "-m", "curator", *command],
        env=shell.environment,
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    until = time.monotonic() + 90
    while not Path("asked.txt").exists() or asked() < 3:
        assert time.monotonic() < until
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        time.sleep(0.05)
    process.send_signal(how)
    _, said = process.communicate(timeout=60)
    assert process.returncode == (130 if how != signal.SIGKILL else -signal.SIGKILL)
    assert ("curator run --resume" in said) == (how != signal.SIGKILL)
    Path("hang").unlink()
    found, path = record.find("", "order-status-regression", workflow.rule.dataset.name, project_of(workflow.gateway))
    assert [len(each.items) for each in found.repeats.values()] == [2]
    done = shell.json(*command, "--resume", "--deadline", "40")
    assert done["integrity"] == {"ok": True, "problems": [], "waited": done["integrity"]["waited"]}
    assert (done["items"], done["errors"], done["label"]) == (ITEMS, 0, "cut")
    assert done["run_name"] == found.run.run_name
    # What a crash kept from being sent is asked again; of the rest, only the item under way.
    assert asked() <= ITEMS + (3 if how == signal.SIGKILL else 1)
    assert Path(done["results_file"]) == path
    assert list(path.parent.iterdir()) == [path]
    [experiment] = workflow.gateway.experiments(from_=found.repeats[1].started_at)
    assert experiment.id == done["experiment_id"]


def test_a_full_disk_stops_the_run_and_it_goes_on(workflow: Workflow, monkeypatch: pytest.MonkeyPatch) -> None:
    write, room = os.write, [9_000]

    def full(descriptor: int, data: bytes) -> int:
        if room[0] <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = write(descriptor, data[: room[0]])
        room[0] -= written
        return written

    monkeypatch.setattr(record.os, "write", full)
    with pytest.raises(UsageError, match="No space left") as caught:
        perform_experiment(
            workflow.gateway,
            workflow.connection,
            workflow.rule,
            Plan(task="counting:answer", max_concurrency=1, repeat=2, label="full", deadline=120.0),
        )
    assert caught.value.code == "RESULT_WRITE"
    monkeypatch.setattr(record.os, "write", write)
    before = asked()
    found, path = record.find("", workflow.rule.rule, workflow.rule.dataset.name, project_of(workflow.gateway))
    kept = sum(len(each.items) for each in found.repeats.values())
    assert 0 < kept < 2 * ITEMS
    run, where = go_on(workflow, deadline=120.0)
    assert where == path
    assert [each.integrity.ok for each in run.repeats] == [True, True]
    assert (run.complete, run.errors(), run.label, len(run.repeats)) == (True, [], "full", 2)
    assert asked() - before <= 2 * ITEMS - kept
    with pytest.raises(UsageError, match="no interrupted run"):
        go_on(workflow)


def test_another_candidate_does_not_go_on(workflow: Workflow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    run, path = perform_experiment(
        workflow.gateway, workflow.connection, workflow.rule, Plan(task="counting:answer", label="l", deadline=120.0)
    )
    document = run.model_copy(update={"complete": False, "repeats": ()}).model_dump(mode="json")
    part = path.with_name(f"{path.name}.part")
    part.write_text(json.dumps({"run": document, "repeats": 1}) + '\n{"repeat": 1, "run_na')
    assert record.read(path).repeats == {}
    Path("counting.py").write_text(AGENT + "# changed\n")
    with pytest.raises(UsageError, match="the task changed") as caught:
        go_on(workflow)
    assert caught.value.code == "RUN_RESUME"
    part.write_text("nonsense\n")
    with pytest.raises(UsageError, match="cannot be read"):
        go_on(workflow)
    part.unlink()
    with pytest.raises(UsageError, match="is no interrupted run"):
        record.find(str(path), "r", "d", "p")
