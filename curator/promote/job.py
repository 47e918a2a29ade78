"""What stays the same over one command: connection, journal, scrub, who promotes under which rule, how patiently."""

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from pydantic import JsonValue

from curator.journal import Journal
from curator.model import Finding, ScrubPolicy
from curator.model.base import Value

if TYPE_CHECKING:
    from curator.gateway import Gateway


class Finder(Protocol):
    """The part of the scrub that promotion needs: looks for personal values, finds nothing in placeholders."""

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
    repair: float = 4
    """For another machine that repairs the duplicate rows that both left."""

    def longer(self) -> "Patience":
        """The patience of the remedy `wait`."""
        return Patience(lock=300, late=60, limit=600, conflict=60, repair=20)


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

    def wait(self) -> None:
        """Returns when writes may be sent."""
        while (left := self._free_at - time.monotonic()) > 0:
            self.sleep(left)


@dataclass(frozen=True)
class Job:
    """See the module; thread-safe."""

    gateway: "Gateway"
    journal: Journal
    scrubber: Finder
    policy: ScrubPolicy
    rule: str
    reviewer: str
    remedies: Collection[str] = ()
    patience: Patience = field(default_factory=Patience)
    batch: str = ""
    pace: Pace = field(default_factory=Pace)

    def __post_init__(self) -> None:
        if "wait" in self.remedies:
            object.__setattr__(self, "patience", self.patience.longer())
