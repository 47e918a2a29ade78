"""Many promotions at once: look at the dataset by pages, write with bounded concurrency, read back by pages.

Per hundred items of one dataset: a hundred writes and a handful of reads. Whatever looks odd in a page (an id listed
twice, a count that does not add up, an item that is missing) is looked at again by itself, as in a single promotion.
"""

import contextlib
import math
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from curator.gateway.errors import GatewayError, NotFound
from curator.help import outcomes
from curator.journal import Entry
from curator.journal.database import now
from curator.model import Item, Receipt, StoredItem
from curator.model.base import Value
from curator.model.errors import CuratorError
from curator.promote.job import Job
from curator.promote.one import edited, end, finish, prepared, promote_one, proved, refused, share_many
from curator.promote.plan import Plan, plan
from curator.promote.proof import Late, Proof, ReadBack, check_clean, proof_of, prove
from curator.promote.stops import Stop, stop_of
from curator.promote.write import Changed, intend_and_write

R = TypeVar("R")

CHUNK = 100
"""Items that are written before they are read back: a page of the list."""
PAGE = 100
ALONE = 3
"""Up to so many items of a dataset are promoted one by one."""
CONCURRENCY = 4
_TICK = 0.2


@dataclass
class Work:
    """One item on its way."""

    item: Item
    entries: Sequence[Entry] = ()
    """Annotation-queue entries to complete."""
    new: bool = False
    """Whether no decision and no receipt knows the id. Others that the dataset's list does not show are looked up one
    by one, because archived items are not listed."""
    promotion: str | None = None
    plan: Plan | None = None
    answer: StoredItem | None = None
    receipt: Receipt | None = None
    alone: bool = False
    """True when a page cannot tell about it."""


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
    """Wanted ids that need no look of their own."""

    def stored(self, job: Job, item_id: str) -> StoredItem | None:
        """What stands under a wanted id: from the list, else by a look (archived items are not listed).

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


def survey(job: Job, works: Sequence[Work]) -> Survey:
    """Reads the list of a dataset where that costs less than looking ids up. Raises Stop when it is missing,
    GatewayError."""
    dataset, wanted = works[0].item.dataset, {work.item.id for work in works}
    at, pages = now(), job.gateway.items(dataset, limit=PAGE)
    new = frozenset(work.item.id for work in works if work.new)
    try:
        total = pages.total_items
    except NotFound:
        raise Stop(outcomes.DATASET_MISSING, f"Langfuse has no dataset named {dataset!r}.") from None
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


@dataclass
class _Round:
    """What one call of `promote_all` shares."""

    job: Job
    pool: ThreadPoolExecutor
    stop: threading.Event
    tell: Callable[[int], None]
    done: int = 0


def promote_all(
    job: Job,
    works: Iterable[Work],
    *,
    stop: threading.Event | None = None,
    progress: Callable[[int], None] | None = None,
    concurrency: int = CONCURRENCY,
) -> Iterator[Receipt]:
    """Promotes items; yields a receipt for each, as they are proved.

    Setting `stop` lets the writes under way finish and be read back, and ends the others as INTERRUPTED. `progress`
    hears the number of items written so far, from any thread. Two writes of one id never run at once.
    """
    todo, repeats = _distinct(works)
    with ThreadPoolExecutor(concurrency, thread_name_prefix="promote") as pool:
        round_ = _Round(job, pool, stop or threading.Event(), progress or (lambda done: None))
        for group in _by_dataset(todo):
            for start in range(0, len(group), CHUNK):
                yield from _chunk(round_, group[start : start + CHUNK])
        for work in repeats:
            yield _interrupted(job, work) if round_.stop.is_set() else promote_one(job, work.item, work.entries)


def _chunk(round_: _Round, works: list[Work]) -> Iterator[Receipt]:
    job = round_.job
    if len(works) <= ALONE:
        yield from _each(round_, works, lambda work: promote_one(job, work.item, work.entries), _interrupted)
        return
    for work in list(_each(round_, works, lambda work: _begin(job, work), lambda _, work: work)):
        if work.receipt is not None:
            yield work.receipt
    begun = [work for work in works if work.promotion is not None]
    try:
        yield from _begun(round_, begun)
    except BaseException:
        for work in begun:
            if work.receipt is None and work.promotion is not None:
                job.journal.promotions.give_up(work.promotion)
        raise


def _begun(round_: _Round, works: list[Work]) -> Iterator[Receipt]:
    job = round_.job
    if not works:
        return
    try:
        found = survey(job, works)
    except CuratorError as error:
        for work in works:
            yield _end(job, work, error)
        return
    for work in list(_each(round_, works, lambda work: _write(round_, work, found), _not_begun)):
        if work.receipt is not None:
            yield work.receipt
    finished = []
    for work, proof in _prove(round_, [w for w in works if w.receipt is None], found):
        if isinstance(proof, Stop):
            yield _end(job, work, proof)
            continue
        assert work.promotion is not None
        assert work.plan is not None
        reading = "by id and by list" if work.alone else "by list"
        work.receipt = proved(job, work.item, work.plan.action, proof, reading)
        finished.append(finish(job, work.promotion, work.receipt, proof, work.entries))
    yield from share_many(job, finished, round_.pool)


def _begin(job: Job, work: Work) -> Work:
    """The checks that need no server, and the journal's first line."""
    try:
        work.item = prepared(job, work.item)
        work.promotion = job.journal.promotions.begin(
            work.item, rule=job.rule, reviewer=job.reviewer, entries=work.entries
        )
    except CuratorError as error:
        _end(job, work, error)
    return work


def _write(round_: _Round, work: Work, found: Survey) -> Work:
    """Plans and writes one item; leaves what a page cannot decide to a look of its own."""
    job = round_.job
    assert work.promotion is not None
    try:
        with job.locked(work.item.id):
            touched = job.journal.promotions.touched(work.item.id, found.at, besides=work.promotion)
            work.alone = touched or found.doubtful(work.item.id)
            stored = job.gateway.item(work.item.id) if work.alone else found.stored(job, work.item.id)
            if (edit := edited(job, work.item, stored)) is not None:
                plan(work.item, stored, job.remedies, edit)  # refuses, unless a remedy says whose version counts
                raise Changed
            work.plan = plan(work.item, stored, job.remedies)
            if work.plan.action != "none":
                work.answer = intend_and_write(job, work.plan, work.promotion)
    except Changed as changed:
        _alone(job, work, changed)
    except CuratorError as error:
        if error.code in (outcomes.COLLISION.code, outcomes.TOMBSTONE.code) and "next-id" in job.remedies:
            _alone(job, work)
        else:
            _end(job, work, error)
    round_.done += 1
    round_.tell(round_.done)
    return work


def _prove(round_: _Round, works: list[Work], found: Survey) -> Iterator[tuple[Work, Proof | Stop]]:
    """Reads the written items back by pages; what these cannot prove, one by one."""
    job = round_.job
    for work in works:
        assert work.plan is not None
        # What is unchanged was proved by the survey, if its list showed it; it need not stand on the newest pages.
        work.alone = work.alone or (work.plan.action == "none" and work.item.id not in found.listed)
    for work in works:
        if not work.alone and work.answer is None:
            yield work, _judged(job, work, found.listed[work.item.id])
    rest = {work.item.id: work for work in works if not work.alone and work.answer is not None}
    began, pause = time.monotonic(), 0.15
    created = sum(work.plan is not None and work.plan.action == "created" for work in rest.values())
    while rest:
        try:
            page = newest_rows(job, works[0].item.dataset, rest, found, created)
        except GatewayError as error:
            for work in rest.values():
                yield work, stop_of(error, verdict="failed")
            return
        if page.odd:
            break
        for item_id, row in page.rows.items():
            with contextlib.suppress(Late):
                proof = _judged(job, rest[item_id], row)
                yield rest.pop(item_id), proof
        if rest and time.monotonic() + pause > began + job.patience.late:
            break
        if rest:
            job.pace.sleep(pause)
            pause = min(pause * 2, 2)
    lone = [*rest.values(), *(work for work in works if work.alone)]
    yield from _all(round_, lone, lambda work: (work, _prove_alone(job, work)))


def _judged(job: Job, work: Work, row: StoredItem) -> Proof | Stop:
    """What a row of the list proves about an item. Raises Late when it shows an older version."""
    assert work.plan is not None
    try:
        proof = proof_of(work.plan.item, ReadBack(by_id=row, listed=row, rows=1, total=1, counted=True), work.answer)
        check_clean(job, proof.stored)
    except CuratorError as error:
        return stop_of(error, verdict="refused" if work.answer is None else "failed")
    return proof


def _prove_alone(job: Job, work: Work) -> Proof | Stop:
    assert work.plan is not None
    assert work.promotion is not None
    work.alone = True
    try:
        with job.locked(work.item.id):
            action, proof = prove(job, work.plan, work.promotion, work.answer)
        work.plan = work.plan.model_copy(update={"action": action})
    except CuratorError as error:
        return stop_of(error, verdict="failed")
    return proof


def _alone(job: Job, work: Work, after: Changed | None = None) -> None:
    """Promotes the item by itself, under the promotion that has begun."""
    work.receipt = promote_one(job, work.item, work.entries, work.promotion, after)


def _end(job: Job, work: Work, error: CuratorError) -> Receipt:
    work.receipt = end(job, work.item, work.promotion, refused(job, work.item, error))
    return work.receipt


def _not_begun(job: Job, work: Work) -> Work:
    work.receipt = _interrupted(job, work)
    return work


def _interrupted(job: Job, work: Work) -> Receipt:
    return _end(job, work, Stop(outcomes.INTERRUPTED, "The command was interrupted before this item was sent."))


def _all(round_: _Round, works: Sequence[Work], do: Callable[[Work], R]) -> Iterator[R]:
    """Does something with every item on the pool, also after a stop: what was written has to be proved."""
    yield from (future.result() for future in [round_.pool.submit(do, work) for work in works])


def _each(
    round_: _Round, works: Sequence[Work], do: Callable[[Work], R], skip: Callable[[Job, Work], R]
) -> Iterator[R]:
    """Does something with every item on the pool, a few at a time; after a stop the rest is skipped."""
    running = set[Future[R]]()
    for work in works:
        if round_.stop.is_set():
            yield skip(round_.job, work)
            continue
        running.add(round_.pool.submit(do, work))
        while len(running) >= 2 * CONCURRENCY:
            finished, running = wait(running, timeout=_TICK, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in finished)
    while running:
        finished, running = wait(running, timeout=_TICK, return_when=FIRST_COMPLETED)
        yield from (future.result() for future in finished)


def _distinct(works: Iterable[Work]) -> tuple[list[Work], list[Work]]:
    """Works with distinct ids, and the repeats, which follow when the first of their id is done."""
    first, repeats, seen = list[Work](), list[Work](), set[str]()
    for work in works:
        (repeats if work.item.id in seen else first).append(work)
        seen.add(work.item.id)
    return first, repeats


def _by_dataset(works: list[Work]) -> Iterable[list[Work]]:
    groups: dict[str, list[Work]] = {}
    for work in works:
        groups.setdefault(work.item.dataset, []).append(work)
    return groups.values()
