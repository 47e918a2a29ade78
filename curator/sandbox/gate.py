"""What happens around every handler of the public API, in Langfuse's order.

Size of the head (431), the faults that strike first, the body (413, malformed JSON), the keys (401, 403), the rate
limit (429), the handler; then the faults that spoil an answer.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from curator.sandbox.auth import Keys, authorize
from curator.sandbox.connection import Dropped, Truncated, connection_of
from curator.sandbox.errors import ApiError, internal
from curator.sandbox.faults import Faults, split_runs
from curator.sandbox.ratelimit import RateLimit, too_many_requests
from curator.sandbox.rewrites import cut_bottomless
from curator.sandbox.web import json_body, json_response


@dataclass(frozen=True)
class Lag:
    """How long what was sent stays invisible, in seconds. Dataset items are read-your-writes and never lag."""

    scores: float = 0
    observations: float = 0


NO_LAG = Lag()
MEASURED_LAG = Lag(scores=6, observations=2)


@dataclass
class Settings:
    """What a sandbox is started with. In handlers: `request.app.state.settings`."""

    keys: Keys = field(default_factory=Keys)
    lag: Lag = NO_LAG
    faults: Faults = field(default_factory=Faults)
    rate_limit: RateLimit | None = None


Handler = Callable[[Request], Response]

ITEMS_PATH = "/api/public/dataset-items"
OTLP_PATH = "/api/public/otel/v1/traces"
OPEN_PATHS = ("/api/public/health", "/api/public/ready")
HEAD_LIMIT = 16 * 1024
# Next.js parses bodies of 1 MiB unless a route says otherwise.
BODY_LIMIT = ("1mb", 1024 * 1024)
BODY_LIMITS = {ITEMS_PATH: ("4.5mb", int(4.5 * 1024 * 1024)), OTLP_PATH: ("64mb", 64 * 1024 * 1024)}


def guarded(route: Route) -> Route:
    """The route with everything around its handler."""
    handler: Handler = route.endpoint
    name = route.path.replace(":segment", "")

    async def endpoint(request: Request) -> Response:
        state = request.app.state
        counts: Counter[str] = state.requests
        counts[f"{request.method} {name}"] += 1
        faults = state.settings.faults
        try:
            if _head_size(request) > HEAD_LIMIT:
                return Response(status_code=431, headers={"connection": "close"})
            await asyncio.sleep(faults.number("slow"))
            if faults.strikes("http-500"):
                raise internal()
            if faults.strikes("http-429"):
                raise too_many_requests(1, 1)
            await _read_body(request, route.path)
            response = await run_in_threadpool(_answer, handler, request, route.path)
        except ApiError as error:
            response = error_response(error)
        if (
            request.method != "GET"
            and response.status_code < HTTPStatus.BAD_REQUEST
            and faults.strikes("drop-response")
        ):
            return Dropped()
        if response.status_code < HTTPStatus.BAD_REQUEST and faults.strikes("truncate-body"):
            return Truncated(response)
        return response

    methods = sorted((route.methods or set()) - {"HEAD"})
    built = Route(route.path, endpoint, methods=methods, name=route.name)
    built.methods = set(methods)  # Langfuse answers 405 to HEAD, which Starlette would add to GET
    return built


def _answer(handler: Handler, request: Request, path: str) -> Response:
    """On a worker thread: SQLite and large JSON must not stop the event loop."""
    settings: Settings = request.app.state.settings
    try:
        if path == ITEMS_PATH:
            request.state.body = cut_bottomless(request.state.body.decode("utf-8", errors="replace")).encode()
        if path != OTLP_PATH:
            json_body(request)
        if path not in OPEN_PATHS:
            authorize(request.headers.get("authorization"), request.method, path, settings.keys)
        if settings.rate_limit is not None:
            settings.rate_limit.take(request.method, path)
        response = handler(request)
        if path == OTLP_PATH and settings.faults.number("split-run"):
            split_runs(request.app.state.store, int(settings.faults.number("split-run")))
        return response
    except RecursionError:
        raise internal("Maximum call stack size exceeded") from None
    except UnicodeEncodeError:  # a lone surrogate reached the database
        raise internal() from None


async def _read_body(request: Request, path: str) -> None:
    name, limit = BODY_LIMITS.get(path, BODY_LIMIT)
    parts, size = [], 0
    try:
        if int(request.headers.get("content-length") or 0) <= limit:
            async for part in request.stream():
                parts.append(part)
                size += len(part)
                if size > limit:
                    break
            else:
                request.state.body = b"".join(parts)
                return
    except ClientDisconnect:
        raise ApiError(400, "Invalid body") from None
    connection_of(request).reset_on_next_request = True
    raise ApiError(413, f"Body exceeded {name} limit")


def _head_size(request: Request) -> int:
    """Bytes of request line and headers, as Node counts them against its 16 KiB."""
    head = len(request.scope["raw_path"]) + len(request.scope["query_string"]) + 16
    return head + sum(len(name) + len(value) + 4 for name, value in request.headers.raw)


def error_response(error: ApiError) -> Response:
    """The recorded error body: JSON, or plain text without a content type."""
    if isinstance(error.body, dict):
        return json_response(error.body, error.status, error.headers)
    return Response(error.body, error.status, error.headers)
