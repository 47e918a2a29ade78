"""The two languages of a rule's `from:`, compiled once and refused in one sentence.

What starts with `$` is a JSONPath (jsonpath-ng): it finds places. Everything else is JMESPath, the query language of
the AWS tools (https://jmespath.org, one grammar, one compliance suite; jmespath.py is kept by AWS): it also shapes what
it finds, which JSONPath (RFC 9535) cannot: `conversation[?role!='system'].{role: role, content: text}`, `join`, the
last with `| [-1]`. JSONata can as well, but no implementation in Python is kept by more than one person.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from curator.model.json import parse_text

DEEPEST = 60
"""Levels down to which JSON inside texts is opened."""


def is_jsonpath(expression: str) -> bool:
    """Whether an expression is a JSONPath; else it is JMESPath."""
    return expression.startswith("$")


@lru_cache(maxsize=1024)
def parse_path(expression: str) -> Any:
    """A compiled expression. Raises ValueError in one sentence."""
    return _jsonpath(expression) if is_jsonpath(expression) else _jmespath(expression)


def _jsonpath(expression: str) -> Any:
    from jsonpath_ng.exceptions import JSONPathError
    from jsonpath_ng.ext.parser import parse

    try:
        return parse(expression)
    except JSONPathError:
        raise ValueError(f"not a JSONPath: {expression!r}") from None
    except Exception as error:  # the parser raises bare exceptions of several kinds
        raise ValueError(f"not a JSONPath: {expression!r} ({type(error).__name__})") from None


def _jmespath(expression: str) -> Any:
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        compiled = jmespath.compile(expression)
    except (JMESPathError, RecursionError):
        hint = "" if expression.strip() else "it is empty; "
        remedy = "a JSONPath starts with $, such as $.input.query; all else is JMESPath"
        raise ValueError(f"not an expression: {expression!r} ({hint}{remedy})") from None
    for name in _functions_in(compiled.parsed):
        if name not in _options().custom_functions.FUNCTION_TABLE:
            raise ValueError(f"not an expression: {expression!r} (JMESPath has no function {name})")
    return compiled


def _functions_in(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if node.get("type") == "function_expression":
            yield str(node["value"])
        for each in node.get("children", ()):
            yield from _functions_in(each)


@lru_cache(maxsize=1)
def _options() -> Any:
    import jmespath
    from jmespath import functions

    class Functions(functions.Functions):  # type: ignore[misc]
        """JMESPath's own functions, and `from_json(text)`."""

        @functions.signature({"types": ["string", "null", "object", "array", "number", "boolean"]})  # type: ignore[untyped-decorator]
        def _func_from_json(self, text: Any) -> Any:
            return parse_text(text) if isinstance(text, str) else text

    return jmespath.Options(custom_functions=Functions())


def path_error(expression: str) -> str | None:
    """What is wrong with an expression, or None."""
    try:
        parse_path(expression)
    except ValueError as error:
        return str(error)
    return None


class Finder:
    """Finds values in one document. What an expression does not find is looked for inside texts that are JSON, too."""

    def __init__(self, document: object) -> None:
        self._document = document
        self._opened: list[object] = []

    def all(self, expression: str) -> list[Any]:
        """Every value that a JSONPath finds, in document order; what a JMESPath says, unless that is null or nothing.

        Raises ValueError for a malformed expression.
        """
        compiled = parse_path(expression)
        found = _found(expression, compiled, self._document)
        if not found:
            if not self._opened:
                self._opened.append(_open(self._document, 0))
            found = _found(expression, compiled, self._opened[0])
        return found


def find_all(expression: str, document: object) -> list[Any]:
    """`Finder.all` for one expression. Raises ValueError for a malformed one."""
    return Finder(document).all(expression)


def _found(expression: str, compiled: Any, document: object) -> list[Any]:
    if is_jsonpath(expression):
        return [match.value for match in _matches(compiled, document)]
    from jmespath.exceptions import JMESPathError

    try:
        value = compiled.search(document, options=_options())
    except (JMESPathError, RecursionError, TypeError, ValueError):
        return []  # a function met a value of a type it does not take: here is nothing for this field
    return [] if value is None or value == [] else [value]


def _matches(path: Any, document: object) -> list[Any]:
    """`path.find`, where `[?(…)][-1:]` means the last of the matches.

    By the letter an index or a slice after a filter looks inside each match, which finds nothing in objects; a rule
    that says it means one of the matches, and a fallback would hide that nothing was found.
    """
    from jsonpath_ng.ext.filter import Filter
    from jsonpath_ng.jsonpath import Child, Index, Slice

    if not isinstance(path, Child):
        return list(path.find(document))
    found = _matches(path.left, document)
    filtered = isinstance(path.left, Filter) or (isinstance(path.left, Child) and isinstance(path.left.right, Filter))
    if filtered and isinstance(path.right, (Index, Slice)) and not any(isinstance(one.value, list) for one in found):
        if isinstance(path.right, Slice):
            return found[slice(path.right.start, path.right.end, path.right.step)]
        wanted = getattr(path.right, "indices", None) or (getattr(path.right, "index", 0),)  # before jsonpath-ng 1.8
        return [found[at] for at in wanted if -len(found) <= at < len(found)]
    return [below for one in found for below in path.right.find(one)]


def _open(value: Any, depth: int) -> Any:
    if depth > DEEPEST:
        return value
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        parsed = parse_text(value)
        return value if isinstance(parsed, str) else _open(parsed, depth + 1)
    if isinstance(value, dict):
        return {key: _open(each, depth + 1) for key, each in value.items()}
    if isinstance(value, list):
        return [_open(each, depth + 1) for each in value]
    return value
