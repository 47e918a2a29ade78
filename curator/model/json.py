"""JSON as a value: its type, its canonical text, its paths."""

import json
import re
from typing import TypeAlias

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"


def canonical(value: object) -> str:
    """The one text of a JSON value: sorted keys, no blanks, no NaN. Equal values have equal texts."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def parse_text(text: str | None) -> object:
    """What an observation's raw `input` or `output` means: parsed when it is JSON, else the text; `""` → None.

    Langfuse returns both as raw strings that may or may not be JSON text.
    """
    if text is None or text == "":
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def join_path(base: str, key: str | int) -> str:
    """Appends one step to a path such as `input.messages[0].content`; odd keys are quoted as JSON strings."""
    if isinstance(key, int):
        return f"{base}[{key}]"
    if key and all(c.isalnum() or c in "_-" for c in key):
        return f"{base}.{key}" if base else key
    return f"{base}[{json.dumps(key, ensure_ascii=False)}]"


_STEP = re.compile(r'(?:^|\.|(?<=\]))(?P<name>[^.\[\]]+)|\[(?P<index>\d+|\*)\]|\[(?P<quoted>"(?:[^"\\]|\\.)*")\]')


def split_path(path: str, *, wild: bool = False) -> list[str | int]:
    """The steps of a path as `join_path` writes it; with `wild`, `[*]` is the step `*`.

    Raises ValueError with the position, counted from 1, at which it cannot be read.
    """
    steps: list[str | int] = []
    position = 0
    while position < len(path):
        match = _STEP.match(path, position)
        if match is None or (match["index"] == "*" and not wild):
            raise ValueError(position + 1)
        if match["quoted"]:
            steps.append(str(json.loads(match["quoted"])))
        else:
            steps.append(match["name"] or (int(match["index"]) if match["index"] != "*" else "*"))
        position = match.end()
    return steps
