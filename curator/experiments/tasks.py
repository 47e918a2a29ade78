"""Tasks: what an experiment runs for each item. A Python function, a command, or an http(s) address.

Every kind takes the item's input and gives a JSON value. A task that knows its price may answer
`{"output": …, "curator": {"cost": 0.0012}}` (US dollars) instead of the output alone.
"""

import hashlib
import json
import shlex
import shutil
import threading
import time
from abc import abstractmethod
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from curator.config import load_settings
from curator.experiments.checks.python_check import load_path
from curator.experiments.isolation import Answer, Apart, CallFailed, Limits, Pool, TimedOut, Watch, run_command
from curator.experiments.worker import reason, redact
from curator.model.errors import UsageError
from curator.model.json import Json, canonical
from curator.model.rule import Rule
from curator.scrub import Outgoing

DEFAULT_TIMEOUT_SECONDS = 60.0
ITEM_FIELDS = ("id", "input", "expected_output", "metadata", "dataset_id", "dataset_name")
"""What a task that takes an `item`, as Langfuse's tasks do, finds in it."""


class TaskFailed(Exception):
    """The task gave no output for an item: it raised, hung, or answered with something else. The message says why."""


class TaskOutput(NamedTuple):
    """What a task gave for one item."""

    output: Json
    cost: float | None
    """US dollars, when the task said so."""
    seconds: float
    """How long it took, without imports."""


class Task(AbstractContextManager["Task"]):
    """Something that answers items, outside of this process. Thread-safe; what still runs is stopped by `close`.

    What comes back is an output or TaskFailed, whose text `outgoing` cleaned: it goes to Langfuse and into reports.
    """

    def __init__(self, name: str, fingerprint: str, timeout: float, outgoing: Outgoing) -> None:
        self.name = name
        """The specification, without credentials: fit to be stored."""
        self.fingerprint = fingerprint
        """Changes when the task's code changes, as far as can be seen from here."""
        self.timeout = timeout
        self.outgoing = outgoing

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stops what still runs."""
        self.outgoing.close()

    def run(self, item: Any) -> TaskOutput:
        """The task's output for one item (the SDK's, or a StoredItem). Raises TaskFailed."""
        try:
            return _output(self._answer(item))
        except (TaskFailed, CallFailed) as error:
            raise TaskFailed(self.outgoing.text(str(error))) from None
        except Exception as error:
            raise TaskFailed(self.outgoing.text(reason(error))) from None

    @abstractmethod
    def _answer(self, item: Any) -> Answer:
        """The raw answer; blocks until it is there. Raises TaskFailed, CallFailed."""


def parse_task(
    spec: str,
    *,
    timeout: float = DEFAULT_TIMEOUT_SECONDS,
    apart: Apart = Apart(),  # noqa: B008 (nobody can change it)
    outgoing: Outgoing | None = None,
    replay: str = "off",
) -> Task:
    """The task that `module:function`, `cmd:…` or an http(s) URL names; `timeout` is for one answer.

    A function that takes `tools` gets those of the item as `replay` says (`worker.Replay`). Raises UsageError
    (TASK_SPEC, PYTHON_PATH).
    """
    cleaned = outgoing or Outgoing()
    if spec.startswith(("http://", "https://")):
        return AddressTask(spec, timeout, cleaned, apart.limits)
    if spec.startswith("cmd:"):
        return CommandTask(spec, timeout, cleaned, apart)
    if ":" in spec and "/" not in spec:
        return FunctionTask(spec, timeout, cleaned, Pool(apart), replay)
    raise UsageError(
        "The task is neither module:function, nor cmd:COMMAND, nor an http(s) address.",
        code="TASK_SPEC",
        remedy="Such as --task my_agent:answer, --task 'cmd:python agent.py' or --task http://localhost:8000/answer.",
    )


def outgoing_of(rule: Rule) -> Outgoing:
    """The gate for what a run of this rule sends and reports. Raises ConfigError for a config that cannot be read."""
    return Outgoing(load_settings().policy(rule))


class FunctionTask(Task):
    """`module:function`, sync or async; called with `item=` when it names that parameter (as Langfuse tasks do), else
    with the item's input; and with `tools=` when it names that. Runs in processes of its own."""

    def __init__(self, spec: str, timeout: float, outgoing: Outgoing, pool: Pool, replay: str) -> None:
        self._replay = replay
        self._pool = pool
        try:
            super().__init__(spec, load_path(pool, "task", spec), timeout, outgoing)
        except BaseException:
            pool.close()
            raise

    def _answer(self, item: Any) -> Answer:
        """What the function returns, awaited when it is async. Raises CallFailed."""
        content = {field: getattr(item, field, None) for field in ITEM_FIELDS}
        return self._pool.call("task", self.name, self.timeout, item=content, replay=self._replay)

    def close(self) -> None:
        """Ends the processes."""
        self._pool.close()
        super().close()


class CommandTask(Task):
    """`cmd:COMMAND ARGUMENT…`: one process per item, the input as JSON on stdin, the output as JSON on stdout."""

    def __init__(self, spec: str, timeout: float, outgoing: Outgoing, apart: Apart) -> None:
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
        super().__init__(outgoing.text(redact(spec)), _command_fingerprint(self._command), timeout, outgoing)
        self._apart = apart
        self._lock = threading.Lock()
        self._running: set[Watch] = set()

    def _answer(self, item: Any) -> Answer:
        """What the command printed, parsed. Raises TaskFailed, CallFailed."""
        from opentelemetry.propagate import inject

        carrier: dict[str, str] = {}
        inject(carrier)  # programs find the trace in TRACEPARENT, as OpenTelemetry's environment carrier has it
        traced = {name.upper(): value for name, value in carrier.items()}
        started: list[Watch] = []

        def watching(watch: Watch) -> None:
            started.append(watch)
            with self._lock:
                self._running.add(watch)

        began = time.monotonic()
        try:
            status, out, said = run_command(
                self._command,
                canonical(item.input).encode(),
                self.timeout,
                watching=watching,
                apart=self._apart._replace(environment={**self._apart.environment, **traced}),
            )
        finally:
            with self._lock:
                self._running.difference_update(started)
        if status != 0:
            raise TaskFailed(f"exit status {status}{f': {said}' if said else ''}")
        return Answer(_parsed(out, "its standard output"), time.monotonic() - began)

    def close(self) -> None:
        """Kills what still runs."""
        with self._lock:
            running = list(self._running)
        for watch in running:
            watch.kill()
        super().close()


class AddressTask(Task):
    """An http(s) address: the input is POSTed as JSON, the answer's body is the output.

    The W3C `traceparent` header goes along, so that an instrumented service records into the same trace.
    """

    def __init__(self, spec: str, timeout: float, outgoing: Outgoing, limits: Limits) -> None:
        import httpx

        parts = urlsplit(spec)
        if not parts.hostname:
            raise UsageError("The task's address names no host.", code="TASK_SPEC", remedy="Write http://HOST/PATH.")
        host = parts.netloc.rsplit("@", 1)[-1]
        name = f"{parts.scheme}://{host}{parts.path}"
        super().__init__(outgoing.text(name), hashlib.sha256(name.encode()).hexdigest(), timeout, outgoing)
        self._url = spec
        self._limits = limits
        self._client = httpx.Client(timeout=timeout, follow_redirects=False)

    def _answer(self, item: Any) -> Answer:
        """The body of the answer, parsed. Raises TaskFailed, TimedOut."""
        import httpx
        from opentelemetry.propagate import inject

        headers = {"content-type": "application/json"}
        inject(headers)
        began, body = time.monotonic(), bytearray()
        content = canonical(item.input).encode()
        try:
            with self._client.stream("POST", self._url, content=content, headers=headers) as response:
                if not response.is_success:
                    raise TaskFailed(f"the address answered HTTP {response.status_code}")
                for chunk in response.iter_bytes():
                    body += chunk
                    if time.monotonic() - began > self.timeout:  # httpx limits each read, not all of them together
                        raise TimedOut(self.timeout)
                    if len(body) > self._limits.answer:
                        raise TaskFailed("the address answered with more than curator reads")
        except httpx.TimeoutException:
            raise TaskFailed("the address did not answer in time") from None
        except httpx.HTTPError as error:
            raise TaskFailed(f"the address cannot be reached ({type(error).__name__})") from None
        return Answer(_parsed(bytes(body), "the answer's body"), time.monotonic() - began)

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()
        super().close()


def _output(answer: Answer) -> TaskOutput:
    """The answer as JSON, taken out of its envelope. Raises TaskFailed when it is no JSON or nothing."""
    value, cost = answer.value, None
    try:
        canonical(value)
    except (ValueError, TypeError, RecursionError):
        raise TaskFailed("wrong shape: the output is not JSON") from None
    if isinstance(value, dict) and value.keys() == {"output", "curator"}:
        price = value["curator"].get("cost") if isinstance(value["curator"], dict) else None
        cost = float(price) if isinstance(price, int | float) and not isinstance(price, bool) else None
        value = value["output"]
    if value is None:
        raise TaskFailed("wrong shape: the task returned nothing")
    return TaskOutput(value, cost, answer.seconds)


def _parsed(text: bytes, what: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise TaskFailed(f"wrong shape: {what} is not JSON") from None


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
