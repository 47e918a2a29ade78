"""One item: read what is there, plan, write, read back, say what is true; then share the decision that follows.

Never raises for what the server or the network does: the receipt names it. The journal knows of every step before it
is taken. At most six requests when nothing goes wrong.
"""

from collections.abc import Sequence

from curator.help import outcomes
from curator.journal import Entry
from curator.model import Change, Item, Receipt, StoredItem, lineage
from curator.model.errors import CuratorError
from curator.model.receipt import WriteAction
from curator.promote.content import adapted, require_scrubbed, require_storable
from curator.promote.job import Job
from curator.promote.plan import Plan, changes, differences, plan
from curator.promote.proof import Proof, prove
from curator.promote.receipts import ended, finish, proved, share
from curator.promote.stops import Stop
from curator.promote.write import Changed, became_of, intend_and_write, read

MAX_ATTEMPTS = 5
"""How many deterministic ids the remedy `next-id` tries."""
_REPLANS = 5


def promote_one(
    job: Job,
    item: Item,
    entries: Sequence[Entry] = (),
    promotion: str | None = None,
    after: Changed | None = None,
) -> Receipt:
    """Promotes one item: preflight by id, one write, read-back by id and by list, second scrub, receipt, decision.

    `entries` are annotation-queue entries to complete; `promotion` is one that has begun with a prepared item and goes
    on here, `after` the end of its first try.
    """
    try:
        if promotion is None:
            item = prepared(job, item)
            promotion = job.journal.promotions.begin(item, rule=job.rule, reviewer=job.reviewer, entries=entries)
        while True:
            try:
                action, proof = _write_and_prove(job, item, promotion, after)
                break
            except Stop as stop:
                taken = stop.outcome in (outcomes.COLLISION, outcomes.TOMBSTONE)
                following = next_item(item) if taken else None
                if following is None or "next-id" not in job.remedies:
                    raise
                item = following
                job.journal.promotions.retarget(promotion, item)
        receipt = proved(job, item, action, proof, "by id and by list")
    except CuratorError as error:
        return ended(job, item, promotion, error)
    except BaseException:
        if promotion is not None:
            job.journal.promotions.give_up(promotion)
        raise
    return share(job, finish(job, promotion, receipt, proof, entries))


def prepared(job: Job, item: Item) -> Item:
    """The item with the asked-for adaptations, proven to arrive as it is and to be clean. Raises Stop, CuratorError."""
    item = adapted(item, job.remedies)
    require_storable(item)
    item = lineage.sealed(item)
    require_scrubbed(item, job.scrubber, job.policy)
    return item


def _write_and_prove(job: Job, item: Item, promotion: str, unconfirmed: Changed | None) -> tuple[WriteAction, Proof]:
    with job.locked(item.id):
        for _ in range(_REPLANS):
            stored = read(job, item.id)
            try:
                the_plan = planned(job, item, stored)
            except Stop as stop:
                raise _with_own_write(job, stop, promotion, unconfirmed, stored) from None
            if the_plan.item.metadata is not item.metadata:
                item = prepared(job, the_plan.item)  # what somebody else wrote has to be clean as well
                job.journal.promotions.retarget(promotion, item)
                the_plan = the_plan.model_copy(update={"item": item})
            try:
                answer = None if the_plan.action == "none" else intend_and_write(job, the_plan, promotion)
            except Changed as changed:
                unconfirmed = changed if changed.sent is not None else unconfirmed
                continue
            action, proof = prove(job, the_plan, promotion, answer)
            if action == "none" and unconfirmed is not None:
                action, _ = became_of(job, unconfirmed, proof.stored)
            return action, proof
        restless = Stop(outcomes.MODIFIED, f"Somebody else keeps changing the item {item.id}.")
        raise _with_own_write(job, restless, promotion, unconfirmed, stored)


def _with_own_write(
    job: Job, stop: Stop, promotion: str, unconfirmed: Changed | None, stored: StoredItem | None
) -> Stop:
    """A refusal after an own write whose answer got lost, and which somebody changed since, refuses no more: it failed.

    The journal then knows the own version, or that nobody knows whether there was one.
    """
    if unconfirmed is None or stored is None:
        return stop
    action, own = became_of(job, unconfirmed, stored)
    if own is not None:
        job.journal.promotions.answered(promotion, own)
    failed = stop.outcome.model_copy(update={"verdict": "failed"})
    return stop if action == "none" else Stop(failed, stop.message, path=stop.problem.path, changes=stop.changes)


def planned(job: Job, item: Item, stored: StoredItem | None) -> Plan:
    """What to do about an item, given what is stored under its id; see `plan`. Raises Stop."""
    return plan(item, stored, job.remedies, edited(job, item, stored))


def edited(job: Job, item: Item, stored: StoredItem | None) -> tuple[Change, ...] | None:
    """What somebody changed in Langfuse since a reviewer approved it last; None when it stands as it was approved.

    This machine's receipts count, else the digest in the item, else (items of an older curator) its fingerprints.
    """
    if stored is None or stored.dataset != item.dataset:
        return None
    active = stored.model_copy(update={"status": "ACTIVE"})  # that it is archived is another matter
    if lineage.DIGEST in stored.lineage and _as_it_says(active) and not differences(item, active, volatile=False):
        return None  # another reviewer approved the same
    earlier = job.journal.promotions.approved(item.id)
    receipts = [each.receipt for each in earlier if each.receipt is not None]
    known = {each.digest for each in receipts if each.digest}
    # An undo brings back what stood there before; somebody's edit that nobody approved is one again then.
    before = [
        each.previous.content for each in earlier if each.previous is not None and each.previous.content is not None
    ]
    known |= {lineage.approval_digest(each) for each in before if _as_it_says(each)}
    if any(each.digest for each in receipts):
        unchanged = lineage.approval_digest(active) in known
    elif receipts:
        unchanged = lineage.content_fingerprint(stored) in {each.fingerprint for each in receipts}
    else:
        unchanged = _as_it_says(active)
    if unchanged:
        return None
    approved = next((each.item for each in reversed(earlier) if each.item is not None), None)
    return changes(approved or item, active, job.scrubber, job.policy)


def _as_it_says(stored: StoredItem) -> bool:
    """Whether an item is what its own lineage says was approved: by its digest, of an older curator by fingerprints."""
    metadata = stored.lineage
    if lineage.DIGEST in metadata:
        return bool(metadata[lineage.DIGEST] == lineage.approval_digest(stored))
    return metadata.get("fingerprints") == lineage.fingerprints(stored.input, stored.expected_output)


def ever_approved(job: Job, stored: StoredItem) -> bool:
    """Whether anybody approved an item with curator, as its lineage or a receipt of this machine says."""
    return bool({lineage.DIGEST, "fingerprints"} & stored.lineage.keys() or job.journal.promotions.approved(stored.id))


def next_item(item: Item) -> Item | None:
    """The same item under the next deterministic id, which lineage records; None when there is none left."""
    attempt = int(str(item.metadata.get("id_attempt", 1))) + 1
    if item.source_trace_id is None or attempt > MAX_ATTEMPTS:
        return None
    case = str(item.metadata.get("case", "1"))
    identity = lineage.item_id(item.dataset, item.source_trace_id, item.source_observation_id, case, attempt)
    return lineage.sealed(item.model_copy(update={"id": identity, "metadata": item.metadata | {"id_attempt": attempt}}))
