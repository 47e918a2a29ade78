"""The sandbox's ASGI application.

A resource module exposes `routes: list[Route]`; its tables are in `schema.sql`. Its handlers are plain functions
`(Request) -> Response` that run on a worker thread, find the store with `web.store_of(request)`, the body with
`web.json_body(request)` or `web.raw_body(request)`, the settings with `request.app.state.settings`, and raise
`errors.ApiError`. It is plugged in by its name in `MODULES`; what happens around a handler is in `gate`.
"""

import importlib
from collections import Counter
from types import ModuleType

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from curator.sandbox import control
from curator.sandbox.errors import method_not_allowed
from curator.sandbox.gate import MEASURED_LAG, NO_LAG, Lag, Settings, error_response, guarded
from curator.sandbox.store import Store

__all__ = ["MEASURED_LAG", "NO_LAG", "Lag", "Settings", "create_app"]

MODULES = (
    "projects",
    "datasets",
    "dataset_items",
    "observations",
    "scores",
    "score_configs",
    "reviews",
    "otlp_map",
    "experiments",
)

NOT_FOUND_PAGE = (
    '<!DOCTYPE html><html lang="en"><head><meta charSet="utf-8"/><title>404: This page could not be found</title>'
    "</head><body><h1>404</h1><h2>This page could not be found.</h2></body></html>"
)


def resource_modules() -> list[ModuleType]:
    """The modules named in `MODULES`."""
    return [importlib.import_module(f"curator.sandbox.{name}") for name in MODULES]


def create_app(store: Store, settings: Settings | None = None) -> ASGIApp:
    """The application on `store`, which the caller owns and closes."""
    routes = [route for module in resource_modules() for route in module.routes]
    app = Starlette(
        routes=[*(guarded(route) for route in routes), *control.routes],
        exception_handlers={HTTPException: _http_exception},
    )
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
            path = scope["raw_path"].decode("latin-1")
            if path.endswith("/") and path != "/":
                location = path.rstrip("/") or "/"
                await Response(location, 308, {"location": location})(scope, receive, send)
                return
            scope = {**scope, "path": path}
        await self.app(scope, receive, send)


async def _http_exception(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        return error_response(method_not_allowed())
    return HTMLResponse(NOT_FOUND_PAGE, error.status_code)
