"""The terminal on a real sandbox: over HTTP, with the real SDK and the real scrub. Nothing waits for a fixed time."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import textual.constants
from textual._compositor import Compositor
from textual.widgets import Input

from curator.sandbox.demo import seed_demo
from curator.sandbox.demo.data import SHOWN_AFTER
from curator.sandbox.server import SandboxServer
from curator.scrub.scrubber import Scrubber
from curator.tui.session import Session
from tests.tui.driver import settings_for


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def still_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    """A blinking cursor would make pictures differ."""
    monkeypatch.setattr(Input, "_toggle_cursor", lambda self: None)


@pytest.fixture(autouse=True)
def true_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture(autouse=True)
def painted_when_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody sees the terminal of a test: what it would show is drawn when the test looks, not at every change."""
    draw = Compositor.render_update

    def render_update(self: Compositor, full: bool = False, *args: Any, **more: Any) -> object:
        if full:
            return draw(self, full, *args, **more)
        self._dirty_regions.clear()
        return None

    monkeypatch.setattr(Compositor, "render_update", render_update)
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    monkeypatch.setattr(textual.constants, "TEXTUAL_ANIMATIONS", "none")


@pytest.fixture(scope="session")
def scrubber() -> Iterator[Scrubber]:
    """One worker process for all tests: loading its model takes seconds."""
    with Scrubber() as one:
        one.start()
        yield one


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    """A sandbox of the test's own, with demo data up to now; as of a moment ago, as experiments appear late."""
    with SandboxServer() as server:
        seed_demo(server.store, datetime.now(UTC) - 2 * SHOWN_AFTER)
        yield server


@pytest.fixture
def session(sandbox: SandboxServer, scrubber: Scrubber) -> Session:
    return Session(settings_for(sandbox), scrubber)
