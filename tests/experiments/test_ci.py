"""What a CI reads: JUnit XML of runs and gates, and the pytest plug-in."""

from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from curator.config import Settings
from curator.dataset import write_folder
from curator.dataset.sides import snapshot
from curator.experiments import junit
from curator.experiments.results import DatasetItem, ItemRun, Repeat, Run, Score
from curator.gateway import Gateway
from curator.model.draft import Problem
from curator.rulebook import find_rule
from curator.sandbox.server import SandboxServer
from tests.experiments.rules import rule_with
from tests.experiments.test_article import Shell
from tests.experiments.workflow import Workflow

pytest_plugins = ["pytester"]
RULE = "order-status-regression"
# The installed entry point loads curator's plug-in; the snapshot plug-in cannot run inside itself.
ALONE = ("-p", "no:cacheprovider", "-p", "no:textual-snapshot")
NAME = "c"


def run_of(*items: ItemRun, complete: bool = True) -> Run:
    at = datetime(2026, 11, 27, tzinfo=UTC)
    repeat = Repeat(run_name="n", experiment_id="e", url="http://l/r", started_at=at, finished_at=at, items=items)
    there = {item.item_id: DatasetItem(input=1, fingerprint="f") for item in items}
    return Run(label="l", run_name="n", dataset="d", items=there, repeats=(repeat,), complete=complete)


ITEMS = [
    (ItemRun(item_id="good", latency=0.5, scores={NAME: Score(value=1.0)}), None, ""),
    (ItemRun(item_id="bad", scores={NAME: Score(value=0.0, comment="missing_terms=x")}), "failure", "missing_terms=x"),
    (ItemRun(item_id="crash", error="KeyError: 'x'"), "error", "KeyError: 'x'"),
    (ItemRun(item_id="mute", scores={NAME: Score(value=None, error="no path")}), "error", "no path"),
    (ItemRun(item_id="none"), "error", "no score"),
    (ItemRun(item_id="hostile", error="\x1b[31m]]> <x>\x00"), "error", "␛[31m]]> <x>␀"),
]


def test_each_item_is_a_case() -> None:
    rule = rule_with({"name": NAME, "type": "regex", "pattern": "x"})
    root = ElementTree.fromstring(junit.junit_xml(rule, run_of(*(item for item, _, _ in ITEMS))))
    [suite] = root
    assert {key: suite.get(key) for key in ("name", "tests", "failures", "errors")} == {
        "name": "d", "tests": "6", "failures": "1", "errors": "4",
    }  # fmt: skip
    for case, (item, kind, said) in zip(suite, ITEMS, strict=True):
        assert case.get("name") == item.item_id
        assert case.get("classname") == "d"
        outcomes = [each for each in case if each.tag != "properties"]
        assert [each.tag for each in outcomes] == ([kind] if kind else [])
        assert all(said in str(each.get("message")) for each in outcomes)


def test_the_gate_and_what_it_excuses() -> None:
    rule = rule_with({"name": NAME, "type": "regex", "pattern": "x"})
    run = run_of(ITEMS[1][0], complete=False)
    reasons = [Problem(code="GATE_SCORE", message="too low", remedy="mend it")]
    root = ElementTree.fromstring(junit.junit_xml(rule, run, reasons, {"bad": "known"}))
    assert [case.tag for case in root.iter() if case.tag in ("failure", "error", "skipped")] == [
        "skipped", "failure", "error",
    ]  # fmt: skip
    passed = ElementTree.fromstring(junit.junit_xml(rule, run_of(ITEMS[0][0]), []))
    assert [case.get("name") for case in passed.iter("testcase")] == ["good", "passed"]


@pytest.mark.slow
def test_the_commands_write_it(sandbox: SandboxServer, workflow: Workflow, tmp_path: Path) -> None:
    shell = Shell(sandbox, tmp_path)
    shell.environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    agent = "tests.experiments.agents"
    shell.json("run", "--rules", RULE, "--task", f"{agent}:good", "--junit", "out/run.xml")
    shell.json("gate", "--rules", RULE, "--task", f"{agent}:raises_on_odd", "--junit", "gate.xml", code=1)
    run, gate = (ElementTree.parse(tmp_path / name).getroot() for name in ("out/run.xml", "gate.xml"))
    assert [suite.get("errors") for suite in run] == ["0"]
    assert gate[0].get("errors") != "0"
    assert gate[1].get("failures") != "0"


@pytest.fixture
def workflow(gateway: Gateway, connection: object) -> Workflow:
    made = Workflow(gateway, connection, find_rule(RULE, Settings()).rule)  # type: ignore[arg-type]
    made.fill(2)
    return made


TESTS = """
import pytest

@pytest.mark.curator("order-status-regression"{where})
def test_support(curator_item, curator_check):
    assert curator_item.input["query"]
    outcome = "answer" if curator_item.id.endswith("0") else "escalate"
    curator_check({{"answer": "Your order ORDER-1 is late", "outcome": outcome}})
"""


@pytest.mark.parametrize("pulled", [True, False])
def test_items_as_pytest_cases(
    pytester: pytest.Pytester,
    workflow: Workflow,
    sandbox: SandboxServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    pulled: bool,
) -> None:
    folder = tmp_path / "pulled"
    if pulled:
        write_folder(snapshot(workflow.gateway, workflow.rule.dataset.name), folder)
        monkeypatch.setenv("LANGFUSE_BASE_URL", "http://127.0.0.1:9")  # no server is asked
    else:
        for name, value in sandbox.environment().items():
            monkeypatch.setenv(name, value)
    pytester.makepyfile(TESTS.format(where=f', items="{folder}"' if pulled else ""))
    done = pytester.runpytest(*ALONE, "-v", "-rA")
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(["*::test_support?item-00? PASSED*", "*::test_support?item-01? FAILED*"])
    done.stdout.fnmatch_lines(["*expected_outcome: *"])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("def test_x(curator_item): ...", "no rule is named"),
        ("import pytest\n@pytest.mark.curator('no-such-rule')\ndef test_x(curator_item): ...", "RULE"),
        (
            "import pytest\n@pytest.mark.curator('order-status-regression', items='.')\ndef test_x(curator_item): ...",
            "PULL_FOLDER",
        ),
    ],
)
def test_a_suite_that_tests_nothing_does_not_pass(pytester: pytest.Pytester, text: str, why: str) -> None:
    pytester.makepyfile(text)
    done = pytester.runpytest(*ALONE)
    assert done.ret not in (0, 5)
    assert why in done.stdout.str() + done.stderr.str()
