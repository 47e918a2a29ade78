"""Somebody between curator and the sandbox: an HTTP server that passes everything on, or answers otherwise."""

import http.client
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

Answer = tuple[int, dict[str, str], bytes]
Onward = Callable[[bytes], Answer]
"""Passes the request on with this body; the sandbox's answer."""
Meddle = Callable[[str, bytes, Onward], Answer | None]
"""What becomes of a request (`POST /api/public/dataset-items`) with its body; None closes the connection."""


class Between:
    """`meddle` decides about every request; None passes all on."""

    def __init__(self, base_url: str) -> None:
        self.meddle: Meddle | None = None
        outer, address = self, urlsplit(base_url).netloc

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                asked = f"{self.command} {self.path}"
                answer = outer.meddle(asked, body, self.onward) if outer.meddle is not None else self.onward(body)
                if answer is None:
                    self.close_connection = True
                    return
                status, headers, content = answer
                self.send_response_only(status)
                for name, value in (headers | {"content-length": str(len(content))}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def onward(self, body: bytes) -> Answer:
                own = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "content-length")}
                connection = http.client.HTTPConnection(address)
                connection.request(self.command, self.path, body or None, own | {"accept-encoding": "identity"})
                got = connection.getresponse()
                kept = {k: v for k, v in got.getheaders() if k.lower() in ("content-type", "date", "retry-after")}
                content = got.read()
                connection.close()
                return got.status, kept, content

            do_GET = do_POST = do_PATCH = do_DELETE = handle_any

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.base_url = f"http://127.0.0.1:{self._server.server_address[1]}"

    @contextmanager
    def running(self) -> Iterator["Between"]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()


def answers(asked: str, status: int, body: object = b"", **headers: str) -> Meddle:
    """Requests that fit the pattern get this answer, bytes or JSON, and go no further."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request, sent, onward: (status, named, content) if re.match(asked, request) else onward(sent)


def drops(asked: str) -> Meddle:
    """Requests that fit the pattern go no further, and their connection is closed without an answer."""
    return lambda request, sent, onward: None if re.match(asked, request) else onward(sent)


def rewrites(asked: str, change: Callable[[Any], Any], *, answer: bool = False) -> Meddle:
    """The JSON of requests that fit the pattern, or of their answers, passes changed."""

    def meddle(request: str, sent: bytes, onward: Onward) -> Answer:
        if not re.match(asked, request):
            return onward(sent)
        if not answer:
            return onward(json.dumps(change(json.loads(sent))).encode())
        status, headers, content = onward(sent)
        return status, headers, json.dumps(change(json.loads(content))).encode()

    return meddle


def follows(asked: str, do: Callable[[], object]) -> Meddle:
    """Somebody else does something right after each request that fits the pattern, before its answer arrives."""

    def meddle(request: str, sent: bytes, onward: Onward) -> Answer:
        answer = onward(sent)
        if re.match(asked, request):
            do()
        return answer

    return meddle
