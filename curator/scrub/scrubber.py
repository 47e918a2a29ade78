"""The scrub for everybody else: one object that owns the worker process and never blocks longer than its limits."""

import atexit
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from curator.model import Draft, Finding, ScrubbedDraft, ScrubPolicy
from curator.model.errors import ConfigError, CuratorError, ExitCode, UsageError
from curator.scrub.gate import Choices
from curator.scrub.items import Limits, NotScrubbed
from curator.scrub.pipeline import Pipeline, Scrubbed

T = TypeVar("T")
_BOOT = "import sys; sys.path.append(sys.argv[1]); from curator.scrub.worker import main; main()"
_Job = tuple[dict[str, Any], Callable[[Any], Any], "Future[Any]"]
_SECRETS = ("LANGFUSE_",)
"""Environment variables that the worker has no business with."""
_WAITING = 10.0
"""A worker that gets so little of a busy machine, or none because it was stopped, is given up: times its seconds."""


class Scrubber:
    """Scrubs drafts and values in a worker process, one after the other.

    `scrub`, `find` and the others wait; `submit` gives a Future and returns at once, also while the engine still loads.
    `in_process=True` loads the engine into this process: for tests and benchmarks, without the time limit.
    Thread-safe. Close it, or use it as a context manager.
    """

    def __init__(self, *, limits: Limits | None = None, in_process: bool = False, use_model: bool = True) -> None:
        self.limits = limits or Limits()
        self._use_model = use_model
        self._pipeline: Pipeline | None = None
        if in_process:
            from curator.scrub.engine import Engine

            self._pipeline = Pipeline(Engine(use_model=use_model), self.limits)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> "Future[str | None]":
        """Loads the engine ahead of the first request; the Future gives the name of the model, or None without one."""
        return self._ask({"do": "ready"}, lambda body: body["model"])

    def scrub(
        self, draft: Draft, policy: ScrubPolicy, choices: Choices | None = None, *, review: bool = False
    ) -> ScrubbedDraft:
        """Scrubs a draft. `review`: every finding waits for a reviewer's choice; else it is replaced.

        Raises NotScrubbed (nothing may be stored) and UsageError (a policy with unknown entities).
        """
        return self.submit(draft, policy, choices, review=review).result()

    def submit(
        self, draft: Draft, policy: ScrubPolicy, choices: Choices | None = None, *, review: bool = False
    ) -> "Future[ScrubbedDraft]":
        """As `scrub`, without waiting; `asyncio.wrap_future` makes it awaitable. Cancelling is free."""
        request = {
            "do": "scrub",
            "draft": draft.model_dump(mode="json"),
            "policy": _plain(policy),
            "choices": {key: choice.model_dump(mode="json") for key, choice in (choices or {}).items()},
            "review": review,
        }
        return self._ask(request, lambda body: ScrubbedDraft.model_validate({**body, "draft": draft}))

    def scrub_value(self, value: object, policy: ScrubPolicy) -> Scrubbed:
        """Scrubs any JSON value: everything that is found is replaced. Raises NotScrubbed and UsageError."""
        request = {"do": "scrub_value", "value": value, "policy": _plain(policy)}
        return self._ask(request, lambda b: Scrubbed(b["value"], tuple(_findings(b["findings"])))).result()

    def find(self, value: object, policy: ScrubPolicy) -> list[Finding]:
        """Every finding in a JSON value, suggestions included; placeholders are none.

        Raises NotScrubbed and UsageError.
        """
        return self._ask({"do": "find", "value": value, "policy": _plain(policy)}, _findings).result()

    def warm(self, values: Sequence[object]) -> None:
        """Reads many values in one batch; scrubbing or searching them afterwards is several times faster."""
        self._ask({"do": "warm", "values": list(values)}, lambda _: None, items=len(values)).result()

    def close(self) -> None:
        """Ends the worker; requests that still wait fail with NotScrubbed."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            thread = self._thread
        self._kill()
        if thread is not None:
            self._jobs.put(None)
            thread.join(timeout=5)
        atexit.unregister(self.close)

    def _ask(self, request: dict[str, Any], read: Callable[[Any], T], *, items: int = 1) -> "Future[T]":
        future: Future[T] = Future()
        if self._pipeline is not None:
            from curator.scrub.worker import answer

            pipeline = self._pipeline
            return _done(lambda: read(answer(pipeline, request)))
        with self._lock:
            if self._closed:
                future.set_exception(NotScrubbed("the scrub has been closed"))
                return future
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="curator-scrub", daemon=True)
                self._thread.start()
                atexit.register(self.close)
        self._jobs.put(({**request, "_items": items}, read, future))
        return future

    def _run(self) -> None:
        """The thread that talks to the worker: one request at a time, each with its time limit."""
        while (job := self._jobs.get()) is not None:
            request, read, future = job
            # Whoever asked may have turned to something else meanwhile.
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(read(self._exchange(request)))
            except BaseException as error:
                future.set_exception(error)
        self._kill()

    def _exchange(self, request: dict[str, Any]) -> Any:
        items = request.pop("_items")
        if self._closed:
            raise NotScrubbed("the scrub has been closed")
        if self._process is None or self._process.poll() is not None:
            hello = {"limits": self.limits.model_dump(mode="json"), "use_model": self._use_model}
            self._process = self._spawn()
            if self._closed:  # `close` came before there was a process to end, and waits for this thread
                self._kill()
                raise NotScrubbed("the scrub has been closed")
            self._talk(self._process, hello, self.limits.start_seconds, "the engine did not load within")
        return self._talk(self._process, request, self.limits.seconds * max(1, items), "it took longer than")

    def _talk(self, process: "subprocess.Popen[bytes]", message: object, seconds: float, what: str) -> Any:
        """Sends and waits. A worker that has used `seconds` of processor time and is still silent is killed."""
        from curator.scrub.worker import receive, send

        assert process.stdin is not None
        assert process.stdout is not None
        late, answered = threading.Event(), threading.Event()

        def watch() -> None:
            before, latest = _processor_seconds(process), time.monotonic() + seconds * _WAITING
            while not answered.wait(min(0.5, seconds / 5)):
                if _processor_seconds(process) - before > seconds or time.monotonic() > latest:
                    late.set()
                    process.kill()
                    return

        threading.Thread(target=watch, name="curator-scrub-limit", daemon=True).start()
        try:
            send(process.stdin, message)
            reply = receive(process.stdout)
        except (OSError, ValueError):
            reply = None
        finally:
            answered.set()
        if late.is_set():
            self._kill()
            raise NotScrubbed(f"{what} {seconds:g} seconds of processor time")
        if reply is None:
            self._kill()
            raise NotScrubbed("the scrub's process ended unexpectedly")
        return _opened(reply)

    def _spawn(self) -> "subprocess.Popen[bytes]":
        import curator

        root = str(Path(curator.__file__).resolve().parents[1])
        environment = {k: v for k, v in os.environ.items() if not k.startswith(_SECRETS)}
        environment["REGEX_TIMEOUT_SECONDS"] = "2"
        return subprocess.Popen(
            [sys.executable, "-P", "-c", _BOOT, root],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            # An interrupt in the terminal is the caller's business.
            start_new_session=True,
        )

    def _kill(self) -> None:
        process = self._process
        if process is None:
            return
        process.kill()
        process.wait(timeout=10)


def _processor_seconds(process: "subprocess.Popen[bytes]") -> float:
    """Processor time that a process has used; a clock on the wall would count what a busy machine lets it wait."""
    import psutil

    try:
        used = psutil.Process(process.pid).cpu_times()
    except psutil.Error:  # it has ended, which its reader hears, too
        return 0.0
    return float(used.user + used.system)


def _opened(reply: Mapping[str, Any]) -> Any:
    if "ok" in reply:
        return reply["ok"]
    if "not_scrubbed" in reply:
        raise NotScrubbed(reply["not_scrubbed"])
    error = reply["error"]
    kinds: dict[int, type[CuratorError]] = {ExitCode.USAGE: UsageError, ExitCode.CONFIG: ConfigError}
    raise kinds.get(error["exit"], CuratorError)(error["message"], code=error["code"], remedy=error["remedy"])


def _done(work: Callable[[], T]) -> "Future[T]":
    future: Future[T] = Future()
    try:
        future.set_result(work())
    except Exception as error:
        future.set_exception(error)
    return future


def _findings(body: Sequence[Mapping[str, Any]]) -> list[Finding]:
    return [Finding.model_validate(finding) for finding in body]


def _plain(policy: ScrubPolicy) -> dict[str, Any]:
    return policy.model_dump(mode="json")
