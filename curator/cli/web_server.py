"""textual-serve with a guard: a token in the address, and only pages that this server delivered open its WebSocket.

Browsers let any web page connect to a port on the user's own machine, every user of the machine can do so, and
textual-serve does not ask where a connection comes from: without the guard, any of them could press keys here.
"""

import asyncio
import hmac
import secrets
import signal
from contextlib import suppress
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler
from textual_serve.server import Server

from curator.cli.output import LOOPBACK, say

POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self' ws: wss:; frame-ancestors 'none'"
)
"""The page loads nothing from elsewhere (textual-serve's asks for a font of Google's) and stands in no other page."""
HEAD = """<head><title>curator</title><script>
addEventListener("load", () => {
  const keys = () => document.querySelector(".xterm-helper-textarea");
  const wait = new MutationObserver(() => keys() && (keys().focus(), wait.disconnect()));
  wait.observe(document.body, {childList: true, subtree: true, attributes: true});
});
</script>"""
"""Keys reach the terminal at once: textual-serve's page takes them only after a click."""

Origin = tuple[str, str, int]


class GuardedServer(Server):
    """Serves one command to browsers that were given the token; refuses foreign hosts and origins."""

    def __init__(self, command: str, *, host: str, port: int, public_url: str) -> None:
        super().__init__(command, host=host, port=port, title="curator", public_url=public_url)
        self.token = secrets.token_urlsafe(24)

    @property
    def address(self) -> str:
        """Where a browser has to go: the address with the token, as Jupyter has it."""
        return f"{self.public_url}/?token={self.token}"

    async def _make_app(self) -> web.Application:
        app: web.Application = await super()._make_app()
        app.middlewares.append(self._guard)
        return app

    async def on_startup(self, app: web.Application) -> None:
        # textual-serve ends with Ctrl-C and SIGTERM, and its sessions with it; a closed terminal sends SIGHUP.
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self.request_exit)
        self._said = asyncio.create_task(self._say_where())

    async def _say_where(self) -> None:
        """As soon as it can be opened: aiohttp listens only after its startup."""
        while True:
            with suppress(OSError):
                _, line = await asyncio.open_connection(self.host, self.port)
                line.close()
                break
            await asyncio.sleep(0.02)
        say(f"curator is at {self.address} until Ctrl-C")

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self._check_names(request)
        if "token" in request.query:
            self._check_token(request.query["token"])
            # The token moves into a cookie: it stays out of the browser's history and of what the page shows.
            found = web.HTTPSeeOther("/")
            secure = self.public_url.startswith("https:")
            found.set_cookie(self._cookie, self.token, httponly=True, samesite="Strict", secure=secure)
            raise found
        self._check_token(request.cookies.get(self._cookie, ""))
        response = await handler(request)
        if isinstance(response, web.Response) and response.content_type == "text/html":
            response.headers["Content-Security-Policy"] = POLICY
            response.headers["Referrer-Policy"] = "no-referrer"
            response.text = (response.text or "").replace("<head>", HEAD, 1)
        return response

    @property
    def _cookie(self) -> str:
        return f"curator-{self.port}"  # browsers share cookies between the ports of a host

    def _check_token(self, given: str) -> None:
        if not hmac.compare_digest(given.encode(), self.token.encode()):
            raise web.HTTPForbidden(text="Open the address that `curator serve` printed; it has a token.")

    def _check_names(self, request: web.Request) -> None:
        allowed = {_origin(self.public_url), _origin(f"http://{_in_address(self.host)}:{self.port}")}
        if self.host in LOOPBACK:
            allowed |= {_origin(f"http://{_in_address(name)}:{self.port}") for name in LOOPBACK}
        # A name that somebody else points at this machine (DNS rebinding) is no name of this server.
        called = {_origin(f"{scheme}://{request.host}") for scheme in ("http", urlsplit(self.public_url).scheme)}
        if None in called or not called & allowed:
            raise web.HTTPForbidden(text="This server does not go by that name.")
        origin = request.headers.get("Origin")
        # Browsers send Origin with every WebSocket: who sends none is no page of this server.
        needed = request.headers.get("Upgrade", "").lower() == "websocket"
        if (origin is None and needed) or (origin is not None and (_origin(origin) or "") not in allowed):
            raise web.HTTPForbidden(text="Another page may not use this server.")


def _in_address(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _origin(url: str) -> Origin | None:
    """Scheme, host and port of an address; None for what is none, such as `null` or a port that is no number."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if not parts.hostname:
        return None
    return parts.scheme, parts.hostname.lower(), port or (443 if parts.scheme == "https" else 80)
