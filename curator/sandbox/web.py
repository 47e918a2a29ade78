"""The few HTTP helpers that every resource module uses."""

import json
from typing import Any
from urllib.parse import quote, unquote

from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import Response

from curator.sandbox import js
from curator.sandbox.errors import INVALID_JSON, ApiError
from curator.sandbox.store import Store

JSON = "application/json; charset=utf-8"
JSON_TYPES = ("application/json", "application/ld+json")


class SegmentConvertor(Convertor[str]):
    """`{name:segment}`: one path segment, decoded once, so that `a%2Fb` is the name `a/b` as on Langfuse.

    Routes are matched on the path as it was sent (see `app.RawPath`).
    """

    regex = "[^/]+"

    def convert(self, value: str) -> str:
        return unquote(value)

    def to_string(self, value: str) -> str:
        return quote(value, safe="")


register_url_convertor("segment", SegmentConvertor())


def store_of(request: Request) -> Store:
    """The store behind this request."""
    store: Store = request.app.state.store
    return store


def json_response(data: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """`data` as compact JSON, as Node would write it (no NaN, no escapes outside ASCII)."""
    return Response(js.dumps(data), status, {**(headers or {}), "content-type": JSON})


def raw_body(request: Request) -> bytes:
    """The request body; it has been read before any handler runs, so handlers may be plain functions."""
    body: bytes = request.state.body
    return body


def json_body(request: Request) -> Any:
    """The body as Next.js hands it on: parsed when it is called JSON (empty is `{}`), otherwise its text.

    Raises 400 `Invalid JSON` (plain text), and RecursionError for about a thousand levels.
    """
    if not hasattr(request.state, "json"):
        text = raw_body(request).decode("utf-8", errors="replace")
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        request.state.json = _parse(text) if kind in JSON_TYPES else text
    return request.state.json


def _parse(text: str) -> Any:
    try:
        return js.parse(text) if text else {}
    except json.JSONDecodeError:
        raise ApiError(400, INVALID_JSON) from None
