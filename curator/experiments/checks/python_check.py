"""`python`: the user's own evaluator by import path, sync or async; it runs in a process of its own.

What it is called with and may return: `curator.experiments.evaluators`. LLM judges come in this way.
"""

import math
from typing import Any

from curator.experiments.checks.base import Case, CheckFailed, CheckResult, DataType
from curator.experiments.isolation import CallFailed, Pool
from curator.model.errors import UsageError
from curator.model.rule import CheckSpec


def load(spec: CheckSpec, pool: Pool, allowed: bool) -> str:
    """The fingerprint of the check's function. Raises UsageError PYTHON_NOT_ALLOWED unless the user allowed rules to
    name Python paths; PYTHON_PATH when it cannot be used."""
    assert spec.python is not None
    if not allowed:
        raise UsageError(
            f"The check {spec.name} names a Python path, and rules may not run code here.", code="PYTHON_NOT_ALLOWED"
        )
    return load_path(pool, "score", spec.python)


def load_path(pool: Pool, kind: str, path: str) -> str:
    """The fingerprint of what `package.module:name` names. Raises UsageError (PYTHON_PATH)."""
    module, _, name = path.partition(":")
    if not module or not name:
        raise UsageError(
            f"{path!r} is no import path.", code="PYTHON_PATH", remedy="Write it as package.module:function."
        )
    try:
        return str(pool.load(kind, path)["fingerprint"])
    except CallFailed as error:
        raise UsageError(
            f"{path} cannot be used: {error}.",
            code="PYTHON_PATH",
            remedy="Run curator in the environment and folder where `python -c 'import …'` of that module works.",
        ) from None


def run(spec: CheckSpec, pool: Pool, case: Case, timeout: float) -> list[CheckResult]:
    """What the evaluator says. Raises CheckFailed when it gives no score, or none of the check's name."""
    assert spec.python is not None
    given = {part: getattr(case, part) for part in ("input", "output", "expected_output", "metadata")}
    try:
        said = pool.call("score", spec.python, timeout, name=spec.name, case=given).value
    except CallFailed as error:
        raise CheckFailed(f"the evaluator gave no score: {error}") from None
    found = [_result(value) for value in said] if isinstance(said, list) else []
    if not any(result.name == spec.name for result in found):
        names = ", ".join(sorted({result.name for result in found}))
        raise CheckFailed(f"the evaluator gave no score named {spec.name}{f' (but {names})' if names else ''}")
    return found


def _result(fields: Any) -> CheckResult:
    """One score as it came out of the worker, where anything may have been written."""
    if not isinstance(fields, dict):
        raise CheckFailed("the evaluator gave no score")
    value, metadata = fields.get("value"), fields.get("metadata")
    if not isinstance(value, bool | str):
        if not isinstance(value, int | float):
            raise CheckFailed("the evaluator gave no score")
        if not math.isfinite(value):
            raise CheckFailed("the evaluator gave no finite number")
        value = float(value)
    return CheckResult(
        name=str(fields.get("name")),
        value=value,
        passed=None,
        comment=str(fields.get("comment") or ""),
        data_type=_data_type(value, fields.get("data_type")),
        metadata=metadata if isinstance(metadata, dict) else {},
    )


def _data_type(value: object, said: object) -> DataType:
    if said in ("NUMERIC", "BOOLEAN", "CATEGORICAL"):
        return said
    if isinstance(value, bool):
        return "BOOLEAN"
    return "CATEGORICAL" if isinstance(value, str) else "NUMERIC"
