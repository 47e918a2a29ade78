"""`curator rules new` and `curator init`: the first rule file."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from curator.config import Settings
from curator.gateway import Gateway
from curator.rulebook import load_rule, load_rules, shipped_rules
from curator.sandbox.demo import seed_demo
from curator.sandbox.server import SandboxServer
from tests.command import run
from tests.conversation.test_frameworks import TRACES
from tests.promote.support import connection_of
from tests.queue.world import World

pytestmark = pytest.mark.usefixtures("lasting_workers")


@pytest.fixture(scope="module")
def today() -> Iterator[SandboxServer]:
    """Demo data of the last two weeks as they are: `init` looks at the clock of this machine."""
    with SandboxServer() as server:
        seed_demo(server.store, server.store.now())
        yield server


SHIPPED = [each.rule.rule for each in load_rules(Settings())]


@pytest.mark.parametrize("template", SHIPPED)
def test_a_copy_has_its_own_name_and_dataset(template: str, tmp_path: Path) -> None:
    done = run("rules", "new", "mine", "--from", template, "--folder", str(tmp_path / "rules"))
    assert done.returncode == 0, done.stderr
    rule = load_rule(tmp_path / "rules" / "mine.yaml").rule
    assert (rule.rule, rule.dataset.name) == ("mine", "mine")
    again = run("rules", "new", "mine", "--from", template, "--folder", str(tmp_path / "rules"))
    assert again.returncode == 2
    assert "RULE_EXISTS" in again.stderr


@pytest.mark.parametrize("command", [("rules", "new", "mine"), ("init", "mine")])
def test_a_folder_that_cannot_be_written(command: tuple[str, ...], tmp_path: Path, today: SandboxServer) -> None:
    (tmp_path / "file").write_text("")
    done = run(*command, "--folder", str(tmp_path / "file" / "rules"), env=today.environment())
    assert done.returncode == 2
    assert "RULE_WRITE" in done.stderr


def test_keys_are_not_saved_over_a_file(tmp_path: Path, today: SandboxServer) -> None:
    config = tmp_path / "config.toml"
    config.write_text("reviewer = 'ada'\n")
    env = today.environment() | {"CURATOR_CONFIG": str(config)}
    done = run("init", "mine", "--save-keys", "--folder", str(tmp_path), env=env)
    assert done.returncode == 0, done.stderr
    assert "keys were not saved" in done.stderr
    assert config.read_text() == "reviewer = 'ada'\n"


def test_a_rule_is_tried_on_its_failures(tmp_path: Path, today: SandboxServer) -> None:
    env = today.environment() | {"CURATOR_CONFIG": str(tmp_path / "config.toml")}
    tried = run("rules", "try", "order-status-regression", "--since", "14d", "--json", env=env)
    assert tried.returncode == 0, tried.stderr
    document = tried.document
    assert document["failures"] > 3
    fields = {field["path"]: field for field in document["fields"]}
    query = fields["input.query"]
    assert query["filled"] == query["of"] == document["failures"]
    assert query["example"]
    assert all(sum(verdicts.values()) <= document["failures"] for verdicts in document["checks"].values())
    assert any(verdicts.get("fails") for verdicts in document["checks"].values())

    text = (shipped_rules() / "order-status-regression.yaml").read_text()
    (tmp_path / "typo.yaml").write_text(text.replace("$.input.query", "$.input.qurey"))
    live = run("rules", "check", str(tmp_path / "typo.yaml"), "--live", "--json", env=env)
    assert live.returncode == 0, live.stderr
    assert ["$.input.qurey never matched" in one for one in live.document["warnings"]].count(True) == 1


def test_the_first_five_minutes_on_a_project_of_ones_own(tmp_path: Path) -> None:
    with SandboxServer() as server, Gateway(connection_of(server)) as gateway:
        world = World(server, gateway, tmp_path)
        trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        for one in TRACES["langgraph"][0]:
            io = {side: json.dumps(one[side]) for side in ("input", "output")}
            top = one.get("parent") is None
            fields = {"type": one["type"], "name": one["name"], "isRootObservation": top, **io}
            world.observation(trace, one.get("id", "tool"), parentObservationId=one.get("parent"), **fields)
        world.score(trace, "user_feedback", False)
        world.load()
        env = server.environment() | {
            "CURATOR_CONFIG": str(tmp_path / "config.toml"),
            "CURATOR_STATE_DIR": str(tmp_path / "state"),
            "CURATOR_REVIEWER": "tester",
        }
        made = run("init", "mine", "--yes", "--json", env=env, folder=tmp_path)
        assert made.returncode == 0, made.stderr
        assert made.document["draft"]["trace_id"] == trace
        listed = run("queue", "--since", "14d", "--json", env=env, folder=tmp_path).document["failures"]
        assert [one["trace_id"] for one in listed] == [trace]
        assert run("seed", "--rules", "mine", env=env, folder=tmp_path).returncode == 0
        terms = 'expected_output.must_mention=["30 days"]'
        done = run("promote", trace, "--rules", "mine", "--set", terms, "--json", env=env, folder=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        [receipt] = done.document["receipts"]
        assert (receipt["verdict"], receipt["proposes"]) == ("verified", "known")  # what was recorded fails the check


AGENT = """
def as_recorded(case, tools):
    facts = tools("lookup_order", {"order_id": "ORDER-3321"})
    return {"answer": f"It was {facts['status']}, a refund within 30 days."}

def other(case, tools):
    try:
        tools("lookup_order", order_id="ORDER-1")
    except Exception:
        pass  # an agent that goes on does not hide it
    return {"answer": "A refund within 30 days."}
"""


def test_recorded_tools_from_a_trace_to_a_run(tmp_path: Path) -> None:
    """A failure is promoted with its tools' results; a run hands them to the task; others are errored items."""
    with SandboxServer() as server, Gateway(connection_of(server)) as gateway:
        world = World(server, gateway, tmp_path)
        trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        for at, one in enumerate(TRACES["openai-chat"][0]):
            io = {side: json.dumps(one[side]) for side in ("input", "output") if side in one}
            top = one.get("parent") is None
            fields = {"type": one.get("type", "SPAN"), "name": one["name"], "isRootObservation": top, **io}
            world.observation(trace, one.get("id", f"o-{at}"), parentObservationId=one.get("parent"), **fields)
        world.score(trace, "user_feedback", False)
        world.load()
        env = server.environment() | {
            "CURATOR_CONFIG": str(tmp_path / "config.toml"),
            "CURATOR_STATE_DIR": str(tmp_path / "state"),
            "CURATOR_REVIEWER": "tester",
        }

        def done(*command: str) -> Any:
            made = run(*command, "--json", env=env, folder=tmp_path)
            assert made.returncode in (0, 1), made.stderr
            return made.document

        done("init", "mine", "--yes")
        rule = tmp_path / "rules" / "mine.yaml"
        rule.write_text(rule.read_text() + "replay: strict\n")
        (tmp_path / "agent.py").write_text(AGENT)
        run("seed", "--rules", "mine", env=env, folder=tmp_path)
        terms = 'expected_output.must_mention=["30 days"]'
        [receipt] = done("promote", trace, "--rules", "mine", "--set", terms)["receipts"]
        assert receipt["verdict"] == "verified"

        def ran(function: str) -> Any:
            document = done("run", "--rules", "mine", "--task", f"agent:{function}", "--label", function)
            assert document["items"] == 1
            results = json.loads(Path(document["results_file"]).read_text())
            [one] = results["repeats"][0]["items"]
            return one

        good = ran("as_recorded")
        assert (good["error"], good["output"]) == (None, {"answer": "It was delivered, a refund within 30 days."})
        assert "no call of the tool lookup_order with these arguments (replay: strict)" in ran("other")["error"]
        # By order, whatever the arguments: the item holds the results either way.
        rule.write_text(rule.read_text().replace("replay: strict", "replay: order"))
        assert ran("other")["error"] is None


def test_one_rule_for_every_workflow_that_has_failures(tmp_path: Path) -> None:
    with SandboxServer() as server, Gateway(connection_of(server)) as gateway:
        world = World(server, gateway, tmp_path)
        text = {"input": "How long is the warranty of the lamp?", "output": "Nobody knows."}
        for at, name in enumerate(("support", "support", "billing", "quiet", "shipping")):
            world.observation(f"{at:032x}", f"o-{at}", name=name, traceName=name, isRootObservation=True, **text)
        for at, stars, grade in ((0, 2, "Fair"), (1, 6, "Good")):
            world.score(f"{at:032x}", "quality_stars", stars)
            world.score(f"{at:032x}", "quality_grade", grade)
        world.score(f"{2:032x}", "user_feedback", False)
        world.score(f"{4:032x}", "user_feedback", False)
        config = {"name": "quality_stars", "dataType": "NUMERIC", "minValue": 1, "maxValue": 7}
        world.send("POST", "/api/public/score-configs", config)
        labels = [{"label": label, "value": value} for value, label in enumerate(("Awful", "Fair", "Good", "Best"))]
        config = {"name": "quality_grade", "dataType": "CATEGORICAL", "categories": labels}
        world.send("POST", "/api/public/score-configs", config)
        world.load()
        env = server.environment() | {"CURATOR_CONFIG": str(tmp_path / "config.toml")}
        (tmp_path / "rules").mkdir()
        (tmp_path / "rules" / "billing.yaml").write_text("# mine\n")
        done = run("init", "--all", "--yes", "--json", env=env, folder=tmp_path)
        assert done.returncode == 1, done.stderr
        document = done.document
        assert {each["rule"] for each in document["rules"]} == {"support", "shipping"}
        assert all(each["why"] and each["draft"]["failure"] for each in document["rules"])
        assert [(each["trace_name"], each["code"]) for each in document["failed"]] == [("billing", "RULE_EXISTS")]
        assert (tmp_path / "rules" / "billing.yaml").read_text() == "# mine\n"
        assert not (tmp_path / "rules" / "quiet.yaml").exists()
        # The project's own range and the order of its categories, not what a few values suggest.
        signals = load_rule(tmp_path / "rules" / "support.yaml").rule.queue.signals
        assert {one.score: one.below or one.in_ for one in signals if one.score} == {
            "quality_stars": 4.0,
            "quality_grade": ("Awful", "Fair"),
        }
        assert run("init", "mine", "--all", env=env, folder=tmp_path).returncode == 2
