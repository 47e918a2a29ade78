"""JSON Schema as AJV judges and words it (expectations taken from AJV 8's documentation and source)."""

import json
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from curator.ajv import refusal
from curator.gateway import Gateway, Refused
from curator.sandbox.ajv import errors_of
from curator.sandbox.server import SandboxServer
from tests.gateway.servers import connection_to

TABLE: dict[str, list[Any]] = YAML(typ="safe").load(Path(__file__).with_name("strict_schemas.yaml"))
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
    assert [message for _, message, _ in errors_of(value, schema)] == messages


def test_the_path_is_a_pointer() -> None:
    schema = {"properties": {"a/b": {"items": {"type": "string"}}}}
    assert errors_of({"a/b": ["x", 1]}, schema) == [("/a~1b/1", "must be string", "type")]


@pytest.mark.parametrize("schema", TABLE["takes"], ids=str)
def test_strict_mode_takes(schema: dict[str, Any]) -> None:
    assert refusal(schema) is None


@pytest.mark.parametrize("schema", TABLE["refuses"], ids=str)
def test_strict_mode_refuses(schema: Any) -> None:
    assert refusal(schema)


def test_length_counts() -> None:
    assert refusal({"description": "x" * 10_000})


def test_the_server_answers_so() -> None:
    """Over HTTP, every schema of the table; the server's own sentence is shown."""
    with SandboxServer() as server:
        connection = connection_to(server.base_url, public=server.public_key, secret=server.secret_key)
        with Gateway(connection) as gateway:
            for number, schema in enumerate(TABLE["takes"]):
                gateway.put_dataset(f"takes-{number}", input_schema=schema)
            for number, schema in enumerate(each for each in TABLE["refuses"] if isinstance(each, dict)):
                with pytest.raises(Refused, match="inputSchema: Must be a valid JSON Schema"):
                    gateway.put_dataset(f"refuses-{number}", input_schema=schema)


RECORDED = Path(__file__).parents[3] / "shared" / "recordings" / "19_schemas.json"


@pytest.mark.skipif(not RECORDED.is_file(), reason="the recordings of a real server are not here")
def test_every_recorded_answer() -> None:
    for row in json.loads(RECORDED.read_text(encoding="utf-8")):
        schema = row.get("inputSchema", row.get("expectedOutputSchema"))
        assert (refusal(schema) is None) == (row["status"] == 200), schema
