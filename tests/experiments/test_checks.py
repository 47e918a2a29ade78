"""Checks: what each type says of an output, and that a check which cannot say anything never passes."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curator.experiments.checks import Checker, CheckResult, evaluate, fingerprint
from curator.experiments.checks.base import Case
from curator.model.errors import UsageError
from curator.model.rule import Rule
from tests.experiments.own_evaluators import (
    as_dict,
    broken,
    misnamed,
    not_a_number,
    nothing,
    one,
    one_async,
    several,
)
from tests.experiments.rules import order_status, rule_with

EXPECTED = {"outcome": "answer", "must_mention": ["order"], "must_not_mention": ["refund issued"]}
GOOD = {"answer": "Your ORDER is on its way.", "outcome": "answer", "prompt_label": "production"}
RUBRIC = "rubric=order-status-regression-v1"


def results(output: Any, expected: Any = EXPECTED, rule: Rule | None = None) -> dict[str, CheckResult]:
    found = evaluate(rule or order_status(), {"query": "?"}, output, expected, {}, allow_python=True)
    return {result.name: result for result in found}


def said(output: Any, expected: Any = EXPECTED) -> dict[str, tuple[Any, bool | None, str]]:
    return {name: (r.value, r.passed, r.comment) for name, r in results(output, expected).items()}


def test_the_three_checks_of_the_order_status_article() -> None:
    assert said(GOOD) == {
        "expected_outcome": (1.0, True, RUBRIC),
        "required_terms_present": (1.0, True, RUBRIC),
        "forbidden_terms_absent": (1.0, True, RUBRIC),
    }
    bad = {"answer": "Refund issued, your Refund Issued!", "outcome": "escalate"}
    assert said(bad) == {
        "expected_outcome": (0.0, False, RUBRIC),
        "required_terms_present": (0.0, False, "missing_terms=order"),
        "forbidden_terms_absent": (0.0, False, "forbidden_terms=refund issued"),
    }
    assert all(result.data_type == "NUMERIC" for result in results(bad).values())


def test_several_terms_are_listed_in_order() -> None:
    expected = {**EXPECTED, "must_mention": ["carrier", "order", "tracking"]}
    assert said(GOOD, expected)["required_terms_present"][2] == "missing_terms=carrier,tracking"


def test_no_terms_listed_means_none_required() -> None:
    assert {value for value, _, _ in said(GOOD, {"outcome": "answer"}).values()} == {1.0}


def test_an_answer_that_is_plain_text() -> None:
    found = said("Your order is late.")
    assert found["required_terms_present"][0] == 1.0
    assert found["expected_outcome"][0] is None


@pytest.mark.parametrize("output", [{}, {"outcome": "answer"}, {"answer": 3, "outcome": "answer"}, [], None, 7])
def test_a_wrong_shape_never_passes(output: Any) -> None:
    found = results(output)
    assert not all(result.passed for result in found.values())
    assert any(result.error for result in found.values())
    checker = Checker(order_status())
    assert checker.wrong_shape(Case(output=output, expected_output=EXPECTED))
    assert checker.wrong_shape(Case(output=GOOD, expected_output=EXPECTED)) is None
    checker.close()


@pytest.mark.parametrize("expected", [None, {}, {"must_mention": ["order"]}, "answer"])
def test_a_broken_expectation_is_an_error_not_a_pass(expected: Any) -> None:
    outcome = results(GOOD, expected)["expected_outcome"]
    assert outcome.value is None
    assert outcome.passed is None
    assert "expected output has nothing at $.outcome" in (outcome.error or "")


def test_terms_that_are_no_texts_are_an_error() -> None:
    assert results(GOOD, {**EXPECTED, "must_mention": "order"})["required_terms_present"].error
    assert results(GOOD, {**EXPECTED, "must_not_mention": [1]})["forbidden_terms_absent"].error


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(JSON, JSON)
def test_any_json_is_answered(output: Any, expected: Any) -> None:
    for result in evaluate(order_status(), None, output, expected, None):
        assert (result.value is None) == (result.error is not None)
        assert result.passed in (None, True, False)
        assert not (result.error and result.passed)


@pytest.mark.parametrize(
    ("check", "output", "value"),
    [
        ({"type": "regex", "pattern": r"ORDER-\d+"}, {"answer": "see ORDER-924"}, 1.0),
        ({"type": "regex", "pattern": r"ORDER-\d+"}, {"answer": "see it"}, 0.0),
        ({"type": "regex", "pattern": r"^late$"}, "late", 1.0),
        ({"type": "regex", "pattern": r'"tool": "x"'}, {"tool": "x"}, 1.0),
        ({"type": "regex", "pattern": r"x", "path": "$.tool"}, {"tool": "x"}, 1.0),
        ({"type": "jsonpath_equals", "path": "$.a.b", "value": 1}, {"a": {"b": 1.0}}, 1.0),
        ({"type": "jsonpath_equals", "path": "$.a.b", "value": True}, {"a": {"b": 1}}, 0.0),
        ({"type": "jsonpath_equals", "path": "$.a.b", "value": None}, {"a": {"b": None}}, 1.0),
        ({"type": "jsonpath_equals", "path": "$.a.b", "value": None}, {"a": {}}, 0.0),
        ({"type": "jsonpath_equals", "path": "$.route", "expected_path": "$.outcome"}, {"route": "answer"}, 1.0),
        ({"type": "jsonpath_equals", "path": "$.l", "value": [1, {"x": "y"}]}, {"l": [1, {"x": "y"}]}, 1.0),
        ({"type": "numeric_tolerance", "path": "$.n", "value": 10, "tolerance": 0.5}, {"n": 10.5}, 1.0),
        ({"type": "numeric_tolerance", "path": "$.n", "value": 10, "tolerance": 0.5}, {"n": 10.51}, 0.0),
        ({"type": "numeric_tolerance", "path": "$.n", "value": 10, "tolerance": 0.5}, {"n": True}, 0.0),
        ({"type": "numeric_tolerance", "path": "$.n", "value": 10, "tolerance": 0.5}, {}, 0.0),
        ({"type": "json_schema", "schema": {"type": "object", "required": ["a"]}}, {"a": 1}, 1.0),
        ({"type": "json_schema", "schema": {"type": "object", "required": ["a"]}}, {}, 0.0),
        ({"type": "json_schema", "schema": {"type": "string"}, "path": "$.a"}, {"a": 1}, 0.0),
    ],
)
def test_other_types(check: dict[str, Any], output: Any, value: float) -> None:
    result = results(output, rule=rule_with(check))["c"]
    assert (result.value, result.passed, result.error) == (value, value == 1.0, None)


def test_a_misfit_is_named_without_its_value() -> None:
    rule = rule_with({"type": "json_schema", "schema": {"properties": {"mail": {"type": "integer"}}}})
    result = results({"mail": "jo@example.org"}, rule=rule)["c"]
    assert result.comment == "schema=$.mail:type"


def test_a_schema_is_never_fetched() -> None:
    rule = rule_with({"type": "json_schema", "schema": {"$ref": "http://127.0.0.1:9/schema.json"}})
    assert "not part of it" in (results({}, rule=rule)["c"].error or "")


def test_a_pattern_that_backtracks_without_end_is_stopped() -> None:
    rule = rule_with({"type": "regex", "pattern": r"^(?:a|aa|aaa)+$(?<!a)"})
    assert "longer than 2 s" in (results("a" * 5_000 + "!", rule=rule)["c"].error or "")


@pytest.mark.parametrize(
    ("check", "code"),
    [
        ({"type": "regex"}, "CHECK_INCOMPLETE"),
        ({"type": "numeric_tolerance", "tolerance": 1}, "CHECK_INCOMPLETE"),
        ({"type": "regex", "pattern": "("}, "CHECK_PATTERN"),
        ({"type": "regex", "pattern": "x", "path": "answer["}, "CHECK_PATH"),
        ({"type": "json_schema", "schema": {"type": "nonsense"}}, "CHECK_SCHEMA"),
        ({"type": "python", "python": "no_such_module_here:f"}, "PYTHON_PATH"),
        ({"type": "python", "python": "json:no_such_function"}, "PYTHON_PATH"),
        ({"type": "python", "python": "json"}, "PYTHON_PATH"),
    ],
)
def test_malformed_checks_are_refused_before_anything_runs(check: dict[str, Any], code: str) -> None:
    with pytest.raises(UsageError) as caught:
        Checker(rule_with(check), allow_python=True)
    assert caught.value.code == code


# ── own evaluators ──────────────────────────────────────────────────────────────────────────────────────────────────


def own(function: Callable[..., Any], **more: Any) -> Rule:
    return rule_with({"type": "python", "python": f"{function.__module__}:{function.__name__}", **more})


def test_own_evaluators() -> None:
    found = results("four", rule=own(one))["c"]
    assert (found.value, found.comment, found.metadata) == (4.0, "letters", {"v": 1})
    assert results("four", rule=own(one_async))["c"].value == 0.5
    assert results("four", rule=own(as_dict))["c"].comment == "fine"
    both = results("four", rule=own(several))
    assert (both["c"].value, both["c"].data_type) == (True, "BOOLEAN")
    assert (both["extra"].value, both["extra"].data_type) == ("good", "CATEGORICAL")


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (broken, "KeyError: 'order_reference'"),
        (nothing, "no score"),
        (not_a_number, "no finite number"),
        (misnamed, "no score named c"),
    ],
)
def test_an_evaluator_that_fails_gives_no_score(function: Callable[..., Any], why: str) -> None:
    result = results("x", rule=own(function))["c"]
    assert result.value is None
    assert result.passed is None
    assert why in (result.error or "")


def test_python_paths_need_permission() -> None:
    with pytest.raises(UsageError) as caught:
        Checker(own(one))
    assert caught.value.code == "PYTHON_NOT_ALLOWED"
    without = evaluate(own(one), None, "x", None, None)
    assert [(result.value, result.passed) for result in without] == [(None, None)]
    assert "Python path" in (without[0].error or "")


def test_the_gate_says_what_passes() -> None:
    rule = own(one, judge=True)
    assert results("four", rule=rule)["c"].passed is None
    judged = rule.model_copy(update={"gate": rule.gate.model_validate({"required": [{"name": "c", "at_least": 4}]})})
    assert results("four", rule=judged)["c"].passed is True
    assert results("one", rule=judged)["c"].passed is False


def test_fingerprints_change_with_what_a_check_does() -> None:
    first, second = rule_with({"type": "regex", "pattern": "a"}), rule_with({"type": "regex", "pattern": "b"})
    assert fingerprint(first.checks[0]) == fingerprint(first.checks[0])
    assert fingerprint(first.checks[0]) != fingerprint(second.checks[0])
    spec = own(one).checks[0]
    assert fingerprint(spec, "a") != fingerprint(spec, "b")  # the source file counts


def test_importing_checks_is_cheap() -> None:
    code = (
        "import sys; from curator.experiments.checks import evaluate; "
        "print([m for m in ('langfuse', 'scipy', 'textual', 'numpy', 'jsonschema') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    assert done.stdout.strip() == "[]"
