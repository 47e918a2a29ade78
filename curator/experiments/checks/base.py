"""What a check says, and what checks share: finding a value by JSONPath, equality of JSON values."""

from typing import Any, Literal

from pydantic import JsonValue

from curator.model.base import Value
from curator.model.rule import Rule
from curator.rulebook import find_all

DataType = Literal["NUMERIC", "BOOLEAN", "CATEGORICAL"]
CHECK = "curator_check"
"""Key of a score's metadata that holds the fingerprint of the check which gave it."""
MISSING = object()
"""What `find` answers when a path finds nothing (None is a value)."""


class CheckResult(Value):
    """What one check said of one output."""

    name: str
    value: float | bool | str | None
    """The score; None when the check could not say anything."""
    passed: bool | None
    """Whether the score meets what the rule's gate asks of it; None when the rule asks nothing of this score."""
    comment: str = ""
    data_type: DataType = "NUMERIC"
    metadata: dict[str, JsonValue] = {}
    error: str | None = None
    """Why there is no score; such a check counts as missing, never as passed."""


class CheckFailed(Exception):
    """A check cannot say anything: the item or the output lacks what it looks at. The message is the reason."""


class ShapeWrong(CheckFailed):
    """The *output* lacks what a check looks at: the task returned the wrong shape."""


class Case(Value):
    """What a check looks at: one item and one output for it."""

    input: Any = None
    output: Any = None
    expected_output: Any = None
    metadata: Any = None


def verdict(rule: Rule, name: str, value: float | bool | str | None) -> bool | None:
    """Whether `value` passes: the gate's threshold for that score, else 1.0 for the rule's own checks (not judges)."""
    if value is None or isinstance(value, str):
        return None
    for score in rule.gate.required:
        if score.name == name:
            return score.met_by(float(value))
    if any(check.name == name and not check.judge and check.type != "python" for check in rule.checks):
        return float(value) >= 1.0
    return None


def find(document: Any, path: str) -> Any:
    """The first value at `path`, or MISSING."""
    found = find_all(path, document)
    return found[0] if found else MISSING


def in_output(case: Case, path: str) -> Any:
    """The value at `path` of the output. Raises ShapeWrong when there is none."""
    if (value := find(case.output, path)) is MISSING:
        raise ShapeWrong(f"the output has nothing at {path}")
    return value


def in_expected(case: Case, path: str) -> Any:
    """The value at `path` of the expected output. Raises CheckFailed when there is none."""
    if (value := find(case.expected_output, path)) is MISSING:
        raise CheckFailed(f"the item's expected output has nothing at {path}")
    return value


def json_equal(left: Any, right: Any) -> bool:
    """Equality of JSON values: `1 == 1.0`, but `true != 1`, at any depth."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(json_equal(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(json_equal, left, right))
    return bool(left == right)
