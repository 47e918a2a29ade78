"""Tasks: what an experiment runs for each item. A Python function, a command, or an http(s) address.

Every kind takes the item's input and gives a JSON value. A task that knows its price may answer
`{"output": …, "curator": {"cost": 0.0012}}` (US dollars) instead of the output alone.
"""

import contextlib
import hashlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

from pydantic_core import PydanticSerializationError, to_jsonable_python

from curator.experiments import functions
from curator.experiments.calls import Caller, TimedOut
from curator.experiments.reasons import reason, redact
from curator.model.errors import UsageError
from curator.model.json import Json, canonical

DEFAULT_TIMEOUT_SECONDS = 60.0
# Commands and addresses enforce their deadline themselves (they must clean up); this is the last resort on top.
GRACE_SECONDS = 5.0


class TaskFailed(Exception):
    """The task gave no output for an item: it raised, hung, or answered with something else. The message says why."""


class HasInput(Protocol):
    """Any item: the SDK's, or a StoredItem."""

    @property
    def input(self) -> Any: ...


class TaskOutput(NamedTuple):
    """What a task gave for one item."""

    output: Json
    cost: float | None
    """US dollars, when the task said so."""


class Task(Protocol):
    """Something that answers an item."""

    name: str
    """The specification, without credentials: fit to be stored."""
    fingerprint: str
    """Changes when the task's code changes, as far as can be seen from here."""

    def answer(self, item: HasInput) -> Any:
        """The raw answer. May raise anything; blocks until it is there."""

    def close(self) -> None:
        """Stops what still runs."""


def parse_task(spec: str, *, timeout: float = DEFAULT_TIMEOUT_SECONDS) -> Task:
    """The task that `module:function`, `cmd:…` or an http(s) URL names. Raises UsageError (TASK_SPEC, PYTHON_PATH)."""
    if spec.startswith(("http://", "https://")):
        return AddressTask(spec, timeout)
    if spec.startswith("cmd:"):
        return CommandTask(spec, timeout)
    if ":" in spec and "/" not in spec:
        return FunctionTask(spec)
    raise UsageError(
        "The task is neither module:function, nor cmd:COMMAND, nor an http(s) address.",
        code="TASK_SPEC",
        remedy="Such as --task my_agent:answer, --task 'cmd:python agent.py' or --task http://localhost:8000/answer.",
    )


class Runner:
    """Runs a task for items, each with a deadline; what comes back is an output or TaskFailed. Thread-safe."""

    def __init__(self, task: Task, *, timeout: float = DEFAULT_TIMEOUT_SECONDS) -> None:
        self.task = task
        self._timeout = timeout if isinstance(task, FunctionTask) else timeout + GRACE_SECONDS
        self._caller = Caller()

    def __enter__(self) -> "Runner":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stops what still runs."""
        self._caller.close()
        self.task.close()

    def run(self, item: HasInput) -> TaskOutput:
        """The task's output for one item. Raises TaskFailed."""
        try:
            return _output(self._caller.call(self.task.answer, item, timeout=self._timeout))
        except Exception as error:
            raise _as_failure(error) from None

    async def run_async(self, item: HasInput) -> TaskOutput:
        """As `run`, without blocking the running event loop."""
        try:
            return _output(await self._caller.call_async(self.task.answer, item, timeout=self._timeout))
        except Exception as error:
            raise _as_failure(error) from None


class FunctionTask:
    """`module:function`, sync or async; called with `item=` when it names that parameter (as Langfuse tasks do), else
    with the item's input."""

    def __init__(self, spec: str) -> None:
        self.name = spec
        self._function = functions.load(spec)
        self._takes_item = functions.wants(self._function, "item")
        self.fingerprint = functions.fingerprint(self._function)

    def answer(self, item: HasInput) -> Any:
        """What the function returns; an async function returns an awaitable, which the runner awaits."""
        return self._function(item=item) if self._takes_item else self._function(item.input)

    def close(self) -> None:
        """Nothing to stop: a function that hangs is left behind in its daemon thread."""


class CommandTask:
    """`cmd:COMMAND ARGUMENT…`: one process per item, the input as JSON on stdin, the output as JSON on stdout."""

    def __init__(self, spec: str, timeout: float) -> None:
        try:
            self._command = shlex.split(spec.removeprefix("cmd:"))
        except ValueError as error:
            raise UsageError(
                f"The command cannot be split into words: {error}.", code="TASK_SPEC", remedy="Check its quotes."
            ) from None
        if not self._command:
            raise UsageError("The command after cmd: is empty.", code="TASK_SPEC", remedy="Write cmd:COMMAND.")
        if shutil.which(self._command[0]) is None:
            raise UsageError(
                f"There is no command {redact(self._command[0])}.",
                code="TASK_SPEC",
                remedy="Name a program of the PATH or one by its path; it has to be executable.",
            )
        self.name = redact(spec)
        self.fingerprint = _command_fingerprint(self._command)
        self._timeout = timeout
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()

    def answer(self, item: HasInput) -> Any:
        """What the command printed, parsed. Raises TaskFailed, TimedOut."""
        try:
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # so that its children die with it
            )
        except OSError as error:
            raise TaskFailed(f"the command cannot be started: {error.strerror}") from None
        with self._lock:
            self._running.add(process)
        try:
            out, err = process.communicate(canonical(item.input).encode(), timeout=self._timeout)
        except subprocess.TimeoutExpired:
            raise TimedOut(self._timeout) from None
        finally:
            _kill(process)
            with self._lock:
                self._running.discard(process)
        if process.returncode != 0:
            said = redact(err.decode("utf-8", "replace").strip().rsplit("\n", 1)[-1])
            raise TaskFailed(f"exit status {process.returncode}{f': {said}' if said else ''}")
        return _parsed(out, "its standard output")

    def close(self) -> None:
        """Kills what still runs."""
        with self._lock:
            running = list(self._running)
        for process in running:
            _kill(process)


class AddressTask:
    """An http(s) address: the input is POSTed as JSON, the answer's body is the output.

    The W3C `traceparent` header goes along, so that an instrumented service records into the same trace.
    """

    def __init__(self, spec: str, timeout: float) -> None:
        import httpx

        parts = urlsplit(spec)
        if not parts.hostname:
            raise UsageError("The task's address names no host.", code="TASK_SPEC", remedy="Write http://HOST/PATH.")
        host = parts.netloc.rsplit("@", 1)[-1]
        self.name = f"{parts.scheme}://{host}{parts.path}"
        self.fingerprint = hashlib.sha256(self.name.encode()).hexdigest()
        self._url = spec
        self._client = httpx.Client(timeout=timeout, follow_redirects=False)

    def answer(self, item: HasInput) -> Any:
        """The body of the answer, parsed. Raises TaskFailed, TimedOut."""
        import httpx
        from opentelemetry.propagate import inject

        headers = {"content-type": "application/json"}
        inject(headers)
        try:
            response = self._client.post(self._url, content=canonical(item.input).encode(), headers=headers)
        except httpx.TimeoutException:
            raise TaskFailed("the address did not answer in time") from None
        except httpx.HTTPError as error:
            raise TaskFailed(f"the address cannot be reached ({type(error).__name__})") from None
        if not response.is_success:
            raise TaskFailed(f"the address answered HTTP {response.status_code}")
        return _parsed(response.content, "the answer's body")

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()


def _output(answer: Any) -> TaskOutput:
    """The answer as JSON, taken out of its envelope. Raises TaskFailed when it is no JSON or nothing."""
    try:
        value = to_jsonable_python(answer)
        canonical(value)
    except (PydanticSerializationError, ValueError, TypeError, RecursionError):
        raise TaskFailed(f"wrong shape: the output ({type(answer).__name__}) is not JSON") from None
    cost = None
    if isinstance(value, dict) and value.keys() == {"output", "curator"}:
        price = value["curator"].get("cost") if isinstance(value["curator"], dict) else None
        cost = float(price) if isinstance(price, int | float) and not isinstance(price, bool) else None
        value = value["output"]
    if value is None:
        raise TaskFailed("wrong shape: the task returned nothing")
    return TaskOutput(value, cost)


def _as_failure(error: Exception) -> TaskFailed:
    if isinstance(error, TaskFailed):
        return error
    return TaskFailed(str(error) if isinstance(error, TimedOut) else reason(error))


def _parsed(text: bytes, what: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise TaskFailed(f"wrong shape: {what} is not JSON") from None


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kills what is left of the command and its children, and closes its pipes."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


def _command_fingerprint(command: list[str]) -> str:
    """sha256 of the words, and of the content of those that are files (a script, a config)."""
    digest = hashlib.sha256(canonical(list(command)).encode())
    for word in command:
        path = Path(word)
        try:
            if path.is_file() and path.stat().st_size < 10_000_000:
                digest.update(hashlib.sha256(path.read_bytes()).digest())
        except OSError:
            continue
    return digest.hexdigest()
