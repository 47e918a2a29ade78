"""JSONPath as rules use it: compiled once, refused in one sentence."""

from functools import lru_cache
from typing import Any


@lru_cache(maxsize=1024)
def parse_path(expression: str) -> Any:
    """A compiled JSONPath (jsonpath-ng, with filters). Raises ValueError in one sentence."""
    from jsonpath_ng.exceptions import JSONPathError
    from jsonpath_ng.ext.parser import parse

    if not expression.startswith("$"):
        raise ValueError(f"a JSONPath starts with $, such as $.input.query, not {expression!r}")
    try:
        return parse(expression)
    except JSONPathError:
        raise ValueError(f"not a JSONPath: {expression!r}") from None
    except Exception as error:  # the parser raises bare exceptions of several kinds
        raise ValueError(f"not a JSONPath: {expression!r} ({type(error).__name__})") from None


def path_error(expression: str) -> str | None:
    """What is wrong with a JSONPath, or None."""
    try:
        parse_path(expression)
    except ValueError as error:
        return str(error)
    return None


def find_all(expression: str, document: object) -> list[Any]:
    """Every value that the JSONPath finds, in document order. Raises ValueError for a malformed path."""
    return [match.value for match in parse_path(expression).find(document)]
