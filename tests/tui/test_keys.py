"""Keys do one thing and lose nothing: undo names its target, typed text stays, a window that closes leaves nothing."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest
from textual import events
from textual.widgets import Input, TextArea

from curator.sandbox.server import SandboxServer
from curator.scrub.scrubber import Scrubber
from curator.tui.screens import ask, workbench_edit
from curator.tui.screens.ask import AskText
from curator.tui.session import Session
from tests.tui.driver import driving, settings_for
from tests.tui.terminal import PATIENCE, Terminal


@pytest.mark.anyio
async def test_undo_names_what_another_session_did_and_asks(
    session: Session, sandbox: SandboxServer, scrubber: Scrubber
) -> None:
    later = Session(settings_for(sandbox), scrubber)  # of the same reviewer, and open before it was done
    async with driving(session) as driver:
        first = driver.under_cursor
        assert first is not None
        await driver.press("d", "1")
    async with driving(later) as driver:
        await driver.press("u")
        said = " ".join(driver.text().split())
        assert f"Take back: dismiss of {first.name}" in said
        assert "by maya" in said
        await driver.press("escape")
        assert later.queue.get(first.key).state == "dismissed"  # type: ignore[union-attr]
        await driver.press("u", "enter")
        assert later.queue.get(first.key).state == "open"  # type: ignore[union-attr]
        assert driver.under_cursor.key == first.key  # type: ignore[union-attr]
        await driver.press("U")
        assert later.queue.get(first.key).state == "dismissed"  # type: ignore[union-attr]
        await driver.press("u")  # this session's own act: no question
        assert later.queue.get(first.key).state == "open"  # type: ignore[union-attr]
        assert f"Taken back: dismiss of {first.name}" in driver.toasts()
        # The messages of the rows in sight are read, and masked.
        await driver.until(lambda: "…" not in _message(driver.listed[1].key, later), "the messages")
        found = [part for pieces in later.traces.excerpts.values() for part in pieces]
        assert any(role == "mask" for role, _ in found)
        assert f"{driver.queue.failures.cursor + 1}/{len(driver.listed)}" in driver.text()
        # The filter finds what they say; the footer uses the width there is.
        wanted, everything = driver.listed[1], len(driver.listed)
        await driver.press("slash")
        await driver.type(max(_message(wanted.key, later).split(), key=len))
        assert wanted.key in [each.key for each in driver.listed]
        assert len(driver.listed) < everything
        await driver.press("escape")
        narrow = len(driver.text().splitlines()[-1])
        await driver.pilot.resize_terminal(200, 40)
        await driver.settle()
        assert len(driver.text().splitlines()[-1]) > narrow + 40
        read, rows = later.traces.excerpts, driver.queue.failures  # so are the rows that came into sight
        await driver.until(lambda: all(f.key in read or f.source_gone for f in rows.in_sight()), "all messages")


def _message(key: str, session: Session) -> str:
    pieces = session.traces.excerpts.get(key)
    return "…" if pieces is None else "".join(text for _, text in pieces)


@pytest.mark.slow
@pytest.mark.anyio
async def test_nothing_typed_is_lost(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    async with driving(session) as driver:
        await driver.press("p")
        bench = driver.screen
        form = bench.query_one("#form")
        form.focus()

        # An editor that is no program is named; one that leaves invalid JSON gets its text back, with the error.
        monkeypatch.setenv("EDITOR", "nosuch")
        await driver.press("e")
        assert isinstance(driver.screen, AskText)
        assert "'nosuch', which is no program" in " ".join(driver.text().split())
        await driver.press("escape")
        typed = '{"input": {"query": "half of i'
        monkeypatch.setattr(workbench_edit, "edited", lambda *_, **__: (typed, ""))
        await driver.press("e")
        assert driver.screen.query_one(TextArea).text == typed
        assert "Not taken" in driver.text()
        await driver.press("ctrl+s")
        assert isinstance(driver.screen, AskText)
        await driver.press("escape")
        assert "esc again drops" in driver.text()
        await driver.press("escape")
        assert driver.screen is bench

        # So does one that fails after it has saved; one that saved nothing has taken nothing.
        def failing(script: str) -> tuple[str | None, str]:
            return ask._in_editor(["sh", "-c", script, "sh"], "before", ".json")

        assert failing('printf half > "$1"; exit 3') == ("half", "$EDITOR ended with 3; nothing was taken")
        assert failing("exit 1") == (None, "$EDITOR ended with 1; nothing was taken")
        assert failing('rm "$1"') == (None, "$EDITOR failed: No such file or directory")
        monkeypatch.setattr(workbench_edit, "edited", lambda *_, **__: failing('printf \'{"input"\' > "$1"; exit 3'))
        await driver.press("e")
        assert driver.screen.query_one(TextArea).text == '{"input"'
        assert "ended with 3" in driver.text()
        await driver.press("escape", "escape")
        assert driver.screen is bench

        # Of pasted lines none is lost.
        await driver.press("c")
        line = driver.screen.query_one(Input)
        line.value = ""
        line.post_message(events.Paste("one\ntwo\nthree"))
        await driver.until(lambda: line.value == "one two three", "the pasted lines")
        await driver.press("escape", "escape")
        assert driver.screen is bench


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds processes in /proc")
@pytest.mark.parametrize("how", ["closed", pytest.param("SIGTERM", marks=pytest.mark.slow)])
def test_a_closed_window_leaves_nothing(how: str, tmp_path: Path) -> None:
    mark = f"CURATOR_TEST_MARK={tmp_path.name}"
    environment = {"CURATOR_TEST_MARK": tmp_path.name, "CURATOR_CONFIG": os.devnull, "TMPDIR": str(tmp_path)}
    with Terminal([sys.executable, "-m", "curator", "demo"], environment) as terminal:
        terminal.wait_for("failures in sessions")
        assert len(_marked(mark)) >= 2  # the app and its sandbox at least
        if how == "closed":
            master, terminal.handle = terminal.handle, os.open(os.devnull, os.O_RDWR)
            os.close(master)  # the kernel sends SIGHUP
        else:
            os.kill(terminal.process, signal.SIGTERM)
        end = time.monotonic() + PATIENCE
        while _marked(mark) and time.monotonic() < end:
            terminal.rest(0.05)  # a terminal that nobody reads is full, and its program waits
        assert not _marked(mark)
        assert not list(tmp_path.glob("curator-*"))


def _marked(mark: str) -> list[int]:
    """Processes that were started with the mark and have not ended."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (each / "environ").read_bytes() and (each / "stat").read_text().split()[2] != "Z":
                found.append(int(each.name))
        except OSError:
            continue
    return found
