"""Values planted in every field that curator sends, stores or prints beside items: none arrives anywhere.

Raw on purpose are the result files of runs (0600): outputs as the task gave them. They are left out of the search.
"""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import regex

from curator.sandbox.auth import Keys
from curator.sandbox.demo import seed_demo
from curator.sandbox.server import SandboxServer
from tests import command

RULE = "order-status-regression"
AGENT = """
def answer(case):
    return {{"outcome": "answer", "answer": "Your address is {output}", "tool": [{{"note": "{nested}"}}]}}

def fails(case):
    raise ValueError("no order of {error}")

def evaluate(input, output):
    return {{"name": "own", "value": 1.0, "comment": "it says {comment}", "metadata": {{"seen": "{metadata}"}}}}

def breaks(input, output):
    raise RuntimeError("cannot judge {broken}")
"""
FIELDS = (
    "output", "nested", "error", "comment", "metadata", "broken", "label", "variable", "case", "dismissed", "snoozed",
    "kept", "edited", "owner", "issue", "evidence", "description",
)  # fmt: skip
PLANTED = {name: f"zebulon.{name}@planted-{n:02}.example" for n, name in enumerate(FIELDS)}


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(keys=Keys(public="pk-lf-one-gate", secret="sk-lf-one-gate")) as running:
        seed_demo(running.store, datetime.now(UTC))
        yield running


def everything(server: SandboxServer, folder: Path) -> Iterator[tuple[str, str]]:
    """Every text that the server or a file holds, by where; without result files."""
    with sqlite3.connect(server.store.path) as database:
        for (table,) in database.execute("select name from sqlite_master where type = 'table'").fetchall():
            for row in database.execute(f'select * from "{table}"'):
                yield f"server: {table}", " ".join(map(str, row))
    for path in folder.rglob("*"):
        own = path.name in ("agent.py", "described.yaml") or "__pycache__" in path.parts  # the user's files
        raw = own or "runs" in path.parts
        if path.is_file() and not raw:
            yield str(path.relative_to(folder)), path.read_bytes().decode("utf-8", "replace")
        yield "a file's name", str(path)


@pytest.mark.usefixtures("lasting_workers")
def test_no_planted_value_arrives_anywhere(
    server: SandboxServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "agent.py").write_text(AGENT.format(**PLANTED))
    places = {"CURATOR_CONFIG": str(tmp_path / "config.toml"), "CURATOR_STATE_DIR": str(tmp_path / "state")}
    rule = command.run("rules", "show", RULE, env=places).stdout
    checks = "checks:\n" + "".join(
        f"  - {{name: {name}, type: python, python: 'agent:{name}'}}\n" for name in ("evaluate", "breaks")
    )
    assert "checks:" in rule
    (tmp_path / "own.yaml").write_text(rule.replace("checks:\n", checks, 1))
    described = regex.sub(r"(?m)^( +description: ).*$", rf"\g<1>cases of {PLANTED['description']}", rule, count=1)
    (tmp_path / "described.yaml").write_text(described)
    said: list[str] = []

    def run(*arguments: str) -> command.Done:
        done = command.run(*arguments, env=server.environment() | places, folder=tmp_path)
        said.append(done.stdout + done.stderr)
        return done

    def refused(*arguments: str) -> None:
        done = run(*arguments)
        assert done.returncode == 2, arguments
        assert "PII_IN_NAME" in done.stderr + done.stdout

    p = PLANTED
    queue = run("queue", "--rules", RULE, "--json").document
    first, second, third = list(dict.fromkeys(f["trace_id"] for f in queue["failures"] if f["observation_id"]))[:3]
    assert run("seed", "--rules", RULE).returncode == 0
    refused("seed", "--rules", "described.yaml")
    expected = {"outcome": '"answer"', "must_mention": '["order"]', "must_not_mention": "[]"}
    sets = [word for name, value in expected.items() for word in ("--set", f"expected_output.{name}={value}")]
    promote = ("promote", first, "--rules", RULE, "--failure-type", "wrong_route", *sets)
    refused(*promote, "--case", p["case"])
    done = run(*promote, "--json", "--set", f"input.query=Where is my order? I am {p['edited']}")
    assert done.returncode == 0, done.stdout + done.stderr
    draft = run("draft", second, "--rules", RULE, "--json").document
    finding = next(f["id"] for f in draft["findings"])
    reason = f"{finding}=it belongs to {p['kept']}"
    run("promote", second, "--rules", RULE, "--failure-type", "wrong_route", *sets, "--keep", reason)
    assert run("dismiss", third, "--reason", f"{p['dismissed']} says no").returncode == 0
    assert run("snooze", third, "--reason", f"ask {p['snoozed']}").returncode == 0

    task = ("run", "--rules", "own.yaml", "--allow-python", "--task", "agent:answer", "--junit", "junit.xml")
    refused(*task, "--label", f"for {p['label']}")
    refused(*task, "--var", f"who={p['variable']}")
    run(*task, "--label", "mine")
    run("run", "--rules", "own.yaml", "--allow-python", "--task", "agent:fails", "--label", "bad", "--json")
    run("gate", "--rules", "own.yaml", "--candidate", "mine", "--markdown", "gate.md", "--github")
    run("compare", "mine", "bad", "--rules", "own.yaml")
    item = done.document["receipts"][0]["item_id"]
    known = ("known", RULE, item, "--until", "2999-01-01", "--rules", RULE)
    run(*known, "--owner", p["owner"], "--issue", f"https://tracker.example/{p['issue']}")
    run("quarantine", RULE, item, "--until", "2999-01-01", "--evidence", f"{p['evidence']} saw 3 of 8")
    run("log", "--json")

    raw = [path.read_text() for path in (tmp_path / "state" / "runs").rglob("*.json")]
    assert any(p["output"] in text for text in raw), "result files are raw"
    texts = list(everything(server, tmp_path))
    for sent in ("it says <EMAIL_ADDRESS_1>", "Your address is <EMAIL_ADDRESS_1>", "no order of <EMAIL_ADDRESS_1>"):
        assert any(sent in text for where, text in texts if where.startswith("server")), sent
    found = [(where, name) for where, text in texts for name, value in p.items() if value in text]
    found += [(text[:80], name) for text in said for name, value in p.items() if value in text]
    assert found == []
