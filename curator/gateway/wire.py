"""The HTTP client under the SDK: counts real requests, keeps the last answer, survives a connection reset."""

import contextlib
import email.utils
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from curator.config import Connection

CONNECT_SECONDS = 10.0
# Langfuse's node server closes an idle connection after 5 s. Reusing one at that moment loses a request.
KEEPALIVE_SECONDS = 3.0
# The server resets the connection after refusing a large body (413), so a large body gets a connection of its own.
LARGE_BODY = 1_000_000


class Answered(Exception):
    """The answer is here. Leaves the SDK before it turns the JSON into its own models, which nobody here looks at:
    a page of 100 experiment items with their scores takes it seconds, and a minor server version can break it."""


@dataclass
class Exchange:
    """What happened on the wire during one call of the SDK."""

    sent: bool = False
    """Whether a request was handed to the connection."""
    method: str = ""
    body_bytes: int = 0
    response: httpx.Response | None = None
    """The answer, its body read; None when there was none."""


class Wire:
    """One httpx client for all threads."""

    def __init__(self, connection: Connection, on_request: Callable[[str], None] | None) -> None:
        self.requests = 0
        self.clock_skew: float | None = None
        self.host = _host(connection.base_url)
        self._base_path = urlsplit(connection.base_url).path.rstrip("/")
        self._lock = threading.Lock()
        self._local = threading.local()
        self._on_request = on_request
        self.client = httpx.Client(
            auth=httpx.BasicAuth(connection.public_key, connection.secret_key.get_secret_value()),
            timeout=connection.timeout,
            limits=httpx.Limits(max_connections=20, keepalive_expiry=KEEPALIVE_SECONDS),
            # A redirect would turn a POST into a GET, or carry the keys elsewhere.
            follow_redirects=False,
            event_hooks={"request": [self._before], "response": [self._after]},
        )

    @contextmanager
    def exchange(self) -> Iterator[Exchange]:
        """Records what this thread sends and receives in the block."""
        self._local.exchange = exchange = Exchange()
        try:
            yield exchange
        finally:
            self._local.exchange = None

    def _before(self, request: httpx.Request) -> None:
        timeout = request.extensions.get("timeout")
        if isinstance(timeout, dict) and timeout.get("connect"):
            timeout["connect"] = min(timeout["connect"], CONNECT_SECONDS)
        size = int(request.headers.get("content-length") or 0)
        if size > LARGE_BODY:
            request.headers["connection"] = "close"
        with self._lock:
            self.requests += 1
        exchange: Exchange | None = getattr(self._local, "exchange", None)
        if exchange is not None:
            exchange.sent, exchange.method, exchange.body_bytes = True, request.method, size
        if self._on_request is not None:
            self._on_request(f"{request.method} {request.url.path.removeprefix(self._base_path)}")

    def _after(self, response: httpx.Response) -> None:
        response.read()
        with contextlib.suppress(TypeError, ValueError):
            date = email.utils.parsedate_to_datetime(response.headers.get("date", ""))
            self.clock_skew = time.time() - date.timestamp() - 0.5
        exchange: Exchange | None = getattr(self._local, "exchange", None)
        if exchange is not None:
            exchange.response = response
            if response.is_success:
                raise Answered


def _host(base_url: str) -> str:
    """Host and port, without the user and password that an address may carry."""
    parts = urlsplit(base_url)
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        port = ""
    return f"{parts.hostname or 'the configured address'}{port}"
