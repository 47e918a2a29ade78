"""Many promotions at once: the dataset read by pages, bounded concurrent writes, the read-back by pages.

Per hundred items of one dataset: a hundred writes and a handful of reads. Whatever a page leaves open (an id listed
twice, a count that does not add up, an item that is missing) is read by itself, as in a single promotion (`one`).
"""

import contextlib
import math
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby, islice

from curator.gateway.errors import GatewayError, NotFound
from curator.help import outcomes
from curator.journal import Entry, now
from curator.model import Item, Problem, Receipt, StoredItem
from curator.model.base import Value
from curator.model.errors import CuratorError
from curator.model.receipt import WriteAction
from curator.promote.job import Job
from curator.promote.one import edited, prepared, promote_one
from curator.promote.plan import Plan, differences, plan
from curator.promote.proof import Late, Proof, ReadBack, proof_of, prove, require_clean
from curator.promote.receipts import ended, finish, proved, share_many
from curator.promote.stops import Stop, no_dataset, stop_of
from curator.promote.write import Changed, intend_and_write, who_created

CHUNK = 100
"""Items that are written before they are read back: a page of the list."""
PAGE = 100
"""The most that Langfuse lists at once."""
ALONE = 3
"""Up to so many items of a dataset are promoted one by one."""
CONCURRENCY = 4


@dataclass
class Candidate:
    """An approved item on its way into its dataset, and how far it has come."""

    item: Item
    entries: Sequence[Entry] = ()
    """Annotation-queue entries to complete."""
    new: bool = False
    """Whether no decision and no receipt knows the id. Others that the dataset's list does not show are read one by
    one, because archived items are not listed."""
    warnings: tuple[Problem, ...] = ()
    """What is doubtful about its draft."""
    unfixed: bool = False
    """Whether the recorded answer fails the item's checks, so that production does until somebody mends it."""
    promotion: str | None = None
    plan: Plan | None = None
    answer: StoredItem | None = None
    receipt: Receipt | None = None
    alone: bool = False
    """True when a page cannot tell about it."""

    def told(self) -> Receipt:
        """Its receipt, with the warnings of its draft and what can be done about them."""
        assert self.receipt is not None
        receipt, remedies = self.receipt, list(self.receipt.remedies)
        if receipt.ok:
            remedies += [name for each in self.warnings for name in outcomes.outcome(each.code).remedies]
        receipt = receipt.model_copy(update={"warnings": self.warnings, "remedies": tuple(remedies)})
        known = self.unfixed and receipt.ok and receipt.action == "created"
        return receipt.model_copy(update={"proposes": "known"}) if known else receipt


class Survey(Value):
    """A dataset before the writes."""

    at: datetime
    total: int
    """What the server counts."""
    listed: dict[str, StoredItem]
    """The wanted items that its list shows, as far as it was read."""
    surplus: int
    """Rows that the server counts and does not show: ids with several current rows. 0 when not all pages were read."""
    new_ids: frozenset[str]
    """Wanted ids that nobody has to read one by one."""

    def stored(self, job: Job, item_id: str) -> StoredItem | None:
        """What stands under a wanted id: from the list, else read by id (archived items are not listed).

        Raises GatewayError.
        """
        if item_id in self.listed:
            return self.listed[item_id]
        return None if item_id in self.new_ids else job.gateway.item(item_id)

    def doubtful(self, item_id: str) -> bool:
        """Whether this id may be one of those with several rows."""
        return self.surplus > 0 and item_id in self.listed


class Rows(Value):
    """The wanted items that the list shows after the writes."""

    rows: dict[str, StoredItem]
    odd: bool
    """True when the server counts more or fewer items than the writes explain."""


def survey(job: Job, candidates: Sequence[Candidate]) -> Survey:
    """Reads the list of a dataset where that costs less than looking ids up. Raises Stop when it is missing,
    GatewayError."""
    dataset, wanted = candidates[0].item.dataset, {each.item.id for each in candidates}
    at, pages = now(), job.gateway.items(dataset, limit=PAGE)
    new = frozenset(each.item.id for each in candidates if each.new)
    try:
        total = pages.total_items
    except NotFound:
        raise no_dataset(dataset) from None
    rows: dict[str, StoredItem] = {}
    if _pages(total) - 1 <= max(len(wanted) - len(new), _affordable(wanted)):
        rows = {row.id: row for row in pages}
    return Survey(
        at=at,
        total=total,
        listed={item_id: row for item_id, row in rows.items() if item_id in wanted},
        surplus=max(0, total - len(rows)) if rows else 0,
        new_ids=new,
    )


def newest_rows(job: Job, dataset: str, wanted: Collection[str], before: Survey, created: int) -> Rows:
    """Reads the newest pages until every wanted item has been seen; whole, when that costs little.

    `created` is the number of new items among the writes. Raises GatewayError.
    """
    pages = job.gateway.items(dataset, limit=PAGE)
    total = pages.total_items
    whole = _pages(total) - 1 <= _affordable(wanted)
    missing, rows = set(wanted), dict[str, StoredItem]()
    for read, row in enumerate(pages, 1):
        rows.setdefault(row.id, row)
        missing.discard(row.id)
        if not whole and (not missing or read >= PAGE * (2 + _affordable(wanted))):
            break
    odd = total - len(rows) != before.surplus if whole else total != before.total + created
    return Rows(rows={item_id: rows[item_id] for item_id in wanted if item_id in rows}, odd=odd)


def _affordable(wanted: Collection[str]) -> int:
    """Pages beyond the first that may be read for so many items."""
    return 1 + len(wanted) // 25


def _pages(total: int) -> int:
    return math.ceil(total / PAGE)


@dataclass(frozen=True)
class _Many:
    """What one call of `promote_all` shares."""

    job: Job
    pool: ThreadPoolExecutor
    stop: threading.Event
    progress: Callable[[int], None]
    written: list[str]
    """Ids whose write is over, well or not."""


def promote_all(
    job: Job,
    candidates: Iterable[Candidate],
    *,
    stop: threading.Event | None = None,
    progress: Callable[[int], None] | None = None,
    concurrency: int = CONCURRENCY,
) -> Iterator[Receipt]:
    """Promotes items; yields a receipt for each, as they are proved.

    Setting `stop` lets the writes under way finish and be read back, and ends the others as INTERRUPTED. `progress`
    hears the number of items written so far, from any thread. Two writes of one id never run at once.
    """
    first, repeats = _distinct(candidates)
    with ThreadPoolExecutor(concurrency, thread_name_prefix="promote") as pool:
        many = _Many(job, pool, stop or threading.Event(), progress or (lambda written: None), [])
        for _, group in groupby(sorted(first, key=_dataset), _dataset):
            some = list(group)
            for start in range(0, len(some), CHUNK):
                yield from (each.told() for each in _chunk(many, some[start : start + CHUNK]))
        for each in repeats:
            yield next(_each(many, [each], partial(_alone, job))).told()


def _dataset(candidate: Candidate) -> str:
    return candidate.item.dataset


def _distinct(candidates: Iterable[Candidate]) -> tuple[list[Candidate], list[Candidate]]:
    """Candidates with distinct ids, and the repeats, which follow when the first of their id is done.

    Two failures of one trace may be one item by the rule's `source`.
    """
    first, repeats = dict[str, Candidate](), list[Candidate]()
    for each in candidates:
        if first.setdefault(each.item.id, each) is not each:
            repeats.append(each)
    return list(first.values()), repeats


def _each(many: _Many, some: Sequence[Candidate], do: Callable[[Candidate], object]) -> Iterator[Candidate]:
    """Does something with every candidate on the pool; after a stop, those that wait end as INTERRUPTED."""

    def unless_stopped(candidate: Candidate) -> Candidate:
        if many.stop.is_set():
            words = "The command was interrupted before this item was sent."
            _end(many.job, candidate, Stop(outcomes.INTERRUPTED, words))
        else:
            do(candidate)
        return candidate

    return many.pool.map(unless_stopped, some)


def _chunk(many: _Many, some: list[Candidate]) -> Iterator[Candidate]:
    """Promotes candidates of one dataset; yields each with its receipt."""
    if len(some) <= ALONE:
        yield from _each(many, some, partial(_alone, many.job))
        return
    try:
        yield from _ended(list(_each(many, some, partial(_begin, many.job))))
        yield from _by_pages(many, [each for each in some if each.receipt is None])
    except BaseException:
        for each in some:
            if each.receipt is None and each.promotion is not None:
                many.job.journal.promotions.give_up(each.promotion)
        raise


def _ended(some: Iterable[Candidate]) -> Iterator[Candidate]:
    return (each for each in some if each.receipt is not None)


def _by_pages(many: _Many, begun: list[Candidate]) -> Iterator[Candidate]:
    job = many.job
    if not begun:
        return
    try:
        found = survey(job, begun)
    except CuratorError as error:
        yield from (_end(job, each, error) for each in begun)
        return
    yield from _ended(list(_each(many, begun, partial(_write, many, found))))
    shown, finished = list[Candidate](), []
    proofs = list(_prove(many, [each for each in begun if each.receipt is None], found))
    others = _others_wrote(job, proofs)
    for each, proof in proofs:
        if isinstance(proof, Stop):
            yield _end(job, each, proof)
            continue
        assert each.promotion is not None
        assert each.plan is not None
        reading = "by id and by list" if each.alone else "by list"
        action: WriteAction = each.plan.action
        if others and action == "created" and not each.alone:
            action = who_created(job, [each.answer], each.promotion)
        each.receipt = proved(job, each.item, action, proof, reading)
        finished.append(finish(job, each.promotion, each.receipt, proof, each.entries))
        shown.append(each)
    for each, receipt in zip(shown, share_many(job, finished, many.pool), strict=True):
        each.receipt = receipt
        yield each


def _others_wrote(job: Job, proofs: Sequence[tuple[Candidate, Proof | Stop]]) -> bool:
    """Whether somebody else writes the same items at the same time, so that each new one is to be asked who made it.

    One request tells who was ahead from the start; who came later shows in what was read back.
    """
    new = [each for each, _ in proofs if each.plan and each.plan.action == "created" and each.answer is not None]
    if any(each.alone or (isinstance(proof, Proof) and proof.other_approval) for each, proof in proofs) or not new:
        return bool(new)
    first = min(each.answer.updated_at for each in new if each.answer is not None) - timedelta(milliseconds=1)
    wanted = {each.item.id for each in new}
    try:
        rows = islice(job.gateway.items(new[0].item.dataset, version=first, limit=PAGE), PAGE)
        return any(row.id in wanted for row in rows)
    except GatewayError:
        return False


def _begin(job: Job, candidate: Candidate) -> None:
    """The checks that need no server, and the journal's first line."""
    try:
        item = candidate.item = prepared(job, candidate.item)
        candidate.promotion = job.journal.promotions.begin(
            item, rule=job.rule, reviewer=job.reviewer, entries=candidate.entries
        )
    except CuratorError as error:
        _end(job, candidate, error)


def _write(many: _Many, found: Survey, candidate: Candidate) -> None:
    """Plans and writes one item; leaves what a page cannot decide to a promotion by itself."""
    job, item = many.job, candidate.item
    assert candidate.promotion is not None
    try:
        with job.locked(item.id):
            touched = job.journal.promotions.touched(item.id, found.at, besides=candidate.promotion)
            candidate.alone = touched or found.doubtful(item.id)
            stored = job.gateway.item(item.id) if candidate.alone else found.stored(job, item.id)
            if item.id in found.listed and stored is not None and differences(item, stored, volatile=False):
                # The list may be minutes old, and what somebody improved meanwhile must not be overwritten unseen.
                stored = job.gateway.item(item.id)
            edit = edited(job, item, stored)
            candidate.plan = plan(item, stored, job.remedies, edit)
            if edit is not None:
                raise Changed  # a remedy says whose version counts, and what others wrote has to be clean as well
            if candidate.plan.action != "none":
                candidate.answer = intend_and_write(job, candidate.plan, candidate.promotion)
    except Changed as changed:
        _alone(job, candidate, changed)
    except CuratorError as error:
        if error.code in (outcomes.COLLISION.code, outcomes.TOMBSTONE.code) and "next-id" in job.remedies:
            _alone(job, candidate)
        else:
            _end(job, candidate, error)
    many.written.append(item.id)
    many.progress(len(many.written))


def _prove(many: _Many, written: list[Candidate], found: Survey) -> Iterator[tuple[Candidate, Proof | Stop]]:
    """Reads the written items back by pages; what these cannot prove, one by one."""
    job, unseen = many.job, dict[str, Candidate]()
    for each in written:
        assert each.plan is not None
        # What is unchanged was proved by the survey, if its list showed it; it need not stand on the newest pages.
        each.alone = each.alone or (each.plan.action == "none" and each.item.id not in found.listed)
        if not each.alone and each.answer is None:
            yield each, _proof_by_list(job, each, found.listed[each.item.id])
        elif not each.alone:
            unseen[each.item.id] = each
    began, pause = time.monotonic(), 0.15
    created = sum(each.plan is not None and each.plan.action == "created" for each in unseen.values())
    while unseen:
        try:
            page = newest_rows(job, written[0].item.dataset, unseen, found, created)
        except GatewayError as error:
            for each in unseen.values():
                yield each, stop_of(error, verdict="failed")
            return
        if page.odd:  # an id with several current rows shows once in a page and counts each
            break
        for item_id, row in page.rows.items():
            with contextlib.suppress(Late):
                proof = _proof_by_list(job, unseen[item_id], row)
                yield unseen.pop(item_id), proof
        if unseen and time.monotonic() + pause > began + job.patience.late:
            break
        if unseen:
            job.pace.sleep(pause)
            pause = min(pause * 2, 2)
    # Also after a stop: what was written has to be proved.
    lone = [*unseen.values(), *(each for each in written if each.alone)]
    yield from many.pool.map(lambda each: (each, _proof_alone(job, each)), lone)


def _proof_by_list(job: Job, candidate: Candidate, row: StoredItem) -> Proof | Stop:
    """What a row of the list proves about an item. Raises Late when it shows an older version."""
    assert candidate.plan is not None
    answer, shown = candidate.answer, ReadBack(by_id=row, listed=row, rows=1, total=1, counted=True)
    try:
        proof = proof_of(candidate.plan.item, shown, answer)
        require_clean(job, proof.stored)
    except CuratorError as error:
        return stop_of(error, verdict="refused" if answer is None else "failed")
    return proof


def _proof_alone(job: Job, candidate: Candidate) -> Proof | Stop:
    assert candidate.plan is not None
    assert candidate.promotion is not None
    candidate.alone = True
    try:
        with job.locked(candidate.item.id):
            action, proof = prove(job, candidate.plan, candidate.promotion, candidate.answer)
        candidate.plan = candidate.plan.model_copy(update={"action": action})
    except CuratorError as error:
        return stop_of(error, verdict="failed")
    return proof


def _alone(job: Job, candidate: Candidate, after: Changed | None = None) -> None:
    """Promotes the item by itself, under the promotion that has begun."""
    candidate.receipt = promote_one(job, candidate.item, candidate.entries, candidate.promotion, after)


def _end(job: Job, candidate: Candidate, error: CuratorError) -> Candidate:
    candidate.receipt = ended(job, candidate.item, candidate.promotion, error)
    return candidate
