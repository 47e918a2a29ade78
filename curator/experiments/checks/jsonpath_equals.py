"""`jsonpath_equals`: one value of the output equals a constant, or a value of the expected output."""

from curator.experiments.checks.base import MISSING, Case, CheckResult, failed, find, in_expected, json_equal, passed
from curator.model.rule import CheckSpec


def check(spec: CheckSpec, case: Case, rubric: str) -> CheckResult:
    """1.0 when the value at `path` equals that at `expected_path`, or `value` when no `expected_path` is given.

    An output without that path is a failure of the output, not of the check: 0.0.
    """
    assert spec.path is not None
    expected = in_expected(case, spec.expected_path) if spec.expected_path else spec.value
    found = find(case.output, spec.path)
    if found is MISSING:
        return failed(spec.name, f"nothing at {spec.path}")
    return (
        passed(spec.name, f"rubric={rubric}") if json_equal(found, expected) else failed(spec.name, "value=different")
    )
