"""Datasets of any size in a sandbox's store, clean by construction, written without HTTP."""

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from curator.lineage import fingerprint, item_id
from curator.model import StoredItem
from curator.sandbox import item_versions, observation_record
from curator.sandbox.load_rows import convert
from curator.sandbox.server import SandboxServer
from curator.sandbox.store import iso
from tests.audit.support import DATASET, EXAMPLE_RULE, make_item

DATASET_ID = "cworld"


def numbered(number: int, *, traces: int | None = None, observation: str | None = None, **changes: Any) -> StoredItem:
    """The item of that number: unlike all others, from trace `number` of `traces`."""
    trace = fingerprint(f"trace {number if traces is None else number % traces}")[:32]
    step = observation or trace[:16]
    case = "1" if traces is None else str(number // traces + 1)
    text = " ".join(fingerprint([number, part])[:12] for part in range(6))
    given = changes.pop("metadata", {})
    return make_item(
        id=item_id(DATASET, trace, step, case),
        source_trace_id=trace,
        source_observation_id=step,
        **({"input": {"question": f"{text}?", "channel": "chat"}} | changes),
        metadata={"case": case, **given},
    )


def write_items(
    server: SandboxServer,
    count: int,
    *,
    offset: int = 0,
    traces: int | None = None,
    sources: bool = True,
    observation: str | None = None,
    metadata: dict[str, Any] | None = None,
    output: Any = None,
) -> list[StoredItem]:
    """Writes `count` numbered items and the roots of their source traces; the fault `duplicate-rows` doubles them."""
    items = [
        numbered(offset + n, traces=traces, observation=observation, metadata=metadata or {}) for n in range(count)
    ]
    now = server.store.now()
    first = item_versions.milliseconds(now) - 60_000
    doubled = "duplicate-rows" in server.settings.faults.active()
    with server.store.write() as db:
        moment = iso(now - timedelta(days=30))
        db.execute(
            "INSERT OR IGNORE INTO datasets (id, name, input_schema, expected_output_schema, created_at, updated_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                DATASET_ID,
                DATASET,
                json.dumps(EXAMPLE_RULE.input_schema),
                json.dumps(EXAMPLE_RULE.expected_output_schema),
                moment,
                moment,
            ),
        )
        (dataset_id,) = db.execute("SELECT id FROM datasets WHERE name = ?", (DATASET,)).fetchone()
        for position, item in enumerate(items):
            row = {
                "id": item.id,
                "dataset_id": dataset_id,
                "input": json.dumps(item.input),
                "expected_output": json.dumps(item.expected_output),
                "metadata": json.dumps(item.metadata),
                "source_trace_id": item.source_trace_id,
                "source_observation_id": item.source_observation_id,
                "valid_from": first + offset + position,
            }
            item_versions.insert(db, row)
            if doubled:
                item_versions.insert(db, row | {"valid_from": row["valid_from"] + 40_000})
    if sources:
        write_observations(server, dict.fromkeys(item.source_trace_id or "" for item in items), output=output)
    return items


def write_observations(
    server: SandboxServer,
    traces: Iterable[str],
    *,
    observation: str | None = None,
    parent: str | None = None,
    output: Any = None,
) -> None:
    """Writes one observation per trace: its root, or a step with a parent."""
    at = iso(server.store.now() - timedelta(days=1))
    rows = [
        {
            "traceId": trace,
            "id": observation or trace[:16],
            "parentObservationId": parent,
            "startTime": at,
            "endTime": at,
            "sessionId": "returns-1",
            "environment": "production",
            "output": json.dumps(output if output is not None else {"outcome": "answer", "answer": "refund issued"}),
        }
        for trace in traces
    ]
    with server.store.write() as db:
        observation_record.insert(db, [convert(row)[1] for row in rows])
