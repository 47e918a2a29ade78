"""JSON Schema as AJV judges and words it (expectations taken from AJV 8's documentation and source)."""

from typing import Any

import pytest

from curator.sandbox.ajv import errors_of, is_valid_schema

VERDICTS: list[tuple[dict[str, Any], Any, list[str]]] = [
    ({"type": "object", "required": ["a", "b"]}, {}, ["must have required property 'a'"]),
    ({"type": "object"}, None, ["must be object"]),
    ({"type": ["string", "null"]}, 1, ["must be string,null"]),
    ({"type": "integer"}, 1.5, ["must be integer"]),
    ({"enum": [1, 2]}, 3, ["must be equal to one of the allowed values"]),
    ({"const": 1}, 3, ["must be equal to constant"]),
    ({"minimum": 2}, 1, ["must be >= 2"]),
    ({"maximum": 2}, 3, ["must be <= 2"]),
    ({"exclusiveMinimum": 2}, 2, ["must be > 2"]),
    ({"exclusiveMaximum": 2}, 2, ["must be < 2"]),
    ({"multipleOf": 2}, 3, ["must be multiple of 2"]),
    ({"minLength": 2}, "a", ["must NOT have fewer than 2 characters"]),
    ({"maxLength": 2}, "abc", ["must NOT have more than 2 characters"]),
    ({"pattern": "^a"}, "b", ['must match pattern "^a"']),
    ({"minItems": 1}, [], ["must NOT have fewer than 1 items"]),
    ({"maxItems": 1}, [1, 2], ["must NOT have more than 1 items"]),
    ({"uniqueItems": True}, [1, 2, 1], ["must NOT have duplicate items (items ## 0 and 2 are identical)"]),
    ({"items": [{}], "additionalItems": False}, [1, 2], ["must NOT have more than 1 items"]),
    ({"minProperties": 1}, {}, ["must NOT have fewer than 1 properties"]),
    ({"additionalProperties": False}, {"a": 1}, ["must NOT have additional properties"]),
    ({"dependencies": {"a": ["b"]}}, {"a": 1}, ["must have property b when property a is present"]),
    ({"properties": {"a": False}}, {"a": 1}, ["boolean schema is false"]),
    ({"not": {"type": "string"}}, "x", ["must NOT be valid"]),
    # the order of keywords is AJV's, not the schema's
    ({"properties": {"a": {"type": "string"}}, "additionalProperties": False}, {"a": 1, "z": 1},
     ["must NOT have additional properties"]),
    ({"pattern": "^a", "minLength": 3}, "b", ["must NOT have fewer than 3 characters"]),
    # branches bring their reasons
    ({"anyOf": [{"type": "string"}, {"type": "number", "minimum": 3}]}, 1,
     ["must be string", "must be >= 3", "must match a schema in anyOf"]),
    ({"oneOf": [{"type": "integer"}, {"minimum": 2}]}, 5, ["must match exactly one schema in oneOf"]),
    ({"allOf": [{"type": "object"}, {"required": ["q"]}]}, {}, ["must have required property 'q'"]),
    ({"if": {"type": "string"}, "then": {"minLength": 3}, "else": {"type": "null"}}, "a",
     ["must NOT have fewer than 3 characters", 'must match "then" schema']),
    ({"if": {"type": "string"}, "then": {"minLength": 3}, "else": {"type": "null"}}, 1,
     ["must be null", 'must match "else" schema']),
    ({"propertyNames": {"pattern": "^a"}}, {"b": 1}, ['must match pattern "^a"', "property name must be valid"]),
    ({"contains": {"const": 1}}, [2, 3],
     ["must be equal to constant", "must be equal to constant", "must contain at least 1 valid item(s)"]),
    ({"properties": {"then": {"type": "string"}}}, {"then": 1}, ["must be string"]),
    # formats are not checked
    ({"type": "string", "format": "email"}, "no address", []),
    ({"$ref": "#/definitions/x", "definitions": {"x": {"type": "integer"}}}, "a", ["must be integer"]),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "value", "messages"), VERDICTS, ids=[str(schema)[:60] for schema, _, _ in VERDICTS])
def test_verdicts(schema: dict[str, Any], value: Any, messages: list[str]) -> None:
    assert is_valid_schema(schema)
    assert [message for _, message, _ in errors_of(value, schema)] == messages


def test_the_path_is_a_pointer() -> None:
    schema = {"properties": {"a/b": {"items": {"type": "string"}}}}
    assert errors_of({"a/b": ["x", 1]}, schema) == [("/a~1b/1", "must be string", "type")]


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "nonsense"},
        {"unknown": 1},
        {"properties": {"a": {"unknown": 1}}},
        {"id": "x"},
        {"$schema": "https://json-schema.org/draft/2020-12/schema"},
        {"prefixItems": []},
        {"$ref": "#/definitions/nowhere"},
        {"then": {}},
        {"additionalItems": False},
        {"pattern": "("},
        {"required": "a"},
        {"description": "x" * 10_000},
    ],
)
def test_what_strict_mode_refuses(schema: dict[str, Any]) -> None:
    assert not is_valid_schema(schema)


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"$schema": "http://json-schema.org/draft-07/schema#"},
        {"properties": {"unknown": {"type": "string"}}},
        {"$defs": {"A": {"type": "string"}}, "properties": {"a": {"$ref": "#/$defs/A"}}},
        {"title": "t", "description": "d", "default": {"unknown": 1}, "examples": [{"unknown": 1}]},
    ],
)
def test_what_it_accepts(schema: dict[str, Any]) -> None:
    assert is_valid_schema(schema)
