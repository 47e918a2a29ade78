"""The order-status article, command by command, as a reader types it: seed, run, gate; then the loop with a failure."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from curator.cli.main import cli
from curator.gateway import Gateway
from curator.model.errors import CuratorError
from curator.model.item import Item
from curator.sandbox.server import SandboxServer

RULE = "order-status-regression"
AGENT = "curator.sandbox.demo.agent"
ROOT = Path(__file__).parents[2]
PRICED = f"""
from {AGENT} import candidate as new, production as live

def priced(output):
    return {{"output": output, "curator": {{"cost": 0.001}}}}

def production(case):
    return priced(live(case))

def candidate(case):
    return priced(new(case))
"""
"""The agent, naming its price: the rule limits what a case may cost more, and what nobody knows is no pass."""


class Shell:
    """Runs curator as a reader does: a process of its own, in a folder of its own, against the sandbox."""

    def __init__(self, sandbox: SandboxServer, folder: Path) -> None:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("LANGFUSE_", "CURATOR_"))}
        own = {"CURATOR_STATE_DIR": str(folder / "state"), "CURATOR_CONFIG": os.devnull, "NO_COLOR": "1"}
        self.environment = clean | sandbox.environment() | own
        self.folder = folder

    def __call__(self, *arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "curator", *arguments],
            capture_output=True,
            text=True,
            check=False,
            env=self.environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            timeout=120,
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout

    def json(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self(*arguments, "--json", code=code))


class Quick(Shell):
    """The same in this process: saves a second of start-up per command."""

    def __init__(self, sandbox: SandboxServer, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        super().__init__(sandbox, folder)
        self.capsys = capsys

    def __call__(self, *arguments: str, code: int = 0) -> str:
        self.capsys.readouterr()
        result = cli.main(arguments, standalone_mode=False)
        said = self.capsys.readouterr()
        assert (result or 0) == code, said.out + said.err
        return said.out


@pytest.fixture
def process(sandbox: SandboxServer, tmp_path: Path) -> Shell:
    return Shell(sandbox, tmp_path)


@pytest.fixture
def curator(
    sandbox: SandboxServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    lasting_workers: None,
) -> Shell:
    shell = Quick(sandbox, tmp_path, capsys)
    for name, value in shell.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return shell


def test_the_article(curator: Shell, process: Shell, gateway: Gateway, sandbox: SandboxServer) -> None:
    assert curator("seed", "--rules", RULE) == (
        "dataset ready: order-status-regression\ndataset item ready: order-status-delayed-eu-v1\n"
    )
    again = curator.json("seed", "--rules", RULE)
    assert again["dataset"] == RULE
    assert [(item["action"], item["verdict"]) for item in again["items"]] == [("none", "unchanged")]
    [item] = gateway.items(RULE)
    assert item.input["query"] == "Where is my delayed EU order?"
    assert item.expected_output["outcome"] == "answer"
    dataset = gateway.dataset(RULE)
    assert dataset is not None
    assert dataset.input_schema["required"] == ["query", "region", "order_reference", "prompt_label"]

    run = ("run", "--rules", RULE, "--task", f"{AGENT}:production", "--label", "order-status-production-baseline")
    lines = curator(*run).splitlines()
    assert lines[:2] == [
        "dataset ready: order-status-regression",
        "dataset item ready: order-status-delayed-eu-v1",
    ]
    assert lines[-1].startswith(f"dataset run url: {sandbox.base_url}/project/")
    assert lines[2].startswith("order-status-production-baseline - 20")
    assert "whole on the server" in lines

    gate = process.json("gate", "--rules", RULE, "--task", f"{AGENT}:production")
    expected = {
        "dataset": "order-status-regression",
        "dataset_item_id": "order-status-delayed-eu-v1",
        "output": {"outcome": "answer", "prompt_label": "production"},
        "passed": True,
        "release_gate": "order-status-regression-v1",
        "required_scores": ["expected_outcome", "required_terms_present", "forbidden_terms_absent"],
        "scores": {"expected_outcome": 1.0, "forbidden_terms_absent": 1.0, "required_terms_present": 1.0},
    }
    assert {key: gate[key] for key in expected} == expected
    assert list(gate) == sorted(gate)
    assert gate["reasons"] == []
    assert gate["run_url"].startswith(sandbox.base_url)
    assert gate["dataset_version"]


def test_a_run_as_json(curator: Shell) -> None:
    curator("seed", "--rules", RULE)
    run = curator.json("run", "--rules", RULE, "--task", f"cmd:{sys.executable} -m {AGENT}", "--var", "model=m1")
    assert run.keys() >= {"run_name", "experiment_id", "dataset", "dataset_version", "items", "errors", "scores"}
    assert (run["items"], run["errors"]) == (1, 0)
    assert run["integrity"] == {"ok": True, "problems": [], "waited": 0}
    stored = json.loads(Path(run["results_file"]).read_text())
    assert stored["variables"] == {"model": "m1"}


def test_the_gate_closes(curator: Shell, tmp_path: Path) -> None:
    curator("seed", "--rules", RULE)
    (tmp_path / "broken.py").write_text(
        "def agent(case):\n    print('noise')\n    return {'answer': 'refund issued', 'outcome': 'escalate'}\n"
        "def crash(case):\n    raise ValueError('boom')\n"
    )
    summary = tmp_path / "summary.md"
    gate = curator.json("gate", "--rules", RULE, "--task", "broken:agent", "--markdown", str(summary), code=1)
    assert gate["passed"] is False
    assert {reason["code"] for reason in gate["reasons"]} == {"GATE_SCORE_BELOW", "GATE_SAFETY"}
    assert summary.read_text().startswith("## ❌ blocked: order-status-regression-v1\n")
    crashed = curator.json("gate", "--rules", RULE, "--task", "broken:crash", code=1)
    assert "ValueError: boom" in json.dumps(crashed["reasons"])
    text = curator("gate", "--rules", RULE, "--task", "broken:agent", code=1)
    assert text.startswith("blocked: order-status-regression-v1\n")


def test_production_fails_candidate_passes(curator: Shell, gateway: Gateway, tmp_path: Path) -> None:
    """The article's last section: a reviewed failure becomes an item; production fails it, the candidate passes."""
    (tmp_path / "priced.py").write_text(PRICED)
    curator("seed", "--rules", RULE)
    item = "order-status-delayed-eu-v1"
    proved = curator.json(
        "prove",
        item,
        "--rules",
        RULE,
        "--production",
        f"{AGENT}:candidate",
        "--candidate",
        f"{AGENT}:candidate",
        code=1,
    )
    assert [each["verdict"] for each in proved["items"]] == ["too weak"]
    first = gateway.item(item)
    assert first is not None
    delayed = first.input | {"query": "My order is late and still has not arrived, where is it?"}
    gateway.put_item(
        Item(
            id="order-status-refund",
            dataset=RULE,
            input=delayed,
            expected_output={"outcome": "answer", "must_mention": ["delayed"], "must_not_mention": ["refund issued"]},
            metadata={},
        )
    )
    proved = curator.json(
        "prove",
        "order-status-refund",
        "--rules",
        RULE,
        "--production",
        f"{AGENT}:production",
        "--candidate",
        f"{AGENT}:candidate",
    )
    [proof] = proved["items"]
    assert proof["verdict"] == "reproduced"
    assert proof["production"]["passed"] == 0
    assert proof["candidate"]["passed"] == 3

    for label, function in (("production", "production"), ("staging", "candidate")):
        run = ("run", "--rules", RULE, "--label", label, "--task", f"priced:{function}")
        curator(*run, "--var", f"prompt_label={label}", "--repeat", "2")
    compared = curator.json("compare", "production", "staging")
    assert compared["comparable"] is True
    assert [change["name"] for change in compared["variables"]] == ["prompt_label"]
    assert set(compared["metrics"][0]) >= {"name", "baseline", "candidate", "delta", "ci", "p_value", "verdict"}
    assert compared["changes"][0]["item_id"] == "order-status-refund"
    assert "COMPARE_TOO_FEW" in [problem["code"] for problem in compared["problems"]]
    assert curator.json("gate", "--rules", RULE, "--candidate", "staging", "--baseline", "production")["passed"]
    assert not curator.json("gate", "--rules", RULE, "--candidate", "production", code=1)["passed"]
    curator("run", "--rules", RULE, "--label", "unpriced", "--task", f"{AGENT}:candidate")
    blocked = curator.json("gate", "--rules", RULE, "--candidate", "unpriced", "--baseline", "production", code=1)
    assert [reason["code"] for reason in blocked["reasons"]] == ["GATE_COST"]
    text = curator("compare", "production", "staging")
    assert text.splitlines()[0] == "production → staging: no change detected"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("gate", "--rules", RULE), 2, "GATE_CANDIDATE"),
        (("gate", "--rules", RULE, "--task", "a:b", "--candidate", "c"), 2, "GATE_CANDIDATE"),
        (("gate", "--rules", RULE, "--candidate", "nobody"), 2, "RUN_UNKNOWN"),
        (("run", "--rules", RULE, "--task", "json"), 2, "TASK_SPEC"),
        (("run", "--rules", RULE, "--task", "no_module:f"), 2, "PYTHON_PATH"),
        (("run", "--rules", RULE, "--task", f"{AGENT}:candidate"), 1, "RUN_NO_DATASET"),
        (("run", "--rules", RULE, "--task", f"{AGENT}:candidate", "--var", "x"), 2, "RUN_VARIABLE"),
        (("run", "--rules", RULE, "--task", f"{AGENT}:candidate", "--dataset-version", "soon"), 2, "TIME_FORMAT"),
        (("run", "--rules", "nothing", "--task", "a:b"), 2, "RULE_UNKNOWN"),
        (("prove", "x", "--rules", RULE, "--production", f"{AGENT}:production"), 1, "PROVE_ITEM"),
        (("compare", "a", "b"), 2, "RUN_UNKNOWN"),
    ],
)
def test_mistakes_are_named(
    sandbox: SandboxServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    code: int,
    says: str,
) -> None:
    for name, value in sandbox.environment().items():
        monkeypatch.setenv(name, value)
    with pytest.raises(CuratorError) as caught:
        cli.main(arguments, standalone_mode=False)
    assert (caught.value.code, int(caught.value.exit_code)) == (says, code)
    assert capsys.readouterr().out == ""


def test_seed_items_that_were_changed_stay(curator: Shell, gateway: Gateway) -> None:
    curator("seed", "--rules", RULE)
    item = gateway.item("order-status-delayed-eu-v1")
    assert item is not None
    better = item.expected_output | {"must_mention": ["order", "carrier"]}
    gateway.put_item(Item(id=item.id, dataset=RULE, input=item.input, expected_output=better, metadata=item.metadata))
    kept = curator.json("seed", "--rules", RULE)
    assert [(each["verdict"], each["problem"]["code"]) for each in kept["items"]] == [("kept", "SEED_KEPT")]
    written = curator.json("seed", "--rules", RULE, "--overwrite")
    assert [(each["action"], each["verdict"]) for each in written["items"]] == [("updated", "verified")]
    after = gateway.item(item.id)
    assert after is not None
    assert after.expected_output["must_mention"] == ["order"]


def test_a_seed_id_that_lives_elsewhere(curator: Shell, gateway: Gateway) -> None:
    gateway.put_dataset("throwaway")
    gateway.put_item(
        Item(id="order-status-delayed-eu-v1", dataset="throwaway", input={"a": 1}, expected_output=None, metadata={})
    )
    seeded = curator.json("seed", "--rules", RULE, code=1)
    [item] = seeded["items"]
    assert item["verdict"] == "refused"
    assert "throwaway" in item["problem"]["message"]


@pytest.mark.slow
def test_ctrl_c_keeps_what_was_done(curator: Shell, gateway: Gateway, tmp_path: Path) -> None:
    curator("seed", "--rules", RULE)
    first = gateway.item("order-status-delayed-eu-v1")
    assert first is not None
    for number in range(3):
        gateway.put_item(
            Item(id=f"i{number}", dataset=RULE, input=first.input, expected_output=first.expected_output, metadata={})
        )
    (tmp_path / "slow.py").write_text(
        "import time, pathlib\n"
        "def agent(case):\n"
        "    started = pathlib.Path('started')\n"
        "    if started.exists():\n"
        "        pathlib.Path('second').touch()\n"
        "        time.sleep(60)\n"
        "    started.touch()\n"
        "    return {'answer': 'order', 'outcome': 'answer'}\n"
    )
    command = [
        sys.executable,
        "-m",
        "curator",
        "run",
        "--rules",
        RULE,
        "--task",
        "slow:agent",
        "--max-concurrency",
        "1",
    ]
    process = subprocess.Popen(
        [*command, "--output", "run.json"],
        env=curator.environment,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background jobs ignore Ctrl-C, and hand that down.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "second").exists() and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    kept = json.loads((tmp_path / "run.json").read_text())
    assert kept["complete"] is False
    reasons = sorted(str(item["error"]) for item in kept["repeats"][0]["items"])
    assert reasons == ["None", "interrupted", "it was not run", "it was not run"]
    blocked = curator.json("gate", "--rules", RULE, "--candidate", "run.json", "--deadline", "0", code=1)
    assert "GATE_NOT_WHOLE" in {reason["code"] for reason in blocked["reasons"]}
