"""What the server changes silently on the way in, so that reading back tells exactly the same lies.

Source: measured on Langfuse 4.16.0 and its published `DatasetItemValidator`.
"""

import json
import re
from decimal import Decimal
from typing import Any

from curator.sandbox import js
from curator.sandbox.errors import internal

# NUL to backspace, vertical tab, shift-out to unit separator, DEL and C1; tab, newline, form feed and CR stay.
CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")
BOTTOMLESS = 10_000
FIELD_LEVEL = 2
STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]')
LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")


def rewrite_field(value: Any) -> Any:
    """A field of a dataset item as it is kept: `""` is null, a JSON-looking string is parsed, control characters go.

    Only the top level is parsed; control characters are removed from strings (not keys) at any depth.
    """
    if value == "" or value is None:
        return None
    if isinstance(value, str):
        value = parse_top_level(value)
    return strip_control_characters(value)


def parse_top_level(text: str) -> Any:
    """The JSON value that the text holds, or the text itself.

    Numbers that a double cannot hold exactly keep their digits as a string (`"12345678901234567890"`).
    """
    try:
        return js.parse(text, js.number_or_source)
    except json.JSONDecodeError:
        return text


def strip_control_characters(value: Any) -> Any:
    """`value` with the control characters taken out of every string, at any depth, but not out of keys."""
    if isinstance(value, str):
        return CONTROL_CHARACTERS.sub("", value)
    if isinstance(value, list):
        items = []
        for item in value:  # loops, not comprehensions: one frame per level lets nearly a thousand levels pass
            items.append(strip_control_characters(item))
        return items
    if isinstance(value, dict):
        kept = {}
        for key in value:
            kept[key] = strip_control_characters(value[key])
        return kept
    return value


def to_jsonb(value: Any) -> Any:
    """`value` as PostgreSQL's jsonb gives it back: keys by length, then bytes; large integers with 16 digits.

    Raises 500 for a NUL in a key and for a lone surrogate anywhere, as the real server does.
    """
    if isinstance(value, str):
        check_storable(value)
        return value
    if isinstance(value, list):
        items = []
        for item in value:
            items.append(to_jsonb(item))
        return items
    if isinstance(value, dict):
        kept = {}
        for key in sorted(value, key=_jsonb_order):
            check_storable(key)
            kept[key] = to_jsonb(value[key])
        return kept
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63:
        return int(Decimal(f"{value:.15e}"))
    return value


def check_storable(text: str) -> None:
    """Raise the 500 that PostgreSQL's refusal of this text becomes."""
    if "\x00" in text:
        raise internal("unsupported Unicode escape sequence")
    if LONE_SURROGATE.search(text):
        raise internal()


def check_text(text: str) -> None:
    """Raise the 500 that a NUL in an id or a name becomes."""
    if "\x00" in text or LONE_SURROGATE.search(text):
        raise internal()


def cut_bottomless(text: str) -> str:
    """The body with every field that is nested 10,000 levels deep replaced by null.

    The server's recursive clean-up overflows its stack there, catches that and goes on without the field: 200, and
    the value is lost. Measured: 20,000 levels are lost, 2,000 levels answer 500. Where it turns is not known.
    """
    if text.count("[") + text.count("{") < BOTTOMLESS:
        return text
    kept, position, depth, deepest, start = [], 0, 0, 0, 0
    for token in STRUCTURE.finditer(text):
        sign = token[0]
        if sign in "[{":
            depth += 1
            deepest = max(deepest, depth)
            if depth == FIELD_LEVEL:
                start, deepest = token.start(), depth
        elif sign in "]}":
            if depth == FIELD_LEVEL and deepest >= BOTTOMLESS:
                kept += [text[position:start], "null"]
                position = token.end()
            depth -= 1
    return "".join(kept) + text[position:]


def _jsonb_order(key: str) -> tuple[int, bytes]:
    encoded = key.encode("utf-8", errors="surrogatepass")
    return len(encoded), encoded
