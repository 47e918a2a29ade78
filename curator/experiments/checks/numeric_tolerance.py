"""`numeric_tolerance`: a number of the output is close enough to the expected one."""

import math
from typing import TypeGuard

from curator.experiments.checks.base import Case, CheckFailed, CheckResult, failed, find, in_expected, passed
from curator.model.rule import CheckSpec


def check(spec: CheckSpec, case: Case, rubric: str) -> CheckResult:
    """1.0 when the number at `path` is within `tolerance` (absolute) of `value` or of that at `expected_path`."""
    assert spec.path is not None
    assert spec.tolerance is not None
    expected = in_expected(case, spec.expected_path) if spec.expected_path else spec.value
    if not _is_number(expected):
        raise CheckFailed("the expected value is no number")
    found = find(case.output, spec.path)
    if not _is_number(found):
        return failed(spec.name, f"no number at {spec.path}")
    if math.isclose(found, expected, rel_tol=0.0, abs_tol=spec.tolerance):
        return passed(spec.name, f"rubric={rubric}")
    return failed(spec.name, f"off_by={abs(found - expected):g}")


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
