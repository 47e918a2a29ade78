"""JSON as a value: its type, its canonical text, its paths."""

import json
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
