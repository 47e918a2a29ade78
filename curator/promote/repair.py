"""Several current rows of one id: who repairs them, and how.

Two machines that write a brand-new id at the same moment leave two rows. Reading by id shows the older, the list the
newer; later writes do not mend it. Deleting takes one row at a time, so all are deleted and the item is written anew.
"""

import random
import time

from curator.gateway.errors import GatewayError, NotFound
from curator.help import outcomes
from curator.model import StoredItem
from curator.model.receipt import WriteAction
from curator.promote.job import Job
from curator.promote.plan import Plan
from curator.promote.readback import Duplicated, Proof, Reading, check_clean, read_back
from curator.promote.stops import Stop, stop_of
from curator.promote.write import previous_of, write

MAX_ROWS = 25
_ROUNDS = 4


def prove(job: Job, plan: Plan, promotion: str, answer: StoredItem | None) -> tuple[WriteAction, Proof]:
    """Reads an item back, repairs its rows where that is allowed, scrubs what came back; says what was done in all.

    `answer` is the server's to the write, None when nothing was written. Raises Stop, CuratorError.
    """
    action: WriteAction = plan.action
    try:
        proof = read_back(job, plan.item, answer, known=plan.before if answer is None else None)
    except Duplicated as found:
        proof, rewritten = _settle_duplicates(job, plan, promotion, answer, found.reading)
        action = "updated" if rewritten and action == "none" else action
    check_clean(job, proof.stored)
    return action, proof


def _settle_duplicates(
    job: Job, plan: Plan, promotion: str, answer: StoredItem | None, reading: Reading
) -> tuple[Proof, bool]:
    """The proof after the rows are repaired, and whether it was repaired here.

    This promotion may repair when it just created the id, or when the remedy `repair` was asked for. Of two machines
    that both created it, the one whose row the list shows repairs at once; everybody else gives it time first. Raises
    Stop.
    """
    asked = "repair" in job.remedies
    for _ in range(_ROUNDS):
        if not asked and not (plan.action == "created" and _is_newest(reading, answer)):
            try:
                return _wait_for_other(job, plan, answer), False
            except Duplicated as still:
                reading = still.reading
            if plan.action != "created":
                break
        answer = _rewrite(job, plan, promotion)
        try:
            return read_back(job, plan.item, answer), True
        except Duplicated as again:
            reading = again.reading
            job.pace.sleep(random.uniform(0, job.patience.repair / 2))
    raise Stop(
        outcomes.DUPLICATES, f"The id {plan.item.id} has several current rows: reading by id and by list disagree."
    )


def _is_newest(reading: Reading, answer: StoredItem | None) -> bool:
    return answer is not None and reading.listed is not None and reading.listed.updated_at == answer.updated_at


def _wait_for_other(job: Job, plan: Plan, answer: StoredItem | None) -> Proof:
    """Reads on while the other machine repairs. Raises Duplicated when it did not, Stop."""
    deadline = time.monotonic() + job.patience.repair * random.uniform(0.5, 1)
    while True:
        try:
            return read_back(job, plan.item, answer)
        except Duplicated:
            if time.monotonic() > deadline:
                raise
            job.pace.sleep(0.3)


def _rewrite(job: Job, plan: Plan, promotion: str) -> StoredItem:
    """Deletes every row of the id and writes the item once."""
    # Back to `intent`: a kill between the deletions and the write must leave a draft, not a lost item.
    known = job.journal.promotions.get(promotion)
    previous = known.previous if known is not None else None
    job.journal.promotions.intend(promotion, previous or previous_of(job, plan.before))
    try:
        for _ in range(MAX_ROWS):
            try:
                job.gateway.delete_item(plan.item.id)
            except NotFound:
                break
    except GatewayError as error:
        raise stop_of(error, verdict="failed") from None
    answer = write(job, plan.model_copy(update={"action": "created", "before": None}))
    job.journal.promotions.answered(promotion, answer)
    return answer
