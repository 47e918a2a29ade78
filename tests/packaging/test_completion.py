"""Shell completion, as `curator explain completion` describes it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CURATOR = str(Path(sys.executable).parent / "curator")


def complete(*words: str, shell: str = "bash") -> list[str]:
    """What the shell is offered for the last word."""
    env = os.environ | {
        "_CURATOR_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": " ".join(words),
        "COMP_CWORD": str(len(words) - 1),
    }
    done = subprocess.run([CURATOR], env=env, capture_output=True, text=True, check=False)
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_that_the_shell_reads(shell: str) -> None:
    env = os.environ | {"_CURATOR_COMPLETE": f"{shell}_source"}
    done = subprocess.run([CURATOR], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert f"_CURATOR_COMPLETE={shell}_complete" in done.stdout


def test_commands() -> None:
    assert complete("curator", "que") == ["queue"]
    assert "check" in complete("curator", "rules", "")


def test_options_and_choices() -> None:
    assert "--since" in complete("curator", "queue", "--s")
    assert "dismissed" in complete("curator", "queue", "--state", "")
