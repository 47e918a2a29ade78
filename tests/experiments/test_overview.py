"""Which runs there are and whether they are whole: one list for curator's runs and those of other tools."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from curator.cli.main import cli
from curator.config import Connection
from curator.experiments import integrity, remote, results
from curator.experiments.results import base_name, repeat_names, run_name
from curator.gateway import Gateway
from curator.sandbox.server import SandboxServer
from tests.experiments.workflow import Workflow

AGO = timedelta(days=1)


@pytest.fixture
def workflow(gateway: Gateway, connection: Connection) -> Workflow:
    workflow = Workflow(gateway, connection)
    workflow.fill(4)
    return workflow


def words(workflow: Workflow) -> dict[str, list[str]]:
    """Label → what is wrong with the run."""
    listed = remote.runs(workflow.gateway, since=datetime.now(UTC) - AGO)
    looked = remote.with_integrity(workflow.gateway, listed, rules=[workflow.rule])
    return {each.label: integrity.flaws_in_words(looked[each.reference]) for each in listed}


def test_every_state_in_words(workflow: Workflow, sandbox: SandboxServer) -> None:
    workflow.run("good", label="fine", repeat=2)
    workflow.run("raises_on_odd", label="errored")
    lost = workflow.run("good", label="lost")
    here = workflow.run("good", label="only here")
    with sandbox.store.write() as db:
        for run, table in ((lost, "scores"), (here, "observations")):
            traces = [item.trace_id for item in run.repeats[0].items]
            db.execute(f"DELETE FROM {table} WHERE trace_id IN ({', '.join('?' * len(traces))})", traces)
    assert words(workflow) == {
        "fine": [],
        "errored": ["errored"],
        "lost": ["scores late"],  # until ten minutes have gone by, it may still come
        "only here": ["items missing"],
    }
    [fine] = [e for e in remote.runs(workflow.gateway, since=datetime.now(UTC) - AGO) if e.label == "fine"]
    assert (fine.items, fine.repeats, fine.parts) == (4, 2, 0)


def test_a_split_run_of_another_tool(workflow: Workflow, sandbox: SandboxServer) -> None:
    run = workflow.run("good", label="theirs")
    for path in results.run_files():
        path.unlink()
    sandbox.fault("split-run", "every:2")
    [listed] = remote.runs(workflow.gateway, since=datetime.now(UTC) - AGO)
    assert (listed.reference, listed.items, listed.parts, listed.record) == (run.run_name, 4, 1, None)
    assert words(workflow) == {"theirs": ["split"]}


def test_a_list_costs_few_requests(workflow: Workflow) -> None:
    for label in ("a", "b", "c"):
        workflow.run("good", label=label, repeat=2)
    before = workflow.gateway.requests
    assert words(workflow) == {"a": [], "b": [], "c": []}
    assert workflow.gateway.requests - before == 3  # datasets, experiments, all items in one sweep


def test_what_a_sweep_does_not_reach_is_left_out(workflow: Workflow, monkeypatch: pytest.MonkeyPatch) -> None:
    for label in ("old", "new"):
        workflow.run("good", label=label)
    monkeypatch.setattr(remote, "MOST_ITEMS", 4)
    monkeypatch.setattr(integrity, "CLOCK_MARGIN", timedelta())
    listed = remote.runs(workflow.gateway, since=datetime.now(UTC) - AGO)
    looked = remote.with_integrity(workflow.gateway, listed)
    assert [each.label for each in listed] == ["new", "old"]
    assert listed[1].reference not in looked
    [old] = remote.with_integrity(workflow.gateway, listed[1:]).values()
    assert integrity.flaws_in_words(old) == []


def test_the_command(
    workflow: Workflow, sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = workflow.run("good", label="fine", repeat=2)
    for name, value in sandbox.environment().items():
        monkeypatch.setenv(name, value)
    assert not cli.main(["runs"], standalone_mode=False)
    first, second = capsys.readouterr().out.splitlines()
    assert first == f"✓ whole: {run.run_name} (order-status-regression, 4 items × 2)"
    assert second.startswith("    against a run like it, shows changes from: expected_outcome 0.")
    assert not cli.main(["runs", workflow.rule.dataset.name, "--json"], standalone_mode=False)
    [document] = json.loads(capsys.readouterr().out)["runs"]
    assert document.keys() >= {"run_name", "label", "dataset", "started_at", "items", "integrity", "scores"}
    assert document["integrity"]["ok"] is True
    assert document["repeat"] == 2
    assert 0 < document["detectable"]["expected_outcome"] <= 1
    assert not cli.main(["runs", "another"], standalone_mode=False)
    assert capsys.readouterr().out == ""


def test_names_of_repeats() -> None:
    name = run_name("a (x of y)", datetime(2026, 11, 22, tzinfo=UTC), 2, 4)
    assert name == "a (x of y) - 2026-11-22T00:00:00Z (2 of 4)"
    assert base_name(name) == "a (x of y) - 2026-11-22T00:00:00Z"
    assert [base_name(each) for each in repeat_names(name)] == [base_name(name)] * 4
    assert name in repeat_names(name)
    assert repeat_names("nightly (3 of 100000)") == ["nightly (3 of 100000)"]
    assert repeat_names("plain") == ["plain"]
