"""The JSON Schemas of commands are held against what the commands really print."""

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from curator.help import described_commands, output_schema
from curator.sandbox.server import SandboxServer
from tests.command import run

RULE = "order-status-regression"


def valid(command: str, document: object) -> None:
    errors = Draft202012Validator(output_schema(command)).iter_errors(document)
    assert [f"{each.json_path}: {each.message[:120]}" for each in errors] == []


@pytest.mark.parametrize("command", described_commands())
def test_schemas_are_schemas_that_name_keys(command: str) -> None:
    schema = output_schema(command)
    Draft202012Validator.check_schema(schema)
    assert all(each.get("required") or "$ref" in each for each in schema.get("anyOf", [schema]))
    assert not Draft202012Validator(schema).is_valid({})


@pytest.fixture(scope="module")
def env(demo_server: SandboxServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    home = tmp_path_factory.mktemp("schemas")
    return demo_server.environment() | {
        "CURATOR_STATE_DIR": str(home / "state"), "CURATOR_CONFIG": str(home / "none.toml"), "CURATOR_REVIEWER": "r",
    }  # fmt: skip


def test_documents_fit_their_schemas(env: dict[str, str], tmp_path: Path, lasting_workers: None) -> None:
    """Read only: the demo's server is shared."""
    dataset = "order-status-golden"
    failures = run("queue", "--rules", RULE, "--since", "30d", "--json", env=env).document
    valid("queue", failures)
    trace = failures["failures"][0]["trace_id"]
    golden = str(tmp_path / "golden")
    for command, arguments in {
        "show": [trace],
        "draft": [trace, "--rules", RULE],
        "verify": [dataset],
        "log": [],
        "doctor": [],
        "rules list": [],
        "pull": [dataset, golden],
        "diff": [golden, golden],
        "export": [golden, "--to", "pytest", "--output", str(tmp_path / "out")],
        "explain": ["agents"],
        "scrub": ["-"],
    }.items():
        done = run(*command.split(), *arguments, "--json", env=env, given='{"text": "jo@corp.com"}')
        assert done.stdout, (command, done.stderr)
        valid(command, done.document)


def test_an_error_is_a_document_too(env: dict[str, str]) -> None:
    done = run("verify", "nowhere", "--json", env=env)
    assert done.returncode != 0
    assert set(done.document["error"]) == {"code", "message", "remedy"}


def test_an_unknown_command_has_no_schema() -> None:
    assert run("schema", "nothing").returncode == 2
    assert run("schema", "rules", "list").document["title"] == "curator rules list --json"
