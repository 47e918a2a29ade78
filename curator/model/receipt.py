"""A receipt: what was written, where, and what the read-back proved."""

from datetime import datetime
from typing import Literal

from curator.model.base import Value
from curator.model.draft import Problem

WriteAction = Literal["created", "updated", "none"]
Verdict = Literal["verified", "unchanged", "refused", "failed"]


class Check(Value):
    """One thing that was looked at, and how it came out; `detail` is safe to print."""

    name: str
    ok: bool
    detail: str = ""


class Receipt(Value):
    """The result of one promotion. `verified` and `unchanged` are said only after the read-back agreed."""

    trace_id: str
    item_id: str
    dataset: str
    action: WriteAction
    verdict: Verdict
    checks: tuple[Check, ...] = ()
    problem: Problem | None = None
    warnings: tuple[Problem, ...] = ()
    """What is doubtful about the item though it may be written, such as a case that protects nothing."""
    at: datetime
    reviewer: str = ""
    rule: str = ""
    fingerprint: str = ""
    """sha256 of the canonical item content as written; see lineage."""
    remedies: tuple[str, ...] = ()
    """Remedies that curator can apply: `next-id`, `unarchive`, `clear-stale`, `repair`, `wait`, `draft`."""

    @property
    def ok(self) -> bool:
        """True when the item is there, once, as meant."""
        return self.verdict in ("verified", "unchanged")
