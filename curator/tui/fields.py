"""A form from two JSON Schemas: one field per property, in the schema's order, with how it is edited."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import JsonValue

from curator.model import Origin, Problem, join_path

Kind = Literal["choice", "flag", "number", "text", "lines", "json"]
DEEPEST = 3
"""Levels of nested objects that become fields of their own; below, a field is edited as JSON."""


@dataclass(frozen=True)
class Field:
    """One field of the form."""

    path: str
    kind: Kind
    required: bool
    value: Any
    """What would be written (scrubbed)."""
    present: bool
    choices: tuple[JsonValue, ...] = ()
    description: str = ""
    origin: Origin | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def name(self) -> str:
        """The last step of the path."""
        return self.path.rpartition(".")[2]


def fields_of(
    schemas: Mapping[str, Mapping[str, Any]],
    content: Mapping[str, Any],
    origins: Sequence[Origin],
    problems: Sequence[Problem],
) -> list[Field]:
    """The fields of `input` and `expected_output`; what the schema does not know stands at the end of each."""
    by_path = {origin.path: origin for origin in origins}
    found = [
        field
        for base, schema in schemas.items()
        for field in _fields(Field(base, "json", True, content.get(base), base in content), schema, schema, 0)
    ]
    return [_with_remarks(field, by_path, problems) for field in found]


def _fields(whole: Field, schema: Mapping[str, Any], root: Mapping[str, Any], depth: int) -> Iterator[Field]:
    """The fields of one that may be an object, else that one."""
    schema = _resolved(schema, root)
    properties, value = schema.get("properties"), whole.value
    if not isinstance(properties, dict) or depth >= DEEPEST or not (value is None or isinstance(value, dict)):
        kind, choices = _kind(schema, value)
        yield replace(whole, kind=kind, choices=choices, description=str(schema.get("description", "")))
        return
    holder = value if isinstance(value, dict) else {}
    needed = set(schema.get("required", ()))
    for name in [*properties, *(key for key in holder if key not in properties)]:
        below = Field(join_path(whole.path, name), "json", name in needed, holder.get(name), name in holder)
        yield from _fields(below, properties.get(name, {}), root, depth + 1)


def _with_remarks(field: Field, origins: Mapping[str, Origin], problems: Sequence[Problem]) -> Field:
    path = field.path
    mine = tuple(p for p in problems if p.path and (p.path == path or p.path.startswith((f"{path}.", f"{path}["))))
    # A missing field is a problem of the object that should hold it.
    parent, _, name = path.rpartition(".")
    if field.required and not field.present:
        mine += tuple(p for p in problems if p.path == parent and name in p.message)
    origin = origins.get(path) or next((o for p, o in origins.items() if path.startswith((f"{p}.", f"{p}["))), None)
    return replace(field, origin=origin, problems=tuple(dict.fromkeys(mine)))


def _kind(schema: Mapping[str, Any], value: Any) -> tuple[Kind, tuple[JsonValue, ...]]:
    if isinstance(schema.get("enum"), list):
        return "choice", tuple(schema["enum"])
    kinds = schema.get("type")
    kinds = [kinds] if isinstance(kinds, str) else kinds or []
    plain = [kind for kind in kinds if kind != "null"]
    if plain == ["boolean"]:
        return "flag", (True, False)
    if plain in (["integer"], ["number"]):
        return "number", ()
    if plain == ["string"] or (not plain and isinstance(value, str)):
        return "text", ()
    if _strings(value) and (plain == ["array"] or not plain):
        items = schema.get("items")
        if not isinstance(items, dict) or items.get("type", "string") == "string":
            return "lines", ()
    if plain == ["array"] and value is None and (schema.get("items") or {}).get("type") == "string":
        return "lines", ()
    return "json", ()


def _strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) and "\n" not in each for each in value)


def _resolved(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema behind a local `$ref` (pydantic writes nested models that way)."""
    reference = schema.get("$ref")
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return schema
    node: Any = root
    for step in reference[2:].split("/"):
        node = node.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(node, dict) else None
    return node if isinstance(node, dict) else schema


def parsed(field: Field, text: str) -> JsonValue:
    """What the reviewer typed, as the field's value. Raises ValueError with the reason."""
    if field.kind == "number":
        try:
            number: JsonValue = json.loads(text)
        except ValueError:
            number = None
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            raise ValueError("that is not a number")
        return number
    if field.kind == "json":
        try:
            value: JsonValue = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"that is not JSON: {error}") from None
        return value
    return text
