"""Reads items back at any later time, and holds them against everything that was approved."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from curator.gateway.errors import NotFound, Refused
from curator.help import outcomes
from curator.help.outcomes import Outcome
from curator.journal import Journal, last_approvals, read_ledger, standing
from curator.model import Change, Item, Problem, ScrubPolicy, StoredItem, lineage
from curator.model.base import Value
from curator.model.errors import CuratorError, UsageError
from curator.promote.content import in_words, leftovers, unlinked
from curator.promote.job import Job, PersonalFinder
from curator.promote.plan import changes
from curator.promote.proof import read_both
from curator.promote.stops import Stop, no_dataset, stop_of

FEW = 3
"""Up to so many named items are read one by one; for more the dataset's list is read."""


class Approved(Value):
    """What somebody approved of an item, as a receipt of this machine or a ledger says."""

    digest: str = ""
    """Over everything; empty for what an older curator promoted."""
    fingerprint: str = ""
    """Over input and expected output."""
    when: str
    item: Item | None = None
    """The item as it was approved; None from a ledger and for older receipts."""


class Verified(Value):
    """How one item was read, held against what was approved."""

    item_id: str
    verdict: Literal["verified", "unproven", "failed"]
    """`unproven`: it agrees with itself, and nothing but itself says that it was approved so."""
    differences: tuple[Problem, ...] = ()
    changes: tuple[Change, ...] = ()
    """Every field that is not as approved, with old and new, where this machine knows the approved item."""


def verify(job: Job, dataset: str, item_ids: Sequence[str] = (), *, ledger: Path | None = None) -> Iterator[Verified]:
    """Verifies items of a dataset: the named ones, else all that it lists and all that receipts say should be there.

    An item is `verified` when it is in this dataset, ACTIVE, listed once, clean under the scrub, and equal in content,
    lineage, source ids and status to what a receipt of this machine says was approved, or a `ledger` that a team keeps
    in git. Raises CuratorError (DATASET_MISSING, a ledger that cannot be read), GatewayError.
    """
    approved = approved_items(job.journal, dataset, ledger)
    if item_ids and len(item_ids) <= FEW:
        for item_id in dict.fromkeys(item_ids):
            yield _verify_one(job, dataset, item_id, approved.get(item_id))
        return
    pages = job.gateway.items(dataset)
    try:
        rows = {row.id: row for row in pages}
    except NotFound:
        raise no_dataset(dataset) from None
    surplus = pages.total_items > len(rows)
    for item_id in dict.fromkeys(item_ids or [*rows, *approved]):
        if surplus or item_id not in rows:
            yield _verify_one(job, dataset, item_id, approved.get(item_id))
        else:
            found = _problems(job, rows[item_id], approved.get(item_id))
            yield _result(item_id, approved.get(item_id), *found)


def approved_items(journal: Journal | None, dataset: str, ledger: Path | None = None) -> dict[str, Approved]:
    """Item id → what was approved last and not taken back: by this machine's receipts, else by an exported ledger.

    Raises UsageError for a ledger that is not there or cannot be read.
    """
    found = {} if ledger is None else _in_ledger(ledger, dataset)
    for item_id, each in last_approvals(journal, dataset).items() if journal is not None else ():
        receipt = each.receipt
        found[item_id] = Approved(
            digest=receipt.digest,
            fingerprint=receipt.fingerprint,
            when=f"{receipt.at:%Y-%m-%d %H:%M}",
            item=each.promotion.item,
        )
    return found


def _in_ledger(path: Path, dataset: str) -> dict[str, Approved]:
    if not path.exists():
        remedy = "Write one with `curator log --export FILE`."
        raise UsageError(f"There is no ledger {path}.", code="LEDGER_FILE", remedy=remedy)
    return {
        item_id: Approved(
            digest=entry.digest or "", fingerprint=entry.fingerprint or "", when=f"{entry.at:%Y-%m-%d %H:%M}"
        )
        for item_id, (entry, _) in standing(read_ledger(path), dataset).items()
    }


Deviations = tuple[list[Problem], tuple[Change, ...]]
"""What is wrong in words, and field by field."""


def _verify_one(job: Job, dataset: str, item_id: str, approved: Approved | None) -> Verified:
    try:
        stored = job.gateway.item(item_id)
    except Refused as error:  # `.` can be created and never fetched; the other items are still verified
        return Verified(item_id=item_id, verdict="failed", differences=(stop_of(error).problem,))
    if stored is None:
        missing = _problem(outcomes.MISSING, f"Langfuse has no item {item_id}.")
        return Verified(item_id=item_id, verdict="failed", differences=(missing,))
    if stored.dataset != dataset:
        taken = _problem(outcomes.COLLISION, f"The id belongs to the dataset {stored.dataset!r}.")
        change = Change(path="dataset", kind="dataset", old=dataset, new=stored.dataset)
        return Verified(item_id=item_id, verdict="failed", differences=(taken,), changes=(change,))
    problems, changed = _problems(job, stored, approved)
    if stored.status == "ACTIVE":
        reading = read_both(job, stored, stored)
        if reading.duplicated:
            problems.append(_problem(outcomes.DUPLICATES, "The id has several current rows."))
        elif reading.listed is None and reading.counted:
            problems.append(_problem(outcomes.STALE_READ, "The item can be read by id, but the list does not show it."))
    return _result(item_id, approved, problems, changed)


def _problems(job: Job, stored: StoredItem, approved: Approved | None) -> Deviations:
    problems, changed = tampered(stored, approved, job.scrubber, job.policy)
    if stored.status == "ARCHIVED":
        problems.insert(0, _problem(outcomes.ARCHIVED, "The item is archived: no experiment runs it.", "status"))
        changed = (Change(path="status", kind="status", old="ACTIVE", new="ARCHIVED"), *changed)
    try:
        found = leftovers(stored, job.scrubber, job.policy)
    except CuratorError as error:
        problems.append(stop_of(error).problem)
    else:
        if found:
            message = f"The item holds personal values or secrets: {in_words(found)}."
            problems.append(_problem(outcomes.NOT_CLEAN, message, found[0].path))
        if missing := unlinked(stored):
            words = f"Langfuse no longer links {', '.join(sorted(missing))} to the item."
            problems.append(_problem(outcomes.MEDIA_UNLINKED, words))
    return problems, changed


def tampered(
    stored: StoredItem, approved: Approved | None, scrubber: PersonalFinder, policy: ScrubPolicy
) -> Deviations:
    """What of an item is not as it was approved; field by field where the approved item is known.

    Its status is left out: that an item is archived is said by itself.
    """
    metadata = stored.lineage
    active = stored.model_copy(update={"status": "ACTIVE"})
    digest = lineage.approval_digest(active)
    if approved is not None and approved.digest:
        # The digest cannot cover itself; lineage with fingerprints was sealed with it, when it was approved with one.
        sealed = "fingerprints" in metadata if approved.item is None else lineage.DIGEST in approved.item.metadata
        if approved.digest == digest and (not sealed or metadata.get(lineage.DIGEST) == digest):
            return [], ()
        found = changes(approved.item, active, scrubber, policy) if approved.item is not None else ()
        words = "; ".join(map(str, found[:5])) or "the digest of its content and lineage is another one"
        message = f"The item is not what was approved at {approved.when} ({words})."
        return [_problem(outcomes.CHANGED, message, found[0].path if found else None)], found
    problems: list[Problem] = []
    prints = metadata.get("fingerprints")
    if not isinstance(prints, dict):
        prints = {}
        if approved is None:  # a rule's seed items have a receipt and no lineage
            problems.append(_problem(outcomes.NO_LINEAGE, "The item has neither lineage nor receipt.", "metadata"))
    for name, value in (("input", stored.input), ("expected_output", stored.expected_output)):
        if name in prints and prints[name] != lineage.fingerprint(value):
            problems.append(_problem(outcomes.CHANGED, f"{name} is not what lineage says was approved.", name))
    if approved is not None and approved.fingerprint not in ("", lineage.content_fingerprint(stored)):
        problems.append(_problem(outcomes.CHANGED, f"The item is not what was promoted at {approved.when}."))
    if not problems and metadata.get(lineage.DIGEST, digest) != digest:
        message = "Lineage, source or dataset is not what the item's own digest says was approved."
        problems.append(_problem(outcomes.CHANGED, message, "metadata"))
    return problems, ()


def _problem(outcome: Outcome, message: str, path: str | None = None) -> Problem:
    return Stop(outcome, message, path=path).problem


def _result(item_id: str, approved: Approved | None, problems: list[Problem], changed: tuple[Change, ...]) -> Verified:
    if problems:
        return Verified(item_id=item_id, verdict="failed", differences=tuple(problems), changes=changed)
    if approved is not None:
        return Verified(item_id=item_id, verdict="verified")
    words = "The item agrees with itself, and no receipt of this machine says that it was approved so."
    return Verified(item_id=item_id, verdict="unproven", differences=(_problem(outcomes.UNPROVEN, words),))
