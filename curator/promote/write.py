"""One write, until it is known whether it happened: waits for rate limits, reads after a lost answer, never guesses."""

import contextlib
import random
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from curator.gateway.errors import (
    BadAnswer,
    Conflict,
    Forbidden,
    GatewayError,
    NoAnswer,
    RateLimited,
    ServerFailed,
    Unauthorised,
    Unreachable,
)
from curator.help import outcomes
from curator.journal import Previous
from curator.model import Item, StoredItem
from curator.model.errors import ConfigError, CuratorError
from curator.model.receipt import WriteAction
from curator.promote.content import leftovers
from curator.promote.job import Job
from curator.promote.plan import Plan, differences
from curator.promote.stops import Stop, diagnose, is_transient, owner_id, stop_of

_VERSIONS = 25
"""How many versions of an item are read for an own write."""
_GATEWAY_TIMEOUTS = (408, 502, 504)
"""Somebody between gave up waiting: the server may still be at work on the write."""


class Changed(Exception):
    """Somebody else changed the item since the preflight: the plan has to be made anew."""

    def __init__(self, sent: Plan | None = None, *, answered: bool = False) -> None:
        super().__init__()
        self.sent = sent
        """An own write that went before and was not confirmed."""
        self.answered = answered
        """Whether the server said that it failed; else there was no answer at all."""


def write_item(job: Job, plan: Plan) -> StoredItem:
    """Sends the item; returns the server's answer, or what a read shows when the answer got lost.

    Raises Stop with the named reason when the item was not written or nobody can tell, and Changed.
    """
    item, tried_again = plan.item, False
    limit_until = time.monotonic() + job.patience.limit
    conflict_until = time.monotonic() + job.patience.conflict
    while True:
        job.pace.wait()
        try:
            # A POST that names no status leaves an archived item archived: one that somebody archived meanwhile shows.
            return job.gateway.put_item(item, clear=plan.clear, keep_status=plan.action == "created")
        except RateLimited as error:
            if not job.pace.limited(error, limit_until):
                raise stop_of(error) from None
        except Conflict as error:
            if not is_transient(error):
                raise explain(job, error, item) from None
            if time.monotonic() > conflict_until:
                raise Stop(
                    outcomes.MODIFIED, f"Somebody else keeps writing the item {item.id} at the same time."
                ) from None
            job.pace.sleep(random.uniform(0.05, 0.4))
            if _version(read(job, item.id)) != _version(plan.before):
                raise Changed from None
        except (NoAnswer, BadAnswer, ServerFailed) as error:
            answered = isinstance(error, ServerFailed) and error.status not in _GATEWAY_TIMEOUTS
            found = _settle(job, plan, answered=answered)
            if found is not None:
                return found
            # A server that said "failed", and a read that proves it, make a second try safe.
            if not answered or tried_again:
                raise _unwritten(job, error, item, answered=answered) from None
            tried_again = True
        except (Unauthorised, Forbidden, Unreachable) as error:
            raise stop_of(error) from None
        except GatewayError as error:
            raise explain(job, error, item) from None


def intend_and_write(job: Job, the_plan: Plan, promotion: str) -> StoredItem:
    """The write, with the journal ahead of it and behind it. Raises Stop, Changed."""
    job.journal.promotions.intend(promotion, previous_of(job, the_plan.before))
    answer = write_item(job, the_plan)
    # The disk may be full by now. `intent` stands there, so that the next start reads it; the write is still proved.
    with contextlib.suppress(ConfigError):
        job.journal.promotions.answered(promotion, answer)
    return answer


def previous_of(job: Job, before: StoredItem | None) -> Previous:
    """What the journal may keep of the item before the write: its content only when that is clean."""
    if before is None:
        return Previous()
    try:
        clean = not leftovers(before, job.scrubber, job.policy)
    except CuratorError:
        clean = False
    return Previous(updated_at=before.updated_at, content=before if clean else None)


def read(job: Job, item_id: str) -> StoredItem | None:
    """The item under an id, in whichever dataset. Raises Stop when it cannot be read."""
    try:
        return job.gateway.item(item_id)
    except GatewayError as error:
        raise stop_of(error) from None


def explain(job: Job, error: GatewayError, item: Item) -> Stop:
    """The named reason of a refused write, with the help of a read and, for a foreign id, the owner's name."""
    try:
        stored = job.gateway.item(item.id)
        owner = None
        if stored is None and (dataset_id := owner_id(error)) is not None:
            owner = next((d.name for d in job.gateway.datasets() if d.id == dataset_id), None)
    except GatewayError as unreadable:
        return stop_of(unreadable)
    return diagnose(error, item, stored, owner)


def became_of(job: Job, changed: Changed, newest: StoredItem) -> tuple[WriteAction, StoredItem | None]:
    """What became of an own write that was not confirmed and stands no more, and its version, if there is one.

    Somebody else wrote `newest` since.
    """
    plan, at = changed.sent, newest.updated_at
    if plan is None:
        return "none", None
    try:
        for _ in range(_VERSIONS):
            if plan.before is not None and at <= plan.before.updated_at:
                return "none", None
            row = version_before(job, plan.item, at)
            if row is None:
                break
            if not differences(plan.item, row):
                first = plan.action == "created" and version_before(job, row, row.updated_at) is None
                return "created" if first else "updated", row
            at = row.updated_at
    except GatewayError:
        return "unknown", None
    # Without an answer, a repair may have deleted it meanwhile.
    return ("none" if changed.answered else "unknown"), None


def version_before(job: Job, item: Item | StoredItem, at: datetime) -> StoredItem | None:
    """The version of an item that the write of a moment replaced; None when it was the first. Raises GatewayError.

    Every POST leaves a version, and a list shows the one of a moment, unless it was archived; the API has no list of
    versions, and of an item itself only the newest.
    """
    then = at - timedelta(milliseconds=1)
    rows = job.gateway.items(item.dataset, source_trace_id=item.source_trace_id or None, version=then)
    return next((row for row in rows if row.id == item.id), None)


def who_created(job: Job, answers: Sequence[StoredItem | None], promotion: str) -> WriteAction:
    """`created`, or `updated` when somebody else wrote the id before one of these first writes and repairs.

    None stands for a repair whose write was left to somebody else. The server answers the first and the second
    writer alike: 200, with `createdAt` and `updatedAt` of now. What was replaced is noted for an undo.
    """
    for answer in answers:
        try:
            before = None if answer is None else version_before(job, answer, answer.updated_at)
        except GatewayError:  # it was written, and nothing says that anybody was there before
            before = None
        if before is not None:
            with contextlib.suppress(ConfigError):
                job.journal.promotions.replaced(promotion, previous_of(job, before))
        if before is not None or answer is None:
            return "updated"
    return "created"


def _settle(job: Job, plan: Plan, *, answered: bool) -> StoredItem | None:
    """The item when a read shows that a write without a usable answer happened; None when the state stays as before.

    Raises Changed when something else stands there, Stop.
    """
    deadline = time.monotonic() + (0 if answered else job.patience.late)
    pause = 0.1
    while True:
        try:
            stored = job.gateway.item(plan.item.id)
        except GatewayError as error:
            raise stop_of(error, verdict="failed") from None
        if stored is not None and not differences(plan.item, stored):
            return stored
        if _version(stored) != _version(plan.before):
            raise Changed(plan, answered=answered)
        if time.monotonic() + pause > deadline:
            return None
        job.pace.sleep(pause)
        pause = min(pause * 2, 1)


def _unwritten(job: Job, error: GatewayError, item: Item, *, answered: bool) -> Stop:
    if answered:
        return explain(job, error, item)  # before 2.66 a foreign id was answered with 500
    return Stop(
        outcomes.UNANSWERED,
        f"{error.message} For {job.patience.late:g} s no read has shown the item.",
    )


def _version(stored: StoredItem | None) -> object:
    """What changes with every write of an id."""
    return None if stored is None else (stored.dataset_id, stored.updated_at)
