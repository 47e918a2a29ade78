"""`expected_outcome`: the output took the expected route, such as `answer` or `escalate`."""

from curator.experiments.checks.base import Case, CheckResult, failed, in_expected, in_output, json_equal, passed
from curator.model.rule import CheckSpec


def check(spec: CheckSpec, case: Case, rubric: str) -> CheckResult:
    """1.0 when `path` of the output (default `$.outcome`) equals `expected_path` of the expected output."""
    outcome = in_output(case, spec.path or "$.outcome")
    expected = in_expected(case, spec.expected_path or "$.outcome")
    comment = f"rubric={rubric}"
    return passed(spec.name, comment) if json_equal(outcome, expected) else failed(spec.name, comment)
