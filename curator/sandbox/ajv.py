"""What AJV 8 says about a value: draft 7, first error only, formats not checked. `curator.ajv`: the schemas it takes.

The judging is `jsonschema`'s; AJV's order of keywords decides which error is the first. Source: AJV 8.18 and Langfuse
4.16.0 (`createAjvInstanceInternal`).
"""

import json
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError

from curator.sandbox.store import TABLES

RANK = {keyword: rank for rank, keyword in enumerate(TABLES["ajv"]["order"].split())}
WRAPPERS: dict[str, str] = TABLES["ajv"]["wrappers"]
SCHEMA_MAPS = ("properties", "patternProperties", "definitions", "$defs", "dependencies")
SCHEMA_LISTS = ("allOf", "anyOf", "oneOf", "items")


def errors_of(value: Any, schema: dict[str, Any]) -> list[tuple[str, str, str]]:
    """AJV's errors for `value` as (path, message, keyword); empty when it is valid.

    There is one error, unless a failed alternative (`anyOf`, `oneOf`, `if`, …) brings the reasons of its branches.
    """
    return list(_first(_validator(json.dumps(schema)), value))


def _first(validator: Any, value: Any) -> Iterator[tuple[str, str, str]]:
    """The first error of the value, worded, with what AJV says around it."""
    error = next(validator.iter_errors(value), None)
    if error is not None:
        yield from _worded(error, validator)


@lru_cache(maxsize=64)
def _validator(schema: str) -> Draft7Validator:
    return Draft7Validator(_ordered(json.loads(schema)))


def _ordered(schema: Any) -> Any:
    """The schema with its keywords in AJV's order, at every level (`jsonschema` follows the order of the dict)."""
    if isinstance(schema, list):
        return [_ordered(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _ordered(schema[key]) for key in sorted(schema, key=lambda key: RANK.get(key, len(RANK)))}


def _worded(error: ValidationError, validator: Any) -> Iterator[tuple[str, str, str]]:
    path = _pointer(error.absolute_path)
    keyword = str(error.validator)
    if error.validator is None:
        yield path, "boolean schema is false", "false schema"
    elif keyword in ("anyOf", "oneOf"):
        seen: set[Any] = set()
        for part in error.context or ():
            if part.schema_path[0] not in seen:  # the first reason of each branch
                seen.add(part.schema_path[0])
                yield from _worded(part, validator)
        text = "must match a schema in anyOf" if keyword == "anyOf" else "must match exactly one schema in oneOf"
        yield path, text, keyword
    elif keyword == "contains":
        items: Any = error.instance
        for item in items:
            yield from _first(validator.evolve(schema=error.validator_value), item)
        yield path, "must contain at least 1 valid item(s)", keyword
    else:
        said = MESSAGES[keyword]
        value = error.validator_value
        yield path, said.format(value) if isinstance(said, str) else said(value, error.instance, error), keyword
    for wrapper in reversed(_wrappers(list(error.relative_schema_path))):
        yield path, WRAPPERS[wrapper], wrapper


def _wrappers(schema_path: list[Any]) -> list[str]:
    """The wrappers on the way into the schema, outermost first (a property may be called `then`: names are skipped)."""
    found, position = [], 0
    while position < len(schema_path):
        keyword = schema_path[position]
        if keyword in WRAPPERS:
            found.append(keyword)
        named = keyword in SCHEMA_MAPS or (keyword in SCHEMA_LISTS and position + 1 < len(schema_path))
        position += 2 if named and not (keyword == "items" and isinstance(schema_path[position + 1], str)) else 1
    return found


def _pointer(path: Iterable[Any]) -> str:
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path) or "/"


Message = Callable[[Any, Any, ValidationError], str]


def _required(names: Any, instance: Any, _: ValidationError) -> str:
    missing = next(name for name in names if name not in instance)
    return f"must have required property '{missing}'"


def _dependencies(value: Any, instance: Any, _: ValidationError) -> str:
    for name, needed in value.items():
        if name in instance and isinstance(needed, list) and any(other not in instance for other in needed):
            word = "property" if len(needed) == 1 else "properties"
            return f"must have {word} {', '.join(needed)} when property {name} is present"
    return "must match the dependency"


def _duplicates(_value: Any, items: Any, _: ValidationError) -> str:
    for later in range(len(items) - 1, 0, -1):
        for earlier in range(later - 1, -1, -1):
            if json.dumps(items[later], sort_keys=True) == json.dumps(items[earlier], sort_keys=True):
                return f"must NOT have duplicate items (items ## {earlier} and {later} are identical)"
    return "must NOT have duplicate items"


MESSAGES: dict[str, str | Message] = TABLES["ajv"]["messages"] | {
    "type": lambda types, _, __: "must be " + (types if isinstance(types, str) else ",".join(types)),
    "required": _required,
    "uniqueItems": _duplicates,
    "additionalItems": lambda _, __, error: f"must NOT have more than {len(error.schema['items'])} items",
    "dependencies": _dependencies,
}
"""Keyword → what AJV says of it, from its value in the schema, what it was held against, and the error."""
