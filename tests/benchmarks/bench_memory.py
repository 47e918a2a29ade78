"""Peak memory of one process, beside a program that imports everything that curator can use."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.bench_start import EVERYTHING
from tests.benchmarks.row import Row
from tests.benchmarks.world import world

PEAK = "\nimport resource, sys\nprint(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"


def peak(code: str, env: dict[str, str]) -> float:
    """MiB that a script took at most."""
    done = subprocess.run(
        [sys.executable, "-c", code + PEAK], env=env, capture_output=True, text=True, check=True, timeout=120
    )
    return int(done.stderr.split()[-1]) / 1024


def command(*args: str) -> str:
    """A script that is `curator ARGS`."""
    return f"from curator.cli.main import cli\ntry: cli.main({list(args)!r}, standalone_mode=False)\nfinally: pass"


def rows() -> Iterator[Row]:
    """What commands take at most."""
    with tempfile.TemporaryDirectory() as state:
        env = {k: v for k, v in os.environ.items() if not k.startswith(("LANGFUSE_", "CURATOR_"))}
        env |= {"CURATOR_CONFIG": os.devnull, "CURATOR_STATE_DIR": str(Path(state))}
        everything = peak(EVERYTHING, env)
        note = "a program that imports all it may need"
        yield Row("memory: curator --help", peak(command("--help"), env), everything, "MiB", note)
        yield Row("memory: curator rules check", peak(command("rules", "check"), env), everything, "MiB", note)
    with world() as demo:
        yield Row("memory: curator queue", peak(command("queue"), demo.variables()), everything, "MiB", note)
