"""Judged code opens nothing: whatever it does is an errored item with its reason, and only curator decides."""

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from curator.experiments import results
from curator.experiments.checks import Checker
from curator.experiments.checks.base import Case
from curator.experiments.isolation import Apart, limits_of
from curator.experiments.tasks import Task, TaskFailed, parse_task
from curator.gateway import Gateway
from curator.model.item import Item
from curator.sandbox.server import SandboxServer
from tests import command
from tests.experiments.cheats import WAYS
from tests.experiments.rules import rule_with
from tests.experiments.test_article import ROOT, RULE, Shell

CHEATS = "tests.experiments.cheats"
ITEM = SimpleNamespace(input={})


@pytest.fixture
def curator(sandbox: SandboxServer, tmp_path: Path) -> Shell:
    shell = Shell(sandbox, tmp_path)
    shell.environment["PYTHONPATH"] = str(ROOT)
    return shell


# Each of these takes as long as it may, one of them all of a core: the gate sees one of them.
HANGING = [way for way, (_, reason) in WAYS.items() if reason == "no answer within" and way != "hang"]


@pytest.fixture
def dataset(curator: Shell, gateway: Gateway, request: pytest.FixtureRequest) -> dict[str, str]:
    """One item per way (but for those of the parameter); item id → way."""
    without = getattr(request, "param", ())
    ways = {f"way-{number:02d}": way for number, way in enumerate(WAYS) if way not in without}
    put(gateway, ways)
    return ways


def put(gateway: Gateway, ways: dict[str, str]) -> None:
    gateway.put_dataset(RULE)
    for item_id, way in ways.items():
        given = {"query": "?", "region": "eu", "order_reference": "1", "prompt_label": "staging", "way": way}
        expected = {"outcome": "answer", "must_mention": ["order"], "must_not_mention": []}
        gateway.put_item(Item(id=item_id, dataset=RULE, input=given, expected_output=expected, metadata={}))


COMMON = ("--rules", RULE, "--memory", "0.5")
AT_ONCE = ("--max-concurrency", "6", "--deadline", "120")


@pytest.mark.parametrize("dataset", [HANGING], indirect=True, ids=["all but those that hang alike"])
def test_no_way_through_the_gate(curator: Shell, dataset: dict[str, str], tmp_path: Path) -> None:
    assert len(dataset) >= 25
    task = ("--timeout", "8", "--task", f"{CHEATS}:answer", "--output", "cheats.json")
    gate = curator.json("gate", *COMMON, *AT_ONCE, *task, code=1)
    assert gate["passed"] is False
    assert (gate["items"], gate["errors"]) == (len(dataset), len(dataset))
    [repeat] = results.read_run(tmp_path / "cheats.json").repeats
    reasons = {item.item_id: str(item.error) for item in repeat.items}
    assert {way: reasons[item] for item, way in dataset.items() if WAYS[way][1] not in reasons[item]} == {}


@pytest.mark.slow
def test_no_way_through_run_and_prove(curator: Shell, dataset: dict[str, str]) -> None:
    common = (*COMMON, "--timeout", "1.5")  # here it does not matter which reason comes first
    run = curator.json("run", *common, *AT_ONCE, "--task", f"{CHEATS}:answer", code=1)
    assert (run["items"], run["errors"]) == (len(WAYS), len(WAYS))
    proved = curator.json("prove", *dataset, *common, "--repeat", "1", "--production", f"{CHEATS}:answer", code=1)
    assert {item["item_id"]: item["verdict"] for item in proved["items"]} == dict.fromkeys(dataset, "errored")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("import sys\nsys.exit(0)", "importing it called sys.exit(0)"),
        ("raise SystemExit", "importing it called sys.exit()"),
        ("import os\nos._exit(0)", "importing it: its process ended in the middle (exit status 0)"),
        ("print('{\"passed\": true}', flush=True)\nimport os\nos._exit(0)", "ended in the middle (exit status 0)"),
        ("raise KeyboardInterrupt", "importing it raised KeyboardInterrupt"),
        ("1 / 0", "importing it raised ZeroDivisionError"),
        ("import no_such_module", "there is no module no_such_module"),
        ("def other(case): ...", "agent_script has no answer"),
    ],
)
def test_no_way_while_it_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, why: str) -> None:
    from curator.model.errors import UsageError

    (tmp_path / "agent_script.py").write_text(
        f"{body}\n" + ("def answer(case): return 1\n" if "other" not in body else "")
    )
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="cannot be used") as caught:
        parse_task("agent_script:answer")
    assert caught.value.code == "PYTHON_PATH"
    assert why in caught.value.message


@pytest.mark.slow
def test_a_script_that_exits_opens_no_command(curator: Shell, tmp_path: Path, gateway: Gateway) -> None:
    (tmp_path / "agent_script.py").write_text("import sys\ndef answer(case): ...\nsys.exit(0)\n")
    put(gateway, {"one": ""})
    done = command.run(
        "gate", "--task", "agent_script:answer", "--rules", RULE, env=curator.environment, folder=tmp_path
    )
    assert (done.returncode, done.stdout) == (2, "")
    # What a task prints, on the file descriptor too, is no part of the document; sent to stderr it cannot act.
    run = curator.json("gate", "--task", f"{CHEATS}:prints", "--rules", RULE)
    assert run["passed"] is True
    killed = curator.json("gate", "--task", f"{CHEATS}:kills_its_parent", "--rules", RULE, code=130)
    assert killed["error"]["code"] == "INTERRUPTED"


EVALUATORS = [
    "exit 0",
    "_exit",
    "hang",
    "KeyboardInterrupt",
    "forge an answer",
    "nothing",
    "NaN",
    "huge answer",
    "leak",
]


def test_no_way_for_an_evaluator() -> None:
    rule = rule_with({"type": "python", "python": f"{CHEATS}:evaluate"})
    checker = Checker(rule, allow_python=True, timeout=1.0, apart=Apart(limits=limits_of(0.5)))
    try:
        for way in EVALUATORS:
            [result] = checker.run(rule.checks[0], Case(input={"way": way}, output="x"))
            assert (result.value, result.passed) == (None, None), way
            assert result.error, way
    finally:
        checker.close()


def task(function: str, timeout: float = 10.0, **options: Any) -> Task:
    return parse_task(f"{CHEATS}:{function}", timeout=timeout, **options)


@pytest.mark.parametrize("way", HANGING)
def test_what_hangs_is_ended(way: str) -> None:
    with task("answer", timeout=1.0) as runner, pytest.raises(TaskFailed, match="no answer within 1 s"):
        runner.run(SimpleNamespace(input={"way": way}))


def test_a_task_that_forks_answers_once() -> None:
    with task("both_return") as runner:
        for _ in range(3):
            assert runner.run(ITEM).output["outcome"] == "answer"  # type: ignore[index,call-overload]


def test_what_a_task_leaves_behind_ends_with_it() -> None:
    with task("leaves_a_child") as runner:
        child = psutil.Process(runner.run(ITEM).output["child"])  # type: ignore[index,call-overload,arg-type]
        assert child.is_running()
    until = time.monotonic() + 10
    while psutil.pid_exists(child.pid) and child.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_prints_are_handed_on() -> None:
    said: list[str] = []
    with task("prints", apart=Apart(printed=said.append)) as runner:
        runner.run(ITEM)
    assert '{"passed": true}\n' in "".join(said)


def test_closing_ends_calls_that_run() -> None:
    import threading

    runner, failed = parse_task(f"{CHEATS}:answer", timeout=600.0), list[str]()
    begun = threading.Event()

    def ask() -> None:
        try:
            begun.set()
            runner.run(SimpleNamespace(input={"way": "hang"}))
        except TaskFailed as error:
            failed.append(str(error))

    thread = threading.Thread(target=ask)
    thread.start()
    assert begun.wait(60)
    time.sleep(0.2)  # whether it has begun to wait by then or not, it ends
    runner.close()
    thread.join(60)
    assert not thread.is_alive()
    assert failed
    with pytest.raises(TaskFailed, match="stopped"):
        runner.run(ITEM)
