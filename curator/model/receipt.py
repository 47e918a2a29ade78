"""A receipt: what was written, where, and what the read-back proved."""

import json
from datetime import datetime
from typing import Literal

from pydantic import JsonValue

from curator.model.base import Value
from curator.model.draft import Problem
from curator.model.failure import Decision, OfFailure

WriteAction = Literal["created", "updated", "archived", "none", "unknown"]
"""`unknown`: a write was sent, and whether it happened nobody has seen yet; `curator promote --resume` looks."""
UNSTORED = "journal"
"""Name of the check of a receipt that this machine could not store."""
Verdict = Literal["verified", "unchanged", "refused", "failed"]


class Check(Value):
    """One thing that was looked at, and how it came out; `detail` is safe to print."""

    name: str
    ok: bool
    detail: str = ""


class Change(Value):
    """One field of an item that is not what was approved, with both values; personal values in the new one are named,
    not shown."""

    path: str
    kind: str
    """`changed`, `missing`, `added`, `type`, `status`, `dataset` or `stale`."""
    old: JsonValue = None
    new: JsonValue = None

    def __str__(self) -> str:
        # `null` and nothing at all are two things: a key that holds null was approved, or was not there.
        old = "nothing" if self.kind == "added" and self.old is None else _short(self.old)
        new = "nothing" if self.kind == "missing" and self.new is None else _short(self.new)
        return f"{self.path}: {old} → {new}"


class Receipt(OfFailure):
    """The result of one promotion. `verified` and `unchanged` are said only after the read-back agreed."""

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
    digest: str = ""
    """sha256 over everything that was approved: content, lineage, source ids, status, dataset; see lineage."""
    changes: tuple[Change, ...] = ()
    """What somebody changed in Langfuse since it was approved: the reason of ITEM_EDITED."""
    remedies: tuple[str, ...] = ()
    """What curator can do about the problem, by name (`REMEDIES`)."""
    proposes: Literal["known"] | None = None
    """State that the new item had better take: `known` while the failure is not fixed, else the gate shuts for it."""

    @property
    def decision(self) -> Decision:
        """That its failure is promoted."""
        return Decision(
            trace_id=self.trace_id,
            observation_id=self.observation_id,
            state="promoted",
            reviewer=self.reviewer,
            rule=self.rule or None,
            item_id=self.item_id,
            at=self.at,
        )

    @property
    def ok(self) -> bool:
        """True when the item is there, once, as meant."""
        return self.verdict in ("verified", "unchanged")

    @property
    def stored(self) -> bool:
        """False when this machine could not store it; the next start that can finishes what was begun."""
        return not any(check.name == UNSTORED for check in self.checks)


def _short(value: JsonValue) -> str:
    """A value in one line of at most 80 characters."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:79]}…"
