"""`curator scrub`: the same kind of content comes out, without its personal values; stdout holds nothing else."""

import json
from pathlib import Path

import pytest

from tests import command
from tests.command import Done

pytestmark = pytest.mark.usefixtures("lasting_workers")

RULE = """
rule: scrub-test
dataset: {name: scrub-test}
queue: {signals: [{score: quality, below: 0.5}]}
input: {schema: {type: object}, fields: {query: {from: $.input}}}
expected_output: {schema: {type: object}, fields: {outcome: {value: answer}}}
lineage: {failure_types: [wrong-answer], rubric: r1}
scrub:
  allow: [Karen Whitfield]
  paths:
    - {path: input.order_reference, action: surrogate, surrogate: "ORDER-###"}
"""


def run(*arguments: str, given: str | bytes = "") -> Done:
    return command.run("scrub", *arguments, given=given)


def test_text_json_and_json_lines(tmp_path: Path) -> None:
    text = run(given="Hi, I am Karen Whitfield,\nmail karen@x.com.\n")
    assert text.returncode == 0
    assert text.stdout == "Hi, I am <PERSON_1>,\nmail <EMAIL_ADDRESS_1>.\n"
    assert "karen" not in text.stderr.lower()
    assert "1 EMAIL_ADDRESS, 1 PERSON" in text.stderr

    file = tmp_path / "items.jsonl"
    file.write_text('{"mail": "a@x.com"}\n\n{"mail": "b@x.com", "n": 1}\n', encoding="utf-8")
    lines = run(str(file))
    assert [json.loads(x) for x in lines.stdout.splitlines()] == [
        {"mail": "<EMAIL_ADDRESS_1>"},
        {"mail": "<EMAIL_ADDRESS_1>", "n": 1},
    ]


def test_the_json_document_and_the_policy_of_a_rule(tmp_path: Path) -> None:
    rule = tmp_path / "rule.yaml"
    rule.write_text(RULE, encoding="utf-8")
    value = {"input": {"query": "Karen Whitfield asks for ORDER-924", "order_reference": "ORDER-924"}}
    done = run("--rules", str(rule), "--json", given=json.dumps(value))
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["scrubbed"] == {
        "input": {"query": "Karen Whitfield asks for ORDER-001", "order_reference": "ORDER-001"}
    }
    assert {(f["path"], f["entity"], f["action"]) for f in document["findings"]} == {
        ("input.query", "FIELD", "surrogate"),
        ("input.order_reference", "FIELD", "surrogate"),
    }
    assert all({"path", "entity", "score", "action"} <= set(f) for f in document["findings"])


def test_a_pipe_gets_the_rest_as_it_is() -> None:
    assert run(given="red \x1b[31mcarpet\x1b[0m\0 for jane@x.com\r\n").stdout == (
        "red \x1b[31mcarpet\x1b[0m\0 for <EMAIL_ADDRESS_1>\r\n"
    )
    half = run(given='{"half": "\\ud83d", "mail": "jane@x.com", "whole": "\U0001f600"}')
    assert json.loads(half.stdout) == {"half": "\ud83d", "mail": "<EMAIL_ADDRESS_1>", "whole": "\U0001f600"}


@pytest.mark.parametrize(
    ("arguments", "given", "says"),
    [
        (("/does/not/exist",), b"", "cannot be read"),
        (("-",), b"\xff\xfe\xfa", "not UTF-8"),
        (("--rules", "no-such-rule"), b"x", "no-such-rule"),
    ],
)
def test_mistakes_are_one_sentence(arguments: tuple[str, ...], given: bytes, says: str) -> None:
    done = run(*arguments, given=given)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
