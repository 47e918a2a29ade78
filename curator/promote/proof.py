"""Earns the verdict: reads the item by id and by list until both agree, repairs doubled rows, says what they show.

Two machines that write a brand-new id at the same moment leave two current rows. Reading by id shows the older, the
list the newer; later writes do not mend it. Deleting takes one row at a time, so all are deleted and the item is
written anew.
"""

import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from curator.gateway.errors import GatewayError, NoAnswer, NotFound, RateLimited, ServerFailed
from curator.help import outcomes
from curator.help.outcomes import Outcome
from curator.model import Check, Item, StoredItem
from curator.model.base import Value
from curator.model.receipt import WriteAction
from curator.promote.content import in_words, leftovers, unlinked
from curator.promote.job import Job
from curator.promote.plan import Difference, Plan, differences, summary
from curator.promote.stops import Stop, no_dataset, says_no_dataset, stop_of
from curator.promote.write import Changed, previous_of, read, who_created, write_item

MAX_ROWS = 25
_ROUNDS = 4
_FRESH = timedelta(minutes=1)
"""Age of doubled rows that somebody may still be about to repair."""


class ReadBack(Value):
    """An item as it was read, by id and by list."""

    by_id: StoredItem | None
    listed: StoredItem | None
    """The row of the list; archived items have none."""
    rows: int
    """Distinct items in the list."""
    total: int
    """What the server counts; more than the rows when an id has several current rows."""
    counted: bool
    """Whether rows and total cover the same items, so that they can be compared."""

    @property
    def duplicated(self) -> bool:
        """Whether this id has several current rows: list and id answer different versions of it."""
        if self.by_id is None or self.listed is None:
            return False
        # Servers may come to read by id newest first, too; then only the count tells, as long as it counts rows.
        surplus = self.counted and self.total > self.rows
        return self.by_id.updated_at != self.listed.updated_at or (surplus and self.rows == 1)


class Proof(Value):
    """What the read-back proved."""

    stored: StoredItem
    other_approval: bool = False
    """True when the very same case stands there with another approval: an earlier one, or another reviewer's."""


def read_both(job: Job, item: Item | StoredItem, known: StoredItem | None = None) -> ReadBack:
    """Two requests: the item by id, and the list of its source trace (of its dataset when it has none).

    `known` is what a read by id has just shown; then one request is enough. Raises GatewayError.
    """
    by_id = known or job.gateway.item(item.id)
    trace = item.source_trace_id or None
    pages = job.gateway.items(item.dataset, source_trace_id=trace)
    rows: dict[str, StoredItem] = {}
    for row in pages:
        rows.setdefault(row.id, row)
        if trace is None and item.id in rows:
            break  # without a trace this is the list of the whole dataset, newest first
    return ReadBack(
        by_id=by_id, listed=rows.get(item.id), rows=len(rows), total=pages.total_items, counted=trace is not None
    )


class Late(Exception):
    """The reading does not show the write (yet)."""

    def __init__(self, outcome: Outcome, message: str) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.message = message


class Duplicated(Exception):
    """The id has several current rows."""

    def __init__(self, reading: ReadBack) -> None:
        super().__init__()
        self.reading = reading


def proof_of(item: Item, reading: ReadBack, answer: StoredItem | None) -> Proof:
    """What a reading means for an item that was written (`answer`) or found (None).

    Raises Late when it may come right by itself, Duplicated, and Stop with the named reason else.
    """
    stored, listed = reading.by_id, reading.listed
    if reading.duplicated and not _behind(listed, answer):
        raise Duplicated(reading)
    if stored is None and listed is None:
        raise Late(outcomes.LOST_WRITE, "Langfuse accepted the write, but neither the id nor the list shows it")
    if stored is None or _behind(stored, answer):
        if listed is None or _behind(listed, answer):
            raise Late(outcomes.LOST_WRITE, "Langfuse accepted the write, but still shows what was there before")
        raise Late(outcomes.STALE_READ, "The list shows the item, reading it by id does not")
    found = differences(item, stored)
    if found:
        other_approval = not differences(item, stored, volatile=False)
        if not other_approval or (answer is not None and stored.updated_at <= answer.updated_at):
            raise _wrong(found, stored, answer)
    if listed is None or _behind(listed, answer):
        raise Late(outcomes.STALE_READ, "The item can be read by id, but the list does not show it")
    if missing := unlinked(stored):
        raise Late(outcomes.MEDIA_UNLINKED, f"Langfuse has not linked {', '.join(sorted(missing))} to the item")
    return Proof(stored=stored, other_approval=bool(found))


def read_back(job: Job, item: Item, answer: StoredItem | None, *, known: StoredItem | None = None) -> Proof:
    """Reads until id and list agree, within the patience for late readings.

    `answer` is what the server said to the write, None when there was none; `known` see `read_both`. Raises Stop with
    the named reason, and Duplicated.
    """
    began = time.monotonic()
    pause = 0.15  # Langfuse reads its own writes of items at once; what comes late is a replica or a proxy's cache
    while True:
        try:
            return proof_of(item, read_both(job, item, known), answer)
        except GatewayError as error:
            if says_no_dataset(error, item.dataset):
                raise no_dataset(item.dataset) from None
            raise stop_of(error, verdict="refused" if answer is None else "failed") from None
        except Late as late:
            if time.monotonic() + pause > began + job.patience.late:
                raise Stop(late.outcome, f"{late.message} (after {time.monotonic() - began:.1f} s).") from None
        job.pace.sleep(pause)
        pause, known = min(pause * 2, 2), None


def require_clean(job: Job, stored: StoredItem) -> None:
    """The second scrub, of what came back. Raises Stop, CuratorError."""
    if found := leftovers(stored, job.scrubber, job.policy):
        raise Stop(
            outcomes.NOT_CLEAN,
            f"What came back holds personal values or secrets: {in_words(found)}.",
            path=found[0].path,
        )


def checks_of(proof: Proof, reading: str, action: WriteAction) -> tuple[Check, ...]:
    """The checks that a proof stands for; `reading` says how it was read."""
    stored = proof.stored
    equal = "input, expected output, metadata and source are as sent"
    if proof.other_approval:
        equal = f"the same case, approved by {stored.lineage.get('reviewer')} at {stored.lineage.get('approved_at')}"
        if action != "none":
            equal = f"{action} here, then {equal}"
    return (
        Check(name="read back", ok=True, detail=reading),
        Check(name="dataset", ok=True, detail=stored.dataset),
        Check(name="active", ok=True, detail="experiments will run it"),
        Check(name="equal", ok=True, detail=equal),
        Check(name="once", ok=True, detail="listed exactly once"),
        Check(name="clean", ok=True, detail="the second scrub finds nothing"),
    )


def prove_archived(job: Job, item: Item, answer: StoredItem) -> None:
    """Proves that an item is there as it was written, archived, and that no list shows it. Raises Stop."""
    try:
        reading = read_both(job, item)
    except GatewayError as error:
        raise stop_of(error, verdict="failed") from None
    stored = reading.by_id
    if stored is None or stored.status != "ARCHIVED" or _behind(stored, answer) or reading.listed is not None:
        raise Stop(outcomes.STALE_READ, f"Langfuse accepted it, but the item {item.id} does not read as archived.")
    if found := differences(item, stored):
        raise Stop(outcomes.REWRITTEN, f"Langfuse stored something else than was sent: {found[0]}.", path=found[0].path)


def _behind(stored: StoredItem | None, answer: StoredItem | None) -> bool:
    """Whether a reading is older than the write."""
    return answer is not None and stored is not None and stored.updated_at < answer.updated_at


def _wrong(found: Sequence[Difference], stored: StoredItem, answer: StoredItem | None) -> Stop:
    kinds = {each.kind for each in found}
    if "dataset" in kinds:
        words = f"The item {stored.id} is in the dataset {stored.dataset!r} now: somebody moved it after the write."
        return Stop(outcomes.OVERWRITTEN, words)
    if answer is not None and stored.updated_at > answer.updated_at:
        return Stop(
            outcomes.OVERWRITTEN,
            f"Somebody wrote the item {stored.id} again right after: it now differs ({summary(list(found))}).",
        )
    if "status" in kinds:
        return Stop(outcomes.ARCHIVED, f"Langfuse took the write and kept the item {stored.id} archived.")
    if kinds == {"stale"}:
        return Stop(
            outcomes.STALE_FIELDS,
            f"Langfuse kept old values that the item leaves empty: {', '.join(each.path for each in found)}.",
            path=found[0].path,
        )
    return Stop(
        outcomes.REWRITTEN, f"Langfuse stored something else than was sent: {summary(list(found))}.", path=found[0].path
    )


def prove(job: Job, plan: Plan, promotion: str, answer: StoredItem | None) -> tuple[WriteAction, Proof]:
    """Reads an item back, repairs its rows where that is allowed, scrubs what came back; says what was done in all.

    `answer` is the server's to the write, None when nothing was written. Raises Stop, CuratorError.
    """
    action: WriteAction = plan.action
    rewrites: list[StoredItem | None] = []
    try:
        proof = read_back(job, plan.item, answer, known=plan.before if answer is None else None)
    except Duplicated as found:
        proof = _settle_duplicates(job, plan, promotion, answer, found.reading, rewrites)
        action = "updated" if any(rewrites) and action == "none" else action
    require_clean(job, proof.stored)
    if action == "created":
        unseen = answer is None and proof.other_approval
        action = "unknown" if unseen else who_created(job, [answer or proof.stored, *rewrites], promotion)
    return action, proof


def _settle_duplicates(
    job: Job,
    plan: Plan,
    promotion: str,
    answer: StoredItem | None,
    reading: ReadBack,
    rewrites: list[StoredItem | None],
) -> Proof:
    """The proof after the rows are repaired; `rewrites` gets what each repair wrote, None when others wrote it then.

    This promotion may repair when it just created the id, or when the remedy `repair` was asked for. Of two machines
    that both created it, the one whose row the list shows repairs at once; everybody else gives it time first. Raises
    Stop.
    """
    asked = "repair" in job.remedies
    for _ in range(_ROUNDS):
        if not asked and not (plan.action == "created" and _is_newest(reading, answer)):
            try:
                return _wait_for_other(job, plan, answer, reading)
            except Duplicated as still:
                reading = still.reading
            if plan.action != "created":
                break
        rewrites.append(_rewrite(job, plan, promotion))
        answer = rewrites[-1] or answer
        try:
            return read_back(job, plan.item, answer)
        except Duplicated as again:
            reading = again.reading
            job.pace.sleep(random.uniform(0, job.patience.repair / 2))
    raise Stop(
        outcomes.DUPLICATES, f"The id {plan.item.id} has several current rows: reading by id and by list disagree."
    )


def _is_newest(reading: ReadBack, answer: StoredItem | None) -> bool:
    return answer is not None and reading.listed is not None and reading.listed.updated_at == answer.updated_at


def _wait_for_other(job: Job, plan: Plan, answer: StoredItem | None, reading: ReadBack) -> Proof:
    """Reads on while the other machine repairs. Raises Duplicated when it did not, Stop."""
    share = random.uniform(0.5, 1)
    if (
        plan.action != "created"
        and reading.listed is not None
        and datetime.now(UTC) - reading.listed.updated_at < _FRESH
    ):
        share = 3  # whoever made them waits first, too, and repairs then
    deadline = time.monotonic() + job.patience.repair * share
    while True:
        try:
            return read_back(job, plan.item, answer)
        except Duplicated:
            if time.monotonic() > deadline:
                raise
            job.pace.sleep(0.3)


def _rewrite(job: Job, plan: Plan, promotion: str) -> StoredItem | None:
    """Deletes every row of the id and writes the item once; None when somebody else has done so meanwhile."""
    # Back to `intent`: a kill between the deletions and the write must leave a draft, not a lost item.
    known = job.journal.promotions.get(promotion)
    previous = known.previous if known is not None else None
    job.journal.promotions.intend(promotion, previous or previous_of(job, plan.before))
    delete_rows(job, plan.item.id)
    fresh = plan.model_copy(update={"action": "created", "before": None})
    stored = read(job, plan.item.id)
    if stored is not None and not differences(plan.item, stored, volatile=False):
        return None
    try:
        answer = write_item(job, fresh)
    except Changed:
        return None
    job.journal.promotions.answered(promotion, answer)
    return answer


def delete_rows(job: Job, item_id: str) -> None:
    """Deletes every current row of an id. Raises Stop."""
    until = time.monotonic() + job.patience.limit
    # One DELETE takes one current row away; an id that was written twice at first has several.
    for left in reversed(range(MAX_ROWS)):
        job.pace.wait()
        try:
            job.gateway.delete_item(item_id)
        except NotFound:
            return
        except RateLimited as error:
            if not left or not job.pace.limited(error, until):
                raise stop_of(error, verdict="failed") from None
        except (NoAnswer, ServerFailed) as error:
            # Langfuse answers 500 when another machine takes the row away under its hands: that machine repairs too.
            if read(job, item_id) is None:
                return
            job.pace.sleep(random.uniform(0.1, 0.3))
            if not left:
                raise stop_of(error, verdict="failed") from None
        except GatewayError as error:
            raise stop_of(error, verdict="failed") from None
