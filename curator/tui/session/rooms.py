"""The rooms behind one project, each opened at its first use, and where the reviewer stands."""

import threading
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from curator.config import Settings
from curator.model import Decision, Failure, ScrubPolicy, StoredItem
from curator.tui.memory import Memory, Standing
from curator.tui.session.values import Connected

if TYPE_CHECKING:
    from curator.gateway import Gateway
    from curator.journal import Journal
    from curator.promote import Promoter
    from curator.rulebook import LoadedRule
    from curator.scrub.scrubber import Scrubber


class Rooms:
    """Connection, journal, scrub, rules, memory. Thread-safe."""

    def __init__(self, settings: Settings, scrubber: "Scrubber | None" = None) -> None:
        """`scrubber`: one that already runs and that somebody else closes."""
        self.settings = settings
        self.on_wait: Callable[[str], None] | None = None
        """Hears, in any thread, that a call waits for the server (a rate limit, a failure) and for how long."""
        self._own_scrubber = scrubber is None
        self._lock = threading.RLock()
        self._gateway: Gateway | None = None
        self._journal: Journal | None = None
        self._promoter: Promoter | None = None
        self._scrubber: Scrubber | None = scrubber
        self._connected: Connected | None = None
        self._failures: dict[str, Failure] = {}
        self._pending: dict[str, Decision] = {}
        self._items: dict[str, tuple[float, list[StoredItem] | None]] = {}

    @property
    def host(self) -> str:
        """The server's address without its scheme."""
        return (self.settings.base_url or "").split("://")[-1].rstrip("/")

    @property
    def gateway(self) -> "Gateway":
        """The one connection. Raises ConfigError when keys are missing."""
        from curator.gateway import Gateway

        with self._lock:
            if self._gateway is None:
                self._gateway = Gateway(self.settings.connection(), on_wait=self._wait)
            return self._gateway

    def _wait(self, seconds: float, why: str) -> None:
        if self.on_wait is not None:
            self.on_wait(f"{why} trying again in {seconds:.0f} s")

    @property
    def journal(self) -> "Journal":
        """The record of this machine. Raises ConfigError when it cannot be opened."""
        from curator.journal import Journal

        with self._lock:
            if self._journal is None:
                self._journal = Journal.of(self.settings.connection())
            return self._journal

    @property
    def scrubber(self) -> "Scrubber":
        """What finds personal values; its process starts at the first question."""
        from curator.scrub.scrubber import Scrubber

        with self._lock:
            if self._scrubber is None:
                self._scrubber = Scrubber()
            return self._scrubber

    @property
    def promoter(self) -> "Promoter":
        """The way from a failure to a stored item. Raises ConfigError."""
        from curator.promote import Promoter

        with self._lock:
            if self._promoter is None:
                self._promoter = Promoter(self.gateway, self.journal, self.scrubber, self.settings)
            return self._promoter

    @cached_property
    def _rules(self) -> "list[LoadedRule]":
        from curator.rulebook import load_rules

        return load_rules(self.settings)

    @property
    def rules(self) -> "list[LoadedRule]":
        """Every rule. Raises UsageError for a malformed one."""
        with self._lock:
            return self._rules

    @cached_property
    def memory(self) -> Memory:
        """What is remembered between two starts."""
        return Memory(self.settings)

    @cached_property
    def _standing(self) -> list[Standing]:
        return [self.memory.standing()]

    @property
    def standing(self) -> Standing:
        """Where the reviewer stands."""
        return self._standing[0]

    def stand(self, **changes: Any) -> None:
        """The reviewer stands elsewhere; kept when the app ends."""
        self._standing[0] = self.standing.model_copy(update=changes)

    @property
    def reviewer(self) -> str:
        """Who decides."""
        return self.settings.reviewer_name()

    def rule_names(self) -> list[tuple[str, str]]:
        """Rules with their descriptions."""
        return [(r.rule.rule, f"{r.rule.rule}  {r.rule.description}".strip()) for r in self.rules]

    def policy(self, rule: str | None) -> ScrubPolicy:
        """How a rule treats personal values, on top of the team's defaults."""
        return self.promoter.policy(next((r for r in self.rules if r.rule.rule == rule), None))

    def warm(self) -> str | None:
        """Starts the scrub's process ahead of the first question; the name of its model. Raises NotScrubbed."""
        return self.scrubber.start().result()

    def close(self) -> None:
        """Ends the connection, the scrub's process and the journal; what the reviewer's place is, is kept."""
        self.memory.keep_standing(self.standing)
        if self._scrubber is not None and self._own_scrubber:
            self._scrubber.close()
        if self._journal is not None:
            self._journal.close()
        if self._gateway is not None:
            self._gateway.close()
