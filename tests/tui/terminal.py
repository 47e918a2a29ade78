"""A real pseudo-terminal with a program in it: what it writes, byte by byte."""

import fcntl
import os
import pty
import re
import select
import struct
import termios
import time
from collections.abc import Mapping, Sequence

PATIENCE = 60.0
FOREIGN = ("LANGFUSE_", "CURATOR_", "NO_COLOR", "COLUMNS", "LINES")
"""Beginnings of variables that a program does not get from whoever runs the tests; a size would win over its own."""
_SEQUENCE = re.compile(
    r"\x1b\[(?P<parameters>[0-9;:?<=>!]*)(?P<between>[ -/]*)(?P<final>[@-~])"
    r"|\x1b\](?P<osc>[^\x07\x1b]*)(?:\x07|\x1b\\)"
    r"|\x1b[PX^_](?P<string>[^\x1b]*)\x1b\\"
    r"|\x1b(?P<short>[ -/]*[0-~])"
)


class Terminal:
    """A program on a terminal of its own; a context manager."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], size: tuple[int, int] = (120, 36)
    ) -> None:
        self.command = list(command)
        clean = {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN)}
        self.environment = clean | {"TERM": "xterm-256color", "COLORTERM": "truecolor"} | dict(environment)
        self.size = size
        self.written = b""
        self._seen = 0

    def __enter__(self) -> "Terminal":
        self.process, self.handle = pty.fork()
        if self.process == 0:
            try:
                # Before the program can ask: on a busy machine the parent comes to it too late.
                columns, rows = self.size
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
                os.execvpe(self.command[0], self.command, self.environment)
            finally:
                os._exit(127)
        return self

    def __exit__(self, *_: object) -> None:
        try:
            os.kill(self.process, 9)
        except ProcessLookupError:
            pass
        else:
            os.waitpid(self.process, 0)
        os.close(self.handle)

    def send(self, keys: str) -> None:
        """Presses keys."""
        os.write(self.handle, keys.encode())

    def press(self, keys: str, *texts: str) -> str:
        """Presses keys once nothing more is drawn, and waits for a text that they bring: not for one drawn before."""
        self.rest(1.0)
        self._seen = len(self.written)
        self.send(keys)
        return self.wait_for(*texts)

    def wait_for(self, *texts: str) -> str:
        """Reads until one of the texts was written after what was waited for last, and says which.

        Fails with what was written.
        """
        end = time.monotonic() + PATIENCE
        while True:
            new = plain(self.written[self._seen :].decode(errors="ignore"))
            found = [text for text in texts if text in new]
            if found:
                self._seen = len(self.written)
                return found[0]
            if not self._read(end):
                raise AssertionError(f"{' or '.join(texts)!r} was not written; last: {new[-1500:]!r}")

    def wait_end(self) -> None:
        """Reads until the program has ended."""
        end = time.monotonic() + PATIENCE
        while self._read(end):
            pass

    def rest(self, seconds: float) -> None:
        """Reads for so long, whatever comes."""
        end = time.monotonic() + seconds
        while self._read(end):
            pass

    def _read(self, end: float) -> bool:
        ready, _, _ = select.select([self.handle], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            return False
        try:
            chunk = os.read(self.handle, 65536)
        except OSError:  # Linux says EIO when the program has closed its side
            return False
        self.written += chunk
        return bool(chunk)


def plain(text: str) -> str:
    """The text without its escape sequences."""
    return _SEQUENCE.sub("", text)


def sequences(text: str) -> tuple[dict[str, set[str]], str]:
    """Kinds of escape sequences (`sgr` parameters, other `csi` as final byte with private sign, `other`), and the rest.

    What is no whole sequence stays in the rest, with its escape character.
    """
    found: dict[str, set[str]] = {"sgr": set(), "csi": set(), "other": set()}
    for match in _SEQUENCE.finditer(text):
        if match["final"] == "m":
            # 38 and 48 take a colour in the next numbers, which are no attributes.
            found["sgr"] |= set(re.sub(r"[34]8;(?:2;\d+;\d+;\d+|5;\d+)", "", match["parameters"]).split(";"))
        elif match["final"]:
            private = re.sub(r"[0-9;:]", "", match["parameters"])
            fixed = match["parameters"] if match["final"] in "hlutcnJ" else private
            found["csi"].add(f"{fixed}{match['between']}{match['final']}")
        else:
            found["other"].add(match[0])
    return found, plain(text)
