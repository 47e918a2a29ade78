"""Traces of real frameworks, as a real server stored them, through the commands: show, init, draft."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from curator.sandbox.load import load_files
from curator.sandbox.server import SandboxServer
from tests.command import run
from tests.conversation.test_conversation import SHAPES, expected_shapes
from tests.conversation.test_frameworks import PLUMBING, keys_in

EXPECTED = expected_shapes()
pytestmark = [
    pytest.mark.skipif(not EXPECTED, reason="the recorded traces of real frameworks are not here"),
    pytest.mark.usefixtures("lasting_workers"),
]


@pytest.fixture(scope="module")
def loaded() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        load_files(server.store, [SHAPES / "observations.jsonl.gz", SHAPES / "scores.jsonl.gz"])
        yield server


@pytest.mark.parametrize("trace_id", EXPECTED)
def test_show_init_draft(trace_id: str, loaded: SandboxServer, tmp_path: Path) -> None:
    wanted = EXPECTED[trace_id]
    env = loaded.environment() | {"CURATOR_CONFIG": str(tmp_path / "config.toml")}
    shown = run("show", trace_id, "--json", env=env).document
    assert [one["text"] for one in shown["conversation"] if one["role"] == "user"] == wanted["user_messages"]
    assert shown["answer"] == wanted["answer"]
    assert [{k: call[k] for k in ("name", "arguments")} for call in shown["tool_calls"]] == wanted["tool_calls"]
    assert [one["text"] for one in shown["retrieved"]] == wanted["retrieved"]

    done = run("init", "mine", "--trace-name", wanted["trace_name"], "--yes", "--json", env=env, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert {"rule", "shape", "why", "draft", "coverage"} <= done.document.keys()
    assert all(
        field["filled"] == field["of"] for field in done.document["coverage"] if field["path"].startswith("input")
    )

    done = run("draft", trace_id, "--rules", "rules/mine.yaml", "--json", env=env, folder=tmp_path)
    assert done.returncode in (0, 1), done.stderr
    document = done.document
    # Only the address is replaced: it is personal.
    said = wanted["user_messages"][-1].partition("? Mail me at ")[0]
    assert said in json.dumps(document["input"], ensure_ascii=False)
    assert not keys_in(document["input"]) & set(PLUMBING)
    assert not [one for one in document["problems"] if one["code"] in ("NO_INPUT", "NOT_JUDGED", "SCHEMA")]
    terms = 'expected_output.must_mention=["30 days"]'
    done = run("draft", trace_id, "--rules", "rules/mine.yaml", "--set", terms, "--json", env=env, folder=tmp_path)
    assert [one["verdict"] for one in done.document["protection"] if one["answer"] == "recorded"] == ["fails"]
