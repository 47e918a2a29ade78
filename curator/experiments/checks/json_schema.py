"""`json_schema`: the output, or a part of it, fits a JSON Schema."""

from typing import Any

from curator.experiments.checks.base import Case, CheckFailed, CheckResult, failed, in_output, passed
from curator.model.rule import CheckSpec


def check(spec: CheckSpec, case: Case, rubric: str) -> CheckResult:
    """1.0 when the value at `path` (default: the whole output) fits `schema`; the comment names the first misfit."""
    from jsonschema.exceptions import best_match
    from referencing.exceptions import Unresolvable

    try:
        error = best_match(_validator(spec).iter_errors(in_output(case, spec.path or "$")))
    except Unresolvable as unresolved:
        raise CheckFailed(f"the schema refers to {unresolved.ref}, which is not part of it") from None
    if error is None:
        return passed(spec.name, f"rubric={rubric}")
    # The validator's own message quotes the value; where and which keyword says enough without it.
    return failed(spec.name, f"schema={error.json_path}:{error.validator}")


def _validator(spec: CheckSpec) -> Any:
    """The schema's validator, with a registry of its own: it never fetches a schema from the network."""
    from jsonschema.validators import Draft202012Validator, validator_for
    from referencing import Registry

    assert spec.schema_ is not None
    return validator_for(spec.schema_, default=Draft202012Validator)(spec.schema_, registry=Registry())
