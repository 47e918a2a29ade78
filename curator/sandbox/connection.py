"""Control over the TCP connection behind a request: what a real server does to clients when things go wrong.

ASGI has no words for a reset connection, so the HTTP protocol introduces itself to the application in the scope.
"""

import asyncio
import socket
import struct
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

KEY = "curator.connection"
NO_LINGER = struct.pack("ii", 1, 0)


class Connection(H11Protocol):
    """One client connection."""

    reset_on_next_request = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        application = self.app

        async def introduce(scope: Scope, receive: Receive, send: Send) -> None:
            if self.reset_on_next_request:
                # A client that is still writing would see a broken pipe instead.
                while (await receive()).get("more_body"):
                    pass
                self.reset()
                await until_disconnected(receive)
            else:
                await application({**scope, "extensions": {KEY: self}}, receive, send)

        self.app = introduce

    def reset(self) -> None:
        """Send RST: the client fails with `Connection reset by peer`."""
        raw = self.transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        self.transport.abort()

    def hang_up(self) -> None:
        """Send what has been written and close."""
        self.transport.close()


def connection_of(request: Request) -> Connection:
    """The connection that the request came in on."""
    connection: Connection = request.scope["extensions"][KEY]
    return connection


class Dropped(Response):
    """No answer at all: the work is done, the connection is closed."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["extensions"][KEY].reset()
        await until_disconnected(receive)


class Truncated(Response):
    """The first half of an answer, then the connection is closed."""

    def __init__(self, whole: Response) -> None:
        super().__init__()
        self.whole = whole

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = bytes(self.whole.body)
        start = {"type": "http.response.start", "status": self.whole.status_code, "headers": self.whole.raw_headers}
        await send(start)
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        scope["extensions"][KEY].hang_up()
        await until_disconnected(receive)


async def until_disconnected(receive: Receive) -> None:
    """Wait until the client's end of the connection is known to be gone."""
    while (await receive())["type"] != "http.disconnect":
        await asyncio.sleep(0)
