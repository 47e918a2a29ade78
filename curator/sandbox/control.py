"""The sandbox's own routes, `/__sandbox__/…`: what was asked of it, and which faults are on. They need no keys."""

import json
from collections import Counter

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from curator.model.errors import UsageError
from curator.sandbox.data_faults import apply_fault
from curator.sandbox.openapi import describe
from curator.sandbox.settings import Settings
from curator.sandbox.web import json_response, store_of


def requests_per_route(request: Request) -> Response:
    """GET: `{"total": n, "routes": {"GET /api/public/…": n}}` since the start or the last DELETE."""
    counts: Counter[str] = request.app.state.requests
    if request.method == "DELETE":
        counts.clear()
    return json_response({"total": counts.total(), "routes": dict(sorted(counts.items()))})


def list_faults(request: Request) -> Response:
    """GET: the active faults and their arguments."""
    return json_response({"faults": _settings(request).faults.active()})


async def switch_on(request: Request) -> Response:
    """PUT `{"arg": "every:3"}` (or no body): activate a fault, counting from zero."""
    try:
        body = json.loads(await request.body() or b"{}")
        argument = body.get("arg")
        if argument is not None and not isinstance(argument, str):
            raise ValueError
    except (ValueError, AttributeError):
        return json_response({"message": 'The body is {"arg": "text"} or empty.'}, 400)
    try:
        await run_in_threadpool(
            apply_fault, store_of(request), _settings(request).faults, request.path_params["name"], argument
        )
    except UsageError as error:
        return json_response({"message": str(error)}, 400)
    return list_faults(request)


def switch_off(request: Request) -> Response:
    """DELETE: deactivate a fault."""
    _settings(request).faults.switch_off(request.path_params["name"])
    return list_faults(request)


def openapi(request: Request) -> Response:
    """GET: the description of every route."""
    return json_response(describe(request.app.state.routes))


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


routes = [
    Route("/__sandbox__/openapi.json", openapi, methods=["GET"]),
    Route("/__sandbox__/requests", requests_per_route, methods=["GET", "DELETE"]),
    Route("/__sandbox__/faults", list_faults, methods=["GET"]),
    Route("/__sandbox__/faults/{name:segment}", switch_on, methods=["PUT"]),
    Route("/__sandbox__/faults/{name:segment}", switch_off, methods=["DELETE"]),
]
