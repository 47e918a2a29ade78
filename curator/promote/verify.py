"""Reads items back at any later time, and holds them against their receipts and their lineage."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from curator.gateway.errors import NotFound
from curator.help import outcomes
from curator.help.outcomes import Outcome
from curator.journal import Journal, standing
from curator.model import Item, Problem, Receipt, ScrubPolicy, StoredItem, lineage
from curator.model.base import Value
from curator.model.errors import CuratorError
from curator.promote.content import in_words, leftovers
from curator.promote.job import Finder, Job
from curator.promote.readback import look
from curator.promote.stops import Stop

if TYPE_CHECKING:
    from curator.gateway import Gateway

FEW = 3
"""Up to so many named items are read one by one; for more the dataset's list is read."""


class Verified(Value):
    """What one item looks like today."""

    item_id: str
    verdict: Literal["verified", "failed"]
    differences: tuple[Problem, ...] = ()


def verify(
    gateway: "Gateway",
    journal: Journal,
    scrubber: Finder,
    dataset: str,
    item_ids: Sequence[str] = (),
    *,
    policy: ScrubPolicy | None = None,
) -> Iterator[Verified]:
    """Verifies items of a dataset: the named ones, else all that it lists and all that receipts say should be there.

    An item is `verified` when it is in this dataset, ACTIVE, listed once, equal to what its receipt and its lineage say
    was approved, and clean under the scrub. Raises Stop's problem as CuratorError for a missing dataset, GatewayError.
    """
    job = Job(gateway, journal, scrubber, policy or ScrubPolicy(), "", "")
    approved = {item_id: each.receipt for item_id, each in standing(journal, dataset).items()}
    if item_ids and len(item_ids) <= FEW:
        for item_id in dict.fromkeys(item_ids):
            yield _verify_one(job, dataset, item_id, approved.get(item_id))
        return
    pages = gateway.items(dataset)
    try:
        rows = {row.id: row for row in pages}
    except NotFound:
        raise CuratorError(
            f"Langfuse has no dataset named {dataset!r}.",
            code="DATASET_MISSING",
            remedy=outcomes.DATASET_MISSING.remedy,
        ) from None
    surplus = pages.total_items > len(rows)
    for item_id in dict.fromkeys(item_ids or [*rows, *approved]):
        if surplus or item_id not in rows:
            yield _verify_one(job, dataset, item_id, approved.get(item_id))
        else:
            yield _result(item_id, _problems(job, rows[item_id], approved.get(item_id)))


def _verify_one(job: Job, dataset: str, item_id: str, approved: Receipt | None) -> Verified:
    stored = job.gateway.item(item_id)
    if stored is None:
        return _result(item_id, [_problem(outcomes.MISSING, f"Langfuse has no item {item_id}.")])
    if stored.dataset != dataset:
        return _result(item_id, [_problem(outcomes.COLLISION, f"The id belongs to the dataset {stored.dataset!r}.")])
    problems = _problems(job, stored, approved)
    if stored.status == "ACTIVE":
        probe = Item(
            id=item_id,
            dataset=dataset,
            input=None,
            expected_output=None,
            metadata={},
            source_trace_id=stored.source_trace_id,
        )
        reading = look(job, probe, stored)
        if reading.duplicated:
            problems.append(_problem(outcomes.DUPLICATES, "The id has several current rows."))
        elif reading.listed is None and reading.counted:
            problems.append(_problem(outcomes.STALE_READ, "The item can be read by id, but the list does not show it."))
    return _result(item_id, problems)


def _problems(job: Job, stored: StoredItem, receipt: Receipt | None) -> list[Problem]:
    problems = []
    if stored.status == "ARCHIVED":
        problems.append(_problem(outcomes.ARCHIVED, "The item is archived: no experiment runs it.", "status"))
    metadata = stored.metadata if isinstance(stored.metadata, dict) else {}
    prints = metadata.get("fingerprints")
    if not isinstance(prints, dict):
        prints = {}
        if receipt is None:  # a rule's seed items have a receipt and no lineage
            problems.append(_problem(outcomes.NO_LINEAGE, "The item has neither lineage nor receipt.", "metadata"))
    for name, value in (("input", stored.input), ("expected_output", stored.expected_output)):
        if name in prints and prints[name] != lineage.fingerprint(value):
            problems.append(_problem(outcomes.CHANGED, f"{name} is not what lineage says was approved.", name))
    if receipt is not None and receipt.fingerprint and receipt.fingerprint != lineage.content_fingerprint(stored):
        problems.append(
            _problem(outcomes.CHANGED, f"The item is not what was promoted at {receipt.at:%Y-%m-%d %H:%M}.")
        )
    try:
        found = leftovers(stored, job.scrubber, job.policy)
    except CuratorError as error:
        problems.append(Problem(code=error.code, message=error.message, remedy=error.remedy))
    else:
        if found:
            message = f"The item holds personal values or secrets: {in_words(found)}."
            problems.append(_problem(outcomes.NOT_CLEAN, message, found[0].path))
    return problems


def _problem(outcome: Outcome, message: str, path: str | None = None) -> Problem:
    return Stop(outcome, message, path=path).problem


def _result(item_id: str, problems: list[Problem]) -> Verified:
    return Verified(item_id=item_id, verdict="failed" if problems else "verified", differences=tuple(problems))
