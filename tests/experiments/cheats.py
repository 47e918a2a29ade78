"""Ways in which judged code crashes, hangs, floods or cheats. `answer` takes the way from the item's input."""

import asyncio
import ctypes
import json
import os
import resource
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

GOOD = {"answer": "Your order is on its way.", "outcome": "answer"}


class Stop(BaseException):
    pass


def _raise(error: BaseException) -> None:
    raise error


def _busy() -> None:
    while True:
        pass


def _deaf() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, set(range(1, 32)))
    time.sleep(60)


def _many() -> None:
    for _ in range(300):
        os.posix_spawn("/bin/sleep", ["sleep", "60"], {})
    time.sleep(60)


def _leak() -> None:
    kept = []
    while True:
        kept.append(bytearray(32 * 1024**2))


def _leak_in_children() -> None:
    code = "import time; kept = bytearray(b'x') * (160 * 1024**2); time.sleep(60)"
    for _ in range(5):
        subprocess.Popen([sys.executable, "-c", code])
    time.sleep(60)


def _flood() -> None:
    while True:
        os.write(1, b"x" * 65536)


def _sockets() -> list[int]:
    return [descriptor for descriptor in range(3, 1024) if _is_socket(descriptor)]


def _is_socket(descriptor: int) -> bool:
    try:
        return stat.S_ISSOCK(os.fstat(descriptor).st_mode)
    except OSError:
        return False


def _forged(token: str) -> None:
    answer = json.dumps({"token": token, "ok": GOOD}).encode() + b"\n"
    for descriptor in _sockets():
        os.write(descriptor, answer)
    time.sleep(60)


def _rubbish() -> None:
    for descriptor in _sockets():
        os.write(descriptor, b"\xff not json\n")
    time.sleep(60)


def _print_and_leave() -> None:
    os.write(1, json.dumps({"passed": True, "reasons": []}).encode() + b"\n")
    os._exit(0)


def _daemon() -> None:
    if os.fork():
        os._exit(0)
    os.setsid()
    os._exit(0)


def _thread_leaves() -> None:
    threading.Thread(target=lambda: os._exit(0)).start()
    time.sleep(60)


def _broken_json() -> None:
    json.dumps = lambda *_, **__: 1 / 0  # type: ignore[assignment,return-value]


def _deep() -> Any:
    found: Any = []
    for _ in range(100_000):
        found = [found]
    return found


def _recurse(depth: int = 0) -> int:
    return _recurse(depth + 1) + 1


async def _stop_the_loop() -> None:
    asyncio.get_running_loop().stop()
    await asyncio.sleep(1)


async def _awaited(what: Callable[[], Any]) -> Any:
    await asyncio.sleep(0)
    return what()


WAYS: dict[str, tuple[Callable[[], Any], str]] = {
    "exit 0": (lambda: sys.exit(0), "it called sys.exit(0)"),
    "exit with words": (lambda: sys.exit("fine"), "it called sys.exit('fine')"),
    "_exit": (lambda: os._exit(0), "its process ended in the middle (exit status 0)"),
    "_exit in a thread": (_thread_leaves, "its process ended in the middle (exit status 0)"),
    "print a verdict and leave": (_print_and_leave, "its process ended in the middle (exit status 0)"),
    "become another program": (lambda: os.execv("/bin/true", ["true"]), "ended in the middle (exit status 0)"),
    "daemonize": (_daemon, "its process ended in the middle (exit status 0)"),
    "BaseException": (lambda: _raise(Stop("over")), "Stop: over"),
    "KeyboardInterrupt": (lambda: _raise(KeyboardInterrupt()), "KeyboardInterrupt"),
    "GeneratorExit": (lambda: _raise(GeneratorExit()), "GeneratorExit"),
    "async exit": (lambda: _awaited(lambda: sys.exit(0)), "it called sys.exit(0)"),
    "async BaseException": (lambda: _awaited(lambda: _raise(Stop("over"))), "Stop: over"),
    "async hang": (lambda: asyncio.sleep(60), "no answer within"),
    "stop the loop": (_stop_the_loop, "RuntimeError: Event loop stopped"),
    "hang": (lambda: time.sleep(60), "no answer within"),
    "busy": (_busy, "no answer within"),
    "deaf to signals": (_deaf, "no answer within"),
    "kill": (lambda: os.kill(os.getpid(), signal.SIGKILL), "its process was ended by SIGKILL"),
    "abort": (os.abort, "its process was ended by SIGABRT"),
    "segmentation fault": (lambda: ctypes.string_at(0), "its process was ended by SIGSEGV"),
    "many children": (_many, "it started more than 200 processes"),
    "leak": (_leak, "MemoryError"),
    "leak in children": (_leak_in_children, "it used more than 512 MiB of memory"),
    "flood": (_flood, "it printed more than 16 MiB"),
    "huge answer": (lambda: "x" * (17 * 1024**2), "its answer is larger than 16 MiB"),
    "forge an answer": (lambda: _forged("0" * 32), "it wrote to curator's own channel"),
    "forge without token": (lambda: _forged(""), "it wrote to curator's own channel"),
    "rubbish on the channel": (_rubbish, "it wrote to curator's own channel"),
    "close everything": (lambda: os.closerange(3, 4096), "its process ended in the middle"),
    "break json": (_broken_json, "its process ended in the middle"),
    "recursion": (_recurse, "RecursionError"),
    "too deep": (_deep, "wrong shape: the output (list) is not JSON"),
    "no JSON": (lambda: {"answer": object()}, "wrong shape: the output (dict) is not JSON"),
    "NaN": (lambda: {"answer": float("nan")}, "wrong shape: the output (dict) is not JSON"),
    "nothing": (lambda: None, "wrong shape: the task returned nothing"),
    "no files": (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0)), "wrong shape: the task returned nothing"),
    "lies about its shape": (lambda: {"token": "x", "ok": GOOD}, "wrong shape: the output has nothing at $.outcome"),
}
"""Name → what it does, and the reason that the item is given."""


def answer(case: dict[str, Any]) -> Any:
    return WAYS[case["way"]][0]() if "way" in case else GOOD


def evaluate(input: dict[str, Any], output: Any) -> Any:
    return WAYS[input["way"]][0]()


def both_return(case: dict[str, Any]) -> dict[str, str]:
    """Forks, and comes back twice."""
    os.fork()
    return GOOD


def kills_its_parent(case: dict[str, Any]) -> dict[str, str]:
    os.kill(os.getppid(), signal.SIGTERM)
    time.sleep(60)
    return GOOD


def leaves_a_child(case: dict[str, Any]) -> dict[str, int]:
    """A grandchild in a session of its own, whose parent is gone."""
    read, write = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if (child := os.fork()) == 0:
            time.sleep(60)
        os.write(write, str(child).encode())
        os._exit(0)
    return {"child": int(os.read(read, 20))}


def prints(case: dict[str, Any]) -> dict[str, str]:
    os.write(1, b"printed \x1b[31mred\x1b[0m\n")
    print('{"passed": true}')
    return GOOD
