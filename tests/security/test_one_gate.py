"""Values planted in every field that curator sends, stores or prints beside items: none arrives anywhere.

Raw on purpose are the result files of runs (0600): outputs as the task gave them. They are left out of the search.
"""

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import regex

from curator.gateway import Gateway
from curator.sandbox.auth import Keys
from curator.sandbox.demo import seed_demo
from curator.sandbox.load import load_files
from curator.sandbox.server import SandboxServer
from tests import command
from tests.promote.support import connection_of

RULE = "order-status-regression"
AGENT = """
def answer(case):
    return {{"outcome": "answer", "answer": "Your address is {output}", "tool": [{{"note": "{nested}"}}]}}

def fails(case):
    raise ValueError("no order of {error}")

def evaluate(input, output):
    own = {{"name": "evaluate", "value": 1.0, "comment": "it says {comment}", "metadata": {{"seen": "{metadata}"}}}}
    return [own, {{"name": "{score}", "value": 1.0}}]

def breaks(input, output):
    raise RuntimeError("cannot judge {broken}")
"""
FIELDS = (
    "output", "nested", "error", "comment", "metadata", "broken", "label", "variable", "case", "dismissed", "snoozed",
    "kept", "edited", "owner", "issue", "evidence", "description", "key", "argument", "path", "score", "described",
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
    words = ("--failure-type", "wrong_route", "--case", "3", "--replace", f"{finding}=a parcel of {p['described']}")
    assert run("draft", second, "--rules", RULE, *sets, *words, "--save").returncode == 0
    reason = f"{finding}=it belongs to {p['kept']}"
    run("promote", second, "--rules", RULE, "--failure-type", "wrong_route", *sets, "--keep", reason)
    assert run("dismiss", third, "--reason", f"{p['dismissed']} says no").returncode == 0
    assert run("snooze", third, "--reason", f"ask {p['snoozed']}").returncode == 0

    task = ("run", "--rules", "own.yaml", "--allow-python", "--task", "agent:answer", "--junit", "junit.xml")
    refused(*task, "--label", f"for {p['label']}")
    refused(*task, "--var", f"who={p['variable']}")
    refused(*task, "--var", f"{p['key']}=yes")
    listed = "\nscrub:\n  deny: [zebulon frobnitz]\n"
    (tmp_path / "listed.yaml").write_text((tmp_path / "own.yaml").read_text().replace("\nscrub:\n", listed, 1))
    for name in ("--label", "--var"):
        refused(*task, "--rules", "listed.yaml", name, "of=zebulon frobnitz")
    refused(*promote, "--rules", "listed.yaml", "--case", "zebulon frobnitz")
    run("run", "--rules", RULE, "--task", f"cmd:python3 nowhere.py {p['argument']}", "--json")
    run("run", "--rules", RULE, "--task", f"http://127.0.0.1:9/{p['path']}", "--json")
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
    for sent in (
        "it says <EMAIL_ADDRESS_1>",
        "nowhere.py <EMAIL_ADDRESS_1>",
        "Your address is <EMAIL_ADDRESS_1>",
        "no order of <EMAIL_ADDRESS_1>",
    ):
        assert any(sent in text for where, text in texts if where.startswith("server")), sent
    found = [(where, name) for where, text in texts for name, value in p.items() if value in text]
    found += [(text[:80], name) for text in said for name, value in p.items() if value in text]
    assert found == []


def traces(server: SandboxServer, folder: Path, **ids: str) -> None:
    """Failed traces in the sandbox, by the ids of their observations."""
    at = datetime.now(UTC).isoformat()
    row = {
        "type": "SPAN",
        "startTime": at,
        "endTime": at,
        "level": "ERROR",
        "input": '{"q": "I am zebulon@planted.example"}',
    }
    file = folder / "rows.jsonl"
    named = {"traceName": "chat of zebulon.trace@planted.example", "isRootObservation": True}
    file.write_text("".join(f"{json.dumps(row | named | {'id': o, 'traceId': t})}\n" for o, t in ids.items()))
    assert load_files(server.store, [file]).observations == len(ids)
    file.unlink()


@pytest.mark.usefixtures("lasting_workers")
def test_ids_and_files_of_a_pushed_folder_pass_the_gate(server: SandboxServer, tmp_path: Path) -> None:
    value = "zebulon@planted.example"
    traces(server, tmp_path, plain="0af7651916cd43dd8448eb211c80319c", whole=value, **{value: "f" * 32})
    places = {"CURATOR_CONFIG": str(tmp_path / "config.toml"), "CURATOR_STATE_DIR": str(tmp_path / "state")}

    def run(*arguments: str) -> command.Done:
        return command.run(*arguments, "--json", env=server.environment() | places, folder=tmp_path)

    (tmp_path / "desk.yaml").write_text(DESK)
    assert run("seed", "--rules", "desk.yaml").returncode == 0
    receipts = run("promote", "0af7651916cd43dd8448eb211c80319c", value, "f" * 32, "--rules", "desk.yaml").document
    codes = [each["problem"] and each["problem"]["code"] for each in receipts["receipts"]]
    assert codes == [None, "ITEM_NOT_SCRUBBED", "ITEM_NOT_SCRUBBED"]
    assert run("pull", "desk", "golden").returncode == 0
    [item] = (tmp_path / "golden" / "items").iterdir()
    text = item.read_text()
    for key in ("note", "case", "rubric", "rule", "source"):
        item.write_text(
            regex.sub(rf"(?m)^  {key}: .*\n", "", text).replace("metadata:\n", f"metadata:\n  {key}: {value}\n")
        )
        problem = run("push", "golden").document["receipts"][0]["problem"]
        assert (problem["code"], problem["path"]) == ("ITEM_NOT_SCRUBBED", f"metadata.{key}")
    item.write_text(text)
    head = tmp_path / "golden" / "dataset.yaml"
    for field in ("description: of VALUE\n", "metadata:\n  by: VALUE\n"):
        head.write_text("name: desk\n" + field.replace("VALUE", value))
        assert run("push", "golden", "--to", "copy").document["error"]["code"] == "PII_IN_NAME"
    for field in ("metadata: {by: VALUE}", "description: of VALUE"):
        (tmp_path / "desk.yaml").write_text(DESK.replace("name: desk", f"name: desk2, {field.replace('VALUE', value)}"))
        assert run("seed", "--rules", "desk.yaml").document["error"]["code"] == "PII_IN_NAME"


@pytest.mark.usefixtures("lasting_workers")
def test_what_somebody_put_into_an_item_is_named_by_kind(tmp_path: Path) -> None:
    """In keys, texts and numbers, by the rule's own lists: in words, reports and receipts."""
    with SandboxServer() as server:
        traces(server, tmp_path, one="1" * 32)
        (tmp_path / "desk.yaml").write_text(DESK + "scrub: {deny: [frobnitz]}\n")
        places = {"CURATOR_CONFIG": str(tmp_path / "config.toml"), "CURATOR_STATE_DIR": str(tmp_path / "state")}

        def run(*arguments: str) -> command.Done:
            return command.run(*arguments, "--rules", "desk.yaml", env=server.environment() | places, folder=tmp_path)

        run("seed")
        item_id = run("promote", "1" * 32, "--json").document["receipts"][0]["item_id"]
        with Gateway(connection_of(server)) as gateway:
            stored = gateway.item(item_id)
            assert stored is not None
            theirs = {"q": "a frobnitz", "zebulon@planted.example": {"card": 4111111111111111}}
            gateway.put_item(stored.to_write().model_copy(update={"input": theirs}))
        said = [run("verify", "desk", "--json"), run("audit", "desk", "--format", "md"), run("promote", "1" * 32)]
    texts = [each.stdout + each.stderr for each in said]
    texts += [path.read_bytes().decode("utf-8", "replace") for path in (tmp_path / "state").rglob("*.sqlite3*")]
    changes = {each["path"]: each["new"] for each in said[0].document["items"][0]["changes"]}
    assert changes == {"input.q": "(DENIED)", 'input["<EMAIL_ADDRESS>"]': "(CREDIT_CARD)"}
    assert [value for value in ("planted", "frobnitz", "4111111") if any(value in text for text in texts)] == []


@pytest.mark.usefixtures("lasting_workers")
def test_a_first_rule_and_a_digest_name_nobody(tmp_path: Path) -> None:
    """One goes into git, one to everybody: a trace's name that holds a value is no filter, dataset, file or group."""
    with SandboxServer() as server:
        traces(server, tmp_path, one="1" * 32, two="2" * 32)
        environment = server.environment() | {"CURATOR_CONFIG": str(tmp_path / "config.toml")}
        done = command.run("init", "--yes", "--json", env=environment, folder=tmp_path)
        assert done.returncode == 0
        (tmp_path / "desk.yaml").write_text(DESK)
        digest = command.run("digest", "--rules", "desk.yaml", env=environment, folder=tmp_path)
        coverage = command.run("coverage", "--rules", "desk.yaml", env=environment, folder=tmp_path)
        tried = command.run("rules", "try", "desk.yaml", env=environment, folder=tmp_path)
    assert "2 failures" in digest.stdout
    assert "I am <EMAIL_ADDRESS_1>" in tried.stdout
    assert "planted" not in digest.stdout + coverage.stdout + tried.stdout
    texts = [done.stdout, *(str(p) + p.read_text() for p in (tmp_path / "rules").iterdir())]
    assert not any("planted" in text for text in texts)
    assert "chat of *" in "".join(texts[1:])


DESK = """rule: desk
version: 1
dataset: {name: desk}
queue: {signals: [{level: ERROR}]}
input: {schema: {type: object}, fields: {q: {from: $.input.q}}}
expected_output: {schema: {type: object}, fields: {outcome: {value: answer}}}
lineage: {failure_types: [wrong], default_failure_type: wrong, rubric: desk-v1}
"""
