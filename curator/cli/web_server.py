"""textual-serve with a guard: only pages that this server itself delivered may open its WebSocket.

Browsers let any web page connect to a port on the user's own machine, and textual-serve does not ask where a connection
comes from: without the guard, a page in another tab could press keys here.
"""

from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler
from textual_serve.server import Server

from curator.cli.output import say

POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self' ws: wss:; frame-ancestors 'none'"
)
"""The page loads nothing from elsewhere (textual-serve's asks for a font of Google's) and stands in no other page."""


class GuardedServer(Server):
    """Serves one command; refuses foreign hosts and origins."""

    async def _make_app(self) -> web.Application:
        app: web.Application = await super()._make_app()
        app.middlewares.append(self._guard)
        return app

    async def on_startup(self, app: web.Application) -> None:
        say(f"curator is at {self.public_url} until Ctrl-C")

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        allowed = {_origin(self.public_url), _origin(f"http://{self.host}:{self.port}")}
        if self.host in ("127.0.0.1", "::1", "localhost"):
            allowed |= {_origin(f"http://{name}:{self.port}") for name in ("127.0.0.1", "localhost", "[::1]")}
        # A name that somebody else points at this machine (DNS rebinding) is no name of this server.
        here = _origin(f"{urlsplit(self.public_url).scheme}://{request.host}")
        plain = _origin(f"http://{request.host}")
        if here not in allowed and plain not in allowed:
            raise web.HTTPForbidden(text="This server does not go by that name.")
        origin = request.headers.get("Origin")
        if origin is not None and _origin(origin) not in allowed:
            raise web.HTTPForbidden(text="Another page may not use this server.")
        response = await handler(request)
        if isinstance(response, web.Response) and response.content_type == "text/html":
            response.headers["Content-Security-Policy"] = POLICY
            response.text = (response.text or "").replace("<head>", "<head><title>curator</title>", 1)
        return response


def _origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of an address."""
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or (443 if parts.scheme == "https" else 80)
