"""The real program on a real terminal of 80×24: without colour, and with sixteen."""

import os
import re
import sys

import pytest

from curator.sandbox.server import SandboxServer
from tests.tui.terminal import Terminal, sequences

COLOUR = re.compile(r"(?:3[0-8]|4[0-8]|9\d|10\d)")
BEYOND = re.compile(r"\x1b\[[0-9;]*[34]8;[25]")
STANDARD = re.compile(r"(?:3[0-7]|4[0-7]|9[0-7]|10[0-7])")


def drawn(server: SandboxServer, more: dict[str, str]) -> tuple[set[str], str]:
    """The parameters of colours and attributes that queue, a question and workbench are drawn with; all of it."""
    environment = server.environment() | {"CURATOR_STATE_DIR": os.environ["CURATOR_STATE_DIR"]} | more
    with Terminal([sys.executable, "-m", "curator"], environment, (80, 24)) as terminal:
        terminal.wait_for("Why")
        terminal.send("d")
        terminal.wait_for("why?")
        terminal.send("\x1b")
        terminal.wait_for("Snooze")
        terminal.send("p")
        terminal.wait_for("ready", "to mend")
        terminal.send("q")
        terminal.wait_end()
        written = terminal.written.decode(errors="ignore")
    return sequences(written)[0]["sgr"], written


@pytest.mark.slow
def test_no_colour(sandbox: SandboxServer) -> None:
    found, written = drawn(sandbox, {"NO_COLOR": "1"})
    assert {each for each in found if COLOUR.fullmatch(each)} == set()
    assert {"1", "7"} <= found, "bold and reversed: what is important and where the cursor is"
    assert not BEYOND.search(written)


@pytest.mark.slow
def test_sixteen_colours(sandbox: SandboxServer) -> None:
    found, written = drawn(sandbox, {"TERM": "xterm", "COLORTERM": ""})
    colours = {each for each in found if COLOUR.fullmatch(each)}
    assert colours
    assert all(STANDARD.fullmatch(each) for each in colours), colours
    assert not BEYOND.search(written)


@pytest.mark.slow
def test_all_colours(sandbox: SandboxServer) -> None:
    """The checks above can fail."""
    environment = sandbox.environment() | {"CURATOR_STATE_DIR": os.environ["CURATOR_STATE_DIR"]}
    with Terminal([sys.executable, "-m", "curator"], environment, (80, 24)) as terminal:
        terminal.wait_for("Queue")
        assert BEYOND.search(terminal.written.decode(errors="ignore"))
