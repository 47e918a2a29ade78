"""Pages and JSON bodies: what several resources read the same way."""

import math
from typing import Any

from curator.sandbox import issues
from curator.sandbox.errors import invalid_data
from curator.sandbox.issues import UNDEFINED, Issue
from curator.sandbox.query import Reader

DEFAULT_LIMIT = 50
MAX_LIMIT = 100
SAFE_INTEGER = 2**53 - 1


def pagination(query: Reader) -> tuple[int, int]:
    """`page` (from 1) and `limit` (1 to 100, default 50). What is wrong becomes an issue of `query`."""
    page = _whole(query, "page", 1)
    if page <= 0:
        query.issues.append(issues.too_small(["page"], 0, inclusive=False))
    limit = _whole(query, "limit", DEFAULT_LIMIT)
    if limit < 1:
        query.issues.append(issues.too_small(["limit"], 1))
    elif limit > MAX_LIMIT:
        query.issues.append(issues.too_big(["limit"], MAX_LIMIT))
    return page, limit


def _whole(query: Reader, name: str, default: int) -> int:
    if query.given.get(name, "") == "":
        return default
    value = query.number(name)
    if value is None:
        return default
    if not value.is_integer():
        query.issues.append(issues.not_an_integer([name]))
        return default
    if abs(value) > SAFE_INTEGER:
        query.issues.append(_unsafe(name, value))
    return int(value)


def _unsafe(name: str, value: float) -> Issue:
    issue = issues.too_big([name], SAFE_INTEGER) if value > 0 else issues.too_small([name], -SAFE_INTEGER)
    return {**issue, "note": "Integers must be within the safe integer range."}


def page_meta(page: int, limit: int, total: int) -> dict[str, Any]:
    """The `meta` of a page."""
    return {"page": page, "limit": limit, "totalItems": total, "totalPages": math.ceil(total / limit)}


class Body:
    """Reads typed fields of a JSON body and collects the issues; unknown fields are ignored."""

    def __init__(self, body: Any) -> None:
        if not isinstance(body, dict):
            raise invalid_data([issues.invalid_type([], "object", body)])
        self.given: dict[str, Any] = body
        self.issues: list[Issue] = []

    def required(self, name: str) -> str:
        """A text that must be there."""
        value = self.given.get(name, UNDEFINED)
        if isinstance(value, str):
            return value
        self.issues.append(issues.invalid_type([name], "string", value))
        return ""

    def text(self, name: str) -> str | None:
        """A text; null and absent are the same."""
        value = self.given.get(name)
        if value is None or isinstance(value, str):
            return value
        self.issues.append(issues.invalid_type([name], "string", value))
        return None

    def choice(self, name: str, allowed: tuple[str, ...]) -> str | None:
        """One of a few words; null and absent are the same."""
        value = self.given.get(name)
        if value is None or (isinstance(value, str) and value in allowed):
            return value
        self.issues.append(issues.invalid_value([name], allowed))
        return None

    def check(self) -> None:
        """Raise 400 with the issues, if there are any."""
        if self.issues:
            raise invalid_data(self.issues)
