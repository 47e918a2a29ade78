"""A command of curator as a shell would run it, in this process: a start of Python costs more than most commands."""

import contextlib
import io
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from curator.cli.main import main


@dataclass(frozen=True)
class Done:
    """How a command ended and what it printed."""

    returncode: int
    stdout: str
    stderr: str

    @property
    def document(self) -> Any:
        """The JSON document on standard output."""
        return json.loads(self.stdout)


def run(
    *arguments: str,
    env: Mapping[str, str] | None = None,
    folder: Path | None = None,
    given: str | bytes = b"",
) -> Done:
    """Runs `curator ARGUMENTS…` with additional environment variables, in a folder, with a text on standard input.

    Nothing is a terminal. Whatever a command leaves behind in this process (an import, a signal handler) stays: what is
    proved about processes (start-up, keys in the process list, kills) needs a process of its own.
    """
    return call(main, ["curator", *arguments], env=env, folder=folder, given=given)


def call(
    function: Callable[[], object],
    argv: list[str],
    *,
    env: Mapping[str, str] | None = None,
    folder: Path | None = None,
    given: str | bytes = b"",
) -> Done:
    """Calls a program's main function as if it were a process of its own."""
    data = given.encode() if isinstance(given, str) else given
    streams = [io.TextIOWrapper(io.BytesIO(text), encoding="utf-8") for text in (data, b"", b"")]
    given_, stdout, stderr = streams
    before, code = Path.cwd(), 0
    with (
        mock.patch.dict(os.environ, dict(env or {})),
        mock.patch.object(sys, "argv", argv),
        mock.patch.object(sys, "stdin", given_),
        contextlib.redirect_stdout(stdout),
        contextlib.redirect_stderr(stderr),
    ):
        os.chdir(folder or before)
        try:
            function()
        except SystemExit as ended:
            code = int(ended.code or 0)
        finally:
            os.chdir(before)
    return Done(code, *(_text(stream) for stream in (stdout, stderr)))


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode()
