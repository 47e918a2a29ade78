"""Start-up pays for nothing that a command does not use; mistakes get one sentence and a documented exit code."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from curator.cli.main import COMMANDS
from tests import command
from tests.command import Done

HEAVY = ("textual", "langfuse", "presidio_analyzer", "spacy", "scipy", "pyarrow", "starlette", "jsonschema", "httpx")


def run(*args: str, **environment: str) -> Done:
    return command.run(*args, env={"CURATOR_CONFIG": os.devnull} | environment)


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys, contextlib, io\n"
        "from curator.cli.main import cli\n"
        "with contextlib.redirect_stdout(io.StringIO()): cli.main(['--help'], standalone_mode=False)\n"
        f"print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_help_names_every_command() -> None:
    out = run("--help").stdout
    assert all(f"  {name} " in out for name in COMMANDS)


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_has_help(name: str) -> None:
    done = run(name, "--help")
    assert done.returncode == 0, done.stderr
    assert "Usage: " in done.stdout


def test_version() -> None:
    """As a program of its own, as the installed command is."""
    from curator import __version__

    done = subprocess.run([sys.executable, "-m", "curator", "--version"], capture_output=True, text=True, check=True)
    assert __version__ in done.stdout


def test_unknown_command() -> None:
    done = run("promot")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("args", [("queue",), ("show", "t"), ("draft", "t", "--rules", "order-status-regression")])
def test_missing_keys(args: tuple[str, ...]) -> None:
    done = run(*args)
    assert done.returncode == 3, done.stderr
    assert "LANGFUSE_PUBLIC_KEY" in done.stderr
    assert "Traceback" not in done.stderr


def test_malformed_config(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("reviewer = \n")
    done = run("rules", "list", CURATOR_CONFIG=str(config))
    assert done.returncode == 2
    assert "not valid TOML" in done.stderr
    config.write_text("reviewr = 'a'\n")
    done = run("rules", "list", CURATOR_CONFIG=str(config))
    assert done.returncode == 2
    assert "reviewr" in done.stderr


def test_rule_with_a_typo(tmp_path: Path) -> None:
    rule = tmp_path / "r.yaml"
    rule.write_text("rule: a\ndatset: {name: x}\n")
    done = run("rules", "check", str(rule), "--json")
    assert done.returncode == 2
    problems = json.loads(done.stdout)["problems"]
    assert {"file": str(rule), "line": 2, "key": "datset", "message": "unknown key (did you mean dataset?)"} in problems


def test_explain_unknown() -> None:
    done = run("explain", "NOPE_NOPE")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("timeout = 'soon'", "timeout: Input should be a valid number"),
        ("timeout = inf", "timeout: Input should be less than or equal to 3600"),
        ("scrub = 3", "scrub: Input should be a table of keys"),
        ("[scrub]\nentities = ['EMAILS']", "unknown entities: EMAILS"),
        ("[scrub]\npaths = [{path = 'input[', action = 'drop'}]", "cannot be read at character"),
        ("reviewr = 'a'", "reviewr: unknown key"),
        ('reviewer = "\xff', "not UTF-8"),
    ],
)
def test_a_config_file_that_cannot_be_used(text: str, says: str, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(text, encoding="latin-1")
    done = run("rules", "list", CURATOR_CONFIG=str(config))
    assert done.returncode == 2
    assert str(config) in done.stderr
    assert says in done.stderr


@pytest.mark.parametrize("address", ["127.0.0.1:3000", "http://", "http://host:port", "ftp://host", "http://[::1"])
def test_an_address_that_is_none(address: str) -> None:
    keys = {"LANGFUSE_PUBLIC_KEY": "pk", "LANGFUSE_SECRET_KEY": "sk"}
    done = run("queue", **keys, LANGFUSE_BASE_URL=address)
    assert done.returncode == 3
    assert "CONFIG_BASE_URL" in done.stderr


def test_what_nobody_foresaw_is_named_without_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """A traceback may end in the text of a trace."""
    monkeypatch.setitem(sys.modules, "curator.cli.log", None)
    done = run("log")
    assert done.returncode == 1
    assert "Something unexpected happened (ModuleNotFoundError at " in done.stderr
    assert "Traceback" not in done.stderr
