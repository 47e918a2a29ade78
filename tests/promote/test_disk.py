"""A disk that fills up under a promotion: what was written is told, and the next start finishes it."""

import ctypes
import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from curator.gateway import Gateway
from curator.journal import FILE, Journal
from curator.queue import decisions
from curator.sandbox.demo import seed_demo
from curator.sandbox.server import SandboxServer
from tests.command import run
from tests.demo.truth import DemoData
from tests.promote.test_cli import MEND, RULE, connection_of

TRACE = "1" * 32
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, PR_CAPBSET_DROP = 1, 2, 24  # linux/capability.h, linux/prctl.h

# Every write beyond so many bytes of a file fails, as on a full disk; what is shorter still fits.
LIMITED = (
    "import resource, sys; from curator.cli.main import main; limit = int(sys.argv.pop(1));"
    " resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY)); main()"
)


def curator(server: SandboxServer, state: Path, limit: int, *arguments: str) -> tuple[int, Any, str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("CURATOR_")}
    env |= server.environment() | {"CURATOR_STATE_DIR": str(state)}
    command = [sys.executable, "-c", LIMITED, str(limit), *arguments, "--json"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=120)
    assert "Traceback" not in done.stderr
    return done.returncode, json.loads(done.stdout), done.stderr


@pytest.mark.usefixtures("lasting_workers")
@pytest.mark.slow
@pytest.mark.parametrize("kilobytes", [130, 260])
def test_what_was_written_before_the_disk_was_full_is_told(
    now: datetime, demo: DemoData, tmp_path: Path, kilobytes: int
) -> None:
    traces = [t.trace_id for t in demo.traces if t.workflow == "order-status" and t.failure][:8]
    with SandboxServer(clock=lambda: now) as server, Gateway(connection_of(server)) as gateway:
        seed_demo(server.store, now)
        gateway.put_dataset(RULE)
        env = server.environment() | {"CURATOR_STATE_DIR": str(tmp_path)}
        assert run("promote", traces[0], *MEND, env=env).returncode == 0

        code, document, _ = curator(server, tmp_path, kilobytes * 1024, "promote", *traces[1:], *MEND)
        assert code == 3
        receipts = document["receipts"]
        assert {each["trace_id"] for each in receipts} == set(traces[1:])
        there = {item.source_trace_id for item in gateway.items(RULE)}
        for each in receipts:
            assert (each["trace_id"] in there) == (each["verdict"] == "verified"), each
        unstored = [check for each in receipts for check in each["checks"] if check["name"] == "journal"]
        assert unstored
        assert all(not check["ok"] and "next start" in check["detail"] for check in unstored)

        done = run("promote", "--resume", "--json", env=env)
        assert done.returncode == 0
        resumed = done.document["resumed"]
        assert all(each["outcome"] in ("verified", "draft", "shared") for each in resumed), resumed
        done = run("promote", *traces, *MEND, "--json", env=env)
        assert done.returncode == 0
        verdicts = {each["trace_id"]: each["verdict"] for each in done.document["receipts"]}
        assert {trace for trace, verdict in verdicts.items() if verdict == "unchanged"} == there
        assert sum(1 for _ in gateway.items(RULE)) == len(traces)


def without_rights() -> None:
    """In a new process, before its program starts: even root may not write where the mode says so (Linux)."""
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="takes root's rights away with Linux' prctl")
@pytest.mark.parametrize("begun", [True, False], ids=["with a journal", "before the first start"])
def test_a_folder_that_cannot_be_written_is_said_before_anything_is_sent(
    server: SandboxServer, gateway: Gateway, tmp_path: Path, begun: bool
) -> None:
    state = tmp_path / "state"
    state.mkdir()
    if begun:
        Journal("test", state / FILE).close()
    for each in (*state.rglob("*"), state):
        each.chmod(0o500 if each.is_dir() else 0o400)
    env = os.environ | server.environment() | {"CURATOR_STATE_DIR": str(state), "CURATOR_REVIEWER": "ada"}
    command = [sys.executable, "-m", "curator", "dismiss", TRACE, "--reason", "tried", "--json"]
    done = subprocess.run(
        command,
        env=os.environ | env,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        preexec_fn=without_rights,
    )
    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (3, "JOURNAL_UNUSABLE")
    assert "Permission denied" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(gateway.scores(names=[decisions.SCORE_NAME])) == []
