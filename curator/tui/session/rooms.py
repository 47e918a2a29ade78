"""The rooms behind one project, each opened at its first use, and where the reviewer stands."""

import threading
from collections.abc import Callable, Collection
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from curator.config import Settings
from curator.model import ScrubPolicy
from curator.model.base import Value
from curator.tui.memory import LastPlace, Memory

if TYPE_CHECKING:
    from curator.draft import Kind, Trial
    from curator.gateway import Gateway
    from curator.journal import Journal
    from curator.promote import Promoter
    from curator.queue import FirstRule, Workflow
    from curator.rulebook import LoadedRule
    from curator.scrub import Outgoing, Scrubber

T = TypeVar("T")
Report = Callable[[str, int, int | None], None]
"""Progress: what is being done, how much of it is done, of how much (None when nobody knows)."""


class Connected(Value):
    """What is known of the other side after the first contact."""

    project: str
    version: str


class _Once(cached_property[T]):
    """What is made at its first use: by one thread, while the others wait for it."""

    def __get__(self, rooms: Any, owner: type[Any] | None = None) -> T:  # type: ignore[override]
        with rooms.lock:
            made: T = super().__get__(rooms, owner)
            return made


class Rooms:
    """Connection, journal, scrub, rules, memory. Thread-safe."""

    def __init__(self, settings: Settings, scrubber: "Scrubber | None" = None) -> None:
        """`scrubber`: one that already runs and that somebody else closes."""
        self.settings = settings
        self.on_wait: Callable[[float, str], None] | None = None
        """Hears, in any thread, for how many seconds a call waits for the server, and why."""
        self.lock = threading.RLock()
        self._given = scrubber
        self._connected: Connected | None = None
        self._last_place: LastPlace | None = None

    @property
    def host(self) -> str:
        """The server's address without its scheme."""
        return (self.settings.base_url or "").split("://")[-1].rstrip("/")

    @_Once
    def gateway(self) -> "Gateway":
        """The one connection. Raises ConfigError when keys are missing."""
        from curator.gateway import Gateway

        return Gateway(self.settings.connection(), on_wait=self._wait)

    def _wait(self, seconds: float, why: str) -> None:
        if self.on_wait is not None:
            self.on_wait(seconds, why)

    def connect(self) -> Connected:
        """The project; asked once. Raises GatewayError."""
        if self._connected is None:
            info, project = self.gateway.health(), self.gateway.project()
            self._connected = Connected(project=project.name, version=info.version)
        return self._connected

    @_Once
    def journal(self) -> "Journal":
        """The record of this machine. Raises ConfigError when it cannot be opened."""
        from curator.journal import Journal

        return Journal.of(self.settings.connection())

    @_Once
    def scrubber(self) -> "Scrubber":
        """What finds personal values; its process starts at the first question."""
        from curator.scrub import Scrubber

        return self._given or Scrubber()

    @_Once
    def outgoing(self) -> "Outgoing":
        """The gate for what leaves beside items."""
        from curator.scrub import Outgoing

        return Outgoing(self.settings.scrub, self.scrubber)

    @_Once
    def promoter(self) -> "Promoter":
        """The way from a failure to a stored item. Raises ConfigError."""
        from curator.promote import Promoter

        return Promoter(self.gateway, self.journal, self.scrubber, self.settings, via="terminal")

    @_Once
    def rules(self) -> "list[LoadedRule]":
        """Every rule. Raises UsageError for a malformed one."""
        from curator.rulebook import load_rules

        return load_rules(self.settings)

    @property
    def named(self) -> "dict[str, LoadedRule]":
        """The same by their names."""
        return {each.rule.rule: each for each in self.rules}

    def _read_rules_again(self) -> None:
        with self.lock:
            self.__dict__.pop("rules", None)

    def workflows(self, report: Report) -> "tuple[Workflow, ...]":
        """The project's workflows that have failures, with or without a rule. Raises GatewayError."""
        from curator.queue import workflows

        report("looking for failures", 0, None)
        return workflows(self.gateway, datetime.now().astimezone())

    def first_rule(self, report: Report, workflow: str | None, shape: "Kind | None") -> "FirstRule":
        """A rule that fits the traces of a workflow, and what it makes of one of them.

        Raises CuratorError (INIT_NO_TRACES), GatewayError.
        """
        from curator.queue import first_rule

        report("looking at the project's own traces", 0, None)
        now = datetime.now().astimezone()
        return first_rule(self.gateway, self.scrubber, self.settings, now, trace_name=workflow, shape=shape)

    def try_rule(self, report: Report, name: str) -> "Trial":
        """What a rule makes of its recent failures. Raises GatewayError."""
        from curator.queue import parse_window, try_rule

        report("trying the rule on its failures", 0, None)
        window = parse_window(self.last_place.since, None, datetime.now().astimezone())
        return try_rule(self.gateway, self.scrubber, self.settings, self.named[name], window)

    def write_rule(self, name: str, text: str) -> Path:
        """Writes a rule as a new file, where curator finds it from now on. Raises UsageError."""
        from curator.rulebook import check_new, write_new

        target = check_new(Path(self.settings.rules or "rules").expanduser(), name)
        write_new(target, text)
        self._read_rules_again()
        return target

    def add_type(self, rule: str, name: str) -> None:
        """Adds a failure type to a rule, in the list beside its file. Raises UsageError, also for a personal value."""
        from curator.rulebook import change_types
        from curator.scrub import refuse_personal

        refuse_personal(self.scrubber, {"The failure type": name}, self.policy(rule))
        change_types(self.named[rule].path, name)
        self._read_rules_again()

    def teach(self, rule: str, *, never: Collection[str] = (), always: Collection[str] = ()) -> str:
        """Adds texts to what is never, or always, personal in a rule; the change as a diff. Raises UsageError."""
        from curator.rulebook import teach

        change = teach(self.named[rule].path, never=never, always=always)
        self._read_rules_again()
        return change

    def rule_names(self) -> list[tuple[str, str]]:
        """Rules with their descriptions."""
        return [(r.rule.rule, f"{r.rule.rule}  {r.rule.description}".strip()) for r in self.rules]

    @cached_property
    def memory(self) -> Memory:
        """What is remembered between two starts."""
        return Memory(self.settings)

    @property
    def last_place(self) -> LastPlace:
        """Where the reviewer stands."""
        if self._last_place is None:
            self._last_place = self.memory.last_place()
        return self._last_place

    def stand(self, **changes: Any) -> None:
        """The reviewer stands elsewhere; kept when the app ends."""
        self._last_place = self.last_place.model_copy(update=changes)

    @property
    def reviewer(self) -> str:
        """Who decides."""
        return self.settings.reviewer_name()

    def policy(self, rule: str | None) -> ScrubPolicy:
        """How a rule treats personal values, on top of the team's defaults."""
        return self.promoter.policy(self.named.get(rule or ""))

    def warm(self) -> str | None:
        """Starts the scrub's process ahead of the first question; the name of its model. Raises NotScrubbed."""
        return self.scrubber.start().result()

    def close(self) -> None:
        """Ends the connection, the scrub's process and the journal; what the reviewer's place is, is kept."""
        self.memory.keep_last_place(self.last_place)
        opened = self.__dict__
        for name in ("scrubber", "journal", "gateway"):
            if name in opened and opened[name] is not self._given:
                opened[name].close()
