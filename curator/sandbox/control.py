"""The sandbox's own routes, `/__sandbox__/…`: what was asked of it, and which faults are on. They need no keys."""

import ipaddress
import json
from collections import Counter
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from curator.sandbox.errors import SandboxProblem
from curator.sandbox.faults import apply_fault
from curator.sandbox.gate import Settings
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
    except SandboxProblem as error:
        return json_response({"message": str(error)}, 400)
    return list_faults(request)


def switch_off(request: Request) -> Response:
    """DELETE: deactivate a fault."""
    _settings(request).faults.switch_off(request.path_params["name"])
    return list_faults(request)


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


class OnlyHere:
    """Lets callers in that name this machine: a page of another site, whose name was made to lead here (DNS rebinding),
    sends its own name as Host, and could otherwise read and change everything without keys."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = urlsplit(f"//{Headers(scope=scope).get('host', '')}").hostname or ""
        refused = json_response({"message": "Call these routes by an IP address or localhost."}, 421)
        await (self.app if host == "localhost" or _is_address(host) else refused)(scope, receive, send)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


here = [Middleware(OnlyHere)]
routes = [
    Route("/__sandbox__/requests", requests_per_route, methods=["GET", "DELETE"], middleware=here),
    Route("/__sandbox__/faults", list_faults, methods=["GET"], middleware=here),
    Route("/__sandbox__/faults/{name:segment}", switch_on, methods=["PUT"], middleware=here),
    Route("/__sandbox__/faults/{name:segment}", switch_off, methods=["DELETE"], middleware=here),
]
