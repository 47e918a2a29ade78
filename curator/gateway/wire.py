"""The HTTP client under the SDK: counts real requests, keeps the last answer, survives a connection reset, and bounds
what one answer may cost in time and size."""

import contextlib
import email.utils
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx

from curator.config import Connection
from curator.model.errors import ConfigError

CONNECT_SECONDS = 10.0
# Langfuse's node server closes an idle connection after 5 s. Reusing one at that moment loses a request.
KEEPALIVE_SECONDS = 3.0
# The server resets the connection after refusing a large body (413), so a large body gets a connection of its own.
LARGE_BODY = 1_000_000
# A packed answer grows by what one chunk of the network unpacks to before it is measured: gzip makes at most 64 MB of
# one. Other codings grow without bound, and so do codings of codings.
CODINGS = ("identity", "gzip", "deflate")
SENT_AT_ONCE = 65_536
NETWORK_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


class Answered(Exception):
    """The answer is here. Leaves the SDK before it turns the JSON into its own models, which nobody here looks at:
    a page of 100 experiment items with their scores takes it seconds, and a minor server version can break it."""


class TooMuch(Exception):
    """The answer is larger than `limits.answer_megabytes`."""


class OddCoding(Exception):
    """The answer is packed in a way that was not asked for."""


@dataclass
class Exchange:
    """What happened on the wire during one call of the SDK."""

    until: float
    """When the answer has to be there (monotonic)."""
    sent: bool = False
    """Whether a request was handed to the connection."""
    method: str = ""
    body_bytes: int = 0
    received: int = 0
    """Bytes that came from the network."""
    response: httpx.Response | None = None
    """The answer, its body read and unpacked; None when there was none."""


class Wire:
    """One httpx client for all threads."""

    def __init__(self, connection: Connection, on_request: Callable[[str], None] | None) -> None:
        """Raises ConfigError when the environment names a proxy or certificates that cannot be used."""
        self.requests = 0
        self.clock_skew: float | None = None
        self.host = _host(connection.base_url)
        self.limits = connection.limits
        self.timeout = connection.timeout
        self.until = connection.until
        self._most = int(connection.limits.answer_megabytes * 1_000_000)
        self._base_path = urlsplit(connection.base_url).path.rstrip("/")
        self._lock = threading.Lock()
        self._local = threading.local()
        self._on_request = on_request
        try:
            self.client = httpx.Client(
                auth=httpx.BasicAuth(connection.public_key, connection.secret_key.get_secret_value()),
                timeout=connection.timeout,
                headers={"accept-encoding": "gzip, deflate"},
                limits=httpx.Limits(max_connections=20, keepalive_expiry=KEEPALIVE_SECONDS),
                # A redirect would turn a POST into a GET, or carry the keys elsewhere.
                follow_redirects=False,
                event_hooks={"request": [self._before], "response": [self._after]},
            )
        except (OSError, ValueError, ImportError, httpx.InvalidURL) as error:
            raise _unusable_network(error) from None
        # httpx bounds each read, not the answer: a server that sends a byte now and then would hold us for ever. Only
        # the network backend below it sees every read, and httpx has no public way to give it one.
        for transport in (self.client._transport, *self.client._mounts.values()):
            if isinstance(transport, httpx.HTTPTransport):
                transport._pool._network_backend = _Bounded(transport._pool._network_backend, self)

    @property
    def seconds_left(self) -> float:
        """Seconds until the command has to end; infinite without such an end."""
        return float("inf") if self.until is None else self.until - time.time()

    @contextmanager
    def exchange(self) -> Iterator[Exchange]:
        """Records what this thread sends and receives in the block, which has `timeout` seconds for it in all."""
        seconds = min(self.timeout, self.seconds_left)
        self._local.exchange = exchange = Exchange(until=time.monotonic() + seconds)
        try:
            yield exchange
        finally:
            self._local.exchange = None

    def bounded(self, seconds: float | None) -> float | None:
        """What an operation on the network may take at most. Raises httpcore.ReadTimeout when nothing is left."""
        exchange: Exchange | None = getattr(self._local, "exchange", None)
        if exchange is None:
            return seconds
        left = exchange.until - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout
        return left if seconds is None else min(seconds, left)

    def received(self, size: int) -> None:
        """Counts what came from the network. Raises TooMuch."""
        exchange: Exchange | None = getattr(self._local, "exchange", None)
        if exchange is not None:
            exchange.received += size
            if exchange.received > self._most:
                raise TooMuch

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
        if response.headers.get("content-encoding", "identity").strip().lower() not in CODINGS:
            raise OddCoding
        content = bytearray()
        for part in response.iter_bytes():
            content += part
            if len(content) > self._most:
                raise TooMuch
        with contextlib.suppress(TypeError, ValueError):
            date = email.utils.parsedate_to_datetime(response.headers.get("date", ""))
            # `Date` leaves the fraction of its second out: on average half of one.
            self.clock_skew = time.time() - date.timestamp() - 0.5
        exchange: Exchange | None = getattr(self._local, "exchange", None)
        if exchange is not None:
            headers = [(k, v) for k, v in response.headers.multi_items() if k.lower() != "content-encoding"]
            exchange.response = httpx.Response(
                response.status_code, headers=headers, content=bytes(content), request=response.request
            )
            raise Answered


class _Bounded(httpcore.NetworkBackend):
    """Connections whose every operation counts against the exchange that it belongs to."""

    def __init__(self, inner: httpcore.NetworkBackend, wire: Wire) -> None:
        self._inner, self._wire = inner, wire

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        stream = self._inner.connect_tcp(host, port, self._wire.bounded(timeout), local_address, socket_options)
        return _BoundedStream(stream, self._wire)


class _BoundedStream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, wire: Wire) -> None:
        self._inner, self._wire = inner, wire

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._inner.read(max_bytes, self._wire.bounded(timeout))
        self._wire.received(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), SENT_AT_ONCE):
            self._inner.write(buffer[start : start + SENT_AT_ONCE], self._wire.bounded(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self._inner.start_tls(ssl_context, server_hostname, self._wire.bounded(timeout))
        return _BoundedStream(stream, self._wire)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _unusable_network(error: Exception) -> ConfigError:
    """Which variables are to blame; not their values, which may hold a proxy's password."""
    given = [name for name in NETWORK_VARIABLES if os.environ.get(name) or os.environ.get(name.lower())]
    why = "the certificates cannot be read" if isinstance(error, OSError) else "the proxy's address cannot be used"
    if isinstance(error, ImportError):
        why = "a SOCKS proxy needs the package socksio"
    return ConfigError(
        f"The network settings of the environment cannot be used: {why}.",
        code="CONFIG_NETWORK",
        remedy=f"Correct or unset {', '.join(given)}." if given else "Check the certificates of this Python.",
    )


def _host(base_url: str) -> str:
    """Host and port, without the user and password that an address may carry."""
    parts = urlsplit(base_url)
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        port = ""
    return f"{parts.hostname or 'the configured address'}{port}"
