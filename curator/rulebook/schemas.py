"""Where a rule's JSON Schemas come from."""

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from curator.model.errors import UsageError
from curator.model.files import read_text
from curator.model.rule import Shape


class SchemaProblem(Exception):
    """A schema that cannot be used; `key` is schema, schema_file or python."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key, self.message = key, message


def resolve_schema(shape: Shape, path: Path, allow_python: bool) -> dict[str, Any]:
    """The JSON Schema of a shape: inline, from a file beside the rule, or of a pydantic model. Raises SchemaProblem."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    if shape.schema_ is not None:
        key, schema = "schema", shape.schema_
    elif shape.schema_file is not None:
        key, schema = "schema_file", _schema_from_file(path.parent, shape.schema_file)
    else:
        assert shape.python is not None
        key, schema = "python", _schema_from_model(shape.python, allow_python)
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise SchemaProblem(key, f"not a JSON Schema: {error.message} (at {error.json_path})") from None
    if (wrong := _wrong_reference(schema)) is not None:
        raise SchemaProblem(key, wrong)
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
            list(validator(schema).iter_errors(probe))
    except RecursionError:
        return "refers to itself without end"
    return None


def validator(schema: dict[str, Any]) -> Any:
    """A validator of this schema that reaches for nothing outside of it, neither file nor network."""
    from jsonschema import Draft202012Validator
    from referencing import Registry

    return Draft202012Validator(schema, registry=Registry())


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
