"""What other processes do in these tests: they promote, and may be killed while they do."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from curator.config import Connection
from curator.gateway import Gateway
from curator.journal import Journal
from curator.model import ScrubPolicy
from tests.promote.support import QUICK, EmailFinder, make_item, promote, promote_many, undo

PRELOAD = ["langfuse.api", "curator.promote", "curator.queue.decisions", "tests.promote.workers"]


def options(reviewer: str) -> dict[str, Any]:
    return {"policy": ScrubPolicy(), "rule": "order-status", "reviewer": reviewer, "patience": QUICK}


def warm_up(gateway: Gateway) -> None:
    """Every kind of request once: the SDK imports its parts at their first use, and a kill should not hit only that."""
    gateway.put_dataset("warm")
    gateway.put_item(make_item("0" * 32, dataset="warm"))
    assert gateway.items("warm").total_items == 1
    assert gateway.item("nobody") is None
    gateway.put_score(id="warm", name="warm", value=1, data_type="NUMERIC", trace_id="warm")


def promote_all(
    connection: Connection, journal: Path, traces: Sequence[str], reviewer: str, ready: Any, results: Any
) -> None:
    """Promotes the traces one by one, starting together with everybody else."""
    with Gateway(connection) as gateway, Journal("test", journal) as record:
        warm_up(gateway)
        ready.wait(60)
        for trace in traces:
            item = make_item(trace, metadata={"reviewer": reviewer})
            receipt = promote(gateway, record, EmailFinder(), item, **options(reviewer))
            results.put((reviewer, receipt.model_dump_json()))


def busy(connection: Connection, journal: Path, traces: Sequence[str], seed: int, started: Any) -> None:
    """Promotes, updates, promotes in bulk and takes back, until somebody ends it."""
    chance = random.Random(seed)
    with Gateway(connection) as gateway, Journal("test", journal) as record:
        warm_up(gateway)
        started.set()
        while True:
            trace = chance.choice(traces)
            match chance.randrange(8):
                case 0 | 1:
                    item = make_item(trace)
                    promote(gateway, record, EmailFinder(), item, remedies=["unarchive"], **options("ada"))
                case 2 | 3:
                    item = make_item(trace, input={"query": f"version {chance.randrange(9)}"})
                    promote(gateway, record, EmailFinder(), item, remedies=["unarchive"], **options("ada"))
                case 4:
                    items = [make_item(each) for each in chance.sample(traces, 5)]
                    list(promote_many(gateway, record, EmailFinder(), items, remedies=["unarchive"], **options("ada")))
                case _:
                    list(undo(gateway, record, EmailFinder(), reviewer="ada", patience=QUICK))
