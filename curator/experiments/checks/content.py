"""Checks of what an output says: its outcome, its terms, its form, its values. Each gives what is wrong, or None."""

import json
import math
from typing import Any, TypeGuard

import regex

from curator.experiments.checks.base import (
    MISSING,
    Case,
    CheckFailed,
    ShapeWrong,
    find,
    in_expected,
    in_output,
    json_equal,
)
from curator.model.rule import CheckSpec
from curator.rulebook import TooMuchWork, errors_in

# A pattern that needs longer on one output backtracks without end: `re` could not be stopped, `regex` can.
REGEX_SECONDS = 2.0


def expected_outcome(spec: CheckSpec, case: Case) -> str | None:
    """`path` of the output (default `$.outcome`) equals `expected_path` of the expected output."""
    outcome = in_output(case, spec.path or "$.outcome")
    return None if json_equal(outcome, in_expected(case, spec.expected_path or "$.outcome")) else ""


def required_terms(spec: CheckSpec, case: Case) -> str | None:
    """The answer holds every term of `$.must_mention`, whatever its case; else the missing ones are named."""
    answer = _answer(spec, case).lower()
    missing = [term for term in _terms(spec, case, "$.must_mention") if term.lower() not in answer]
    return f"missing_terms={','.join(missing)}" if missing else None


def forbidden_terms(spec: CheckSpec, case: Case) -> str | None:
    """The answer holds no term of `$.must_not_mention`, whatever its case; else those it holds are named."""
    answer = _answer(spec, case).lower()
    present = [term for term in _terms(spec, case, "$.must_not_mention") if term.lower() in answer]
    return f"forbidden_terms={','.join(present)}" if present else None


def json_schema(spec: CheckSpec, case: Case) -> str | None:
    """The value at `path` (default: the whole output) fits `schema`; else the first misfit is named."""
    from jsonschema.exceptions import best_match
    from referencing.exceptions import Unresolvable

    assert spec.schema_ is not None
    try:
        error = best_match(errors_in(spec.schema_, in_output(case, spec.path or "$")))
    except Unresolvable as unresolved:
        raise CheckFailed(f"the schema refers to {unresolved.ref}, which is not part of it") from None
    except TooMuchWork as endless:
        raise CheckFailed(endless.message) from None
    # The validator's own message quotes the value; where and which keyword says enough without it.
    return f"schema={error.json_path}:{error.validator}" if error is not None else None


def matches(spec: CheckSpec, case: Case) -> str | None:
    """`pattern` is found anywhere in the text at `path` (default: `$.answer`, else the whole output).

    A value that is no text is searched in its JSON form.
    """
    assert spec.pattern is not None
    value = case.output
    if spec.path is not None:
        value = in_output(case, spec.path)
    elif isinstance(value, dict) and isinstance(value.get("answer"), str):
        value = value["answer"]
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    try:
        return None if regex.search(spec.pattern, text, timeout=REGEX_SECONDS) else "pattern=not found"
    except TimeoutError:
        raise CheckFailed(f"the pattern took longer than {REGEX_SECONDS:.0f} s on this output") from None


def jsonpath_equals(spec: CheckSpec, case: Case) -> str | None:
    """The value at `path` equals that at `expected_path`, or `value` when no `expected_path` is given.

    An output without that path is a failure of the output, not of the check.
    """
    assert spec.path is not None
    expected = in_expected(case, spec.expected_path) if spec.expected_path else spec.value
    found = find(case.output, spec.path)
    if found is MISSING:
        return f"nothing at {spec.path}"
    return None if json_equal(found, expected) else "value=different"


def numeric_tolerance(spec: CheckSpec, case: Case) -> str | None:
    """The number at `path` is within `tolerance` (absolute) of `value` or of that at `expected_path`."""
    assert spec.path is not None
    assert spec.tolerance is not None
    expected = in_expected(case, spec.expected_path) if spec.expected_path else spec.value
    if not _is_number(expected):
        raise CheckFailed("the expected value is no number")
    found = find(case.output, spec.path)
    if not _is_number(found):
        return f"no number at {spec.path}"
    close = math.isclose(found, expected, rel_tol=0.0, abs_tol=spec.tolerance)
    return None if close else f"off_by={abs(found - expected):g}"


def _answer(spec: CheckSpec, case: Case) -> str:
    """The text that a text check reads: at `path` (default `$.answer`), or the whole output when it is a string."""
    if spec.path is None and isinstance(case.output, str):
        return case.output
    path = spec.path or "$.answer"
    value = in_output(case, path)
    if not isinstance(value, str):
        raise ShapeWrong(f"the output's {path} is no text")
    return value


def _terms(spec: CheckSpec, case: Case, default: str) -> list[str]:
    """The terms of the item; none listed means none required. Raises CheckFailed when they are no list of texts."""
    path = spec.expected_path or default
    terms: Any = find(case.expected_output, path)
    if terms is MISSING or terms is None:
        return []
    if not isinstance(terms, list) or not all(isinstance(term, str) for term in terms):
        raise CheckFailed(f"the item's {path} is no list of texts")
    return terms


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
