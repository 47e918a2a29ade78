"""Query parameters as Next.js hands them to Langfuse's handlers, and the cursors of its lists."""

import base64
import binascii
import json
import math
from typing import Any

from starlette.requests import Request

from curator.sandbox.errors import invalid_request
from curator.sandbox.issues import (
    Issue,
    invalid_date,
    invalid_type,
    invalid_value,
    not_an_integer,
    to_milliseconds,
    to_number,
    too_big,
    too_small,
)

Parameters = dict[str, str | list[str]]


def parameters(request: Request) -> Parameters:
    """The query parameters by name; one that is given several times is a list."""
    found: Parameters = {}
    for name, value in request.query_params.multi_items():
        earlier = found.get(name)
        if earlier is None:
            found[name] = value
        elif isinstance(earlier, list):
            earlier.append(value)
        else:
            found[name] = [earlier, value]
    return found


class Reader:
    """Reads typed parameters and collects the issues."""

    def __init__(self, given: Parameters) -> None:
        self.given = given
        self.issues: list[Issue] = []

    def text(self, name: str) -> str | None:
        """A text, or None when it is absent."""
        value = self.given.get(name)
        if isinstance(value, list):
            self.issues.append(invalid_type([name], "string", value))
            return None
        return value

    def texts(self, name: str) -> list[str]:
        """A comma list without blanks; absent and empty are the same."""
        value = self.text(name)
        return [part.strip() for part in value.split(",") if part.strip()] if value else []

    def choice(self, name: str, allowed: tuple[str, ...]) -> str | None:
        """One of a few words, exactly as written."""
        value = self.given.get(name)
        if value is None:
            return None
        if isinstance(value, list) or value not in allowed:
            self.issues.append(invalid_value([name], allowed))
            return None
        return value

    def number(self, name: str) -> float | None:
        """A number as JavaScript reads it from a text, or None when it is absent."""
        value = self.given.get(name)
        if value is None:
            return None
        number = to_number(value)
        if not math.isfinite(number):
            self.issues.append(invalid_type([name], "number", number))
            return None
        return number

    def limit(self, name: str, default: int, most: int) -> int:
        """A whole number from 1 to `most`; `default` when it is absent or empty."""
        number = None if self.given.get(name) == "" else self.number(name)
        if number is None:
            return default
        if not number.is_integer():
            self.issues.append(not_an_integer([name]))
        elif number < 1:
            self.issues.append(too_small([name], 1))
        elif number > most:
            self.issues.append(too_big([name], most))
        return int(number)

    def date(self, name: str) -> int | None:
        """A date as JavaScript reads it from a text, in milliseconds; an empty text is absent."""
        value = self.given.get(name)
        if value is None or value == "":
            return None
        moment = to_milliseconds(value)
        if moment is None:
            self.issues.append(invalid_date([name]))
        return moment


def decode_cursor(text: str) -> Any:
    """The JSON inside a cursor, base64 or base64url. Raises 400 `Invalid cursor format`."""
    standard = text.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return json.loads(base64.b64decode(standard + "=" * (-len(standard) % 4)))
    except (binascii.Error, ValueError):
        raise invalid_request("Invalid cursor format") from None


def encode_cursor(content: dict[str, Any], *, url_safe: bool) -> str:
    """A cursor: base64 (observations) or base64url without padding (scores, experiments)."""
    data = json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()
    if url_safe:
        return base64.urlsafe_b64encode(data).decode().rstrip("=")
    return base64.b64encode(data).decode()
