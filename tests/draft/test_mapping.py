"""Trace + rule → draft: mapping, origins, schema problems, corrections, edits."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curator.draft.edits import apply_edit, parse_assignment, parse_edit_path
from curator.draft.mapping import reshape
from curator.model import Observation, Score, Trace, join_path
from curator.model.errors import UsageError
from curator.rulebook import LoadedRule, load_rule

RULE = """\
rule: order-status
dataset: {name: order-status-regression}
queue: {signals: [{score: quality, below: 0.5}]}
input:
  schema:
    type: object
    required: [query, region]
    additionalProperties: false
    properties: {query: {type: string, minLength: 1}, region: {enum: [eu, us]}, turns: {type: array}}
  fields:
    query: {from: [$.input.query, "$.input.messages[0].content"]}
    region: {from: $.input.region, default: eu}
    turns: {from: "$.input.messages[*].content", collect: all, required: false}
expected_output:
  schema:
    type: object
    required: [outcome, must_mention]
    properties: {outcome: {enum: [answer, refuse]}, must_mention: {type: array, items: {type: string}}}
  fields:
    outcome: {from: $.correction.outcome, default: answer}
    must_mention: {from: $.correction.must_mention, default: [order]}
lineage: {failure_types: [wrong_answer, rude], default_failure_type: wrong_answer, rubric: r-v1}
"""
NOW = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture
def rule(tmp_path: Path) -> LoadedRule:
    path = tmp_path / "rule.yaml"
    path.write_text(RULE)
    return load_rule(path)


def trace(input_: Any, output: Any = None, correction: Any = None) -> Trace:
    root = Observation(
        id="o1",
        trace_id="t1",
        is_root=True,
        start_time=NOW,
        session_id="s1",
        input=input_ if isinstance(input_, str) else json.dumps(input_),
        output=json.dumps(output),
    )
    scores = ()
    if correction is not None:
        scores = (
            Score(
                id="c",
                name="output",
                value=json.dumps(correction),
                data_type="CORRECTION",
                timestamp=NOW,
                trace_id="t1",
            ),
        )
    return Trace(id="t1", observations=(root,), scores=scores)


def origin(draft: Any, path: str) -> tuple[str, str]:
    [found] = [o for o in draft.origins if o.path == path]
    return found.kind, found.source


def test_maps_with_origins(rule: LoadedRule) -> None:
    draft = reshape(trace({"query": "Where is it?", "region": "us"}), rule)
    assert draft.input == {"query": "Where is it?", "region": "us"}
    assert draft.expected_output == {"outcome": "answer", "must_mention": ["order"]}
    assert origin(draft, "input.query") == ("trace", "$.input.query")
    assert origin(draft, "expected_output.outcome") == ("default", "")
    assert not draft.problems
    assert draft.metadata["source"] == "reviewed-failure"
    assert draft.metadata["source_session_id"] == "s1"
    assert draft.metadata["failure_type"] == "wrong_answer"


def test_fallback_path_and_collect(rule: LoadedRule) -> None:
    draft = reshape(trace({"messages": [{"content": "a"}, {"content": "b"}]}), rule)
    assert draft.input == {"query": "a", "region": "eu", "turns": ["a", "b"]}


def test_raw_text_input_names_the_missing_field(rule: LoadedRule) -> None:
    draft = reshape(trace("just text, not JSON"), rule)
    [problem] = draft.problems
    assert problem.code == "SCHEMA"
    assert problem.message == "input needs query"
    assert problem.blocking


def test_schema_message_names_field_and_not_value(rule: LoadedRule) -> None:
    draft = reshape(trace({"query": "x", "region": "jane@example.com"}), rule)
    [problem] = draft.problems
    assert problem.path == "input.region"
    assert problem.message == "input.region must be one of eu, us"


def test_correction_prefills(rule: LoadedRule) -> None:
    draft = reshape(trace({"query": "x"}, correction={"outcome": "refuse", "must_mention": ["policy"]}), rule)
    assert draft.expected_output == {"outcome": "refuse", "must_mention": ["policy"]}
    assert origin(draft, "expected_output.outcome") == ("correction", "$.correction.outcome")


def test_models_own_sentence_is_flagged(rule: LoadedRule) -> None:
    sentence = "Your refund was issued yesterday and will arrive within three to five days."
    draft = reshape(
        trace({"query": "x"}, output={"answer": sentence}), rule, edits={"expected_output.must_mention": [sentence]}
    )
    [problem] = draft.problems
    assert problem.code == "OWN_SENTENCE"
    assert not problem.blocking
    assert problem.path == "expected_output.must_mention[0]"


def test_edits_win_and_say_so(rule: LoadedRule) -> None:
    draft = reshape(trace({"query": "x"}), rule, edits={"input.region": "us", "expected_output.must_mention[1]": "eta"})
    assert draft.input == {"query": "x", "region": "us"}
    assert draft.expected_output == {"outcome": "answer", "must_mention": ["order", "eta"]}
    assert origin(draft, "input.region") == ("reviewer", "")
    again = reshape(trace({"query": "x"}), rule)
    assert again.expected_output == {"outcome": "answer", "must_mention": ["order"]}, (
        "edits must not leak into the rule"
    )


@pytest.mark.parametrize(
    "path", ["", "output.x", "input.query.deep", "input[0]", "expected_output.must_mention[7]", "input.."]
)
def test_edit_that_leads_nowhere(rule: LoadedRule, path: str) -> None:
    with pytest.raises(UsageError):
        reshape(trace({"query": "x"}), rule, edits={path: 1})


def test_unknown_failure_type(rule: LoadedRule) -> None:
    draft = reshape(trace({"query": "x"}), rule, failure_type="other")
    assert [p.code for p in draft.problems] == ["FAILURE_TYPE"]


def test_cases_have_their_own_ids(rule: LoadedRule) -> None:
    one, two = (reshape(trace({"query": "x"}), rule, case=c).item_id for c in ("1", "2"))
    assert one != two
    assert one == reshape(trace({"query": "other content"}), rule).item_id


def test_metadata_only_policy_refuses_copied_text(tmp_path: Path) -> None:
    path = tmp_path / "rule.yaml"
    path.write_text(RULE.replace("rubric: r-v1}", "rubric: r-v1, source_policy: metadata-only}"))
    loaded = load_rule(path)
    draft = reshape(trace({"query": "x"}), loaded)
    assert [p.path for p in draft.problems if p.code == "SOURCE_POLICY"] == ["input.query"]
    assert not reshape(trace({"query": "x"}), loaded, edits={"input.query": "synthetic"}).problems


def test_assignments() -> None:
    assert parse_assignment("input.n=3") == ("input.n", 3)
    assert parse_assignment("input.q=where is it=?") == ("input.q", "where is it=?")
    with pytest.raises(UsageError):
        parse_assignment("input.q")


keys = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=8)


@given(st.lists(st.one_of(keys, st.integers(0, 9)), min_size=1, max_size=5).filter(lambda s: isinstance(s[0], str)))
def test_paths_round_trip(steps: list[str | int]) -> None:
    path = ""
    for step in steps:
        path = join_path(path, step)
    if path.startswith("["):
        return
    assert parse_edit_path(path) == steps


@given(st.text(max_size=30))
def test_any_path_text_is_refused_or_applied(text: str) -> None:
    content: dict[str, Any] = {"input": {"a": [1, {"b": 2}]}, "expected_output": None}
    try:
        apply_edit(content, text, 1)
    except UsageError:
        return
    assert set(content) == {"input", "expected_output"}


@pytest.mark.parametrize(
    ("schema", "value", "words"),
    [
        ("{type: array, minItems: 2}", [1], "input.query is too short (at least 2)"),
        ("{type: array, maxItems: 1}", [1, 2], "input.query is too long (at most 1)"),
        ("{type: [string, 'null']}", 5, "input.query must be string or null"),
        ("{type: string, pattern: '^O'}", "x", "input.query does not match ^O"),
        ("{type: number, minimum: 3}", 2, "input.query violates minimum 3"),
        ("{type: object, not: {properties: {a: {}}, required: [a]}}", {"a": 1}, "input.query violates not"),
    ],
)
def test_violations_in_words(schema: str, value: object, words: str, tmp_path: Path) -> None:
    path = tmp_path / "rule.yaml"
    path.write_text(RULE.replace("query: {type: string, minLength: 1}", f"query: {schema}"))
    draft = reshape(trace({"query": value}), load_rule(path))
    assert words in [problem.message for problem in draft.problems]


def test_a_value_under_a_schema_that_refers_to_itself_is_a_problem(tmp_path: Path) -> None:
    """The rule check finds such a schema where a small value shows it; elsewhere the draft does."""
    path = tmp_path / "rule.yaml"
    path.write_text(RULE.replace("query: {type: string, minLength: 1}", "query: {$ref: '#/properties/query'}"))
    draft = reshape(trace({"query": "x"}), load_rule(path))
    (problem,) = [each for each in draft.problems if each.path == "input"]
    assert (problem.code, problem.message, problem.blocking) == ("SCHEMA", "input cannot be checked to its end", True)
    assert problem.remedy


def test_nothing_of_the_trace_is_copied_under_metadata_only(tmp_path: Path) -> None:
    path = tmp_path / "rule.yaml"
    path.write_text(RULE.replace("rubric: r-v1", "rubric: r-v1, source_policy: metadata-only"))
    loaded = load_rule(path)
    copied = {p.path for p in reshape(trace({"query": "hi"}), loaded).problems if p.code == "SOURCE_POLICY"}
    assert copied == {"input.query"}
    edits = {"input.query": "Where is order 1?"}
    assert "SOURCE_POLICY" not in {p.code for p in reshape(trace({"query": "hi"}), loaded, edits=edits).problems}
