"""Rule files: what is accepted, and that every problem names file, line and key."""

import textwrap
from pathlib import Path

import pytest

from curator.config import Settings
from curator.model.errors import ExitCode, UsageError
from curator.rulebook import MalformedRule, check_file, find_rule, load_rule, load_rules

GOOD = """\
rule: order-status
dataset: {name: order-status-regression}
queue:
  signals:
    - score: quality
      below: 0.5
input:
  schema:
    type: object
    required: [query]
    additionalProperties: false
    properties: {query: {type: string}, region: {type: string}}
  fields:
    query: {from: $.input.query}
    region: {from: $.input.region, default: eu}
expected_output:
  schema: {type: object, required: [outcome], properties: {outcome: {enum: [answer, refuse]}}}
  fields:
    outcome: {from: [$.correction.outcome], default: answer}
lineage:
  failure_types: [wrong_answer]
  rubric: order-status-v1
checks:
  - {name: expected_outcome, type: expected_outcome}
gate:
  required: [{name: expected_outcome}]
"""


def write(folder: Path, text: str, name: str = "rule.yaml") -> Path:
    path = folder / name
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


def line_of(text: str, needle: str) -> int:
    return next(i for i, line in enumerate(text.splitlines(), 1) if needle in line)


def test_good_rule(tmp_path: Path) -> None:
    loaded = load_rule(write(tmp_path, GOOD))
    assert loaded.rule.rule == "order-status"
    assert loaded.input_schema["required"] == ["query"]
    assert loaded.rule.input.fields["region"].default == "eu"


@pytest.mark.parametrize(
    ("replace", "by", "key", "needle", "message"),
    [
        ("  rubric: order-status-v1", "  rubrik: order-status-v1", "lineage.rubrik", "rubrik", "did you mean rubric?"),
        ("      below: 0.5", "      belw: 0.5", "queue.signals.0.belw", "belw", "did you mean below?"),
        ("below: 0.5", "below: low", "queue.signals.0.below", "below", "valid number"),
        ("from: $.input.query", "from: input..query", "input.fields.query.from", "input..", "starts with $"),
        ("from: $.input.query", "from: lenght(input)", "input.fields.query.from", "lenght", "no function lenght"),
        ("from: $.input.query", "from: '$.input['", "input.fields.query.from", "$.input[", "not a JSONPath"),
        ("    query: {from", "    qury: {from", "input.fields", "fields:", "no mapping for query"),
        ("region: {from", "regoin: {from", "input.fields.regoin", "regoin", "did you mean region?"),
        ("type: expected_outcome}", "type: regex}", "checks.0", "type: regex", "needs pattern"),
        ("[{name: expected_outcome}]", "[{name: other}]", "", "rule:", "no check gives: other"),
        ("schema: {type: object,", "schema: {type: objekt,", "expected_output.schema", "objekt", "not a JSON Schema"),
        ("dataset: {name: order-status-regression}", "dataset: {}", "dataset.name", "dataset:", "missing"),
        ("name: order-status-regression", "name: /order//status", "dataset.name", "dataset:", "no empty part"),
        ("name: order-status-regression", "name: ..", "dataset.name", "dataset:", "no empty part"),
        ("{query: {type: string},", "{query: {$ref: 'http://example.org/q'},", "input.schema", "schema:", "fetches no"),
        (
            "{query: {type: string},",
            "{query: {$ref: '#/$defs/q'},",
            "input.schema",
            "schema:",
            "which it does not hold",
        ),
        ("additionalProperties: false", "allOf: [{$ref: '#'}]", "input.schema", "schema:", "refers to itself"),
        ("lineage:", "scrub: {entities: [EMAILS]}\nlineage:", "scrub", "scrub:", "unknown entities: EMAILS"),
        ("lineage:", "scrub: {paths: [{path: 'input[', action: drop}]}\nlineage:", "scrub", "scrub:", "cannot be read"),
        ("rule: order-status", "rule: Order Status", "rule", "rule:", "pattern"),
        ("below: 0.5", "below: 0.5\n      above: 2", "queue.signals.0", "- score", "exactly one"),
    ],
)
def test_problem_names_line_and_key(tmp_path: Path, replace: str, by: str, key: str, needle: str, message: str) -> None:
    assert replace in GOOD
    text = GOOD.replace(replace, by, 1)
    problems = check_file(write(tmp_path, text))
    found = [p for p in problems if p.key == key]
    assert found, [str(p) for p in problems]
    assert message in found[0].message
    assert found[0].line == line_of(text, needle)


def test_not_yaml(tmp_path: Path) -> None:
    [problem] = check_file(write(tmp_path, "rule: a\nqueue: [\nother: }"))
    assert "not valid YAML" in problem.message
    assert problem.line >= 2


def test_duplicate_key_is_a_problem(tmp_path: Path) -> None:
    [problem] = check_file(write(tmp_path, GOOD + "rule: twice\n"))
    assert "duplicate key" in problem.message


def test_tags_construct_nothing(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    text = f"rule: !!python/object/apply:os.system ['touch {marker}']\n"
    assert check_file(write(tmp_path, text))
    assert not marker.exists()


def test_alias_bomb_is_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    [problem] = check_file(write(tmp_path, "\n".join(lines)))
    assert "100,000" in problem.message


def test_schema_file(tmp_path: Path) -> None:
    (tmp_path / "in.json").write_text('{"type": "object", "properties": {"query": {}}, "required": ["query"]}')
    inline = GOOD[GOOD.index("  schema:") : GOOD.index("  fields:")]
    assert load_rule(write(tmp_path, GOOD.replace(inline, "  schema_file: in.json\n", 1))).input_schema["required"]


def test_schema_file_stays_in_the_folder(tmp_path: Path) -> None:
    inside = tmp_path / "rules"
    inside.mkdir()
    (tmp_path / "secret.json").write_text("{}")
    inline = GOOD[GOOD.index("  schema:") : GOOD.index("  fields:")]
    problems = check_file(write(inside, GOOD.replace(inline, "  schema_file: ../secret.json\n", 1)))
    assert any("stay inside" in p.message for p in problems)


def test_python_paths_need_permission(tmp_path: Path) -> None:
    inline = GOOD[GOOD.index("  schema:") : GOOD.index("  fields:")]
    path = write(
        tmp_path, GOOD.replace(inline, "  python: curator.model:Observation\n", 1).replace("query: {from", "id: {from")
    )
    assert any("runs code" in p.message for p in check_file(path))
    assert not any("runs code" in p.message for p in check_file(path, allow_python=True))


def test_malformed_rule_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(MalformedRule) as caught:
        load_rule(write(tmp_path, GOOD.replace("rubric", "rubrik")))
    assert caught.value.exit_code == ExitCode.USAGE
    assert "rubrik" in caught.value.message


def test_find_rule_by_name_and_path(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD, "anything.yaml")
    settings = Settings(rules=str(tmp_path))
    assert find_rule("order-status", settings).path == path
    assert find_rule(str(path), settings).path == path
    with pytest.raises(UsageError, match="did you mean order-status"):
        find_rule("order-state", settings)


def test_two_rules_of_one_name(tmp_path: Path) -> None:
    write(tmp_path, GOOD, "a.yaml")
    write(tmp_path, GOOD, "b.yaml")
    with pytest.raises(MalformedRule, match=r"also used by a\.yaml"):
        load_rules(Settings(rules=str(tmp_path)))


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"[]", b"", b"just text", b"1: {a: b}", b"- a\n- b"])
def test_anything_else_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "rule.yaml"
    path.write_bytes(content)
    with pytest.raises(UsageError):
        load_rule(path)


def test_a_character_that_yaml_refuses_has_its_line(tmp_path: Path) -> None:
    text = GOOD.replace("rubric: order", "rubric: \u0007order")
    (problem,) = check_file(write(tmp_path, text))
    assert (problem.line, problem.message) == (
        line_of(text, "rubric:"),
        "not valid YAML: it holds the character U+0007",
    )


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        load_rule(tmp_path / "none.yaml")
