"""The sandbox's ASGI application: routes, keys, limits, error bodies.

A resource module exposes `SCHEMA: str` (SQL, idempotent) and `routes: list[Route]`; its handlers are plain functions
`(Request) -> Response` that run on a worker thread, find the store with `web.store_of(request)`, the body with
`web.json_body(request)` or `web.raw_body(request)`, and raise `errors.ApiError`. It is plugged in by its name in
`MODULES`.
"""

import importlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from curator.sandbox.auth import Keys, authorize
from curator.sandbox.errors import BODY_TOO_LARGE, ApiError, internal, method_not_allowed
from curator.sandbox.store import Store
from curator.sandbox.web import json_body, json_response

MODULES = (
    "projects",
    "datasets",
    "dataset_items",
    "observations",
    "scores",
    "score_configs",
)

OTLP_PATH = "/api/public/otel/v1/traces"
BODY_LIMIT = int(4.5 * 1024 * 1024)
HEAD_LIMIT = 16 * 1024
NOT_FOUND_PAGE = (
    '<!DOCTYPE html><html lang="en"><head><meta charSet="utf-8"/><title>404: This page could not be found</title>'
    "</head><body><h1>404</h1><h2>This page could not be found.</h2></body></html>"
)


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


def resource_modules() -> list[ModuleType]:
    """The modules named in `MODULES`."""
    return [importlib.import_module(f"curator.sandbox.{name}") for name in MODULES]


def schemas() -> list[str]:
    """The SQL of every resource module, for `Store`."""
    return [module.SCHEMA for module in resource_modules()]


def create_app(store: Store, settings: Settings | None = None) -> ASGIApp:
    """The application on `store`, which the caller owns and closes."""
    routes = [_guarded(route) for module in resource_modules() for route in module.routes]
    routes.append(Route("/__sandbox__/requests", _requests, methods=["GET"]))
    app = Starlette(routes=routes, exception_handlers={HTTPException: _http_exception})
    app.router.redirect_slashes = False
    app.state.store = store
    app.state.settings = settings or Settings()
    app.state.requests = Counter()
    return RawPath(app)


class RawPath:
    """Matches routes on the path as it was sent, so that an encoded slash stays inside its segment."""

    def __init__(self, app: Starlette) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope = {**scope, "path": scope["raw_path"].decode("latin-1")}
        await self.app(scope, receive, send)


Handler = Callable[[Request], Response]


def _guarded(route: Route) -> Route:
    """The route with everything around its handler: count, limits, body, keys, error bodies."""
    handler: Handler = route.endpoint

    async def endpoint(request: Request) -> Response:
        request.app.state.requests[f"{request.method} {route.path}"] += 1
        try:
            if _head_size(request) > HEAD_LIMIT:
                return Response(status_code=431, headers={"connection": "close"})
            await _read_body(request, route.path)
            return await run_in_threadpool(_answer, handler, request, route.path)
        except ApiError as error:
            return error_response(error)

    return Route(route.path, endpoint, methods=sorted(route.methods or ()), name=route.name)


def _answer(handler: Handler, request: Request, path: str) -> Response:
    if path != OTLP_PATH and request.headers.get("content-type", "").startswith("application/json"):
        json_body(request)  # a malformed body is refused before the keys are looked at
    if path not in ("/api/public/health", "/api/public/ready"):
        authorize(request.headers.get("authorization"), request.method, path, request.app.state.settings.keys)
    try:
        return handler(request)
    except RecursionError:
        raise internal("Maximum call stack size exceeded") from None


async def _read_body(request: Request, path: str) -> None:
    limit = float("inf") if path == OTLP_PATH else BODY_LIMIT
    if int(request.headers.get("content-length") or 0) > limit:
        raise ApiError(413, BODY_TOO_LARGE)
    request.state.body = await request.body()


def _head_size(request: Request) -> int:
    """Bytes of request line and headers, as Node counts them against its 16 KiB."""
    head = len(request.scope["raw_path"]) + len(request.scope["query_string"]) + 16
    return head + sum(len(name) + len(value) + 4 for name, value in request.headers.raw)


def error_response(error: ApiError) -> Response:
    """The recorded error body: JSON, or plain text without a content type."""
    if isinstance(error.body, dict):
        return json_response(error.body, error.status, error.headers)
    return Response(error.body, error.status, error.headers)


async def _http_exception(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        return error_response(method_not_allowed())
    return HTMLResponse(NOT_FOUND_PAGE, error.status_code)


async def _requests(request: Request) -> Response:
    """Requests per route since the start."""
    counts: Counter[str] = request.app.state.requests
    return json_response({"total": counts.total(), "routes": dict(sorted(counts.items()))})
