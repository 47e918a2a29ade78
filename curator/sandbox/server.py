"""Runs the sandbox on a port: for `curator sandbox`, `curator demo` and tests."""

import socket
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

import uvicorn

from curator.sandbox.app import create_app
from curator.sandbox.auth import Keys
from curator.sandbox.connection import Connection
from curator.sandbox.errors import SandboxProblem
from curator.sandbox.faults import apply_fault
from curator.sandbox.gate import NO_LAG, Lag, Settings
from curator.sandbox.ratelimit import RateLimit
from curator.sandbox.store import Clock, Store, utc_now

START_SECONDS = 20


class SandboxServer:
    """A sandbox on its own thread; a context manager.

    `port` 0 takes a free one. `data` keeps what is sent in a directory; without it everything is forgotten at the end.
    `rate_limit` is a plan of Langfuse Cloud (`hobby`, `core`). `store` can be filled before the server starts; faults
    are switched on with `fault`. Raises SandboxProblem when the port is taken.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        data: Path | None = None,
        lag: Lag = NO_LAG,
        rate_limit: str | None = None,
        keys: Keys | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self.settings = Settings(keys or Keys(), lag, rate_limit=RateLimit(rate_limit) if rate_limit else None)
        self._socket = _bind(host, port)
        self.base_url = f"http://{f'[{host}]' if ':' in host else host}:{self._socket.getsockname()[1]}"
        self.store = Store(data, clock=clock)
        app = create_app(self.store, self.settings)
        config = uvicorn.Config(
            app,
            http=Connection,
            ws="none",
            lifespan="off",
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_keep_alive=65,
            timeout_graceful_shutdown=2,
            h11_max_incomplete_event_size=1024 * 1024,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="curator-sandbox", daemon=True)

    @property
    def public_key(self) -> str:
        """The public key that the sandbox accepts."""
        return self.settings.keys.public

    @property
    def secret_key(self) -> str:
        """The secret key that the sandbox accepts."""
        return self.settings.keys.secret

    def environment(self) -> dict[str, str]:
        """The three variables that the Langfuse SDK and curator read."""
        return {
            "LANGFUSE_PUBLIC_KEY": self.public_key,
            "LANGFUSE_SECRET_KEY": self.secret_key,
            "LANGFUSE_BASE_URL": self.base_url,
        }

    def fault(self, name: str, argument: str | None = None) -> None:
        """Switch a fault on (`faults.KINDS`). Raises UsageError."""
        apply_fault(self.store, self.settings.faults, name, argument)

    def start(self) -> Self:
        """Serve; returns when requests are answered."""
        self._thread.start()
        for _ in range(START_SECONDS * 100):
            if self._server.started:
                return self
            self._thread.join(0.01)
            if not self._thread.is_alive():
                break
        raise SandboxProblem(
            "The sandbox did not start.",
            code="SANDBOX_START",
            remedy="Start it again, on another port (--port).",
            exit_code=4,
        )

    def stop(self) -> None:
        """Finish open requests (two seconds), close the port, forget temporary data."""
        self._server.should_exit = True
        if self._thread.ident is not None:
            self._thread.join()
        self._socket.close()
        self.store.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio switches Nagle's algorithm off only when it knows the protocol; without that every answer takes 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise SandboxProblem(
            f"Port {port} of {host} cannot be used: {error.strerror}.",
            code="SANDBOX_PORT",
            remedy="Choose another port with --port, or 0 for a free one.",
            exit_code=4,
        ) from None
    return listener
