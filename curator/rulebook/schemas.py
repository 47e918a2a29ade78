"""Where a rule's JSON Schemas come from, and holding values against them with bounded work."""

import importlib
import json
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from curator.ajv import compiled, refusal
from curator.model.errors import UsageError
from curator.model.files import read_text
from curator.model.rule import Shape

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError


class SchemaProblem(Exception):
    """A schema that cannot be used; `key` is schema, schema_file or python."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key, self.message = key, message


def resolve_schema(shape: Shape, path: Path, allow_python: bool) -> dict[str, Any]:
    """The JSON Schema of a shape: inline, from a file beside the rule, or of a pydantic model. Raises SchemaProblem."""
    from jsonschema import Draft202012Validator, FormatChecker
    from jsonschema.exceptions import SchemaError

    if shape.schema_ is not None:
        key, schema = "schema", shape.schema_
    elif shape.schema_file is not None:
        key, schema = "schema_file", _schema_from_file(path.parent, shape.schema_file)
    else:
        assert shape.python is not None
        key, schema = "python", _schema_from_model(shape.python, allow_python)
    try:
        # Formats of the meta-schema (`regex`) would be Python's; the server's patterns are JavaScript's.
        Draft202012Validator.check_schema(schema, format_checker=FormatChecker(formats=()))
    except SchemaError as error:
        raise SchemaProblem(key, f"not a JSON Schema: {error.message} (at {error.json_path})") from None
    if (wrong := _wrong_reference(schema)) is not None:
        raise SchemaProblem(key, wrong)
    if (why := refusal(schema)) is not None:
        raise SchemaProblem(key, f"Langfuse would refuse it for the dataset: {why}")
    return schema


def _wrong_reference(schema: dict[str, Any]) -> str | None:
    """What is wrong with one of the schema's references: curator fetches none, so all have to lead inside."""
    from referencing import Registry
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT202012

    root = DRAFT202012.create_resource(schema)
    resolver = Registry().with_resource("", root).resolver(root.id() or "")
    for reference in references(schema):
        if not reference.startswith("#"):
            return f"refers to {reference!r}: curator fetches no schema, put it under $defs"
        try:
            resolver.lookup(reference)
        except Unresolvable:
            return f"refers to {reference!r}, which it does not hold"
    try:
        for probe in (None, "", 0, [None], {"": None}):
            errors_in(schema, probe)
    except RecursionError:
        return "refers to itself without end"
    except TooMuchWork:
        return "refers to itself so often that nothing can be held against it"
    return None


class TooMuchWork(UsageError):
    """A validation takes more than `SECONDS`, or one search of a pattern more than `PATTERN_SECONDS`."""

    def __init__(self) -> None:
        super().__init__(
            "A schema takes too long to check: a pattern tries too many ways, or its references multiply.",
            code="LIMIT_SCHEMA",
            remedy="Write the pattern without a repeated group inside of a repeated group, or the schema flatter.",
        )


SECONDS = 5.0
PATTERN_SECONDS = 0.5
_until: ContextVar[float] = ContextVar("_until")
"""Processor time of this thread at which the running validation ends."""


def errors_in(schema: dict[str, Any], value: object) -> "list[ValidationError]":
    """Every violation of the schema, which reaches for nothing outside of it, neither file nor network.

    The draft is what `$schema` names, else 2020-12. Raises TooMuchWork, RecursionError, referencing's Unresolvable.
    """
    from jsonschema.validators import Draft202012Validator, validator_for
    from referencing import Registry

    token = _until.set(time.thread_time() + SECONDS)
    try:
        kind = _bounded(validator_for(schema, default=Draft202012Validator))
        return list(kind(schema, registry=Registry()).iter_errors(value))
    finally:
        _until.reset(token)


@lru_cache
def _bounded(kind: Any) -> Any:
    """The validator class with a clock in every keyword, and with patterns whose search can be stopped."""
    from jsonschema.validators import extend

    extended: Any = extend  # its types are of the old way to write a validator
    return extended(kind, {name: _timed(check) for name, check in (kind.VALIDATORS | _PATTERNS).items()})


def _timed(check: Callable[..., "Iterator[ValidationError] | None"]) -> Any:
    def timed(validator: Any, expected: Any, instance: Any, schema: Any) -> "Iterator[ValidationError]":
        if time.thread_time() > _until.get():
            raise TooMuchWork
        yield from check(validator, expected, instance, schema) or ()

    return timed


def _matches(pattern: str, text: str) -> bool:
    try:
        return compiled(pattern).search(text, timeout=PATTERN_SECONDS) is not None
    except TimeoutError:
        raise TooMuchWork from None


def _pattern(validator: Any, pattern: str, instance: Any, _: Any) -> "Iterator[ValidationError]":
    from jsonschema.exceptions import ValidationError

    if validator.is_type(instance, "string") and not _matches(pattern, instance):
        yield ValidationError("does not match its pattern")


def _pattern_properties(validator: Any, patterns: Any, instance: Any, _: Any) -> "Iterator[ValidationError]":
    if validator.is_type(instance, "object"):
        for pattern, below in patterns.items():
            for name, value in instance.items():
                if _matches(pattern, name):
                    yield from validator.descend(value, below, path=name, schema_path=pattern)


def _additional(validator: Any, below: Any, instance: Any, schema: Any) -> "Iterator[ValidationError]":
    from jsonschema.exceptions import ValidationError

    if not validator.is_type(instance, "object"):
        return
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    extra = [name for name in instance if name not in known and not any(_matches(one, name) for one in patterns)]
    if validator.is_type(below, "object"):
        for name in extra:
            yield from validator.descend(instance[name], below, path=name)
    elif not below and extra:
        yield ValidationError("has properties that are not allowed")


_PATTERNS = {"pattern": _pattern, "patternProperties": _pattern_properties, "additionalProperties": _additional}


def references(schema: object) -> Iterator[str]:
    """Every `$ref` and `$dynamicRef` of a schema; what stands under `const`, `enum`, `default`, `examples` is data."""
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key in ("$ref", "$dynamicRef") and isinstance(value, str):
                yield value
            elif key not in ("const", "enum", "default", "examples"):
                yield from references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from references(value)


def _schema_from_file(folder: Path, name: str) -> dict[str, Any]:
    target = (folder / name).resolve()
    if not target.is_relative_to(folder.resolve()):
        raise SchemaProblem("schema_file", "must stay inside the rule's folder")
    try:
        schema = json.loads(read_text(target, code="RULE_UNREADABLE", megabytes=1))
    except UsageError as error:
        raise SchemaProblem("schema_file", error.message) from None
    except (ValueError, RecursionError):
        raise SchemaProblem("schema_file", "is not JSON") from None
    if not isinstance(schema, dict):
        raise SchemaProblem("schema_file", "is not a JSON Schema object")
    return schema


def _schema_from_model(spec: str, allow_python: bool) -> dict[str, Any]:
    if not allow_python:
        raise SchemaProblem("python", "runs code: allow it with `allow_python = true` in the config or --allow-python")
    module, _, name = spec.partition(":")
    try:
        model = getattr(importlib.import_module(module), name)
    except Exception as error:  # the user's own module may raise anything
        raise SchemaProblem("python", f"cannot import {spec}: {type(error).__name__}") from None
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise SchemaProblem("python", f"{spec} is not a pydantic model")
    return model.model_json_schema()
