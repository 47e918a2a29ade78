"""What stays the same over one command: who promotes, under which policy, what the reviewer allows, how patiently."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from pydantic import JsonValue

from curator.gateway.errors import RateLimited
from curator.help import outcomes
from curator.journal import Busy, Journal
from curator.model import Finding, ScrubPolicy
from curator.model.base import Value
from curator.promote.stops import Stop

if TYPE_CHECKING:
    from curator.gateway import Gateway
    from curator.promote.promoter import Promoter
    from curator.rulebook import LoadedRule


class PersonalFinder(Protocol):
    """The part of the scrub that a write needs: looks for personal values, finds nothing in placeholders."""

    def find(self, value: JsonValue, policy: ScrubPolicy) -> list[Finding]:
        """The findings of a JSON value. Raises CuratorError when it cannot be looked through."""
        ...


class Patience(Value):
    """How long each kind of waiting may last, in seconds."""

    lock: float = 30
    """For another thread or process of this machine that writes the same id."""
    late: float = 5
    """For readings that do not show a write yet, and for a write whose answer got lost."""
    limit: float = 30
    """For a rate limit, in sum."""
    conflict: float = 5
    """For somebody who writes the same item at the same time."""
    draft: float = 60
    """For a draft that nobody has written yet, before its trace is looked for again."""
    repair: float = 4
    """For another machine that repairs the duplicate rows that both left."""

    def longer(self) -> "Patience":
        """The patience of the remedy `wait`."""
        return Patience(lock=300, late=60, limit=600, conflict=60, repair=20)


_PAUSE = 1.0
"""Seconds to wait on a 429 that does not say how long."""


class Pace:
    """Holds all writers back until the server accepts requests again."""

    def __init__(self, sleep: Callable[[float], None] = time.sleep) -> None:
        self.sleep = sleep
        self._lock = threading.Lock()
        self._free_at = 0.0

    def hold(self, seconds: float) -> None:
        """No write before `seconds` from now."""
        with self._lock:
            self._free_at = max(self._free_at, time.monotonic() + seconds)

    def limited(self, error: RateLimited, until: float) -> bool:
        """Holds everybody back as long as a 429 asks for; False when that ends after `until` (monotonic)."""
        pause = _PAUSE if error.retry_after is None else error.retry_after
        if time.monotonic() + pause > until:
            return False
        # All would come back at the same moment, and be limited again.
        self.hold(pause + random.uniform(0, 0.2))
        return True

    def wait(self) -> None:
        """Returns when writes may be sent."""
        while (left := self._free_at - time.monotonic()) > 0:
            self.sleep(left)


Via = Literal["terminal", "script", "files"]
"""How an approval came about: somebody at a terminal, a program, or a reviewed folder that was pushed back."""


class Choices(Value):
    """What a reviewer allows or asks for beyond the plain way; the same for everything that is written together."""

    remedies: frozenset[str] = frozenset()
    """Names of `REMEDIES`: what curator may do about a failure."""
    complete_queue: bool = False
    """Also complete the open annotation-queue entries behind each failure; else the receipt says what is left."""
    batch: str = ""
    """What `undo --batch` takes back together."""


@dataclass(frozen=True)
class Job:
    """A promoter at work under one policy. Thread-safe."""

    by: "Promoter"
    policy: ScrubPolicy = field(default_factory=ScrubPolicy)
    rule: str = ""
    choices: Choices = field(default_factory=Choices)
    loaded: "LoadedRule | None" = None
    """The whole rule, for the remedy `create-dataset`; None for an item that came by another way."""
    shares: bool = True
    """Whether a proved write means that its trace is promoted; not so when only metadata is amended."""

    @property
    def gateway(self) -> "Gateway":
        return self.by.gateway

    @property
    def journal(self) -> Journal:
        return self.by.journal

    @property
    def scrubber(self) -> PersonalFinder:
        return self.by.scrubber

    @property
    def reviewer(self) -> str:
        return self.by.reviewer

    @property
    def pace(self) -> Pace:
        return self.by.pace

    @property
    def remedies(self) -> frozenset[str]:
        return self.choices.remedies

    @contextmanager
    def locked(self, item_id: str) -> Iterator[None]:
        """Holds the right to write an id on this machine. Raises Stop (ITEM_BUSY)."""
        try:
            with self.journal.item_lock(item_id, self.patience.lock):
                yield
        except Busy:
            raise Stop(outcomes.BUSY, f"Another curator on this machine is writing the item {item_id}.") from None

    @property
    def patience(self) -> Patience:
        return self.by.patience.longer() if "wait" in self.choices.remedies else self.by.patience
