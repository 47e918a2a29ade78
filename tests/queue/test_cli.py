"""`queue`, `show`, `dismiss`, `snooze`, `reopen` and `doctor` as a user runs them."""

import json
import os
import socket
import sqlite3
import subprocess
import sys
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from curator.cli.main import main
from curator.cli.output import cell, duration, number, row
from curator.config import state_folder
from curator.model import Note, Observation
from curator.model.trace import tree
from curator.queue import in_line, read_note
from curator.rulebook import shipped_rules
from tests.gateway.servers import SECRET, Answering
from tests.queue.world import NOW, World

RULE = """
rule: answers
dataset: {name: answers}
queue:
  signals:
    - {score: q, below: 0.5}
    - {annotation_queue: triage}
    - {level: ERROR}
input: {schema: {type: object}}
expected_output: {schema: {type: object}}
lineage: {failure_types: [wrong], rubric: r}
"""
NASTY = "\x1b[31mred\x1b[0m \u202eevil\u202c\nline two\tend 数据数据数据数据数据数据数据数据"


@dataclass
class Done:
    """What a command printed."""

    stdout: str
    stderr: str


class Curator:
    """Runs the command line in this process, with an environment, a config and a state folder of its own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self._folder = folder
        self.rule = folder / "answers.yaml"
        self.rule.write_text(RULE)

    def on(self, environment: dict[str, str]) -> "Curator":
        for name in [name for name in os.environ if name.startswith(("LANGFUSE_", "CURATOR_"))]:
            self._monkeypatch.delenv(name)
        own = {
            "CURATOR_CONFIG": os.devnull,
            "CURATOR_STATE_DIR": str(self._folder / "state"),
            "CURATOR_REVIEWER": "anna",
            "COLUMNS": "80",
        }
        for name, value in (own | environment).items():
            self._monkeypatch.setenv(name, value)
        return self

    def __call__(self, *arguments: str, code: int = 0) -> Done:
        self._monkeypatch.setattr(sys, "argv", ["curator", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        done = Done(*self._capsys.readouterr())
        assert ended.value.code == code, done
        assert SECRET not in done.stdout + done.stderr
        return done

    def json(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self(*arguments, "--json", code=code).stdout)


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Curator:
    return Curator(tmp_path, monkeypatch, capsys)


@pytest.fixture
def curator(world: World, command: Curator, lasting_workers: None) -> Curator:
    return command.on(world.sandbox.environment())


def fill(world: World) -> None:
    world.trace("a" * 32, 3, traceName="agent", sessionId="s1", input='{"q": "hi"}', output="no")
    world.observation("a" * 32, "tool", 2, parentObservationId="a" * 32 + "-root", type="TOOL", level="ERROR")
    world.trace("b" * 32, 2, traceName=NASTY, statusMessage=NASTY)
    world.trace("c" * 32, 1, traceName="fine")
    world.score("a" * 32, "q", 0.25, comment="too short")
    world.score("b" * 32, "q", 0, comment=NASTY)
    world.score("c" * 32, "q", 0.9)
    world.load()
    world.queue("triage", ("TRACE", "a" * 32), ("TRACE", "gone"))


def test_queue_as_json(world: World, curator: Curator) -> None:
    fill(world)
    shown = curator.json("queue", "--rules", str(curator.rule))
    assert {"failures", "fetched", "total", "hidden", "requests", "truncated", "window"} <= shown.keys()
    assert (len(shown["failures"]), shown["total"], shown["hidden"]) == (3, 3, 0)
    by_id = {one["trace_id"]: one for one in shown["failures"]}
    first = by_id["a" * 32]
    assert (first["name"], first["session_id"], first["state"], first["items"]) == ("agent", "s1", "open", [])
    assert first["observation_id"] == "a" * 32 + "-root"
    assert datetime.fromisoformat(first["timestamp"]).tzinfo is not None
    assert sorted(signal["kind"] for signal in first["signals"]) == ["level", "queue", "score"]
    score = next(signal for signal in first["signals"] if signal["kind"] == "score")
    assert (score["name"], score["value"], score["source"], score["comment"]) == ("q", 0.25, "EVAL", "too short")
    assert by_id["gone"]["source_gone"] is True
    assert by_id["b" * 32]["name"] == NASTY


def test_queue_as_text(world: World, curator: Curator) -> None:
    fill(world)
    done = curator("queue", "--rules", str(curator.rule))
    lines = done.stdout.splitlines()
    assert len(lines) == 3
    assert all(cell_len(line) <= 80 for line in lines)
    assert all(char.isprintable() for line in lines for char in line)
    assert [line[:32].strip() for line in lines] == ["gone", "b" * 32, "a" * 32]
    assert "(source gone)" in lines[0]
    assert "q 0.25; queue" in lines[2]
    assert "3 open failures · fetched 3 · total 3 · hidden 0" in done.stderr


def test_decisions_are_seen_by_the_next_command(world: World, curator: Curator) -> None:
    fill(world)
    done = curator.json("dismiss", "a" * 32, "b" * 32, "--reason", "known", "--rules", str(curator.rule), "--entries")
    assert [one["state"] for one in done["decisions"]] == ["dismissed", "dismissed"]
    assert (done["decisions"][0]["reviewer"], done["decisions"][0]["rule"]) == ("anna", "answers")
    assert len(done["decisions"][0]["entries"]) == 1
    shown = curator.json("queue", "--rules", str(curator.rule))
    assert [one["trace_id"] for one in shown["failures"]] == ["gone"]
    assert shown["hidden"] == 2
    curator("reopen", "a" * 32)
    until = curator.json("snooze", "gone", "--until", "2d")["decisions"][0]["until"]
    assert datetime.fromisoformat(until) > datetime.now(UTC)
    every = curator.json("queue", "--rules", str(curator.rule), "--state", "all")
    assert {one["trace_id"][:4]: one["state"] for one in every["failures"]} == {
        "aaaa": "open",
        "bbbb": "dismissed",
        "gone": "snoozed",
    }
    assert "[snoozed]" in curator("queue", "--rules", str(curator.rule), "--state", "all").stdout
    shared = {score.trace_id: score for score in world.gateway.scores(names=["curation"])}
    assert shared["b" * 32].comment == "known"
    assert shared["b" * 32].metadata["reviewer"] == "anna"


def test_notes_are_shared_scrubbed_and_replaced(
    world: World, curator: Curator, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(world)
    rule = ("--rules", str(curator.rule))
    shared = curator.json("note", "a" * 32, "--fail", "answers", "jo.lind@corp.example", "rudely", *rule)["note"]
    assert (shared["verdict"], shared["reviewer"], shared["key"]) == ("fail", "anna", "a" * 32)
    assert shared["text"].startswith("answers <EMAIL")
    (score,) = world.gateway.scores(names=["curation-note"])
    assert (score.value, score.comment, score.trace_id) == ("fail", shared["text"], "a" * 32)

    def noted() -> Any:
        every = curator.json("queue", *rule)["failures"]
        (one,) = [each for each in every if each["notes"]]
        assert {each["trace_id"][:4] for each in every} == {"aaaa", "bbbb", "gone"}  # a note makes nothing a failure
        return one

    assert noted()["notes"][0]["text"] == shared["text"]
    monkeypatch.setenv("COLUMNS", "150")
    assert f"✎ q 0.25; queue triage; ERROR tool; anna: “fail: {shared['text']}”" in curator("queue", *rule).stdout
    curator("note", "a" * 32, "too", "short", *rule)  # in place of the first one
    monkeypatch.setenv("CURATOR_REVIEWER", "bo")
    curator("note", "a" * 32, "--pass", *rule)
    assert [(each["reviewer"], each["verdict"], each["text"]) for each in noted()["notes"]] == [
        ("anna", "note", "too short"),
        ("bo", "pass", ""),
    ]
    assert not noted()["disputed"]
    monkeypatch.setenv("CURATOR_REVIEWER", "cy")
    curator("note", "a" * 32, "--fail", "wrong", "order", *rule)
    assert noted()["disputed"]
    shown = curator("show", "a" * 32).stdout
    assert "notes (3)" in shown
    assert "cy  fail: wrong order" in shown
    curator("note", "a" * 32, "--remove")
    assert [each["reviewer"] for each in noted()["notes"]] == ["anna", "bo"]
    curator("note", "a" * 32, code=2)
    curator("note", "a" * 32, "x", "--remove", code=2)
    curator("note", "nothing", "x", code=1)


@given(st.sampled_from(["pass", "fail", "note"]), st.text(max_size=30))
def test_a_note_is_typed_as_it_is_shown(verdict: Any, text: str) -> None:
    note = Note(trace_id="t", verdict=verdict, text=" ".join(text.split()), reviewer="r", at=NOW)
    again = read_note(in_line(note))
    assert again == (note.verdict, note.text) or note.verdict == "note"  # who types a verdict, means one
    assert read_note("failed: to see") == ("note", "failed: to see")
    assert read_note(" FAIL :  two  bags ") == ("fail", "two bags")
    assert read_note("pass") == ("pass", "")


def test_a_decision_is_known_here_before_langfuse_shows_it(world: World, curator: Curator) -> None:
    fill(world)
    curator("dismiss", "a" * 32, "--reason", "known")
    world.gateway.delete_score(next(iter(world.gateway.scores(names=["curation"]))).id)
    shown = curator.json("queue", "--rules", str(curator.rule))
    assert "a" * 32 not in [one["trace_id"] for one in shown["failures"]]


def test_show(world: World, curator: Curator) -> None:
    fill(world)
    shown = curator.json("show", "a" * 32)
    assert {"trace", "observations", "scores", "comments"} <= shown.keys()
    assert (shown["trace"]["id"], shown["trace"]["name"]) == ("a" * 32, "agent")
    assert shown["trace"]["url"].endswith(f"/traces/{'a' * 32}")
    assert [one["id"] for one in shown["observations"]] == ["a" * 32 + "-root", "tool"]
    assert shown["observations"][0]["input"] == '{"q": "hi"}'
    assert [one["value"] for one in shown["scores"]] == [0.25]
    text = curator("show", "a" * 32).stdout
    assert "└─ TOOL tool" in text
    assert "ERROR" in text
    assert "too short" in text
    assert '{"q": "hi"}' not in text
    assert 'input: {"q": "hi"}' in curator("show", "a" * 32, "--io").stdout
    nasty = curator("show", "b" * 32).stdout
    assert "\x1b" not in nasty
    assert "\u202e" not in nasty


def test_what_is_refused(world: World, curator: Curator) -> None:
    fill(world)
    for command in (("show",), ("dismiss", "--reason", "x"), ("snooze",), ("reopen",)):
        done = curator(*command, "f" * 32, code=1)
        assert "TRACE_NOT_FOUND" in done.stderr
        assert done.stdout == ""
    curator("dismiss", "a" * 32, code=2)
    curator("dismiss", "a" * 32, "--reason", "  ", code=2)
    curator("snooze", "a" * 32, "--until", "2020-01-01", code=2)
    curator("snooze", "a" * 32, "--until", "later", code=2)
    curator("queue", "--since", "yesterday", code=2)
    curator("queue", "--rules", "no-such-rule", code=2)
    assert list(world.gateway.scores(names=["curation"])) == []


def test_some_of_many_decided(world: World, curator: Curator) -> None:
    fill(world)
    # One read, then the two writes; the third request fails.
    world.sandbox.fault("http-500", "every:3")
    done = curator.json("dismiss", "a" * 32, "b" * 32, "--reason", "x", code=4)
    assert [one["trace_id"] for one in done["decisions"]] == ["a" * 32]
    assert done["problem"]["code"] == "SERVER_FAILED"


def checks(document: Any) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in document["checks"]}


def test_doctor_when_all_is_well(world: World, curator: Curator) -> None:
    httpx.delete(f"{world.sandbox.base_url}/__sandbox__/requests")
    document = curator.json("doctor")
    counted = httpx.get(f"{world.sandbox.base_url}/__sandbox__/requests").json()
    assert document["requests"] == counted["total"] == 6
    assert set(counted["routes"].values()) == {1}, "each thing is asked for once"
    found = checks(document)
    assert all(check["ok"] for check in found.values()), found
    assert {"configuration", "rules", "server", "clock", "keys", "capabilities", "queue", "name model"} <= found.keys()
    assert all(check.keys() == {"name", "ok", "detail", "remedy"} for check in found.values())
    text = curator("doctor")
    assert "✓ keys" in text.stdout
    assert "all is well (6 requests)" in text.stderr
    curator = curator.on(world.sandbox.environment() | {"CURATOR_RULES": str(shipped_rules())})
    assert curator.json("doctor")["requests"] == 6, "however many rules there are"


def test_exit_codes(world: World, command: Curator, answering: Answering) -> None:
    """Wrong keys 3, no server 4, too old a server 3: one sentence from every command."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    answering.answer(404, "<html>This page could not be found.</html>", content_type="text/html")
    good = world.sandbox.environment()
    cases: list[tuple[dict[str, str], int, str, str]] = [
        (good | {"LANGFUSE_SECRET_KEY": SECRET}, 3, "UNAUTHORISED", "keys"),
        (good | {"LANGFUSE_BASE_URL": f"http://127.0.0.1:{port}"}, 4, "UNREACHABLE", "server"),
        (good | {"LANGFUSE_BASE_URL": answering.base_url}, 3, "SERVER_TOO_OLD", "server"),
        ({}, 3, "CONFIG_KEYS_MISSING", "keys"),
    ]
    for environment, code, name, failing in cases:
        curator = command.on(environment)
        for arguments in (("queue", "--rules", str(curator.rule)), ("show", "t"), ("dismiss", "t", "--reason", "x")):
            done = curator(*arguments, code=code)
            assert name in done.stderr
            assert len(done.stderr.strip().splitlines()) <= 3
            assert done.stdout == ""
        # The health page of a server that is no Langfuse cannot be understood; that comes before what it lacks.
        doctor = curator.json("doctor", code=4 if name == "SERVER_TOO_OLD" else code)
        wrong = [check["name"] for check in doctor["checks"] if not check["ok"]]
        assert wrong == [failing]
        assert all(check["remedy"] for check in doctor["checks"] if not check["ok"])


def test_no_traceback_from_the_installed_command(command: Curator) -> None:
    command.on({"LANGFUSE_PUBLIC_KEY": "pk", "LANGFUSE_SECRET_KEY": SECRET, "LANGFUSE_BASE_URL": "http://x.invalid"})
    done = subprocess.run(
        [sys.executable, "-m", "curator", "queue"],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 4
    assert done.stderr.startswith("error: No connection to x.invalid")
    assert "Traceback" not in done.stderr
    assert SECRET not in done.stderr


def test_doctor_on_an_old_server(command: Curator, answering: Answering) -> None:
    answering.answer(200, '{"status": "OK", "version": "3.150.0"}', date="Mon, 01 Jan 2024 00:00:00 GMT")
    keys = {"LANGFUSE_PUBLIC_KEY": "pk-lf-x", "LANGFUSE_SECRET_KEY": SECRET}
    found = checks(command.on({"LANGFUSE_BASE_URL": answering.base_url, **keys}).json("doctor", code=1))
    assert found["server"]["ok"]
    assert not found["clock"]["ok"]
    assert not found["keys"]["ok"]
    assert "3.150.0" in found["keys"]["detail"]


def test_doctor_reads_the_journal(world: World, curator: Curator) -> None:
    """What waits in it, and whether it can be read at all."""
    fill(world)
    curator("snooze", "a" * 32)
    found = checks(curator.json("doctor"))["journal"]
    assert (found["ok"], found["detail"]) == (True, "1 line in the ledger, 0 kept drafts")
    with sqlite3.connect(state_folder() / "journal.sqlite3") as db:
        db.execute("UPDATE decisions SET decision = '{'")
    found = checks(curator.json("doctor", code=3))["journal"]
    assert not found["ok"]
    assert "damaged" in found["detail"]
    assert found["remedy"]


def test_doctor_on_a_malformed_rule(world: World, command: Curator, tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "r.yaml").write_text("rule: a\ndatset: {name: x}\n")
    curator = command.on(world.sandbox.environment() | {"CURATOR_RULES": str(folder)})
    found = checks(curator.json("doctor", code=2))
    assert "r.yaml:1" in found["rules"]["detail"]
    assert found["keys"]["ok"]


# ── text ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(text=st.text(), cells=st.integers(0, 60))
def test_a_cell_has_its_width(text: str, cells: int) -> None:
    shown = cell(text, cells)
    assert cell_len(shown) == cells
    assert not any(unicodedata.category(char) in ("Cc", "Cs") for char in shown)


def test_rows_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    line = row([("x" * 99, 32), ("数" * 99, 14), (None, 5), ("long " * 99, 10)])
    assert cell_len(line) == 80


@pytest.mark.parametrize(
    ("seconds", "shown"), [(None, ""), (0.034, "0.03 s"), (9.9, "9.90 s"), (61, "61 s"), (7200, "120 min")]
)
def test_durations(seconds: float | None, shown: str) -> None:
    assert duration(seconds) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(0.0, "0"), (0.123456, "0.1235"), (True, "true"), ("bad", "bad"), (None, ""), (3, "3")]
)
def test_values(value: object, shown: str) -> None:
    assert number(value) == shown


def observation(id: str, parent: str | None, second: int) -> Observation:
    return Observation(id=id, trace_id="t", parent_id=parent, start_time=NOW.replace(second=second))


def test_a_tree() -> None:
    rows = [
        observation("a", None, 0),
        observation("c", "a", 2),
        observation("b", "a", 1),
        observation("d", "b", 3),
        observation("orphan", "lost", 4),
    ]
    assert [indent + branch + one.id for indent, branch, one in tree(rows)] == [
        "a",
        "├─ b",
        "│  └─ d",
        "└─ c",
        "orphan",
    ]


@settings(max_examples=200, deadline=None)
@given(parents=st.lists(st.none() | st.integers(0, 14), max_size=12))
def test_every_observation_stands_in_the_tree_once(parents: list[int | None]) -> None:
    rows = [
        observation(str(number), None if parent is None else str(parent), number % 60)
        for number, parent in enumerate(parents)
    ]
    assert sorted(one.id for _, _, one in tree(rows)) == sorted(one.id for one in rows)


def test_a_deep_tree() -> None:
    rows = [observation(str(number), str(number - 1) if number else None, 0) for number in range(3000)]
    assert len(list(tree(rows))) == 3000
