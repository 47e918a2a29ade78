"""The process that runs a user's task or evaluator, started as a script by `isolation`: it decides and prints nothing.

One JSON line in, one out, over a socket of its own: `{token, do, spec, …}` is answered by `{token, ok}` or
`{token, error}`, then, when the spans that the call made are on their way, by `{token, ready}`. `sys.path`, the limits
and the keys come from the parent; nothing of curator is imported before them.
"""

import asyncio
import contextlib
import contextvars
import copy
import hashlib
import importlib
import inspect
import json
import os
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

CANNOT_ANSWER = 70
"""Exit status of a worker that the code it ran has made unable to answer."""
FLUSH_MILLISECONDS = 8_000
LONGEST = 200
_SECRET_NAME = re.compile(r"KEY|SECRET|TOKEN|PASSW|CREDENTIAL|AUTH", re.IGNORECASE)
_PR_SET_CHILD_SUBREAPER = 36


def reason(error: BaseException) -> str:
    """`KeyError: 'order_reference'`: the kind of error and the first line of its message, without known secrets."""
    message = str(error).strip()
    return redact(f"{type(error).__name__}: {message}" if message else type(error).__name__)


def redact(text: str) -> str:
    """The first line, at most 200 characters, with the values of secret-looking environment variables blanked."""
    secrets = (value for name, value in os.environ.items() if len(value) >= 8 and _SECRET_NAME.search(name))
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    line = text.strip().split("\n", 1)[0]
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


class NotLoaded(Exception):
    """An import path that names nothing that can be called. The message says why."""


class NotJson(Exception):
    """A task answered with something that is not JSON."""


def load(path: str) -> Any:
    """What is at `package.module:name`; modules of the current folder are found too, as with `python -m`.

    Raises NotLoaded, also when the module calls `sys.exit` or raises anything else while it is imported.
    """
    module_name, _, attribute = path.partition(":")
    here = os.getcwd()
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found: Any = importlib.import_module(module_name)
        for step in attribute.split("."):
            found = getattr(found, step)
    except ModuleNotFoundError as error:
        raise NotLoaded(f"there is no module {error.name}") from None
    except AttributeError as error:
        raise NotLoaded(
            f"{module_name} has no {attribute}"
            if error.name in attribute.split(".")
            else "importing it raised AttributeError"
        ) from None
    except SystemExit as error:
        raise NotLoaded(
            f"importing it called sys.exit({'' if error.code is None else repr(error.code)}); "
            "what runs as a script belongs under `if __name__ == '__main__':`"
        ) from None
    except BaseException as error:
        raise NotLoaded(f"importing it raised {type(error).__name__}") from None
    return found


def fingerprint(function: Any) -> str:
    """sha256 (hex) of the source file that holds `function`, so that changed code shows; of its name without source."""
    target = inspect.unwrap(function)
    target = target if inspect.isroutine(target) or inspect.isclass(target) else type(target)
    try:
        source = Path(inspect.getsourcefile(target) or "").read_bytes()
    except (OSError, TypeError):
        source = f"{getattr(target, '__module__', '')}:{getattr(target, '__qualname__', '')}".encode()
    return hashlib.sha256(source).hexdigest()


class NotRecorded(Exception):
    """A task called a tool in a way that the case does not hold."""


class Replay:
    """The tools of a case as they answered when it was recorded: `tools("find_order", {"id": "1"})`, or with keywords.

    `strict`: a call is answered as the recorded one with these arguments was, several alike one after the other.
    `order`: the results of a tool come in their order, whatever the arguments. Every other call raises NotRecorded, and
    makes an errored item also when the task goes on.
    """

    def __init__(self, recorded: list[dict[str, Any]], mode: str) -> None:
        self.recorded = recorded
        """`{name, arguments, result}`, in order."""
        self.missed: NotRecorded | None = None
        self._mode = mode
        self._given: set[int] = set()

    def __call__(self, name: str, arguments: dict[str, Any] | None = None, /, **named: Any) -> Any:
        wanted = {**(arguments or {}), **named}
        alike = [
            number
            for number, call in enumerate(self.recorded)
            if call["name"] == name and (self._mode == "order" or (call["arguments"] or {}) == wanted)
        ]
        fresh = [number for number in alike if number not in self._given]
        if not fresh and (self._mode == "order" or not alike):
            how = "so often" if self._mode == "order" else "with these arguments"
            self.missed = NotRecorded(f"the case holds no call of the tool {name} {how} (replay: {self._mode})")
            raise self.missed
        chosen = fresh[0] if fresh else alike[-1]
        self._given.add(chosen)
        return copy.deepcopy(self.recorded[chosen]["result"])


class Calls:
    """The functions of this process, and the event loop that all async ones share: their clients are bound to it."""

    def __init__(self) -> None:
        self._loaded: dict[tuple[str, str], Any] = {}
        self._runner = asyncio.Runner()

    def carry_out(self, request: dict[str, Any]) -> Any:
        """What a request asks for. Raises whatever the function raises."""
        do, spec = request["do"], request["spec"]
        kind, _, what = do.rpartition("-")
        key = (kind or do, spec)
        if what == "load":
            self._loaded[key] = function = self._load(kind, spec)
            return {"fingerprint": fingerprint(function)}
        function = self._loaded[key]
        if do == "task":
            return _jsonable(self._task(function, request))
        from curator.experiments.evaluators import scores

        return _jsonable(scores(request["name"], self._call(lambda: function(request["case"]))))

    def _load(self, kind: str, spec: str) -> Any:
        found = load(spec)
        if kind == "score":
            from curator.experiments.evaluators import evaluator

            return evaluator(found)
        if not callable(found):
            raise NotLoaded("it is no function")
        return found

    def _task(self, function: Callable[..., Any], request: dict[str, Any]) -> Any:
        item = request["item"]
        try:
            parameters = set(inspect.signature(function).parameters)
        except (TypeError, ValueError):
            parameters = set()
        # As Langfuse calls the task of an experiment, when it names `item`.
        positional = [] if "item" in parameters else [item["input"]]
        named: dict[str, Any] = {"item": SimpleNamespace(**item)} if "item" in parameters else {}
        if "tools" not in parameters or request["replay"] == "off":
            return self._call(lambda: function(*positional, **named))
        tools = Replay((item["metadata"] or {}).get("tool_results") or [], request["replay"])
        value = self._call(lambda: function(*positional, tools=tools, **named))
        if tools.missed is not None:
            raise tools.missed
        return value

    def _call(self, function: Callable[[], Any]) -> Any:
        """The function's value, awaited when it is awaitable."""
        value = function()
        if not inspect.isawaitable(value):
            return value

        async def contained() -> tuple[bool, Any]:
            try:
                return True, await value
            except Exception as error:
                return False, error

        try:
            fine, found = self._runner.run(contained(), context=contextvars.copy_context())
        except BaseException:  # the code stopped or left the loop itself: the next call gets another
            self._runner = asyncio.Runner()
            raise
        if fine:
            return found
        raise found


def _jsonable(value: Any) -> Any:
    from pydantic_core import PydanticSerializationError, to_jsonable_python

    try:
        plain = to_jsonable_python(value)
        json.dumps(plain, allow_nan=False)
    except (PydanticSerializationError, ValueError, TypeError, RecursionError):
        raise NotJson(f"wrong shape: the output ({type(value).__name__}) is not JSON") from None
    return plain


def _said(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"it called sys.exit({'' if error.code is None else repr(error.code)})"
    if isinstance(error, NotLoaded | NotJson | NotRecorded) or type(error).__name__ == "NoScore":
        return str(error)
    return reason(error)


@contextlib.contextmanager
def _in_trace(carrier: dict[str, str]) -> Any:
    """Spans that are made inside belong to the trace of the experiment's item (W3C `traceparent`)."""
    if not carrier:
        yield
        return
    from opentelemetry import context, propagate

    token = context.attach(propagate.extract(carrier))
    try:
        yield
    finally:
        context.detach(token)


def _flush_spans() -> None:
    """Sends what an instrumented call recorded; nothing without an instrumented call."""
    if "opentelemetry.sdk.trace" not in sys.modules:
        return
    from opentelemetry import trace

    flush = getattr(trace.get_tracer_provider(), "force_flush", None)
    if flush is not None:
        with contextlib.suppress(Exception):
            flush(FLUSH_MILLISECONDS)


def _limit(memory: int) -> None:
    """Limits this process's own memory; adopts orphans, so that they are found and ended with it (Linux)."""
    import resource

    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(Exception):
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _end_with(parent: int) -> None:
    """Ends this process group when the parent is gone without a word; PR_SET_PDEATHSIG would follow a thread of it."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os.killpg(0, signal.SIGKILL)


def main() -> None:
    """Answers requests until the parent closes the socket."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    channel.set_inheritable(False)  # programs that the task starts have no business with it
    requests = channel.makefile("rb")
    hello = json.loads(requests.readline())
    sys.path[:], sys.argv[:] = hello["path"], [""]
    _limit(hello["memory"])
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True, name="curator-parent").start()
    # Now, because later the code that runs here may have left nothing to import with.
    importlib.import_module("pydantic_core")
    calls, own = Calls(), os.getpid()

    def send(message: dict[str, Any]) -> None:
        if os.getpid() != own:  # the task forked, and this is its child coming back
            os._exit(0)
        try:
            channel.sendall(json.dumps(message).encode() + b"\n")
        except BaseException:  # the task closed the channel, or broke what is needed to answer
            os._exit(CANNOT_ANSWER)

    for line in requests:
        request = json.loads(line)
        token = request.pop("token")
        try:
            with _in_trace(request.get("trace", {})):
                answer = {"ok": calls.carry_out(request)}
        except BaseException as error:  # a task may raise anything, and that is its failure, not ours
            answer = {"error": _said(error)}
        send({"token": token, **answer})
        _flush_spans()
        send({"token": token, "ready": True})


if __name__ == "__main__":
    try:
        main()
    except BaseException:  # what ran here has broken the interpreter under it; a traceback says nothing to anybody
        os._exit(CANNOT_ANSWER)
