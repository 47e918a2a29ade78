"""Runs other people's code so that nothing it does can reach the verdict: in processes of their own, kept and killable.

Process pools (concurrent.futures, loky, pebble) hand results back as pickles, which run code where they are opened: in
the process that decides. Here a worker answers in JSON over a socket of its own, each answer with the token of its
request; psutil measures and ends the whole tree of processes. This holds against accidents and short cuts; it is no
sandbox for hostile code, which has the rights of the user who starts it.
"""

import contextlib
import json
import os
import secrets
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import psutil

from curator.config import Connection
from curator.experiments.worker import redact

LOAD_SECONDS = 120.0
"""How long importing a task may take."""
FLUSH_SECONDS = 10.0
CLOSE_SECONDS = 3.0
WATCH_SECONDS = 0.1
_TAIL = 4_000
SHOWN = 64 * 1024
"""Bytes of what one call prints that are handed on."""
DEFAULT_MEMORY_GIB = 4.0
_SCRIPT = Path(__file__).with_name("worker.py")


class Limits(NamedTuple):
    """What one call may take, its children included."""

    memory: int
    """Bytes, resident."""
    answer: int = 16 * 1024**2
    """Bytes of JSON."""
    printed: int = 16 * 1024**2
    """Bytes on standard output and error."""
    processes: int = 200


def limits_of(memory: float) -> Limits:
    """The limits with `memory` in GiB."""
    return Limits(memory=round(memory * 1024**3))


class CallFailed(Exception):
    """The call gave no answer. The message says why, in one line without known secrets."""


class TimedOut(CallFailed):
    """The call did not come back before its deadline."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no answer within {seconds:g} s")


class Answer(NamedTuple):
    """What a call returned, and how long it took in seconds (without start-up and imports)."""

    value: Any
    seconds: float


Printed = Callable[[str], None]
"""Gets what the code printed, as it came; hostile until it is made plain."""


class Apart(NamedTuple):
    """What the processes of tasks and evaluators are run with."""

    environment: Mapping[str, str] = MappingProxyType({})
    """Variables beside those of this process."""
    limits: Limits = limits_of(DEFAULT_MEMORY_GIB)
    printed: Printed | None = None


class Watch:
    """Looks at one process and all it started while somebody waits for it."""

    def __init__(self, process: "subprocess.Popen[bytes]", limits: Limits, printed: Printed | None = None) -> None:
        self.process = process
        self.limits = limits
        self.tail = b""
        self._printed = printed
        self._count = 0
        self._next = 0.0

    def begin(self) -> None:
        """Starts to count anew: another call."""
        self._count, self._next = 0, time.monotonic() + WATCH_SECONDS

    def take(self, chunk: bytes) -> None:
        """Takes note of what was printed. Raises CallFailed when it is too much."""
        self._count += len(chunk)
        self.tail = (self.tail + chunk[-_TAIL:])[-_TAIL:]
        if self._count > self.limits.printed:
            raise CallFailed(f"it printed more than {_size(self.limits.printed)}")
        if self._printed is not None and self._count - len(chunk) < SHOWN:
            self._printed(chunk.decode("utf-8", "replace"))
            if self._count >= SHOWN:
                self._printed("\n… what else it prints is not shown\n")

    def enforce(self) -> None:
        """Raises CallFailed when memory or the number of processes is beyond its limit."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + WATCH_SECONDS
        tree = self.tree()
        if len(tree) > self.limits.processes:
            raise CallFailed(f"it started more than {self.limits.processes} processes")
        memory = 0
        for each in tree:
            with contextlib.suppress(psutil.Error):
                memory += each.memory_info().rss
        if memory > self.limits.memory:
            raise CallFailed(f"it used more than {_size(self.limits.memory)} of memory")

    def tree(self) -> list[psutil.Process]:
        """The process and its descendants, as far as they are there."""
        try:
            first = psutil.Process(self.process.pid)
            return [first, *first.children(recursive=True)]
        except psutil.Error:
            return []

    def kill(self) -> None:
        """Ends the process, its group and its descendants."""
        tree = self.tree()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        for each in tree:
            with contextlib.suppress(psutil.Error):
                each.kill()
        self.process.wait()

    def ended(self) -> str:
        """How the process ended, for a reason."""
        code = self.process.wait()
        last = redact(self.tail.decode("utf-8", "replace").strip().rsplit("\n", 1)[-1])
        if code < 0:
            with contextlib.suppress(ValueError):
                return f"its process was ended by {signal.Signals(-code).name}"
        return f"its process ended in the middle (exit status {code}){f': {last}' if last else ''}"


class Worker:
    """One process for one call at a time."""

    def __init__(self, apart: Apart) -> None:
        self.loaded: dict[tuple[str, str], Any] = {}
        self.alive = True
        self._channel, theirs = socket.socketpair()
        out, into = os.pipe()
        try:
            process = subprocess.Popen(
                # -P: the current folder must not shadow what the worker itself imports.
                [sys.executable, "-P", str(_SCRIPT), str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=into,
                stderr=into,
                pass_fds=[theirs.fileno()],
                env={**os.environ, **apart.environment},
                start_new_session=True,  # so that its children die with it, and Ctrl-C is ours
            )
        except OSError as error:
            os.close(out)
            self._channel.close()
            raise CallFailed(f"its process cannot be started: {error.strerror}") from None
        finally:
            theirs.close()
            os.close(into)
        self._out: int | None = out
        self._closing = threading.Lock()
        self._left: list[psutil.Process] = []
        self._buffer = bytearray()
        self._watch = Watch(process, apart.limits, apart.printed)
        # The first message; a worker that is dead already is found out by the first call.
        with contextlib.suppress(OSError):
            self._channel.sendall(json.dumps({"path": sys.path, "memory": apart.limits.memory}).encode() + b"\n")

    def ask(self, request: Mapping[str, Any], timeout: float) -> Answer:
        """The answer to one request. Raises CallFailed; after all but a failure of the call itself, it is not alive."""
        token = secrets.token_hex(16)
        self._watch.begin()
        try:
            began = time.monotonic()
            self._send(json.dumps({**request, "token": token}).encode() + b"\n", began + timeout, timeout)
            message = self._message(token, began + timeout, timeout)
            seconds = time.monotonic() - began
        except CallFailed:
            self.kill()
            raise
        try:
            if self._message(token, time.monotonic() + FLUSH_SECONDS, FLUSH_SECONDS).get("ready") is not True:
                raise CallFailed("it answered twice")
        except CallFailed:
            self.kill()  # the answer stands: it came whole, with its token, before whatever happened since
        if "error" in message:
            raise CallFailed(redact(str(message["error"])))
        if "ok" not in message:
            self.kill()
            raise CallFailed("it wrote to curator's own channel")
        return Answer(message["ok"], seconds)

    def kill(self) -> None:
        """Ends the process and everything that it started."""
        self.alive = False
        self._watch.kill()
        self._let_go()

    def stop(self) -> None:
        """Asks the process to end; `wait` for it."""
        self._left = self._watch.tree()  # what it started is found through it, as long as it is there
        with contextlib.suppress(OSError):
            self._channel.shutdown(socket.SHUT_WR)

    def wait(self, until: float) -> None:
        """Waits for an orderly end (what it still has to send), then kills what is left."""
        while self._watch.process.poll() is None and time.monotonic() < until:
            with contextlib.suppress(CallFailed):
                self._read(0.05)
        for each in self._left:
            with contextlib.suppress(psutil.Error):
                each.kill()
        self.kill()

    def _send(self, data: bytes, until: float, timeout: float) -> None:
        view = memoryview(data)
        while view:
            writable = select.select([], [self._channel], [], WATCH_SECONDS)[1]
            if writable:
                try:
                    view = view[self._channel.send(view[:65536], socket.MSG_DONTWAIT) :]
                except BlockingIOError:
                    continue
                except OSError:
                    raise CallFailed(self._watch.ended()) from None
            elif time.monotonic() > until:
                raise TimedOut(timeout)

    def _message(self, token: str, until: float, timeout: float) -> dict[str, Any]:
        """The next line, with this token. Raises CallFailed, TimedOut."""
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if len(self._buffer) > self._watch.limits.answer:
                raise CallFailed(f"its answer is larger than {_size(self._watch.limits.answer)}")
            left = until - time.monotonic()
            if left <= 0:
                raise TimedOut(timeout)
            if not self._read(min(left, WATCH_SECONDS)) and self._watch.process.poll() is not None:
                raise CallFailed(self._watch.ended())
            self._watch.enforce()
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            message = None
        if not isinstance(message, dict) or message.get("token") != token:
            raise CallFailed("it wrote to curator's own channel")
        return message

    def _read(self, seconds: float) -> bool:
        """Takes what there is; False when there was nothing from the channel."""
        if not self.alive:
            raise CallFailed("stopped")
        sources: list[Any] = [self._channel] + ([self._out] if self._out is not None else [])
        try:
            ready = select.select(sources, [], [], seconds)[0]
            if self._out in ready and self._out is not None:
                chunk = os.read(self._out, 1024**2)
                if not chunk:
                    self._close_out()
                else:
                    self._watch.take(chunk)
            if self._channel in ready:
                data = self._channel.recv(1024**2)
                self._buffer += data
                if not data:
                    time.sleep(0.01)  # the process is about to be gone
                return bool(data)
        except (OSError, ValueError):  # killed by another thread meanwhile
            raise CallFailed("stopped") from None
        return False

    def _let_go(self) -> None:
        self._channel.close()
        self._close_out()

    def _close_out(self) -> None:
        with self._closing:  # who waits for the call and who ends the run may both get here; a number is closed once
            if self._out is not None:
                os.close(self._out)
                self._out = None


class Pool:
    """Kept workers, as many as there are calls at the same time. Thread-safe; `close` it."""

    def __init__(self, apart: Apart) -> None:
        self._apart = apart
        self._lock = threading.Lock()
        self._idle: list[Worker] = []
        self._busy: set[Worker] = set()
        self._closed = False

    def load(self, kind: str, spec: str) -> dict[str, Any]:
        """Imports what `spec` names; `{fingerprint}`. Raises CallFailed."""
        with self._worker() as worker:
            return self._loaded(worker, kind, spec)

    def call(self, kind: str, spec: str, timeout: float, **request: Any) -> Answer:
        """Calls what `spec` names, in the trace of the caller. Raises CallFailed."""
        carrier: dict[str, str] = {}
        from opentelemetry.propagate import inject

        inject(carrier)
        with self._worker() as worker:
            self._loaded(worker, kind, spec)
            return worker.ask({"do": kind, "spec": spec, "trace": carrier, **request}, timeout)

    def close(self) -> None:
        """Ends all workers: those at work at once, the others when they have sent what they have to send."""
        with self._lock:
            self._closed = True
            idle, busy = list(self._idle), list(self._busy)
            self._idle.clear()
        for worker in busy:
            worker.kill()
        for worker in idle:
            worker.stop()
        until = time.monotonic() + CLOSE_SECONDS
        for worker in idle:
            worker.wait(until)

    def _loaded(self, worker: Worker, kind: str, spec: str) -> dict[str, Any]:
        key = (kind, spec)
        if key not in worker.loaded:
            try:
                worker.loaded[key] = worker.ask({"do": f"{kind}-load", "spec": spec}, LOAD_SECONDS).value
            except TimedOut:
                raise CallFailed(f"importing it took longer than {LOAD_SECONDS:g} s") from None
            except CallFailed as error:
                raise error if worker.alive else CallFailed(f"importing it: {error}") from None
        found: dict[str, Any] = worker.loaded[key]
        return found

    @contextlib.contextmanager
    def _worker(self) -> Iterator[Worker]:
        with self._lock:
            if self._closed:
                raise CallFailed("stopped")
            worker = self._idle.pop() if self._idle else Worker(self._apart)
            self._busy.add(worker)
        try:
            yield worker
        finally:
            with self._lock:
                self._busy.discard(worker)
                if worker.alive and not self._closed:
                    self._idle.append(worker)


def run_command(
    command: Sequence[str],
    document: bytes,
    timeout: float,
    *,
    watching: Callable[[Watch], None],
    apart: Apart,
) -> tuple[int, bytes, str]:
    """Runs a program once: `(exit status, standard output, last line of standard error)`. Raises CallFailed.

    `watching` is told whom to kill when nobody waits any more.
    """
    import tempfile

    with tempfile.TemporaryFile() as stdin:
        stdin.write(document)
        stdin.seek(0)
        try:
            process = subprocess.Popen(
                list(command),
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**os.environ, **apart.environment},
                start_new_session=True,
            )
        except OSError as error:
            raise CallFailed(f"the command cannot be started: {error.strerror}") from None
    assert process.stdout is not None
    assert process.stderr is not None
    out, err = process.stdout.fileno(), process.stderr.fileno()
    watch = Watch(process, apart.limits)
    watch.begin()
    watching(watch)
    said, open_, until = bytearray(), {out, err}, time.monotonic() + timeout
    try:
        while open_:
            if time.monotonic() > until:
                raise TimedOut(timeout)
            ready = select.select(list(open_), [], [], WATCH_SECONDS)[0]
            for source in ready:
                chunk = os.read(source, 65536)
                if not chunk:
                    open_.discard(source)
                elif source == out:
                    said += chunk
                else:
                    watch.take(chunk)
            if len(said) > apart.limits.answer:
                raise CallFailed(f"its standard output is larger than {_size(apart.limits.answer)}")
            if not ready and process.poll() is not None:
                break  # a child that it left behind holds the pipes
            watch.enforce()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, until - time.monotonic()))
        if process.poll() is None:
            raise TimedOut(timeout)
    finally:
        watch.kill()
        process.stdout.close()
        process.stderr.close()
    return process.returncode, bytes(said), redact(watch.tail.decode("utf-8", "replace").strip().rsplit("\n", 1)[-1])


def apart_of(connection: Connection, memory: float, printed: Printed | None) -> Apart:
    """How tasks run that may use `memory` GiB; an instrumented one records into the project of the run."""
    variables = {
        "LANGFUSE_BASE_URL": connection.base_url,
        "LANGFUSE_HOST": connection.base_url,
        "LANGFUSE_PUBLIC_KEY": connection.public_key,
        "LANGFUSE_SECRET_KEY": connection.secret_key.get_secret_value(),
    }
    return Apart(variables, limits_of(memory), printed)


def _size(count: int) -> str:
    return f"{count / 1024**2:g} MiB" if count >= 1024**2 else f"{count} bytes"
