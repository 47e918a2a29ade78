"""The habits of the house, as tests: format, lint, types, import directions. `pytest` is the one command."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TOOLS = {
    "format": [sys.executable, "-m", "ruff", "format", "--check", "curator", "tests"],
    "lint": [sys.executable, "-m", "ruff", "check", "curator", "tests"],
    "types": [sys.executable, "-m", "mypy"],
    "contracts": [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
}


@pytest.mark.parametrize("tool", TOOLS)
def test_quality(tool: str) -> None:
    done = subprocess.run(TOOLS[tool], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
