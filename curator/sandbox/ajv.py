"""JSON Schema as AJV 8 judges it (draft 7, strict, first error only) and words it."""

from typing import Any

from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError


def is_valid_schema(schema: Any) -> bool:
    """Whether Langfuse accepts the schema for a dataset."""
    try:
        Draft7Validator.check_schema(schema)
    except Exception:
        return False
    return True


def first_errors(value: Any, schema: dict[str, Any]) -> list[str]:
    """AJV's messages for `value`; empty when it is valid."""
    error = next(Draft7Validator(schema).iter_errors(value), None)
    return [] if error is None else [_message(error)]


def _message(error: ValidationError) -> str:
    value: Any = error.validator_value
    instance: Any = error.instance
    if error.validator == "required":
        missing = next(name for name in value if name not in instance)
        return f"must have required property '{missing}'"
    if error.validator == "type":
        types = value
        return "must be " + (types if isinstance(types, str) else ",".join(types))
    return error.message
