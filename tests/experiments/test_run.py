"""Runs with the real SDK against the sandbox: what is recorded here and there, and what is made of failures."""

import json
import stat
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from curator.config import Connection
from curator.experiments import integrity, results, versions
from curator.experiments.compare import compare_runs
from curator.experiments.gate import decide
from curator.experiments.perform import perform_experiment
from curator.experiments.remote import find_run
from curator.experiments.results import Integrity
from curator.experiments.run import Plan
from curator.gateway import Gateway, ServerInfo
from curator.model.errors import ConfigError, CuratorError, UsageError
from curator.sandbox.auth import Keys
from curator.sandbox.gate import Lag
from curator.sandbox.server import SandboxServer
from tests.experiments import agents
from tests.experiments.conftest import connection_of
from tests.experiments.rules import order_status
from tests.experiments.workflow import Workflow, codes, on_server

REQUIRED = ["expected_outcome", "required_terms_present", "forbidden_terms_absent"]


@pytest.fixture
def workflow(gateway: Gateway, connection: Connection) -> Workflow:
    return Workflow(gateway, connection)


def test_a_run_is_recorded_on_both_sides(workflow: Workflow) -> None:
    workflow.fill(7)
    run = workflow.run("good", variables={"prompt_label": "staging"})
    repeat = run.repeats[0]
    assert repeat.integrity == Integrity(ok=True)
    assert run.means() == dict.fromkeys(REQUIRED, 1.0)
    assert {item.item_id for item in repeat.items} == set(run.items) == {f"item-{n:02d}" for n in range(7)}
    assert all(item.latency is not None and item.trace_id for item in repeat.items)
    assert repeat.experiment_id is not None
    assert len(repeat.experiment_id) == 16
    assert repeat.url is not None
    [seen] = workflow.gateway.experiments(from_=repeat.started_at)
    assert (seen.id, seen.name, seen.item_count) == (repeat.experiment_id, run.run_name, 7)
    assert seen.metadata["prompt_label"] == "staging"
    trace = workflow.gateway.trace(str(repeat.items[0].trace_id))
    assert {score.name: score.value for score in trace.scores} == dict.fromkeys(REQUIRED, 1.0)
    assert {score.comment for score in trace.scores} == {"rubric=order-status-regression-v1"}


def test_the_result_file_is_plain_and_private(workflow: Workflow, tmp_path: Path) -> None:
    workflow.fill(2)
    _, path = perform_experiment(
        workflow.gateway,
        workflow.connection,
        workflow.rule,
        Plan(task="tests.experiments.agents:good", label="l", output=tmp_path / "r" / "run.json"),
    )
    assert path == tmp_path / "r" / "run.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    stored = json.loads(path.read_text())
    assert stored["format"] == "curator-run/1"
    assert stored["repeats"][0]["integrity"]["ok"] is True
    assert stored["repeats"][0]["items"][0]["output"]["outcome"] == "answer"
    assert stored["items"]["item-00"]["expected_output"]["outcome"] == "answer"
    assert stored["task"]["name"] == "tests.experiments.agents:good"
    assert stored["environment"]["langfuse"].startswith("5.")
    assert results.read_run(path).label == "l"
    assert list(path.parent.iterdir()) == [path]


def test_result_files_can_be_scrubbed_and_compare_all_the_same(workflow: Workflow, tmp_path: Path) -> None:
    """The checks see the output as it was; the file holds what Langfuse gets, and no part of a file stays behind."""
    workflow.fill(2)
    raw = workflow.run("personal", label="raw")
    rule = order_status(scrub={"results": "scrubbed"})
    plan = Plan(task="tests.experiments.agents:personal", label="scrubbed", output=tmp_path / "r" / "run.json")
    run, path = perform_experiment(workflow.gateway, workflow.connection, rule, plan)
    assert raw.repeats[0].items[0].output == agents.personal({})
    assert "jane.doe" not in path.read_text()
    assert "its way to <EMAIL_ADDRESS_1>." in path.read_text()
    assert run.means() == raw.means()
    assert compare_runs(raw, results.read_run(path)).metrics
    assert decide(rule, results.read_run(path), raw).passed is True
    assert list(path.parent.iterdir()) == [path]


def test_repeats_are_experiments_of_their_own(workflow: Workflow) -> None:
    workflow.fill(3)
    run = workflow.run("good_async", repeat=3)
    assert len({repeat.experiment_id for repeat in run.repeats}) == 3
    assert [repeat.run_name.rsplit(" (")[1] for repeat in run.repeats] == ["1 of 3)", "2 of 3)", "3 of 3)"]
    assert codes(run) == []
    again = on_server(workflow.gateway, "good_async")
    assert [repeat.experiment_id for repeat in again.repeats] == [repeat.experiment_id for repeat in run.repeats]


def test_errored_items_are_not_hidden(workflow: Workflow) -> None:
    workflow.fill(5)
    run = workflow.run("raises_on_odd")
    assert dict(run.errors()) == dict.fromkeys(["item-01", "item-03"], "KeyError: 'order_reference'")
    assert codes(run) == ["INTEGRITY_ITEM_ERRORED"]
    assert run.means()["expected_outcome"] == pytest.approx(3 / 5)
    rows = list(workflow.gateway.experiment_items(from_=run.repeats[0].started_at - timedelta(minutes=5)))
    assert sorted(row.item_id for row in rows if row.level == "ERROR") == ["item-01", "item-03"]


def test_a_hanging_task_does_not_stop_the_run(workflow: Workflow) -> None:
    workflow.fill(3)
    began = time.monotonic()
    run = workflow.run("blocks_the_loop", timeout=0.3)
    assert time.monotonic() - began < 10
    assert [why for _, why in run.errors()] == ["no answer within 0.3 s"] * 3


def test_a_wrong_shape_is_an_errored_item(workflow: Workflow) -> None:
    workflow.fill(1)
    run = workflow.run("no_outcome")
    [(_, why)] = run.errors()
    assert why == "wrong shape: the output has nothing at $.outcome (expected_outcome looks there)"


def test_own_evaluators_and_a_broken_judge(gateway: Gateway, connection: Connection) -> None:
    checks = [
        {"name": "faithfulness", "type": "python", "python": "tests.experiments.agents:faithfulness", "judge": True},
        {"name": "relevance", "type": "python", "python": "tests.experiments.agents:broken_judge", "judge": True},
    ]
    required = {"required": [{"name": "faithfulness", "at_least": 4}, {"name": "relevance", "at_least": 4}]}
    workflow = Workflow(gateway, connection, order_status(checks=checks, gate=required))
    workflow.fill(2)
    with pytest.raises(UsageError) as caught:
        workflow.run("good")
    assert caught.value.code == "PYTHON_NOT_ALLOWED"
    run = workflow.run("good", allow_python=True)
    assert run.means() == {"faithfulness": 4.5}
    assert run.judges == ("faithfulness", "relevance")
    assert codes(run) == ["INTEGRITY_SCORE_MISSING"]
    [problem] = run.repeats[0].integrity.problems if run.repeats[0].integrity else ()
    assert "ConnectionError: the judge is away" in problem.message


def test_costs_come_from_the_task(workflow: Workflow) -> None:
    workflow.fill(2)
    run = workflow.run("priced")
    assert [item.cost for item in run.repeats[0].items] == [0.002, 0.002]
    read = on_server(workflow.gateway, run.run_name)
    elsewhere = integrity.verify(workflow.gateway, read, deadline=0)
    assert [item.cost for item in elsewhere.repeats[0].items] == [0.002, 0.002]
    assert codes(elsewhere) == []


# ── dataset versions ────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_same_content_has_the_same_version(workflow: Workflow) -> None:
    workflow.fill(3)
    first = versions.pin(workflow.gateway, workflow.rule.dataset.name)
    second = versions.pin(workflow.gateway, workflow.rule.dataset.name)
    assert first.version == second.version == max(item.updated_at for item in first.items)


def test_a_deleted_item_is_not_in_the_pinned_version(workflow: Workflow) -> None:
    workflow.fill(3)
    workflow.gateway.delete_item("item-00")
    pinned = versions.pin(workflow.gateway, workflow.rule.dataset.name)
    assert {item.id for item in pinned.items} == {"item-01", "item-02"}
    assert {item.id for item in workflow.gateway.items(pinned.dataset.name, version=pinned.version)} == {
        "item-01",
        "item-02",
    }


@pytest.mark.slow
def test_an_older_version_can_be_run_again(workflow: Workflow) -> None:
    workflow.fill(2)
    old = workflow.run("good")
    time.sleep(0.01)
    workflow.put(2)
    new = workflow.run("good_async")
    again = workflow.run("good_async", dataset_version=old.dataset_version)
    assert (len(old.items), len(new.items), len(again.items)) == (2, 3, 2)
    assert codes(again) == []
    assert compare_runs(old, new).items == 2
    assert "COMPARE_VERSIONS" in [problem.code for problem in compare_runs(old, new).problems]
    assert compare_runs(old, again).problems == () or "COMPARE_VERSIONS" not in [
        p.code for p in compare_runs(old, again).problems
    ]


def test_no_dataset_and_no_items(gateway: Gateway, connection: Connection) -> None:
    with pytest.raises(CuratorError) as missing:
        versions.pin(gateway, "nowhere")
    assert missing.value.code == "RUN_NO_DATASET"
    gateway.put_dataset("empty")
    with pytest.raises(UsageError) as empty:
        versions.pin(gateway, "empty")
    assert empty.value.code == "RUN_NO_ITEMS"


# ── integrity ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_split_run_is_seen(workflow: Workflow, sandbox: SandboxServer) -> None:
    workflow.fill(10)
    sandbox.fault("split-run", "every:5")
    run = workflow.run("good")
    assert codes(run) == ["INTEGRITY_SPLIT_RUN"]
    [problem] = run.repeats[0].integrity.problems if run.repeats[0].integrity else ()
    assert "2 parts (2 + 8 items)" in problem.message
    read = on_server(workflow.gateway, run.run_name)
    checked = integrity.verify(workflow.gateway, read, deadline=0)
    assert codes(checked) == ["INTEGRITY_SPLIT_RUN"]
    assert not compare_runs(workflow.run("good_async"), checked).comparable


def test_a_name_used_twice_is_told_from_a_split(workflow: Workflow, sandbox: SandboxServer) -> None:
    workflow.fill(3)
    first, second = workflow.run("good"), workflow.run("good_async")
    with sandbox.store.write() as db:
        db.execute("UPDATE observations SET experiment_name = ?", (first.run_name,))
    again = integrity.verify(workflow.gateway, first, deadline=0)
    assert codes(again) == ["INTEGRITY_NAME_REUSED", "INTEGRITY_ITEM_TWICE"]
    assert second.run_name != first.run_name


def test_late_scores_are_waited_for(keys: Keys) -> None:
    with (
        SandboxServer(keys=keys, lag=Lag(scores=1.5, observations=0.5)) as slow,
        Gateway(connection_of(slow)) as gateway,
    ):
        workflow = Workflow(gateway, connection_of(slow))
        workflow.fill(2)
        run = workflow.run("good", deadline=15.0)
        assert codes(run) == []
        assert run.repeats[0].integrity is not None
        assert run.repeats[0].integrity.waited >= 1


def test_late_is_told_from_lost(keys: Keys) -> None:
    with SandboxServer(keys=keys, lag=Lag(scores=600)) as slow, Gateway(connection_of(slow)) as gateway:
        workflow = Workflow(gateway, connection_of(slow))
        workflow.fill(2)
        run = workflow.run("good", deadline=0.2)
        assert codes(run) == ["INTEGRITY_SCORE_LATE"] * 3
        long_ago = datetime.now(UTC) - timedelta(minutes=11)
        old = run.model_copy(
            update={"repeats": tuple(r.model_copy(update={"finished_at": long_ago}) for r in run.repeats)}
        )
        began = time.monotonic()
        assert codes(integrity.verify(gateway, old, deadline=30)) == ["INTEGRITY_SCORE_LOST"] * 3
        assert time.monotonic() - began < 5  # what is lost is not waited for


def test_an_old_server_that_refuses_scores_is_told_at_once(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    with SandboxServer(keys=keys, lag=Lag(scores=600)) as server, Gateway(connection_of(server)) as gateway:
        workflow = Workflow(gateway, connection_of(server))
        workflow.fill(1)
        monkeypatch.setattr(gateway, "version", lambda: ServerInfo(version="v4.58.3", clock_skew=0.0))
        run = workflow.run("good", deadline=60.0)
        assert codes(run) == ["INTEGRITY_SCORE_REFUSED"] * 3
        [first, *_] = run.repeats[0].integrity.problems  # type: ignore[union-attr]
        assert "this server (v4.58.3) does not take" in first.message
        assert "4.59 or later" in first.remedy
        assert run.repeats[0].integrity.waited < 5  # type: ignore[union-attr]


def test_a_dropped_score_is_not_taken_for_given(workflow: Workflow, sandbox: SandboxServer) -> None:
    workflow.fill(2)
    run = workflow.run("good")
    with sandbox.store.write() as db:
        db.execute("DELETE FROM scores WHERE name = 'required_terms_present'")
    again = integrity.verify(workflow.gateway, run, required=REQUIRED, deadline=0)
    assert codes(again) == ["INTEGRITY_SCORE_LATE"]


def test_a_score_that_was_never_given(workflow: Workflow) -> None:
    workflow.put(1)
    workflow.put(2, expected_output={"must_mention": ["order"]})
    run = workflow.run("good", deadline=5.0)
    assert codes(run) == ["INTEGRITY_SCORE_MISSING"]


def test_items_that_never_reached_the_server(workflow: Workflow, sandbox: SandboxServer) -> None:
    workflow.fill(3)
    run = workflow.run("good")
    with sandbox.store.write() as db:
        db.execute("DELETE FROM observations WHERE experiment_item_id = 'item-01'")
    found = codes(integrity.verify(workflow.gateway, run, deadline=0))
    assert "INTEGRITY_ITEM_MISSING" in found


def test_items_that_the_version_does_not_have(workflow: Workflow) -> None:
    workflow.fill(3)
    run = workflow.run("good")
    fewer = run.model_copy(update={"items": {key: run.items[key] for key in ("item-00", "item-01")}})
    assert "INTEGRITY_ITEM_FOREIGN" in codes(integrity.verify(workflow.gateway, fewer, deadline=0))


def test_a_server_that_fails_now_and_then(workflow: Workflow, sandbox: SandboxServer) -> None:
    workflow.fill(4)
    sandbox.fault("http-500", "every:7")
    run = workflow.run("good", deadline=1.0)
    assert run.means() == dict.fromkeys(REQUIRED, 1.0)
    # Whatever the SDK could not deliver is named; nothing is taken for granted.
    with_faults = codes(run)
    sandbox.settings.faults.switch_off("http-500")
    assert codes(integrity.verify(workflow.gateway, run, deadline=0)) == with_faults


# ── runs of others, and finding runs again ──────────────────────────────────────────────────────────────────────────


def test_runs_made_by_the_bare_sdk_can_be_read(workflow: Workflow) -> None:
    from langfuse import Langfuse

    workflow.fill(3)
    client = Langfuse(
        base_url=workflow.connection.base_url,
        public_key=workflow.connection.public_key,
        secret_key=workflow.connection.secret_key.get_secret_value(),
    )

    def task(*, item: object, **_: object) -> str:
        return "an order"

    def length(*, output: str, **_: object) -> dict[str, object]:
        return {"name": "length", "value": len(output)}

    dataset = client.get_dataset(workflow.rule.dataset.name)
    made = dataset.run_experiment(name="theirs", run_name="theirs, once", task=task, evaluators=[length])
    run = find_run("theirs, once", lambda: workflow.gateway, deadline=5)
    assert run.source == "langfuse"
    assert run.dataset_version is None
    assert run.repeats[0].experiment_id == made.experiment_id
    assert run.means() == {"length": 8.0}
    assert {item.output for item in run.repeats[0].items} == {"an order"}
    assert codes(run) == []
    assert find_run(made.experiment_id, lambda: workflow.gateway, deadline=5).run_name == "theirs, once"


def test_our_run_read_from_the_server_is_the_same_run(workflow: Workflow) -> None:
    workflow.fill(4)
    local = workflow.run("good", variables={"model": "m1"})
    read = on_server(workflow.gateway, local.run_name)
    assert read.items == local.items
    assert read.means() == local.means()
    assert (read.variables, read.checks, read.task) == (local.variables, local.checks, local.task)
    assert read.dataset_version == local.dataset_version
    assert {i.item_id: i.output for i in read.repeats[0].items} == {i.item_id: i.output for i in local.repeats[0].items}


def test_names_of_runs(workflow: Workflow) -> None:
    """A label is its newest run, and that is said; a name or id is one run; a file needs no server."""
    workflow.fill(1)
    first, second = workflow.run("good"), workflow.run("good")
    told: list[str] = []

    def gateway() -> Gateway:
        return workflow.gateway

    assert find_run("good", gateway, tell=told.append).run_name == second.run_name
    assert "2 runs; the newest is meant" in told[0]
    assert find_run(first.run_name, gateway).run_name == first.run_name
    assert find_run(str(second.repeats[0].experiment_id), gateway).run_name == second.run_name
    newest, oldest = results.run_files()

    def no_gateway() -> Gateway:
        raise AssertionError("the server was asked")

    assert find_run(str(oldest), no_gateway).run_name == first.run_name
    with pytest.raises(UsageError) as caught:
        find_run("", no_gateway)
    assert caught.value.code == "RUN_REFERENCE"
    newest.unlink()  # an older file of that label does not beat the newer run on the server
    assert find_run("good", gateway).run_name == second.run_name


def test_an_unknown_run(workflow: Workflow) -> None:
    with pytest.raises(UsageError) as caught:
        find_run("nothing", lambda: workflow.gateway)
    assert caught.value.code == "RUN_UNKNOWN"


def test_a_result_file_that_cannot_be_written(workflow: Workflow, tmp_path: Path) -> None:
    workflow.fill(1)
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError) as caught:
        workflow.run("good", output=tmp_path / "file" / "run.json")
    assert caught.value.code == "RESULT_WRITE"


def test_a_broken_result_file(tmp_path: Path) -> None:
    for content in ("", "{}", "[1]", '{"format": "other"}'):
        (tmp_path / "r.json").write_text(content)
        with pytest.raises(UsageError) as caught:
            results.read_run(tmp_path / "r.json")
        assert caught.value.code == "RESULT_FILE"


@pytest.mark.parametrize(("name", "value"), [("LANGFUSE_TRACING_ENABLED", "false"), ("OTEL_SDK_DISABLED", "true")])
def test_tracing_that_is_off_is_refused(
    workflow: Workflow, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    workflow.fill(1)
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as caught:
        workflow.run("good")
    assert caught.value.code == "MIRROR_OFF"


def test_another_server_with_the_same_key_is_refused(workflow: Workflow, keys: Keys) -> None:
    workflow.fill(1)
    workflow.run("good")
    with SandboxServer(keys=keys) as other, Gateway(connection_of(other)) as gateway:
        elsewhere = Workflow(gateway, connection_of(other))
        elsewhere.fill(1)
        with pytest.raises(ConfigError) as caught:
            elsewhere.run("good")
        assert caught.value.code == "MIRROR_OTHER_SERVER"


def test_requests_of_a_run_are_few(workflow: Workflow) -> None:
    workflow.fill(30)
    before = workflow.gateway.requests
    run = workflow.run("good")
    assert codes(run) == []
    # dataset, items, items at the version, the project (once); experiment items, costs.
    assert workflow.gateway.requests - before <= 6
