"""JSON as JavaScript reads and writes it: the source of several of Langfuse's silent rewrites."""

import json
import math
from typing import Any

SAFE_INTEGER = 2**53


def _integer(text: str) -> int | float:
    """A whole number: beyond 2^53 it is rounded to the nearest double, as JavaScript holds it."""
    value = int(text) if len(text) < 400 else math.inf
    if abs(value) < SAFE_INTEGER:
        return int(value)
    return _number(text)


def _number(text: str) -> int | float:
    """Any number: `1.0` is 1, `-0.0` is 0 and `1e400` is infinite."""
    value = float(text)
    if value.is_integer() and abs(value) < 1e21:
        return int(repr(value).partition(".")[0]) if abs(value) < 1e16 else int(_shortest(value))
    return value


def _shortest(value: float) -> str:
    """The digits that JavaScript prints for a large whole double (12345678901234567890 → 12345678901234567000)."""
    digits, _, exponent = f"{value!r}".partition("e+")
    whole, _, fraction = digits.partition(".")
    fraction = fraction.rstrip("0")
    return whole + fraction + "0" * (int(exponent or 0) - len(fraction))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {key: value for key, value in pairs if key != "__proto__"}


def _refuse(name: str) -> Any:
    raise json.JSONDecodeError(f"{name} is not JSON", name, 0)


def parse(text: str) -> Any:
    """`JSON.parse(text)`. Raises json.JSONDecodeError."""
    return json.loads(text, parse_int=_integer, parse_float=_number, parse_constant=_refuse, object_pairs_hook=_object)


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
