"""What a check cannot do without, and what in it is malformed: for rule files and for the checks themselves."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from curator.model.rule import CheckSpec
from curator.rulebook.paths import path_error

_NEEDS = {
    "json_schema": ("schema_",),
    "regex": ("pattern",),
    "jsonpath_equals": ("path",),
    "numeric_tolerance": ("path", "tolerance"),
    "python": ("python",),
}
CHECK_REMEDIES = {
    "CHECK_INCOMPLETE": "See `curator explain checks` for what each type takes.",
    "CHECK_PATH": "Write it such as $.answer or $.steps[0].tool.",
    "CHECK_PATTERN": "It is a Python regular expression; quote it with single quotes in YAML.",
    "CHECK_SCHEMA": "Mend the schema; draft 2020-12 is assumed when it names none.",
}


class WrongCheck(NamedTuple):
    """One thing that keeps a check from working."""

    code: str
    """A key of REMEDIES."""
    key: str | None
    """Which key of the check is malformed; None when one is missing."""
    message: str


def wrong_in(check: CheckSpec) -> Iterator[WrongCheck]:
    """Everything that keeps a check from working."""
    missing = [name.rstrip("_") for name in _NEEDS.get(check.type, ()) if getattr(check, name) is None]
    if check.type == "numeric_tolerance" and check.value is None and check.expected_path is None:
        missing.append("value or expected_path")
    if missing:
        yield WrongCheck("CHECK_INCOMPLETE", None, f"a {check.type} check needs {' and '.join(missing)}")
    for key, path in (("path", check.path), ("expected_path", check.expected_path)):
        if path is not None and (error := path_error(path)) is not None:
            yield WrongCheck("CHECK_PATH", key, error)
    if check.pattern is not None and (error := _pattern_error(check.pattern)) is not None:
        yield WrongCheck("CHECK_PATTERN", "pattern", f"not a regular expression: {error}")
    if check.schema_ is not None and (error := _schema_error(check.schema_)) is not None:
        yield WrongCheck("CHECK_SCHEMA", "schema", f"not a JSON Schema: {error}")


def _pattern_error(pattern: str) -> str | None:
    import regex

    try:
        regex.compile(pattern)
    except regex.error as error:
        return str(error)
    return None


def _schema_error(schema: dict[str, Any]) -> str | None:
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import Draft202012Validator, validator_for

    try:
        validator_for(schema, default=Draft202012Validator).check_schema(schema)
    except SchemaError as error:
        return f"{error.message} at {error.json_path}"
    return None
