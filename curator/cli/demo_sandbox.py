"""The demo's server: a sandbox with demo data in a process of its own, which ends with the demo."""

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from curator.config import Settings, load_settings
from curator.model.errors import ServerError

ENDING_SECONDS = 5
VARIABLES = {
    "LANGFUSE_BASE_URL": "base_url",
    "LANGFUSE_PUBLIC_KEY": "public_key",
    "LANGFUSE_SECRET_KEY": "secret_key",
}


@contextlib.contextmanager
def demo_sandbox() -> Iterator[Settings]:
    """Settings that lead to a fresh sandbox with demo data. Raises ServerError when it does not start.

    Scores and traces are visible at once: a demo should not make people wait for a lag.
    """
    from curator.rulebook import shipped_rules

    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(
            [sys.executable, "-m", "curator", "sandbox", "--seed", "demo", "--lag", "0", "--until-stdin-closes"],
            # Only this process holds the pipe: however it ends, even by SIGKILL, the sandbox sees its end and stops.
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            # An interrupt in the terminal is the demo's business, which then ends the sandbox.
            start_new_session=True,
        )
        try:
            flags = _address(process)
            if len(flags) < len(VARIABLES):
                raise ServerError(
                    "The sandbox did not start.", code="SANDBOX_START", remedy="`curator sandbox` alone says why."
                )
            yield load_settings(**flags, rules=str(shipped_rules()))
        finally:
            process.terminate()
            try:
                process.wait(ENDING_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _address(process: "subprocess.Popen[str]") -> dict[str, str]:
    """The three variables that the sandbox prints first; fewer when it ended instead."""
    assert process.stdout is not None
    flags: dict[str, str] = {}
    for line in process.stdout:
        name, _, value = line.strip().partition("=")
        if name in VARIABLES:
            flags[VARIABLES[name]] = value
        if len(flags) == len(VARIABLES):
            break
    return flags


@contextlib.contextmanager
def state_of_its_own() -> Iterator[Path]:
    """A state folder for the demo alone, so that its journal and drafts do not mix with real ones."""
    import os

    before = os.environ.get("CURATOR_STATE_DIR")
    with tempfile.TemporaryDirectory(prefix="curator-demo-") as folder:
        os.environ["CURATOR_STATE_DIR"] = folder
        try:
            yield Path(folder)
        finally:
            if before is None:
                del os.environ["CURATOR_STATE_DIR"]
            else:
                os.environ["CURATOR_STATE_DIR"] = before
