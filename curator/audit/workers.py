"""Who does the CPU work of an audit: processes of this machine, or a Dask cluster. Same chunks, same facts."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from curator.audit.examine import examine_many
from curator.audit.values import ItemFacts
from curator.errors import ConfigError, CuratorError
from curator.model import ScrubPolicy, StoredItem
from curator.rulebook import LoadedRule

CHUNK = 25
PATIENCE = 120.0
"""Seconds for one chunk; an audit never waits longer for a hostile item."""


class Chunk(NamedTuple):
    """The work of one call: items with what is needed to examine them."""

    items: tuple[StoredItem, ...]
    rule: LoadedRule | None
    recorded: Mapping[str, Any]
    policy: ScrubPolicy


class Workers(Protocol):
    """Runs chunks somewhere; yields their facts in order. A chunk that cannot be examined raises for itself only."""

    def run(self, chunks: Sequence[Chunk]) -> Iterator[list[ItemFacts]]:
        """Facts per chunk, in the order of the chunks."""
        ...


def examine_all(
    items: Sequence[StoredItem],
    rule: LoadedRule | None,
    recorded: Mapping[str, Any],
    workers: Workers,
    progress: Callable[[str, int, int], None],
) -> list[ItemFacts]:
    """Facts of every item, in order."""
    policy = rule.rule.scrub if rule is not None else ScrubPolicy()
    chunks = [
        Chunk(
            items=tuple(part),
            rule=rule,
            recorded={item.id: recorded[item.id] for item in part if item.id in recorded},
            policy=policy,
        )
        for start in range(0, len(items), CHUNK)
        if (part := items[start : start + CHUNK])
    ]
    facts: list[ItemFacts] = []
    for found in workers.run(chunks):
        facts += found
        progress("items examined", len(facts), len(items))
    return facts


def examine_chunk(chunk: Chunk) -> list[ItemFacts]:
    """Facts and findings of one chunk; runs in the worker. An item that cannot be scrubbed says why."""
    facts = examine_many(chunk.items, chunk.rule, chunk.recorded)
    pipeline = _pipeline()
    contents = [_content(item) for item in chunk.items]
    # If one text of the batch cannot be read, each item is asked by itself below, and says so.
    with suppress(CuratorError):
        pipeline.warm(contents)
    return [
        _with_findings(each, item, content, pipeline, chunk.policy)
        for each, item, content in zip(facts, chunk.items, contents, strict=True)
    ]


def unexamined(chunk: Chunk, reason: str) -> list[ItemFacts]:
    """Facts of a chunk whose scrub never ended: everything but the findings."""
    facts = examine_many(chunk.items, chunk.rule, chunk.recorded)
    return [each.model_copy(update={"unscrubbed": reason}) for each in facts]


@lru_cache(maxsize=1)
def _pipeline() -> Any:
    """One engine per worker process."""
    from curator.scrub.engine import Engine
    from curator.scrub.pipeline import Pipeline

    return Pipeline(Engine())


def _content(item: StoredItem) -> dict[str, Any]:
    return {"input": item.input, "expected_output": item.expected_output, "metadata": _human_metadata(item.metadata)}


def _human_metadata(metadata: object) -> object:
    """The metadata without what curator itself wrote as digests, ids and counts: those are no text."""
    if not isinstance(metadata, dict):
        return metadata
    own = {
        "fingerprints",
        "schema_fingerprint",
        "scrub",
        "source_trace_id",
        "curator_version",
        "reviewer",
        "approved_at",
    }
    return {key: value for key, value in metadata.items() if key not in own}


def _with_findings(
    facts: ItemFacts, item: StoredItem, content: object, pipeline: Any, policy: ScrubPolicy
) -> ItemFacts:
    from curator.scrub.entities import ENTITIES

    try:
        findings = pipeline.find(content, policy)
    except CuratorError as error:
        return facts.model_copy(update={"unscrubbed": error.message})
    found = Counter(f.entity for f in findings if f.action not in ("suggest", "keep"))
    found.subtract(_kept(item.metadata))
    counts = {entity: count for entity, count in sorted(found.items()) if count > 0}
    secret = {name for name, entity in ENTITIES.items() if entity.kind == "secret"}
    return facts.model_copy(
        update={
            "personal": {entity: count for entity, count in counts.items() if entity not in secret},
            "secrets": {entity: count for entity, count in counts.items() if entity in secret},
        }
    )


def _kept(metadata: object) -> dict[str, int]:
    """What a reviewer kept with a reason, as lineage records it."""
    scrub = metadata.get("scrub") if isinstance(metadata, dict) else None
    kept = scrub.get("kept") if isinstance(scrub, dict) else None
    return {k: v for k, v in kept.items() if isinstance(v, int)} if isinstance(kept, dict) else {}


class Processes:
    """Worker processes of this machine; `count` None takes all cores."""

    def __init__(self, count: int | None = None, patience: float = PATIENCE) -> None:
        self._count = count
        self._patience = patience

    def run(self, chunks: Sequence[Chunk]) -> Iterator[list[ItemFacts]]:
        """Facts per chunk. A process that hangs or dies costs its chunk the findings, never the audit its end."""
        import os
        from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
        from multiprocessing import get_context

        if not chunks:
            return
        count = max(1, min(self._count or os.cpu_count() or 1, len(chunks)))
        waiting = list(chunks)
        while waiting:
            pool = ProcessPoolExecutor(max_workers=count, mp_context=get_context("spawn"))
            futures: list[Future[list[ItemFacts]]] = [pool.submit(examine_chunk, chunk) for chunk in waiting]
            broken = False
            try:
                for chunk, future in zip(list(waiting), futures, strict=True):
                    try:
                        yield future.result(timeout=self._patience)
                    except TimeoutError:
                        yield unexamined(chunk, f"took longer than {self._patience:.0f} seconds")
                        broken = True
                    except BrokenExecutor:
                        yield unexamined(chunk, "the worker process died")
                        broken = True
                    waiting.pop(0)
                    if broken:
                        break
            finally:
                if broken:
                    for process in list(getattr(pool, "_processes", {}).values()):
                        process.kill()
                pool.shutdown(wait=not broken, cancel_futures=True)


class Cluster:
    """A Dask cluster at `address` (extra `[cluster]`); its workers need curator installed."""

    def __init__(self, address: str) -> None:
        self._address = address

    def run(self, chunks: Sequence[Chunk]) -> Iterator[list[ItemFacts]]:
        """Facts per chunk. Raises ConfigError when the extra is missing or the scheduler cannot be reached."""
        try:
            from distributed import Client
        except ImportError:
            raise ConfigError(
                "Dask is not installed.", code="CLUSTER_MISSING", remedy="pip install 'langfuse-curator[cluster]'."
            ) from None
        try:
            client = Client(self._address, timeout="10s")
        except (OSError, ValueError, TimeoutError):
            raise ConfigError(
                "No Dask scheduler answers at that address.",
                code="CLUSTER_UNREACHABLE",
                remedy="Start one with `dask scheduler`, and workers with `dask worker ADDRESS`.",
            ) from None
        with client:
            futures = client.map(examine_chunk, list(chunks), pure=False)
            for chunk, future in zip(chunks, futures, strict=True):
                try:
                    yield future.result(timeout=PATIENCE)
                except Exception as error:  # a worker may fail in any way; the audit goes on
                    yield unexamined(chunk, f"the cluster's worker failed ({type(error).__name__})")
