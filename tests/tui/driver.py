"""Drives the app as a person would: keys, and looking at the screen. Used by the tests and by the pictures."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr
from textual.pilot import Pilot

from curator.config import Settings
from curator.rulebook import shipped_rules
from curator.sandbox.server import SandboxServer
from curator.tui.app import CuratorApp
from curator.tui.screens.queue import QueueScreen
from curator.tui.session import Session

PATIENCE = 40.0
"""Seconds after which a condition that does not come true fails a test."""


def settings_for(server: SandboxServer, **more: Any) -> Settings:
    """Settings that lead to a sandbox."""
    return Settings(
        base_url=server.base_url,
        public_key=server.public_key,
        secret_key=SecretStr(server.secret_key),
        reviewer="maya",
        rules=str(shipped_rules()),
        **more,
    )


class Listening(CuratorApp):
    """The app, which keeps its short messages: on screen they go away by themselves."""

    def __init__(self, open_session: Callable[[], Session]) -> None:
        super().__init__(open_session)
        self.said: list[str] = []
        self.waits: list[str] = []

    def notify(self, message: str, **more: Any) -> None:
        self.said.append(message)
        super().notify(message, **more)

    def busy(self, what: str) -> None:
        self.waits.append(what)
        super().busy(what)


@dataclass
class Driver:
    """An app that runs, and how to use it."""

    app: "Listening"
    pilot: Pilot[None]

    async def press(self, *keys: str) -> None:
        """Presses keys, and waits until everything that they started has ended."""
        for key in keys:
            await self.pilot.press(key)
            await self.pilot.pause()
        await self.settle()

    async def type(self, text: str) -> None:
        """Types a text."""
        await self.pilot.press(*("space" if char == " " else char for char in text))
        await self.settle()

    async def settle(self) -> None:
        """Waits for workers, and for what their results started."""
        calm = 0
        while calm < 2:
            await self.pilot.pause()
            running = [worker for worker in self.app.workers if not worker.is_finished]
            calm = 0 if running else calm + 1
            if running:
                await asyncio.wait_for(self.app.workers.wait_for_complete(running), PATIENCE)

    async def until(self, condition: Callable[[], bool], what: str = "the condition") -> None:
        """Waits until something is true (a timer has fired, a result has been shown)."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await self.pilot.pause(0.02)
        await self.settle()

    @property
    def queue(self) -> QueueScreen:
        """The queue, wherever the app stands."""
        return self.app.queue_screen

    @property
    def screen(self) -> Any:
        """The screen that is seen."""
        return self.app.screen

    def text(self) -> str:
        """Everything on screen, as text."""
        strips = self.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)

    def toasts(self) -> str:
        """Every short message so far."""
        return "\n".join(self.app.said)


@asynccontextmanager
async def driving(session: Session, size: tuple[int, int] = (120, 36), *, settle: bool = True) -> AsyncIterator[Driver]:
    """Runs the app; ends the session with it."""
    app = Listening(lambda: session)
    try:
        async with app.run_test(size=size) as pilot:
            driver = Driver(app, pilot)
            if settle:
                await driver.until(lambda: app.current_mode == "queue" and driver.queue.answered, "the queue")
            yield driver
    finally:
        session.close()
