"""The key states as pictures, at the sizes that matter: whoever changes the look sees it in the review.

`pytest tests/tui/test_snapshots.py --snapshot-update` takes them anew; the report of a failure shows old beside new.
"""

import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, tzinfo
from typing import Any

import pytest
import textual

import curator.tui.session.failures
import curator.tui.words
from curator.sandbox.server import SandboxServer
from curator.scrub.scrubber import Scrubber
from curator.tui.session import Session
from curator.tui.session.rooms import Rooms
from curator.tui.widgets.reader import FailurePreview
from tests.conftest import NOW
from tests.tui.driver import Driver, Listening, go_elsewhere, settings_for

pytestmark = pytest.mark.skipif(
    not textual.__version__.startswith("8.2."), reason="the pictures were taken with Textual 8.2"
)
State = Callable[[Driver], Awaitable[None]]


class Then(datetime):
    """A clock that stands at the demo data's moment."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "datetime":  # type: ignore[override]
        return NOW.astimezone(tz)


@pytest.fixture(autouse=True)
def one_moment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The same moment, time zone and address whenever and wherever the pictures are taken."""
    monkeypatch.setattr(curator.tui.words, "datetime", Then)
    monkeypatch.setattr(curator.tui.session.failures, "datetime", Then)
    monkeypatch.setattr(Rooms, "host", "langfuse.example")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


async def queue(driver: Driver) -> None:
    await driver.until(lambda: "Input" in driver.text(), "the preview")
    read, rows = driver.app.session.traces.excerpts, driver.queue.failures
    await driver.until(lambda: all(f.key in read or f.source_gone for f in rows.in_sight()), "the messages")


async def marked(driver: Driver) -> None:
    await queue(driver)
    await driver.press("space", "space")
    preview = driver.queue.query_one(FailurePreview)
    await driver.until(lambda: preview._shown == driver.under_cursor and bool(preview.view._findings), "the preview")
    await driver.press("d")


async def filtered_empty(driver: Driver) -> None:
    await driver.press("slash")
    await driver.type("nothing is called that")


async def trace(driver: Driver) -> None:
    await driver.press("enter")
    await driver.press("j")


async def workbench(driver: Driver) -> None:
    await driver.press("p")


async def refused(driver: Driver) -> None:
    await queue(driver)
    session = driver.app.session
    go_elsewhere(session, session.settings.model_copy(update={"base_url": "http://127.0.0.1:9"}))
    await driver.press("ctrl+r")


async def help_(driver: Driver) -> None:
    await driver.press("question_mark")


async def light(driver: Driver) -> None:
    driver.app.theme = "curator-light"
    await queue(driver)


async def ansi(driver: Driver) -> None:
    driver.app.theme = "curator-ansi"
    await workbench(driver)


STATES: list[tuple[State, tuple[int, int]]] = [
    (queue, (80, 24)),
    (queue, (120, 36)),
    (queue, (180, 48)),
    (marked, (120, 36)),
    (filtered_empty, (80, 24)),
    (trace, (120, 36)),
    (workbench, (80, 24)),
    (workbench, (120, 36)),
    (refused, (120, 36)),
    (help_, (80, 24)),
    (light, (120, 36)),
    (ansi, (80, 24)),
]
KEY_STATES = STATES[:1] + STATES[7:8]
"""Those of every run; the others are among the slow proofs."""


@pytest.mark.parametrize(
    ("state", "size"),
    [
        pytest.param(state, size, marks=[] if (state, size) in KEY_STATES else pytest.mark.slow)
        for state, size in STATES
    ],
    ids=[f"{state.__name__}-{width}x{height}" for state, (width, height) in STATES],
)
def test_state(
    state: State, size: tuple[int, int], demo_server: SandboxServer, scrubber: Scrubber, snap_compare: Any
) -> None:
    session = Session(settings_for(demo_server), scrubber)
    session.rooms.stand(fold="session")  # groups come when they are ready: no picture of a moment

    async def lead(pilot: Any) -> None:
        driver = Driver(pilot.app, pilot)
        await driver.until(lambda: pilot.app.current_mode == "queue" and driver.queue.answered, "the queue")
        await state(driver)
        await driver.settle()

    try:
        assert snap_compare(Listening(lambda: session), terminal_size=size, run_before=lead)
    finally:
        session.close()
