"""What the tests of this room share: items, connections, and a scrub that is quick to start."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from curator.config import Connection
from curator.model import Finding, Item, Receipt, ScrubPolicy, lineage
from curator.promote import Patience
from curator.sandbox.server import SandboxServer

DATASET = "order-status-regression"
QUICK = Patience(lock=5, late=1.2, limit=5, conflict=1.5, repair=0.5)
EMAIL = re.compile(r"[a-z]+@[a-z]+\.example")


class EmailFinder:
    """A `Finder`: e-mail addresses of `.example`, nothing else."""

    def find(self, value: Any, policy: ScrubPolicy) -> list[Finding]:
        return list(self._walk(value, ""))

    def _walk(self, value: Any, path: str) -> Iterator[Finding]:
        if isinstance(value, str):
            for hit in EMAIL.finditer(value):
                yield Finding(id=path, path=path, start=hit.start(), end=hit.end(), entity="EMAIL_ADDRESS", score=1)
        elif isinstance(value, dict):
            for key, each in value.items():
                yield from self._walk(each, f"{path}.{key}" if path else key)
        elif isinstance(value, list):
            for index, each in enumerate(value):
                yield from self._walk(each, f"{path}[{index}]")


def connection_of(server: SandboxServer, public_key: str | None = None) -> Connection:
    return Connection(
        base_url=server.base_url, public_key=public_key or server.public_key, secret_key=server.secret_key
    )


def make_item(trace_id: str = "4bf92f3577b34da6a3ce929d0e0e4736", dataset: str = DATASET, **fields: Any) -> Item:
    """An item as `lineage.to_item` makes it."""
    input_ = fields.pop("input", {"query": "Where is my delayed EU order?", "region": "eu"})
    expected = fields.pop("expected_output", {"outcome": "answer", "must_mention": ["order"]})
    metadata = {
        "source": "reviewed-failure",
        "source_trace_id": trace_id,
        "failure_type": "wrong-answer",
        "case": "1",
        "reviewer": "ada",
        "approved_at": "2026-11-22T10:00:00+00:00",
        "scrub": {"replaced": {}, "kept": {}, "reasons": [], "model": None},
        "fingerprints": {"input": lineage.fingerprint(input_), "expected_output": lineage.fingerprint(expected)},
    }
    return Item(
        id=fields.pop("id", lineage.item_id(dataset, trace_id, "00f067aa0ba902b7")),
        dataset=dataset,
        input=input_,
        expected_output=expected,
        metadata=metadata | fields.pop("metadata", {}),
        source_trace_id=trace_id,
        source_observation_id=fields.pop("source_observation_id", "00f067aa0ba902b7"),
        **fields,
    )


Promote = Callable[..., Receipt]


def code(receipt: Receipt) -> str | None:
    """The code of what went wrong."""
    return None if receipt.problem is None else receipt.problem.code
