"""`json_schema`: the output, or a part of it, fits a JSON Schema."""

from curator.experiments.checks.base import Case, CheckFailed, CheckResult, failed, in_output, passed
from curator.model.rule import CheckSpec
from curator.rulebook.schemas import TooMuchWork, errors_in


def check(spec: CheckSpec, case: Case, rubric: str) -> CheckResult:
    """1.0 when the value at `path` (default: the whole output) fits `schema`; the comment names the first misfit."""
    from jsonschema.exceptions import best_match
    from referencing.exceptions import Unresolvable

    assert spec.schema_ is not None
    try:
        error = best_match(errors_in(spec.schema_, in_output(case, spec.path or "$")))
    except Unresolvable as unresolved:
        raise CheckFailed(f"the schema refers to {unresolved.ref}, which is not part of it") from None
    except TooMuchWork as endless:
        raise CheckFailed(endless.message) from None
    if error is None:
        return passed(spec.name, f"rubric={rubric}")
    # The validator's own message quotes the value; where and which keyword says enough without it.
    return failed(spec.name, f"schema={error.json_path}:{error.validator}")
