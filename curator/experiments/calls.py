"""Calls other people's functions so that none of them can stop curator: sync or async, each with a deadline.

A sync function runs in a daemon thread of its own, an async one on an event loop in a daemon thread, so that a blocking
call inside an `async def` stops neither the caller nor the deadline. All async functions share that loop, because their
clients (an `AsyncOpenAI`, say) are bound to the loop of their first use. What does not come back is left behind.
"""

import asyncio
import contextvars
import inspect
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any

# How long a cancelled coroutine may take to let go of the loop before the loop counts as blocked.
LET_GO_SECONDS = 0.5


class TimedOut(Exception):
    """The function did not come back before its deadline."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no answer within {seconds:g} s")


class Caller:
    """Runs functions with deadlines; one per run. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waited_for: set[Future[Any]] = set()
        self._closed = False

    def call(self, function: Callable[..., Any], /, *args: Any, timeout: float, **kwargs: Any) -> Any:
        """What `function(*args, **kwargs)` returns (awaited if need be). Raises TimedOut, or what it raises."""
        future = self._submit(function, *args, **kwargs)
        with self._lock:
            self._waited_for.add(future)
        try:
            return future.result(timeout)
        except CancelledError:
            raise RuntimeError("stopped") from None
        except FutureTimeout:
            if future.done():  # the function itself raised a TimeoutError
                raise
            self._give_up(future)
            raise TimedOut(timeout) from None
        finally:
            with self._lock:
                self._waited_for.discard(future)

    async def call_async(self, function: Callable[..., Any], /, *args: Any, timeout: float, **kwargs: Any) -> Any:
        """As `call`, without blocking the running event loop."""
        future = self._submit(function, *args, **kwargs)
        wrapped = asyncio.wrap_future(future)
        done, _ = await asyncio.wait({wrapped}, timeout=timeout)
        if done:
            return wrapped.result()
        wrapped.cancel()
        self._give_up(future)
        raise TimedOut(timeout)

    def close(self) -> None:
        """Lets go of the loop and of whoever waits in `call`; nothing waits for functions that hang."""
        with self._lock:
            self._closed = True
            for future in self._waited_for:
                future.cancel()
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._loop.stop)
                self._loop = None

    def _submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        if self._closed:
            raise RuntimeError("stopped")
        context = contextvars.copy_context()
        if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None)):  # noqa: B004
            return self._on_loop(function(*args, **kwargs), context)
        future: Future[Any] = Future()

        def work() -> None:
            try:
                result = context.run(function, *args, **kwargs)
                if inspect.isawaitable(result):
                    result = self._on_loop(_awaited(result), context).result()
            except BaseException as error:  # a task may even call sys.exit: that is its failure, not ours
                _finish(future, error=_as_exception(error))
            else:
                _finish(future, result=result)

        threading.Thread(target=work, daemon=True, name="curator-task").start()
        return future

    def _on_loop(self, coroutine: Coroutine[Any, Any, Any], context: contextvars.Context) -> Future[Any]:
        future: Future[Any] = Future()
        loop = self._running_loop()

        def start() -> None:
            task = loop.create_task(_contained(coroutine), context=context)

            def finish(task: asyncio.Task[Any]) -> None:
                if task.cancelled():
                    _finish(future, error=RuntimeError("cancelled"))
                elif (error := task.exception()) is not None:
                    _finish(future, error=_as_exception(error))
                else:
                    _finish(future, result=task.result())

            task.add_done_callback(finish)
            # Cancelling the future (a deadline) cancels the coroutine.
            future.add_done_callback(lambda f: loop.call_soon_threadsafe(task.cancel) if f.cancelled() else None)

        loop.call_soon_threadsafe(start, context=context)
        return future

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, daemon=True, name="curator-loop").start()
            return self._loop

    def _give_up(self, future: Future[Any]) -> None:
        """Cancels what runs; a loop that a blocking call holds is left behind, the next call gets a new one."""
        future.cancel()
        with self._lock:
            loop = self._loop
        if loop is None:
            return
        alive = threading.Event()
        loop.call_soon_threadsafe(alive.set)
        if not alive.wait(LET_GO_SECONDS):
            with self._lock:
                if self._loop is loop:
                    self._loop = None


async def _awaited(value: Any) -> Any:
    return await value


async def _contained(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """The coroutine, unable to stop the loop that others share."""
    try:
        return await coroutine
    except (SystemExit, KeyboardInterrupt) as error:
        raise _as_exception(error) from None


def _as_exception(error: BaseException) -> Exception:
    if isinstance(error, SystemExit):
        return RuntimeError(f"it called sys.exit({'' if error.code is None else repr(error.code)})")
    return error if isinstance(error, Exception) else RuntimeError(repr(error))


def _finish(future: Future[Any], *, result: Any = None, error: Exception | None = None) -> None:
    """Sets the outcome unless the deadline was first."""
    if future.set_running_or_notify_cancel():
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)
