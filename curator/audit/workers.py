"""Who does the CPU work of an audit: scrub processes of this machine, or a Dask cluster. Same batches, same facts."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import LifoQueue
from threading import local
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from curator import __version__
from curator.audit.examine import OpenScrub, Standards, examine, unexamined
from curator.audit.gather import Batch
from curator.audit.values import ItemFacts
from curator.model.errors import ConfigError, CuratorError

if TYPE_CHECKING:
    from curator.scrub import Scrubber

T = TypeVar("T")
AHEAD = 2
"""Batches per worker that are read and wait: enough to keep all busy, few enough to bound the memory."""
CONNECT_SECONDS = 10
PATIENCE = 600.0
"""Seconds for one batch on a cluster. The scrub's own limits end sooner; this is for workers that vanish."""


class Workers(Protocol):
    """Examines batches somewhere. One that cannot be examined costs itself the findings, never the audit its end."""

    def run(self, batches: Iterable[Batch], standards: Standards, open_scrub: OpenScrub) -> Iterator[list[ItemFacts]]:
        """Facts per batch, in the order of the batches; takes no more batches than it needs to keep busy."""
        ...


class Processes:
    """This machine: up to `count` scrub processes, which do nearly all of the work; None: one per core."""

    def __init__(self, count: int | None = None, *, first: "Scrubber | None" = None) -> None:
        """`first` is a scrub that is open already: it is used before others are started, and stays open."""
        self.count = count or _cores()
        self._first = first

    def run(self, batches: Iterable[Batch], standards: Standards, open_scrub: OpenScrub) -> Iterator[list[ItemFacts]]:
        """See `Workers`."""
        given = [] if self._first is None else [self._first]
        own = [open_scrub() for _ in range(self.count - len(given))]
        free: LifoQueue[Scrubber] = LifoQueue()  # the last one first: a few batches start no more processes than needed
        for scrub in (*own, *given):
            free.put(scrub)

        def work(batch: Batch) -> list[ItemFacts]:
            scrub = free.get()
            try:
                return _guarded(batch, standards, scrub)
            finally:
                free.put(scrub)

        pool = ThreadPoolExecutor(self.count, thread_name_prefix="audit")
        try:
            yield from _in_order(
                batches,
                self.count * AHEAD,
                start=lambda batch: pool.submit(work, batch),
                finish=lambda future, _: future.result(),
            )
        finally:
            for scrub in own:  # whoever still waits for one is let go
                scrub.close()
            pool.shutdown(cancel_futures=True)


def _cores() -> int:
    """Cores that this process may use: fewer than the machine has in some containers."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Cluster:
    """A Dask cluster (extra `[cluster]`); its workers need this version of curator and the same scrub model."""

    def __init__(self, address: str, *, patience: float = CONNECT_SECONDS) -> None:
        """`patience` in seconds: for the scheduler, and then for its workers."""
        self._address, self._patience = address, patience

    def run(self, batches: Iterable[Batch], standards: Standards, open_scrub: OpenScrub) -> Iterator[list[ItemFacts]]:
        """See `Workers`. Raises ConfigError (CLUSTER_MISSING, CLUSTER_UNREACHABLE, CLUSTER_DIFFERS)."""

        def finish(future: Any, batch: Batch) -> list[ItemFacts]:
            try:
                found: list[ItemFacts] = future.result(timeout=PATIENCE)
            except Exception as error:  # a worker may vanish in any way; the audit goes on
                return unexamined(batch.items, standards, f"the cluster's worker failed ({type(error).__name__})")
            return found

        with _client(self._address, self._patience) as client:
            _check_workers(client, open_scrub)
            yield from _in_order(
                batches,
                sum(client.nthreads().values()) * AHEAD,
                start=lambda batch: client.submit(_on_worker, batch, standards, open_scrub, pure=False),
                finish=finish,
            )


def _in_order(
    batches: Iterable[Batch], window: int, *, start: Callable[[Batch], T], finish: Callable[[T, Batch], list[ItemFacts]]
) -> Iterator[list[ItemFacts]]:
    """Results in the order of the batches, with at most `window` batches under way."""
    running: deque[tuple[T, Batch]] = deque()
    for batch in batches:
        running.append((start(batch), batch))
        if len(running) >= window:
            yield finish(*running.popleft())
    while running:
        yield finish(*running.popleft())


def _guarded(batch: Batch, standards: Standards, scrub: "Scrubber") -> list[ItemFacts]:
    """`examine`, whatever happens."""
    try:
        return examine(batch.items, batch.recorded, standards, scrub)
    except Exception as error:  # the message may quote the item: only its kind is told
        return unexamined(batch.items, standards, f"the examination failed ({type(error).__name__})")


# ── on a cluster ────────────────────────────────────────────────────────────────────────────────────────────────────

_here = local()


def _on_worker(batch: Batch, standards: Standards, open_scrub: OpenScrub) -> list[ItemFacts]:
    return _guarded(batch, standards, _scrub_of_this_thread(open_scrub))


def _scrub_of_this_thread(open_scrub: OpenScrub) -> "Scrubber":
    """One scrub per thread of a worker: it lives as long as the worker, and the next audit finds it warm."""
    held: dict[OpenScrub, Scrubber] = _here.__dict__.setdefault("scrubs", {})
    if open_scrub not in held:
        held[open_scrub] = open_scrub()
    return held[open_scrub]


def _describe_worker(open_scrub: OpenScrub) -> str:
    return _describe(_scrub_of_this_thread(open_scrub))


def _describe(scrub: "Scrubber") -> str:
    """What decides about findings: curator's version and the scrub's model."""
    try:
        model = scrub.start().result()
    except CuratorError as error:
        return f"curator {__version__}, no scrub ({error.code})"
    return f"curator {__version__}, {model or 'no model'}"


def _client(address: str, patience: float) -> Any:
    try:
        import distributed
    except ImportError:
        raise ConfigError("Dask is not installed.", code="CLUSTER_MISSING") from None
    connect: Any = distributed.Client  # it has no types
    client = None
    try:
        client = connect(address, timeout=patience)
        client.wait_for_workers(1, timeout=patience)
    except (OSError, ValueError, TimeoutError):
        if client is not None:
            client.close()
        raise ConfigError(
            "No Dask scheduler with workers answers at that address.", code="CLUSTER_UNREACHABLE"
        ) from None
    return client


def _check_workers(client: Any, open_scrub: OpenScrub) -> None:
    """Refuses workers that would find something else than this machine. Raises ConfigError (CLUSTER_DIFFERS)."""
    scrub = open_scrub()
    try:
        own = _describe(scrub)
    finally:
        scrub.close()
    futures: list[Future[str]] = [
        client.submit(_describe_worker, open_scrub, workers=[worker], pure=False) for worker in client.nthreads()
    ]
    told = set()
    for future in futures:
        try:
            told.add(future.result(timeout=PATIENCE))
        except Exception as error:  # whatever importing curator there may raise
            told.add(f"it cannot run curator ({type(error).__name__})")
    if told != {own}:
        raise ConfigError(
            f"A worker of the cluster differs from this machine ({own}): {'; '.join(sorted(told - {own}))}.",
            code="CLUSTER_DIFFERS",
        )
