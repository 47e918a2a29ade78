"""Promotion beside the obvious loop (`create_dataset_item`, then `get`): `python tests/benchmarks/bench_promote.py`.

Both write the same items into the same sandbox, which runs in a process of its own. The first table counts requests and
time. The second lets things go wrong and counts wrong claims: items that were called written and are not there, once,
ACTIVE, as meant. The scrub is a quick stand-in for both tables, so that only the way of writing is compared.
"""

import contextlib
import json
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

sys.path.insert(0, str(Path(__file__).parents[2]))

from curator.config import Connection
from curator.gateway import Gateway
from curator.journal import Journal
from curator.model import Item
from curator.model.lineage import DIGEST
from tests.promote.support import DATASET, QUICK, EmailFinder, make_item, promote, promote_many
from tests.promote.workers import options

COMMAND = [sys.executable, "-m", "curator", "sandbox", "--port", "0", "--lag", "0"]
MANY, FEW, OTHER = 100, 10, "another-dataset"


@dataclass
class House:
    """The sandbox and the two ways to it."""

    connection: Connection
    gateway: Gateway
    journal: Journal
    sdk: Any
    serial: int = 0
    new_ids: frozenset[str] = frozenset()
    """Ids that nobody has used: what the pipeline learns from decisions and receipts."""

    def items(self, count: int, **fields: Any) -> list[Item]:
        self.serial += count
        return [make_item(f"{self.serial - n:032x}", **fields) for n in range(count)]

    def requests(self) -> tuple[int, int]:
        """Requests so far: all, and those that shared a decision."""
        counted = httpx.get(f"{self.connection.base_url}/__sandbox__/requests").json()
        return int(counted["total"]), int(counted["routes"].get("POST /api/public/scores", 0))

    @contextlib.contextmanager
    def fault(self, name: str, argument: str | None) -> Iterator[None]:
        url = f"{self.connection.base_url}/__sandbox__/faults/{name}"
        httpx.put(url, json={"arg": argument} if argument else {}).raise_for_status()
        yield
        httpx.delete(url).raise_for_status()


@contextlib.contextmanager
def house() -> Iterator[House]:
    from langfuse import Langfuse

    process = subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(3)]
    names = dict(line.strip().removeprefix("export ").split("=", 1) for line in lines)
    connection = Connection(
        base_url=names["LANGFUSE_BASE_URL"].strip('"'),
        public_key=names["LANGFUSE_PUBLIC_KEY"].strip('"'),
        secret_key=SecretStr(names["LANGFUSE_SECRET_KEY"].strip('"')),
    )
    sdk = Langfuse(
        base_url=connection.base_url,
        public_key=connection.public_key,
        secret_key=connection.secret_key.get_secret_value(),
        tracing_enabled=False,
    )
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            Gateway(connection) as gateway,
            Journal("bench", Path(folder) / "journal.sqlite3") as journal,
        ):
            for name in (DATASET, OTHER):
                gateway.put_dataset(name)
            yield House(connection, gateway, journal, sdk)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


# ── the three ways: each returns the ids that it calls written ──────────────────────────────────────────────────────


def loop(house: House, items: Sequence[Item]) -> set[str]:
    """What one would write: no exception means done."""
    done = set()
    for item in items:
        with contextlib.suppress(Exception):
            house.sdk.create_dataset_item(
                dataset_name=item.dataset,
                id=item.id,
                input=item.input,
                expected_output=item.expected_output,
                metadata=item.metadata,
                source_trace_id=item.source_trace_id,
                source_observation_id=item.source_observation_id,
            )
            house.sdk.api.dataset_items.get(item.id)
            done.add(item.id)
    return done


def one_by_one(house: House, items: Sequence[Item]) -> set[str]:
    chosen = options("ada") | {"patience": QUICK}
    receipts = [promote(house.gateway, house.journal, EmailFinder(), item, **chosen) for item in items]
    return {receipt.item_id for receipt in receipts if receipt.ok}


def in_bulk(house: House, items: Sequence[Item]) -> set[str]:
    chosen = options("ada") | {"patience": QUICK, "new_ids": house.new_ids}
    return {r.item_id for r in promote_many(house.gateway, house.journal, EmailFinder(), items, **chosen) if r.ok}


WAYS: dict[str, Callable[[House, Sequence[Item]], set[str]]] = {
    "obvious loop": loop,
    "promote": one_by_one,
    "promote many": in_bulk,
}


def there(house: House, item: Item) -> bool:
    """Whether the item is listed once, ACTIVE, as meant."""
    listed = house.gateway.items(DATASET, source_trace_id=item.source_trace_id)
    rows = [row for row in listed if row.id == item.id]
    if listed.total_items != 1 or len(rows) != 1 or house.gateway.item(item.id) != rows[0]:
        return False
    metadata = rows[0].metadata if isinstance(rows[0].metadata, dict) else {}
    meant = {key: value for key, value in metadata.items() if key != DIGEST}  # the seal that a promotion adds
    same = (rows[0].input, rows[0].expected_output, meant)
    return json.dumps(same, sort_keys=True) == json.dumps(
        (item.input, item.expected_output, item.metadata), sort_keys=True
    )


# ── what may be wrong beforehand, or go wrong ───────────────────────────────────────────────────────────────────────


def archived(house: House, items: Sequence[Item]) -> None:
    for item in items:
        house.gateway.put_item(item.model_copy(update={"input": {"q": "old"}, "status": "ARCHIVED"}))


def stale(house: House, items: Sequence[Item]) -> None:
    for item in items:
        house.gateway.put_item(item.model_copy(update={"expected_output": {"outcome": "old"}}))


def taken(house: House, items: Sequence[Item]) -> None:
    for item in items:
        house.gateway.put_item(item.model_copy(update={"dataset": OTHER}))


@dataclass(frozen=True)
class Trouble:
    """One way in which things go wrong."""

    name: str
    fields: dict[str, Any] | None = None
    before: Callable[[House, Sequence[Item]], None] | None = None
    fault: tuple[str, str | None] | None = None


TROUBLES = (
    Trouble("nothing wrong"),
    Trouble("item archived before", before=archived),
    Trouble("stored field, now empty", {"expected_output": None}, before=stale),
    Trouble("id of another dataset", before=taken),
    Trouble("control characters", {"input": {"q": "a\x1b[31mb"}}),
    Trouble("integer beyond 2^53", {"input": {"order": 12345678901234567890}}),
    Trouble("JSON in a string", {"input": '{"a": 1}'}),
    Trouble("writes lost (every 2nd)", fault=("lost-write", "every:2")),
    Trouble("answers lost (every 2nd)", fault=("drop-response", "every:2")),
    Trouble("rows doubled", fault=("duplicate-rows", "every:2")),
    Trouble("server fails (every 5th)", fault=("http-500", "every:5")),
    Trouble("late readings (0.3 s)", fault=("stale-read", "0.3")),
)


def costs(house: House) -> None:
    print(f"{MANY} new items into one dataset\n")
    print(f"{'':<16}{'requests':>10}{'decisions':>11}{'others':>8}{'per item':>10}{'seconds':>10}{'ms per item':>13}")
    for name, way in WAYS.items():
        items = house.items(MANY)
        house.new_ids = frozenset(item.id for item in items)
        all_before, shared_before = house.requests()
        began = time.perf_counter()
        assert way(house, items) == house.new_ids
        seconds = time.perf_counter() - began
        all_after, shared_after = house.requests()
        requests, shared = all_after - all_before, shared_after - shared_before
        others = requests - shared
        print(
            f"{name:<16}{requests:>10}{shared:>11}{others:>8}{others / MANY:>10.2f}{seconds:>10.2f}"
            f"{seconds / MANY * 1000:>13.1f}"
        )
    house.new_ids = frozenset()
    took = []
    for item in house.items(30):
        began = time.perf_counter()
        assert one_by_one(house, [item])
        took.append((time.perf_counter() - began) * 1000)
    took.sort()
    print(f"\none promotion: p50 {statistics.median(took):.0f} ms, p95 {took[-2]:.0f} ms")
    items = house.items(MANY)
    in_bulk(house, items)
    before, _ = house.requests()
    in_bulk(house, items)
    print(f"{MANY} promoted again: {house.requests()[0] - before} requests, none of them a write")


def claims(house: House) -> None:
    print(f"\n{FEW} items each: called written / really there; WRONG counts false claims\n")
    print(f"{'':<26}" + "".join(f"{name:>24}" for name in WAYS))
    wrong = dict.fromkeys(WAYS, 0)
    for trouble in TROUBLES:
        cells = []
        for name, way in WAYS.items():
            items = house.items(FEW, **(trouble.fields or {}))
            if trouble.before is not None:
                trouble.before(house, items)
            with house.fault(*trouble.fault) if trouble.fault else contextlib.nullcontext():
                called = way(house, items)
            real = {item.id for item in items if there(house, item)}
            lies = len(called - real)
            wrong[name] += lies
            cells.append(f"{len(called):>10} / {len(real):<3}" + (f"{'WRONG ' + str(lies):>9}" if lies else " " * 9))
        print(f"{trouble.name:<26}" + "".join(f"{cell:>24}" for cell in cells))
    print(f"{'false claims':<26}" + "".join(f"{count:>24}" for count in wrong.values()))
    assert wrong["promote"] == wrong["promote many"] == 0


def main() -> None:
    """Prints both tables."""
    with house() as ready:
        loop(ready, ready.items(1))  # imports and connections
        one_by_one(ready, ready.items(1))
        costs(ready)
        claims(ready)


if __name__ == "__main__":
    main()
