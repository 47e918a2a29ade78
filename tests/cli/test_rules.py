"""`curator rules new` and `curator init`: the first rule file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from curator.config import Settings
from curator.rulebook import load_rule, load_rules, shipped_rules
from curator.sandbox.demo import seed
from curator.sandbox.server import SandboxServer
from tests.command import run


@pytest.fixture(scope="module")
def today() -> Iterator[SandboxServer]:
    """Demo data of the last two weeks as they are: `init` looks at the clock of this machine."""
    with SandboxServer() as server:
        seed(server.store, server.store.now())
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
