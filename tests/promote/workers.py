"""What other processes do in these tests: they promote, and may be killed while they do."""

import os
import random
import signal
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from curator.config import Connection
from curator.gateway import Gateway
from curator.journal import Journal
from curator.model import ScrubPolicy
from curator.promote import Patience
from tests.promote.support import QUICK, EmailFinder, make_item, promote, promote_many, undo

CROWDED = Patience(lock=30, late=10, limit=30, conflict=20, repair=8)
"""Patience among many processes on few cores."""
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
    """Promotes the traces one by one, starting together with everybody else, when all of them are warm."""
    with Gateway(connection) as gateway, Journal("test", journal) as record:
        warm_up(gateway)
        ready.wait(60)
        ready.wait(60)
        for trace in traces:
            item = make_item(trace, metadata={"reviewer": reviewer})
            receipt = promote(gateway, record, EmailFinder(), item, **options(reviewer) | {"patience": CROWDED})
            results.put((reviewer, receipt.model_dump_json()))


OPERATIONS = ("new", "update", "bulk", "undo")


class Deadline:
    """Kills its own process at the k-th request from the first write on, or a moment after that."""

    def __init__(self, seed: int, writing: Any) -> None:
        chance = random.Random(seed)
        self.armed, self.writing = False, writing
        self._left, self._moment = chance.randint(1, 5), chance.choice((0.0, chance.uniform(0, 0.02)))

    def __call__(self, request: str) -> None:
        """Hears of every request just before it is sent."""
        if self.armed and (self.writing.value or not request.startswith("GET ")):
            self.writing.value = 1
            self._left -= 1
            if self._left == 0:
                threading.Timer(self._moment, os.kill, (os.getpid(), signal.SIGKILL)).start()


def die_while_writing(connection: Connection, journal: Path, traces: Sequence[str], seed: int, writing: Any) -> None:
    """One operation, killed between its first write and its end; `writing`: 0 before, 1 inside, 2 when it got away."""
    chance, deadline = random.Random(-seed), Deadline(seed, writing)
    with Gateway(connection, on_request=deadline) as gateway, Journal("test", journal) as record:
        operation, trace = OPERATIONS[seed % len(OPERATIONS)], chance.choice(traces)
        sending = {"remedies": ["unarchive", "overwrite"], **options("ada")}
        version = f"version {seed}"
        if operation in ("update", "undo"):
            promote(gateway, record, EmailFinder(), make_item(trace, input={"query": f"before {version}"}), **sending)
        deadline.armed = True
        if operation in ("new", "update"):
            promote(gateway, record, EmailFinder(), make_item(trace, input={"query": version}), **sending)
        elif operation == "bulk":
            items = [make_item(each, input={"query": version}) for each in chance.sample(list(traces), 4)]
            list(promote_many(gateway, record, EmailFinder(), items, **sending))
        else:
            list(undo(gateway, record, EmailFinder(), reviewer="ada", patience=QUICK))
        writing.value = 2
