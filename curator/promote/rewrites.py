"""What Langfuse stores for a value that it is sent: every rewrite predicted, every loss named before the write.

Facts measured on Langfuse 4.16.0:

- a top-level string that parses as JSON is stored parsed, `""` is stored as null; nested strings are left alone;
- control characters vanish from strings at any depth; a NUL in a key, or a lone surrogate anywhere, is answered 500;
- whole numbers beyond 2^53 are rounded, `1.0` becomes `1`, `-0.0` becomes `0`, infinite numbers null; NaN is refused;
- `__proto__` keys are dropped, the order of keys changes;
- about 2,000 levels are answered with 500, about 20,000 are stored as null without a word.
"""

import json
import math
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, Literal

from curator.model.base import Value
from curator.model.json import Json, join_path

Rule = Literal["parsed", "emptied", "control", "unstorable", "number", "not-finite", "key-dropped", "too-deep", "whole"]

_NUMBER_LOSSES: tuple[Rule, ...] = ("number", "not-finite")
LOSSLESS: frozenset[Rule] = frozenset({"whole"})
"""Rewrites that change how a value is spelled, not what it is."""

MAX_DEPTH = 200
"""Levels that certainly survive: the server fails from some 1,000 on, pydantic from 255 on."""

MAX_BYTES = int(4.4 * 1024 * 1024)
"""The largest request body that was seen to be accepted; above 4.5 MB the server answers 413 and resets."""

SAFE_INTEGER = 2**53
_LARGE = 2**63
_LARGE_DIGITS = 16  # what whole numbers from there on keep: 12345678901234567890 comes back as 12345678901234570000
_EXPONENT = 1e21  # from here on JavaScript writes an exponent, and the number stays a double

# NUL to backspace, vertical tab, shift-out to unit separator, DEL and C1; tab, newline, form feed and CR stay.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")
_UNSTORABLE_TEXT = re.compile(r"[\ud800-\udfff]")
_UNSTORABLE_KEY = re.compile(r"[\x00\ud800-\udfff]")


class Rewrite(Value):
    """One thing that the server would do to a value. `detail` counts and names characters, never quotes them."""

    path: str
    rule: Rule
    detail: str = ""

    @property
    def lossy(self) -> bool:
        """Whether what comes back means something else than what was sent."""
        return self.rule not in LOSSLESS


def rewrites(value: Json, base: str = "") -> list[Rewrite]:
    """Every rewrite that the server would do to a field, in the order of the document; `base`: its path (`input`)."""
    if _too_deep(value):
        return [Rewrite(path=base, rule="too-deep", detail=f"more than {MAX_DEPTH} levels")]
    found = list(_walk(value, base))
    if isinstance(value, str):
        if value == "":
            found.insert(0, Rewrite(path=base, rule="emptied"))
        elif (kind := parsed_kind(value)) is not None:
            found.insert(0, Rewrite(path=base, rule="parsed", detail=kind))
    return found


def stored_form(value: Json) -> Json:
    """What the server stores for a field, losses included. Needs a value of at most `MAX_DEPTH` levels."""
    if value == "":
        return None
    if isinstance(value, str) and parsed_kind(value) is not None:
        value = _parsed(value)
    return _mapped(value, lambda leaf: _as_stored(_without_control(leaf)), without="__proto__")


def without_control_characters(value: Json) -> Json:
    """The value with the vanishing characters taken out beforehand, so that what is written is what stays."""
    return _mapped(value, _without_control)


def with_numbers_as_stored(value: Json) -> Json:
    """The value with every number spelled as it will come back (`1.0` → `1`), so that its fingerprint stays true.

    Numbers that would change are left alone.
    """
    return _mapped(value, lambda leaf: leaf if _number_rewrite(leaf) in _NUMBER_LOSSES else _as_stored(leaf))


def with_numbers_as_text(value: Json) -> Json:
    """The value with every number that would change written as a string of its digits."""
    return _mapped(value, lambda leaf: f"{Decimal(leaf):f}" if _number_rewrite(leaf) in _NUMBER_LOSSES else leaf)


def _mapped(value: Json, change: Callable[[Any], Json], without: str | None = None) -> Json:
    """The value with every text, number, boolean and null changed, and one key left out."""
    if isinstance(value, list):
        return [_mapped(each, change, without) for each in value]
    if isinstance(value, dict):
        return {key: _mapped(each, change, without) for key, each in value.items() if key != without}
    return change(value)


def _without_control(leaf: Json) -> Json:
    return _CONTROL.sub("", leaf) if isinstance(leaf, str) else leaf


def _as_stored(leaf: Json) -> Json:
    number = isinstance(leaf, (int, float)) and not isinstance(leaf, bool)
    return _stored_number(leaf) if number else leaf  # type: ignore[arg-type]


def parsed_kind(text: str) -> str | None:
    """What a top-level string is stored as when the server parses it (`number`, `object` …); None when it stays.

    Numbers that a double cannot hold exactly stay text (`"12345678901234567890"`, `"1e999"`).
    """
    try:
        value = json.loads(text, parse_constant=_not_json, parse_float=_decimal, parse_int=_decimal)
    except RecursionError:
        return "deeply nested JSON"
    except ValueError:
        return None
    if isinstance(value, Decimal):
        return "number" if _exact(value) else None
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string without its quotes"
    return "object" if isinstance(value, dict) else "list"


def body_bytes(body: object) -> int:
    """Size of a JSON request body in bytes, as the client sends it."""
    return len(json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))


def same_number(one: float, other: float) -> bool:
    """Whether two JSON numbers are the same double, however they are spelled (`1` and `1.0`, `1e25` and its digits)."""
    if one == other:
        return True
    try:
        return (isinstance(one, float) or isinstance(other, float)) and float(one) == float(other)
    except OverflowError:
        return False


def _walk(value: Json, path: str) -> Iterator[Rewrite]:
    if isinstance(value, str):
        yield from _text(value, path)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _walk(each, join_path(path, index))
    elif isinstance(value, dict):
        for key, each in value.items():
            where = join_path(path, key)
            if key == "__proto__":
                yield Rewrite(path=where, rule="key-dropped")
            if _UNSTORABLE_KEY.search(key):
                yield Rewrite(path=where, rule="unstorable", detail="a NUL or half a character in a key")
            yield from _walk(each, where)
    elif (rule := _number_rewrite(value)) is not None:
        yield Rewrite(path=path, rule=rule)


def _text(text: str, path: str) -> Iterator[Rewrite]:
    if control := _CONTROL.findall(text):
        signs = ", ".join(sorted({f"U+{ord(c):04X}" for c in control}))
        yield Rewrite(path=path, rule="control", detail=f"{len(control)} × {signs}")
    if _UNSTORABLE_TEXT.search(text):
        yield Rewrite(path=path, rule="unstorable", detail="half a character (a lone surrogate)")


def _number_rewrite(value: Json) -> Rule | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return "not-finite"
    stored = _stored_number(value)
    if stored is None:
        return "number"  # whole, but too large for any double: as text it can be kept
    # An integer means its digits, a fraction the nearest double.
    if (Decimal(repr(stored)) != value) if isinstance(value, int) else (stored != value):
        return "number"
    if isinstance(value, float) and (value.is_integer() or value == 0):
        return "whole"
    return None


def _stored_number(value: int | float) -> int | float | None:
    """The number that comes back; None for one that no double can hold."""
    try:
        double = float(value)
    except OverflowError:
        return None
    if not math.isfinite(double):
        return None
    if isinstance(value, int) and abs(value) <= SAFE_INTEGER:
        return value
    if not double.is_integer() or abs(double) >= _EXPONENT:
        return double
    whole = int(Decimal(repr(double)))
    return whole if abs(whole) < _LARGE else int(Decimal(f"{whole:.{_LARGE_DIGITS - 1}e}"))


def _exact(number: Decimal) -> bool:
    """Whether a double prints the same significant digits as this literal (lossless-json's `isSafeNumber`)."""
    double = float(number)
    return math.isfinite(double) and _digits(number) == _digits(Decimal(repr(double)))


def _digits(number: Decimal) -> str:
    return "".join(map(str, number.as_tuple().digits)).strip("0")


def _decimal(literal: str) -> Decimal:
    try:
        return Decimal(literal)
    except ArithmeticError:  # an exponent of twenty digits
        return Decimal("Infinity")


def _parsed(text: str) -> Json:
    """The value that the server makes of a top-level string: numbers that no double holds exactly stay text."""

    def number(literal: str) -> Json:
        return float(literal) if _exact(_decimal(literal)) else literal

    value: Json = json.loads(text, parse_float=number, parse_int=number)
    return value


def _not_json(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")


def _too_deep(value: Json) -> bool:
    """Whether a value has more than `MAX_DEPTH` levels, without recursion."""
    level: list[Json] = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [
            child
            for each in level
            if isinstance(each, (dict, list))
            for child in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return False
    return True
