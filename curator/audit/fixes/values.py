"""What a fix needs and what it proposes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from curator.audit.examine import Scrub
from curator.gateway import Gateway
from curator.model import Item, Problem, ScrubPolicy, StoredItem, Value
from curator.rulebook import LoadedRule

FixName = Literal["backfill", "adopt", "rescrub", "duplicates"]
FIXES: tuple[FixName, ...] = get_args(FixName)
CODES: dict[FixName, tuple[str, ...]] = {
    "backfill": ("LIN002",),
    "adopt": ("LIN001",),
    "rescrub": ("PII001", "PII002"),
    "duplicates": ("DUP001",),
}
"""The findings that each fix mends."""


@dataclass(frozen=True)
class Desk:
    """What all fixes of one command share."""

    gateway: Gateway
    scrubber: Scrub
    policy: ScrubPolicy
    rule: LoadedRule | None
    reviewer: str
    at: datetime
    failure_type: str | None = None
    """What the reviewer says where lineage does not."""


class Proposal(Value):
    """What a fix would do to one item. Safe to print: it holds paths, lineage and counts, never text of the item."""

    item_id: str
    fix: FixName
    changes: tuple[str, ...] = ()
    """In words, one line each."""
    before: StoredItem | None = None
    """The item as it is."""
    item: Item | None = None
    """The item as it would be; None when there is a problem."""
    problem: Problem | None = None
    """Why it cannot be done."""


class Refusal(Exception):
    """A fix cannot be made; caught by `propose`, which says why."""

    def __init__(self, code: str, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.problem = Problem(code=code, message=message, remedy=remedy)
