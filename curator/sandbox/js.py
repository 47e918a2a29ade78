"""JSON as JavaScript reads and writes it: the source of several of Langfuse's silent rewrites."""

import json
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

Number = int | float | str


def number(text: str) -> int | float:
    """`Number(text)`: a double; `1.0` is 1, `-0.0` is 0, `1e400` is infinite, integers beyond 2^53 are rounded.

    A whole number comes back with the digits that JavaScript prints (12345678901234567890 → 12345678901234567000).
    """
    value = float(text)
    if not value.is_integer() or abs(value) >= 1e21:  # from 1e21 on JavaScript prints an exponent
        return value
    return int(Decimal(repr(value)))


def number_or_source(text: str) -> Number:
    """The number, or its own text when a double would lose digits (lossless-json's `isSafeNumber`)."""
    value = float(text)
    if math.isfinite(value) and _digits(text) == _digits(repr(value)):
        return number(text)
    return text


def _digits(text: str) -> str:
    """The significant digits of a number literal, without sign, point, exponent and outer zeros."""
    mantissa = text.lower().partition("e")[0]
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    return (whole + fraction).lstrip("0").rstrip("0")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {key: value for key, value in pairs if key != "__proto__"}


def _refuse(name: str) -> Any:
    raise json.JSONDecodeError(f"{name} is not JSON", name, 0)


def parse(text: str, numbers: Callable[[str], Number] = number) -> Any:
    """`JSON.parse(text)`. Raises json.JSONDecodeError, and RecursionError for about a thousand levels."""
    return json.loads(text, parse_int=numbers, parse_float=numbers, parse_constant=_refuse, object_pairs_hook=_object)


def dumps(value: Any) -> bytes:
    """`JSON.stringify(value)` in UTF-8: compact, and an infinite number is `null`."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except ValueError:
        return json.dumps(_finite(value), ensure_ascii=False, separators=(",", ":")).encode()


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return value
