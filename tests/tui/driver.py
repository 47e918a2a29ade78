"""Drives the app as a person would: keys, and looking at the screen. Used by the tests and by the pictures."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr
from textual.dom import DOMNode
from textual.events import Key
from textual.keys import _character_to_key
from textual.pilot import Pilot
from textual.worker import WorkerCancelled

from curator.config import Settings
from curator.model import Failure
from curator.rulebook import shipped_rules
from curator.sandbox.server import SandboxServer
from curator.tui.app import CuratorApp
from curator.tui.screens.queue import QueueScreen
from curator.tui.session import Session

PATIENCE = 120.0
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


def go_elsewhere(session: Session, settings: Settings) -> None:
    """Other settings, such as another address: the next call opens a new connection."""
    rooms = session.rooms
    with rooms.lock:
        if "gateway" in rooms.__dict__:
            rooms.gateway.close()
        for made in ("gateway", "promoter"):
            rooms.__dict__.pop(made, None)
        rooms.settings, rooms._connected = settings, None


class Listening(CuratorApp):
    """The app, which keeps its short messages: on screen they go away by themselves."""

    def __init__(self, open_session: Callable[[], Session]) -> None:
        super().__init__(open_session)
        self.said: list[str] = []
        self.waits: list[str] = []
        self.opened: list[str] = []
        self.ran: list[str] = []
        """Ids of the actions that keys have started."""

    async def run_action(
        self, action: Any, default_namespace: DOMNode | None = None, namespaces: Mapping[str, DOMNode] | None = None
    ) -> bool:
        if default_namespace is not None:
            bound = itertools.chain.from_iterable(default_namespace._bindings.key_to_bindings.values())
            self.ran += {binding.id for binding in bound if binding.action == action and binding.id}
        return await super().run_action(action, default_namespace, namespaces)

    def open_url(self, url: str, *, new_tab: bool = True) -> None:
        self.opened.append(url)

    def notify(self, message: str, **more: Any) -> None:
        self.said.append(message)
        super().notify(message, **more)

    def busy(self, what: str) -> None:
        self.waits.append(what)
        super().busy(what)


HOPS = 3
"""How often all message queues are waited for: a key goes from the app by the screen to a widget."""


@dataclass
class Driver:
    """An app that runs, and how to use it."""

    app: "Listening"
    pilot: Pilot[None]

    async def press(self, *keys: str) -> None:
        """Presses keys, and waits after each until everything that it started has ended."""
        for key in keys:
            await self._send(key)
            await self.settle()

    async def _send(self, key: str) -> None:
        """One key, until every widget has heard of it. The pilot's own way waits until the process is idle, which takes
        long when a server runs in it."""
        name = _character_to_key(key) if len(key) == 1 and not key.isalnum() else key
        event = Key(name, " " if key == "space" else key if len(key) == 1 else None)
        event.set_sender(self.app)
        assert self.app._driver is not None
        self.app._driver.send_message(event)
        await self.pilot.pause(0)

    async def does(self, action: str, *keys: str) -> None:
        """Presses keys, the last of which must start the action of that id."""
        self.app.ran.clear()
        await self.press(*keys)
        assert action in self.app.ran, (action, keys, self.app.ran, self.text())

    async def type(self, text: str) -> None:
        """Types a text."""
        for char in text:
            await self._send("space" if char == " " else char)
        await self.settle()

    async def settle(self) -> None:
        """Waits for workers, and for what their results started."""
        calm = 0
        while calm < HOPS:
            await self.pilot.pause(0)
            running = [worker for worker in self.app.workers if not worker.is_finished]
            calm = 0 if running else calm + 1
            if running:
                with suppress(WorkerCancelled):  # newer work has taken its place, or a person has stopped it
                    await asyncio.wait_for(self.app.workers.wait_for_complete(running), PATIENCE)

    async def until(self, condition: Callable[[], bool], what: str = "the condition") -> None:
        """Waits until something is true (a timer has fired, a result has been shown)."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not condition():
                    await self.pilot.pause(0.02)
        except TimeoutError:
            raise AssertionError(f"{what} did not come:\n{self.text()}\n{self.toasts()}") from None
        await self.settle()

    @property
    def queue(self) -> QueueScreen:
        """The queue, wherever the app stands."""
        return self.app.queue_screen

    @property
    def listed(self) -> list[Failure]:
        """The newest failure of every row of the queue."""
        return [row.failure for row in self.queue.failures.rows]

    @property
    def under_cursor(self) -> Failure | None:
        """The failure under the queue's cursor."""
        row = self.queue.failures.current
        return None if row is None else row.failure

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
async def driving(
    session: Session, size: tuple[int, int] = (120, 36), *, settle: bool = True, fold: str = "session"
) -> AsyncIterator[Driver]:
    """Runs the app; ends the session with it. `fold`: what a reviewer chose as one row; empty: nobody chose."""
    app = Listening(lambda: session)
    if not session.rooms.last_place.fold:
        session.rooms.stand(fold=fold)
    try:
        async with app.run_test(size=size) as pilot:
            driver = Driver(app, pilot)
            if settle:
                await driver.until(lambda: app.current_mode == "queue" and driver.queue.answered, "the queue")
            yield driver
    finally:
        session.close()
