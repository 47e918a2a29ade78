"""Query parameters as Next.js hands them to Langfuse's handlers, pages, cursors and JSON bodies, read and checked."""

import base64
import binascii
import json
import math
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from curator.sandbox import issues
from curator.sandbox.errors import invalid_data, invalid_request, not_found
from curator.sandbox.issues import UNDEFINED, Issue, is_datetime, to_milliseconds, to_number
from curator.sandbox.web import json_response, store_of

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


class _Checked:
    """What was given by name, and the issues that were found in it."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = given
        self.issues: list[Issue] = []

    def raise_issues(self, known: Collection[str] | None = None) -> None:
        """Raise 400 with the issues, if there are any; a name that is not `known` is one, after everything else."""
        unknown = [name for name in self.given if known is not None and name not in known]
        if unknown:
            self.issues.append(issues.unrecognized_keys(unknown))
        if self.issues:
            raise invalid_data(self.issues)


class Reader(_Checked):
    """Reads typed query parameters and collects the issues."""

    def __init__(self, request: Request) -> None:
        super().__init__(parameters(request))

    def text(self, name: str) -> str | None:
        """A text, or None when it is absent."""
        value = self.given.get(name)
        if isinstance(value, list):
            self.issues.append(issues.invalid_type([name], "string", value))
            return None
        return value

    def texts(self, name: str) -> list[str]:
        """A comma list without blanks; absent and empty are the same."""
        value = self.text(name)
        return [part.strip() for part in value.split(",") if part.strip()] if value else []

    def choice(self, name: str, allowed: tuple[str, ...]) -> str | None:
        """One of a few words, exactly as written."""
        value = self.given.get(name)
        if value is None or (isinstance(value, str) and value in allowed):
            return value
        self.issues.append(issues.invalid_value([name], allowed))
        return None

    def number(self, name: str) -> float | None:
        """A number as JavaScript reads it from a text, or None when it is absent."""
        value = self.given.get(name)
        if value is None:
            return None
        number = to_number(value)
        if not math.isfinite(number):
            self.issues.append(issues.invalid_type([name], "number", number))
            return None
        return number

    def limit(self, name: str, default: int, most: int) -> int:
        """A whole number from 1 to `most`; `default` when it is absent or empty."""
        number = None if self.given.get(name) == "" else self.number(name)
        if number is None:
            return default
        if not number.is_integer():
            self.issues.append(issues.not_an_integer([name]))
        elif number < 1:
            self.issues.append(issues.too_small([name], 1))
        elif number > most:
            self.issues.append(issues.too_big([name], most))
        return int(number)

    def date(self, name: str) -> int | None:
        """A date as JavaScript reads it from a text, in milliseconds; an empty text is absent."""
        value = self.given.get(name)
        if value is None or value == "":
            return None
        moment = to_milliseconds(value)
        if moment is None:
            self.issues.append(issues.invalid_date([name]))
        return moment

    def datetime(self, name: str, *, required: bool = False) -> int | None:
        """An ISO 8601 time with an offset, in milliseconds."""
        text = self.text(name)
        if text is not None and is_datetime(text):
            return to_milliseconds(text)
        if text is not None:
            self.issues.append(issues.invalid_datetime([name]))
        elif required and name not in self.given:
            self.issues.append(issues.invalid_type([name], "string", UNDEFINED))
        return None

    def cursor(self, time: str | None, *texts: str, versioned: bool = True) -> dict[str, Any] | None:
        """The content of the cursor with these texts; `time` names the one that is a date, and becomes milliseconds.

        None without a cursor or with a wrong one. Raises 400 for one that is not even JSON.
        """
        text = self.text("cursor")
        if text is None:
            return None
        content, before = decode_cursor(text), len(self.issues)
        if not isinstance(content, dict):
            self.issues.append(issues.invalid_type(["cursor"], "object", content))
            return None
        if versioned and content.get("v") != 1:
            self.issues.append(issues.no_discriminator(["cursor"], "v"))
            return None
        moments = {time: to_milliseconds(content[time]) if time in content else None} if time else {}
        self.issues += [issues.invalid_date(["cursor", name]) for name, moment in moments.items() if moment is None]
        found = {name: content.get(name, UNDEFINED) for name in texts}
        wrong = [(name, value) for name, value in found.items() if not isinstance(value, str)]
        self.issues += [issues.invalid_type(["cursor", name], "string", value) for name, value in wrong]
        return None if len(self.issues) > before else found | moments


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


def answer_page(
    db: sqlite3.Connection,
    page_and_limit: tuple[int, int],
    source: str,
    values: Sequence[Any],
    order: str,
    shown: Callable[[sqlite3.Row], dict[str, Any]],
) -> Response:
    """The page of the rows that `source` (`FROM … WHERE …`, with question marks for `values`) is, each as `shown`."""
    page, limit = page_and_limit
    (total,) = db.execute(f"SELECT count(*) {source}", values).fetchone()
    wanted = f"SELECT * {source} ORDER BY {order} LIMIT ? OFFSET ?"
    rows = db.execute(wanted, (*values, limit, (page - 1) * limit)).fetchall()
    return json_response({"data": [shown(row) for row in rows], "meta": page_meta(page, limit, total)})


def answer_all(
    request: Request,
    table: str,
    order: str,
    shown: Callable[[sqlite3.Row], dict[str, Any]],
    known: Collection[str] | None = None,
) -> Response:
    """The page of a table that the request asks for; `known` are the parameters of a strict query."""
    reader = Reader(request)
    page = pagination(reader)
    reader.raise_issues(known)
    with store_of(request).read() as db:
        return answer_page(db, page, f"FROM {table}", (), order, shown)


def found(db: sqlite3.Connection, table: str, message: str, **columns: str) -> sqlite3.Row:
    """The row of the table with these values. Raises 404 with the message when there is none."""
    where = " AND ".join(f"{name} = :{name}" for name in columns)
    row: sqlite3.Row | None = db.execute(f"SELECT * FROM {table} WHERE {where}", columns).fetchone()
    if row is None:
        raise not_found(message)
    return row


class Body(_Checked):
    """Reads typed fields of a JSON body and collects the issues."""

    def __init__(self, body: Any) -> None:
        if not isinstance(body, dict):
            raise invalid_data([issues.invalid_type([], "object", body)])
        super().__init__(body)

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
        return None if self.given.get(name) is None else self.one_of(name, allowed)

    def one_of(self, name: str, allowed: tuple[str, ...], default: object = UNDEFINED) -> str:
        """One of a few words; `default` when it is absent."""
        value = self.given.get(name, default)
        if value not in allowed:
            self.issues.append(issues.invalid_value([name], allowed))
        return str(value)
