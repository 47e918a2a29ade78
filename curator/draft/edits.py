"""A reviewer's edits: `PATH=VALUE`, applied to the content of a draft."""

import itertools
import json
from typing import Any

from pydantic import JsonValue

from curator.model import split_path
from curator.model.errors import UsageError


def apply_edit(content: dict[str, JsonValue], path: str, value: JsonValue) -> None:
    """Sets one field in place. `path` such as `input.messages[0].content`; a missing object on the way is created.

    Raises UsageError when the path does not start with input or expected_output, or leads nowhere.
    """
    steps = parse_edit_path(path)
    if not steps or steps[0] not in content:
        raise _bad_path(path)
    if len(steps) == 1:
        content[str(steps[0])] = value
        return
    node: Any = content
    for step, following in itertools.pairwise(steps):
        if isinstance(node, dict) and isinstance(step, str):
            if node.get(step) is None:
                node[step] = [] if isinstance(following, int) else {}
        elif not (isinstance(node, list) and isinstance(step, int) and step < len(node)):
            raise _bad_path(path)
        node = node[step]
    last = steps[-1]
    if isinstance(node, dict) and isinstance(last, str):
        node[last] = value
    elif isinstance(node, list) and isinstance(last, int) and last <= len(node):
        node[last : last + 1] = [value]
    else:
        raise _bad_path(path)


def parse_edit_path(path: str) -> list[str | int]:
    """The steps of a path as `join_path` writes it. Raises UsageError."""
    try:
        return split_path(path)
    except ValueError:
        raise _bad_path(path) from None


def _bad_path(path: str) -> UsageError:
    return UsageError(
        f"The path {path!r} leads nowhere in this item.",
        code="EDIT_PATH",
        remedy="Write it as input.field or expected_output.list[0]; `curator draft` shows the fields there are.",
    )


def parse_assignment(text: str) -> tuple[str, JsonValue]:
    """`PATH=VALUE` of the command line: VALUE is JSON when it parses as JSON, else text. Raises UsageError."""
    path, sign, raw = text.partition("=")
    if not sign or not path:
        raise UsageError(f"{text!r} is not PATH=VALUE.", code="EDIT_PATH", remedy="Write it as --set input.region=eu.")
    parse_edit_path(path)
    try:
        return path, json.loads(raw)
    except (ValueError, RecursionError):
        return path, raw


def value_at(content: object, path: str) -> Any:
    """The value at a path as `join_path` writes it; None when it is not there."""
    node: Any = content
    for step in parse_edit_path(path):
        if isinstance(node, dict) and isinstance(step, str):
            node = node.get(step)
        elif isinstance(node, list) and isinstance(step, int) and step < len(node):
            node = node[step]
        else:
            return None
    return node
