"""What zod 4.3 says about wrong query parameters and bodies, word for word as Langfuse passes it on.

Every function returns one issue (a dict); a handler collects them and raises `errors.invalid_data(issues)`.
"""

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

Issue = dict[str, Any]
Path = list[str | int]


MAX_DOUBLE = 1.7976931348623157e308
MAX_DATE = 8.64e15  # milliseconds: the furthest that JavaScript's dates reach


class _Undefined:
    """JavaScript's `undefined`: the key is absent, which is not the same as null."""


UNDEFINED = _Undefined()

# zod's own expression, quoted back to the client in the issue.
DATETIME_PATTERN = (
    r"^(?:(?:\d\d[2468][048]|\d\d[13579][26]|\d\d0[48]|[02468][048]00|[13579][26]00)-02-29|"
    r"\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|"
    r"(?:02)-(?:0[1-9]|1\d|2[0-8])))T(?:(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?"
    r"(?:Z|([+-](?:[01]\d|2[0-3]):[0-5]\d)))$"
)
_DATETIME = re.compile(DATETIME_PATTERN, re.ASCII)


def type_name(value: object) -> str:
    """The word zod uses for the type of a JSON value."""
    match value:
        case _Undefined():
            return "undefined"
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "NaN" if isinstance(value, float) and math.isnan(value) else "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def _issue(code: str, path: Path, message: str, **facts: Any) -> Issue:
    return {"code": code, **facts, "path": path, "message": message}


def invalid_type(path: Path, expected: str, value: object) -> Issue:
    """A value of another type than `expected`."""
    received = type_name(value)
    message = f"Invalid input: expected {expected}, received {received}"
    facts = {"expected": expected}
    if expected == "number" and received == "NaN":
        facts["received"] = "NaN"
    elif expected == "number" and isinstance(value, float) and math.isinf(value):
        facts["received"] = "Infinity"
    return _issue("invalid_type", path, message, **facts)


def invalid_date(path: Path) -> Issue:
    """A value that JavaScript cannot read as a date."""
    message = "Invalid input: expected date, received Date"
    return _issue("invalid_type", path, message, expected="date", received="Invalid Date")


def invalid_datetime(path: Path) -> Issue:
    """A text that is no ISO 8601 time with an offset."""
    return invalid_format(path, "datetime", f"/{DATETIME_PATTERN}/", "Invalid ISO datetime")


def invalid_format(path: Path, form: str, pattern: str, message: str) -> Issue:
    """A text that an expression, quoted back to the client, does not match."""
    return _issue("invalid_format", path, message, origin="string", format=form, pattern=pattern)


def invalid_value(path: Path, values: Sequence[Any]) -> Issue:
    """A value outside of an enumeration."""
    quoted = "|".join(f'"{value}"' if isinstance(value, str) else str(value) for value in values)
    message = f"Invalid input: expected {quoted}" if len(values) == 1 else f"Invalid option: expected one of {quoted}"
    return _issue("invalid_value", path, message, values=list(values))


# What is counted, in the sentence about a limit: the number itself, or the length of a string or an array.
_COUNTED = {"number": ("to be", ""), "string": ("to have", " characters"), "array": ("to have", " items")}


def too_big(path: Path, maximum: float, origin: str = "number") -> Issue:
    """Above the (inclusive) maximum of a number, of a string's length or of an array's length."""
    verb, noun = _COUNTED[origin]
    message = f"Too big: expected {origin} {verb} <={maximum}{noun}"
    return _issue("too_big", path, message, origin=origin, maximum=maximum, inclusive=True)


def too_small(path: Path, minimum: float, origin: str = "number", *, inclusive: bool = True) -> Issue:
    """Below the minimum of a number, of a string's length or of an array's length."""
    verb, noun = _COUNTED[origin]
    message = f"Too small: expected {origin} {verb} {'>=' if inclusive else '>'}{minimum}{noun}"
    return _issue("too_small", path, message, origin=origin, minimum=minimum, inclusive=inclusive)


def not_an_integer(path: Path) -> Issue:
    """A number with a fraction where a whole one is expected."""
    message = "Invalid input: expected int, received number"
    return _issue("invalid_type", path, message, expected="int", format="safeint")


def custom(message: str, path: Path | None = None) -> Issue:
    """A rule that zod does not know by itself."""
    return _issue("custom", path or [], message)


def unrecognized_keys(keys: list[str]) -> Issue:
    """Keys that a strict object does not have."""
    word = "key" if len(keys) == 1 else "keys"
    quoted = ", ".join(f'"{key}"' for key in keys)
    return _issue("unrecognized_keys", [], f"Unrecognized {word}: {quoted}", keys=keys)


def invalid_union(path: Path, errors: list[list[Issue]]) -> Issue:
    """No alternative of a union fits; `errors` says per alternative why."""
    return _issue("invalid_union", path, "Invalid input", errors=errors)


def no_discriminator(path: Path, discriminator: str) -> Issue:
    """A tagged union whose tag is none of the known ones."""
    said = {"note": "No matching discriminator", "discriminator": discriminator}
    return invalid_union([*path, discriminator], []) | said


def is_datetime(text: str) -> bool:
    """Whether zod takes the text for an ISO 8601 time with an offset."""
    return _DATETIME.match(text) is not None


def to_number(value: object) -> float:
    """JavaScript's `Number(value)`: NaN where it makes no sense."""
    if isinstance(value, bool) or value is None:
        return float(value or 0)
    if isinstance(value, int | float):
        return float(value)
    if not isinstance(value, str):
        return math.nan
    text = value.strip()
    if text == "":
        return 0.0
    if re.fullmatch(r"0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+", text):
        return float(int(text, 0))
    if re.fullmatch(r"[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|Infinity)", text, re.ASCII):
        return float(text)
    return math.nan


def is_number(value: object) -> bool:
    """Whether zod takes a JSON value for a number: not a boolean, and finite."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MAX_DOUBLE


def to_milliseconds(value: object) -> int | None:
    """JavaScript's `new Date(value)` as milliseconds since 1970, or None for an invalid date."""
    if isinstance(value, bool) or value is None:
        return int(value or 0)
    if isinstance(value, int | float):
        return int(value) if abs(value) <= MAX_DATE else None
    if not isinstance(value, str):
        return None
    text = value.strip()
    if re.fullmatch(r"\d{4}(-\d\d)?", text):
        text = f"{text}-01" if "-" in text else f"{text}-01-01"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, TypeError):
            return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return math.floor(moment.timestamp() * 1000)
