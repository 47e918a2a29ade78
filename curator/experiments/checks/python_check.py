"""`python`: the user's own evaluator by import path, sync or async, with the signature of Langfuse evaluators.

It is called with `input`, `output`, `expected_output` and `metadata` as keywords and may return a number, a bool, a
category, a `langfuse.Evaluation`, a dict with the same keys, or a list of those. LLM judges come in this way.
"""

import math
from collections.abc import Callable
from numbers import Real
from typing import Any

from curator.experiments import functions
from curator.experiments.checks.base import Case, CheckFailed, CheckResult, DataType
from curator.model.errors import UsageError
from curator.model.rule import CheckSpec


def load(spec: CheckSpec, allowed: bool) -> Callable[..., Any]:
    """The check's function. Raises UsageError PYTHON_NOT_ALLOWED unless the user allowed rules to name Python paths."""
    assert spec.python is not None
    if not allowed:
        raise UsageError(
            f"The check {spec.name} names a Python path, and rules may not run code here.",
            code="PYTHON_NOT_ALLOWED",
            remedy="If you trust this rule: --allow-python, or allow_python = true in the config file.",
        )
    return functions.load(spec.python)


def arguments(case: Case) -> dict[str, Any]:
    """The keyword arguments of a Langfuse evaluator."""
    return {
        "input": case.input,
        "output": case.output,
        "expected_output": case.expected_output,
        "metadata": case.metadata,
    }


def results(spec: CheckSpec, returned: Any) -> list[CheckResult]:
    """What an evaluator returned, as results. A single result takes the check's name; of several, each its own.

    Raises CheckFailed when it is no score, or when none of several bears the check's name.
    """
    values = returned if isinstance(returned, list | tuple) else [returned]
    found = [_result(spec.name, value, single=len(values) == 1) for value in values]
    if not any(result.name == spec.name for result in found):
        raise CheckFailed(f"the evaluator gave no score named {spec.name}")
    return found


def _result(name: str, value: Any, *, single: bool) -> CheckResult:
    if isinstance(value, Real | str):
        value = {"value": value}
    fields = value if isinstance(value, dict) else getattr(value, "__dict__", {})
    score = _score(fields.get("value"))
    metadata = fields.get("metadata")
    return CheckResult(
        name=name if single else str(fields.get("name") or name),
        value=score,
        passed=None,
        comment=str(fields.get("comment") or ""),
        data_type=_data_type(score, fields.get("data_type")),
        metadata=metadata if isinstance(metadata, dict) else {},
    )


def _score(value: object) -> float | bool | str:
    if isinstance(value, bool | str):
        return value
    if not isinstance(value, Real):
        raise CheckFailed("the evaluator returned no score")
    if not math.isfinite(value):
        raise CheckFailed("the evaluator returned no finite number")
    return float(value)


def _data_type(value: object, said: object) -> DataType:
    if said in ("NUMERIC", "BOOLEAN", "CATEGORICAL"):
        return said
    if isinstance(value, bool):
        return "BOOLEAN"
    return "CATEGORICAL" if isinstance(value, str) else "NUMERIC"
