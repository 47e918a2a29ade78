"""What other processes do in these tests: they promote, and may be killed while they do."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from curator.config import Connection
from curator.gateway import Gateway
from curator.journal import Journal
from curator.model import ScrubPolicy
from curator.promote import promote, promote_many, undo
from tests.promote.support import QUICK, EmailFinder, make_item

PRELOAD = ["langfuse.api", "curator.promote", "curator.decisions", "tests.promote.workers"]


def options(reviewer: str) -> dict[str, Any]:
    return {"policy": ScrubPolicy(), "rule": "order-status", "reviewer": reviewer, "patience": QUICK}


def promote_all(
    connection: Connection, journal: Path, traces: Sequence[str], reviewer: str, ready: Any, results: Any
) -> None:
    """Promotes the traces one by one, starting together with everybody else."""
    with Gateway(connection) as gateway, Journal("test", journal) as record:
        assert gateway.items(limit=1).total_items >= 0  # imports, connection
        ready.wait(60)
        for trace in traces:
            item = make_item(trace, metadata={"reviewer": reviewer})
            receipt = promote(gateway, record, EmailFinder(), item, **options(reviewer))
            results.put((reviewer, receipt.model_dump_json()))


def busy(connection: Connection, journal: Path, traces: Sequence[str], seed: int, started: Any) -> None:
    """Promotes, updates, promotes in bulk and takes back, until somebody ends it."""
    chance = random.Random(seed)
    with Gateway(connection) as gateway, Journal("test", journal) as record:
        assert gateway.items(limit=1).total_items >= 0
        started.set()
        while True:
            trace = chance.choice(traces)
            match chance.randrange(6):
                case 0 | 1:
                    item = make_item(trace)
                    promote(gateway, record, EmailFinder(), item, remedies=["unarchive"], **options("ada"))
                case 2 | 3:
                    item = make_item(trace, input={"query": f"version {chance.randrange(9)}"})
                    promote(gateway, record, EmailFinder(), item, remedies=["unarchive"], **options("ada"))
                case 4:
                    items = [make_item(each) for each in chance.sample(traces, 5)]
                    list(promote_many(gateway, record, EmailFinder(), items, remedies=["unarchive"], **options("ada")))
                case 5:
                    list(undo(gateway, record, EmailFinder(), reviewer="ada", patience=QUICK))
