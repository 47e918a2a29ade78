"""What a team says of items and judges, on a server: excused, flaky, required again; a judge that people agree with."""

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from curator.config import Connection
from curator.gateway import Gateway
from curator.model.item import state_of
from curator.sandbox.server import SandboxServer
from tests import command
from tests.experiments.workflow import AGENTS, Workflow
from tests.help.test_schemas import valid
from tests.queue.world import World

SOON = (datetime.now(UTC) + timedelta(days=9)).date().isoformat()
RULE = """
rule: states
dataset: {name: order-status-regression}
queue: {signals: [{annotation: true}]}
input: {schema: {type: object}}
expected_output: {schema: {type: object}}
lineage: {failure_types: [wrong], rubric: r}
checks:
  - {name: expected_outcome, type: expected_outcome}
gate: {required: [{name: expected_outcome}]}
seed:
  - {id: item-00, input: {number: 0}, expected_output: {outcome: answer}}
  - {id: item-01, input: {number: 1}, expected_output: {outcome: answer}}
"""
JUDGED = """
rule: judged
dataset: {name: order-status-regression}
queue: {signals: [{annotation: true}]}
input: {schema: {type: object}}
expected_output: {schema: {type: object}}
lineage: {failure_types: [wrong], rubric: r}
checks:
  - {name: faithfulness, type: python, python: "tests.experiments.agents:strict_judge", judge: true, scale: [1, 5]}
  - {name: expected_outcome, type: expected_outcome}
gate:
  required: [{name: faithfulness, at_least: 5}, {name: expected_outcome}]
  judges: {min_n: 3, tpr: 0.3, tnr: 0.3}
"""


@pytest.fixture
def workflow(gateway: Gateway, connection: Connection) -> Workflow:
    return Workflow(gateway, connection)


@pytest.fixture
def curator(sandbox: SandboxServer, tmp_path: Path, lasting_workers: None) -> Any:
    return partial(command.run, env=sandbox.environment() | {"CURATOR_REVIEWER": "ana"}, folder=tmp_path)


def test_known_flaky_and_required_again(workflow: Workflow, curator: Any, tmp_path: Path) -> None:
    """A failure that nobody has fixed shuts the gate until it is excused, and again when it is required."""
    (tmp_path / "rule.yaml").write_text(RULE)
    assert curator("seed", "--rules", "rule.yaml").returncode == 0
    dataset = workflow.rule.dataset.name

    def gate(*more: str) -> Any:
        task = ("--task", f"{AGENTS}:raises_on_odd", "--rules", "rule.yaml", "--json")
        done = curator("gate", *task, *more)
        assert done.returncode == (0 if done.document["passed"] else 1), done.stderr
        return done.document

    def says(*arguments: str) -> Any:
        done = curator(*arguments, "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        valid(arguments[0], done.document)
        stored = workflow.gateway.item("item-01")
        assert stored is not None
        state = state_of(stored.metadata)
        assert state is not None
        return state

    assert [reason["code"] for reason in gate()["reasons"]] == ["GATE_ITEM_ERRORED", "GATE_SCORE_BELOW"]
    issue = "https://example.org/issues/1"
    known = says("known", dataset, "item-01", "--owner", "ana", "--issue", issue, "--until", SOON)
    assert (known.state, known.owner, known.issue, str(known.until)) == ("known", "ana", issue, SOON)
    passed = gate("--junit", "gate.xml")
    assert passed["passed"]
    assert [(each["item_id"], each["state"], each["passes"]) for each in passed["excused"]] == [("item-01", "known", 0)]
    cases = {str(case.get("name")): case for case in ElementTree.parse(tmp_path / "gate.xml").iter("testcase")}
    assert [each.tag for each in cases["item-01"] if each.tag != "properties"] == ["skipped"]

    flaky = says("quarantine", dataset, "item-01", "--evidence", "passed 3 of 8", "--until", SOON)
    assert (flaky.state, flaky.evidence, flaky.owner) == ("quarantined", "passed 3 of 8", None)
    assert gate()["excused"][0]["state"] == "quarantined"
    assert says("require", dataset, "item-01").state == "required"
    assert not gate()["passed"]
    gone = curator("known", dataset, "nothing", "--owner", "a", "--issue", issue, "--until", SOON, "--json")
    assert (gone.returncode, gone.document["problem"]["code"]) == (1, "ITEM_MISSING")


def test_a_judge_earns_its_vote_by_people_who_agree(
    workflow: Workflow, curator: Any, tmp_path: Path, gateway: Gateway, sandbox: SandboxServer
) -> None:
    """The judge calls every other answer bad, which shuts the gate only once people have said the same."""
    workflow.fill(4)
    (tmp_path / "judged.yaml").write_text(JUDGED)
    common = ("--rules", "judged.yaml", "--json")
    run = curator("run", "--task", f"{AGENTS}:good", "--label", "one", "--allow-python", *common)
    assert run.returncode == 0, run.stderr

    def decided() -> Any:
        return curator("gate", "--candidate", "one", *common).document

    before = decided()
    assert before["passed"]
    assert "the judge faithfulness does not decide: 0 of its scores" in before["notes"][0]
    [listed] = gateway.experiments(from_=datetime.now(UTC) - timedelta(hours=1))
    seen = gateway.experiment_items(from_=listed.start_time - timedelta(minutes=5), fields=("dataset", "scores"))
    world = World(sandbox, gateway, tmp_path)
    for row in seen:
        good = row.item_id in ("item-00", "item-02")
        world.score(row.trace_id, "faithfulness", 5.0 if good else 1.0, source="ANNOTATION")
    world.load()
    document = curator("judges", *common).document
    valid("judges", document)
    valid("runs", curator("runs", "--json").document)
    [judge] = document["judges"]
    assert [judge[key] for key in ("name", "n", "good", "tpr", "tnr", "kappa")] == ["faithfulness", 4, 2, 1.0, 1.0, 1.0]
    assert judge["disagreements"] == []
    after = decided()
    assert [reason["code"] for reason in after["reasons"]] == ["GATE_SCORE_BELOW"]
