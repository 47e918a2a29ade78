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
        return [strip_control_characters(item) for item in value]
    if isinstance(value, dict):
        return {key: strip_control_characters(item) for key, item in value.items()}
    return value


def to_jsonb(value: Any) -> Any:
    """`value` as PostgreSQL's jsonb gives it back: keys by length, then bytes; large integers with 16 digits.

    Raises 500 for a NUL in a key and for a lone surrogate anywhere, as the real server does.
    """
    if isinstance(value, str):
        check_storable(value)
        return value
    if isinstance(value, list):
        return [to_jsonb(item) for item in value]
    if isinstance(value, dict):
        for key in value:
            check_storable(key)
        return {key: to_jsonb(value[key]) for key in sorted(value, key=_jsonb_order)}
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63:
        return int(Decimal(f"{value:.15e}"))
    return value


def check_storable(text: str) -> None:
    """Raise the 500 that PostgreSQL's refusal of this text becomes."""
    if "\x00" in text:
        raise internal("unsupported Unicode escape sequence")
    if LONE_SURROGATE.search(text):
        raise internal()


def _jsonb_order(key: str) -> tuple[int, bytes]:
    encoded = key.encode("utf-8", errors="surrogatepass")
    return len(encoded), encoded
