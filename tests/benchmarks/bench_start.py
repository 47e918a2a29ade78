"""Start-up: what a command costs before it does anything."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.row import Row, seconds

EVERYTHING = """
import importlib, pkgutil, sys
import curator, textual.app, langfuse.api, presidio_analyzer, spacy, scipy.stats, starlette, uvicorn
for each in pkgutil.walk_packages(curator.__path__, "curator."):
    if not each.name.endswith("__main__"):
        importlib.import_module(each.name)
"""


def environment(state: Path) -> dict[str, str]:
    """This process's environment without the machine's settings."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("LANGFUSE_", "CURATOR_"))}
    return env | {"CURATOR_CONFIG": os.devnull, "CURATOR_STATE_DIR": str(state)}


def python(code: str) -> None:
    """Runs code in a process of its own."""
    with tempfile.TemporaryDirectory() as state:
        env = environment(Path(state))
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, env=env, timeout=120)


def command(*args: str) -> float:
    """Seconds of `curator ARGS`."""
    call = f"from curator.cli.main import cli\ncli.main({list(args)!r}, standalone_mode=False)"
    return seconds(lambda: python(call))


def rows() -> Iterator[Row]:
    """Help of the whole and of one command, beside importing everything that curator can use."""
    everything = seconds(lambda: python(EVERYTHING), times=3)
    note = "a program that imports all it may need"
    yield Row("curator --help", command("--help"), everything, "s", note)
    yield Row("curator queue --help", command("queue", "--help"), everything, "s", note)
    yield Row("curator promote --help", command("promote", "--help"), everything, "s", note)
    yield Row("import curator", seconds(lambda: python("import curator")), everything, "s", note)
