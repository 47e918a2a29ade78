"""Which JSON Schemas Langfuse takes for a dataset: those that Ajv 8 compiles in strict mode, read as draft 7.

The shape of a schema is `jsonschema`'s to judge, by draft 7's meta-schema; what strict mode asks beyond it stands here.
Measured against Langfuse 4.16 (Ajv 8.18); the rules: https://ajv.js.org/strict-mode.html. Ajv looks only at what the
schema uses: a definition that nothing refers to is not read.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

MAX_CHARACTERS = 10_000
DRAFT_7 = ("http://json-schema.org/draft-07/schema", "http://json-schema.org/draft-07/schema#")
_KEYWORDS = {
    "number": "maximum minimum exclusiveMaximum exclusiveMinimum multipleOf format",
    "string": "maxLength minLength pattern format",
    "array": "maxItems minItems uniqueItems additionalItems items contains",
    "object": "maxProperties minProperties required propertyNames additionalProperties dependencies properties"
    " patternProperties",
}
APPLIES_TO = {
    keyword: tuple(kind for kind, keywords in _KEYWORDS.items() if keyword in keywords.split())
    for keyword in " ".join(_KEYWORDS.values()).split()
}
"""Keyword → the types that it says something about; strict mode wants one of them beside it."""
HERE = ("not", "if", "then", "else")
"""Keywords whose schema is about the same value; so are those of the lists below."""
HERE_LISTS = ("allOf", "anyOf", "oneOf")
BELOW = ("additionalProperties", "additionalItems", "items", "contains")
BELOW_MAPS = ("properties", "patternProperties")
_OTHERS = """
$ref $schema $id $defs $vocabulary $comment definitions type nullable const enum title description default deprecated
readOnly writeOnly examples contentMediaType contentEncoding contentSchema
"""
KNOWN = {*APPLIES_TO, *HERE, *HERE_LISTS, *_OTHERS.split()}


class _Refused(Exception):
    """Why, in the words of a rule's author."""


def refusal(schema: object) -> str | None:
    """Why Langfuse refuses the schema for a dataset; None when it takes it."""
    from jsonschema import Draft7Validator, FormatChecker
    from jsonschema.exceptions import SchemaError
    from referencing import Registry
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT7

    if not isinstance(schema, dict):
        return "it is no object"
    if len(json.dumps(schema, separators=(",", ":"), ensure_ascii=False)) > MAX_CHARACTERS:
        return f"it is longer than {MAX_CHARACTERS:,} characters"
    if schema.get("$schema", DRAFT_7[0]) not in DRAFT_7:
        return "`$schema` names another draft than 7"
    try:
        # Formats of the meta-schema (`regex`) would be Python's; patterns are looked at below.
        Draft7Validator.check_schema(schema, format_checker=FormatChecker(formats=()))
        resource = DRAFT7.create_resource(schema)
        _Reader(Registry[Any]().with_resource("", resource).resolver()).read(schema, ())
    except SchemaError as error:
        return f"{error.message} (at {error.json_path})"
    except Unresolvable as error:
        return f"it refers to `{error.ref}`, which it does not hold"
    except RecursionError:
        return "it is nested too deep"
    except _Refused as refused:
        return str(refused)
    return None


class _Reader:
    def __init__(self, resolver: Any) -> None:
        self._resolver = resolver
        self._referred: set[str] = set()

    def read(self, schema: Any, context: tuple[str, ...]) -> None:
        """Reads one schema; `context` holds the types that the schemas around it leave to its value."""
        if not isinstance(schema, Mapping):
            return  # true and false
        for keyword in schema:
            if keyword not in KNOWN:
                raise _Refused(f"the keyword `{keyword}` is unknown to it")
        types = self._types(schema, context)
        self._keywords(schema, types)
        if "$ref" in schema and schema["$ref"] not in self._referred:
            self._referred.add(schema["$ref"])
            self.read(self._resolver.lookup(schema["$ref"]).contents, ())
        for keyword in HERE:
            self.read(schema.get(keyword), types)
        for keyword in HERE_LISTS:
            for part in schema.get(keyword, ()):
                self.read(part, types)
        for part in schema.get("dependencies", {}).values():
            self.read(part, types)
        self.read(schema.get("propertyNames"), ("string",))
        for part in _below(schema):
            self.read(part, ())

    def _types(self, schema: Mapping[str, Any], context: tuple[str, ...]) -> tuple[str, ...]:
        given = schema.get("type")
        own = (given,) if isinstance(given, str) else tuple(given or ())
        if "nullable" in schema:
            if not own:
                raise _Refused("`nullable` needs a `type` beside it")
            own = own if "null" in own or not schema["nullable"] else (*own, "null")
        if len(own) > 1 and not (len(own) == 2 and "null" in own):
            raise _Refused(f"`type` names several types ({', '.join(own)}): write anyOf with one schema for each")
        if not own:
            return context
        if not context:
            return own
        for one in own:
            if one not in context and not (one == "integer" and "number" in context):
                raise _Refused(f"the type {one} cannot be: around it stands {', '.join(context)}")
        left = [one for one in context if one in own]
        return (*left, "integer") if "number" in context and "integer" in own else tuple(left)

    def _keywords(self, schema: Mapping[str, Any], types: tuple[str, ...]) -> None:
        for keyword, wanted in APPLIES_TO.items():
            fits = any(one in types or (one == "number" and "integer" in types) for one in wanted)
            if keyword in schema and not fits:
                raise _Refused(f"`{keyword}` needs `type: {wanted[-1]}` beside it")
        properties = schema.get("properties", {})
        for name in schema.get("required", ()):
            if name not in properties:
                raise _Refused(f"`required` names {name!r}, which `properties` beside it does not define")
        if "enum" in schema:
            texts = [json.dumps(value, sort_keys=True) for value in schema["enum"]]
            if not texts or len(set(texts)) < len(texts):
                raise _Refused("`enum` is empty or names a value twice")
        items = schema.get("items")
        if isinstance(items, list):
            bounded = schema.get("additionalItems") is False or schema.get("maxItems") == len(items)
            if schema.get("minItems") != len(items) or not bounded:
                raise _Refused("a list of `items` needs minItems and maxItems of its length")
        elif "additionalItems" in schema:
            raise _Refused("`additionalItems` needs a list of `items`")
        if ("then" in schema or "else" in schema) != ("if" in schema):
            raise _Refused("`if` needs `then` or `else`, and they need `if`")
        for pattern in (schema["pattern"],) if "pattern" in schema else tuple(schema.get("patternProperties", {})):
            _check_pattern(pattern)
        for pattern in schema.get("patternProperties", {}):
            if any(compiled(pattern).search(name, timeout=0.5) for name in properties):
                raise _Refused(f"a property is also matched by the pattern {pattern!r}")


def _below(schema: Mapping[str, Any]) -> Iterator[Any]:
    for keyword in BELOW:
        part = schema.get(keyword)
        yield from part if isinstance(part, list) else (part,)
    for keyword in BELOW_MAPS:
        yield from schema.get(keyword, {}).values()


def _check_pattern(pattern: str) -> None:
    """JavaScript's Unicode mode is stricter than Python: an escape has to mean something, a brace has to be one."""
    import regex

    allowed = r"""\\(?:[\^$\\.*+?()\[\]{}|/dDsSwWbBtnrvf]|c[A-Za-z]|0(?!\d)|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}
        |u\{[0-9A-Fa-f]{1,6}\}|[pP]\{[\w=]+\}|k<\w+>|[1-9]\d*|-)"""
    rest = regex.sub(allowed, "", pattern, flags=regex.VERBOSE)
    if "\\" in rest or regex.search(r"\(\?(?![:=!]|<[=!\w])", rest):
        raise _Refused(f"the pattern {pattern!r} is none in JavaScript's Unicode mode")
    outside = regex.sub(r"\{\d+(,\d*)?\}", "", regex.sub(r"\[[^\]]*\]", "", rest))
    if any(sign in outside for sign in "{}]"):
        raise _Refused(f"the pattern {pattern!r} has a bracket that opens or closes nothing")
    try:
        compiled(pattern)
    except regex.error as error:
        raise _Refused(f"the pattern {pattern!r} is no regular expression ({error})") from None


def compiled(pattern: str) -> Any:
    """A schema's pattern as `regex` reads it: it knows `\\p{L}` as JavaScript does, and its search can be stopped."""
    import regex

    # Written otherwise in Python: a code point in braces, a reference to a named group.
    long = regex.sub(r"\\u\{([0-9A-Fa-f]{1,6})\}", lambda found: f"\\U{int(found[1], 16):08x}", pattern)
    return regex.compile(long.replace(r"\k<", r"\g<"))
