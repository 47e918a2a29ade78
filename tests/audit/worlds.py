"""Datasets of any size in a sandbox's store, clean by construction, written without HTTP."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from curator.config import state_folder
from curator.experiments import results
from curator.experiments.results import DatasetItem, ItemRun, Repeat, Run, Score
from curator.model import StoredItem
from curator.model.lineage import fingerprint, fingerprints, item_id
from curator.sandbox import item_versions, observation_record
from curator.sandbox.load_rows import convert
from curator.sandbox.server import SandboxServer
from curator.sandbox.store import iso, milliseconds
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
    store_items(server, items, offset=offset)
    if sources:
        write_observations(server, dict.fromkeys(item.source_trace_id or "" for item in items), output=output)
    return items


def store_items(server: SandboxServer, items: Sequence[StoredItem], *, offset: int = 0) -> None:
    """Puts items and their dataset into the store; `offset` says how many were put there before."""
    now = server.store.now()
    first = milliseconds(now) - 60_000
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


OPENINGS = (
    "Where is my parcel with the {thing}?",
    "The {thing} arrived with a scratch.",
    "I was told that the {thing} would be exchanged.",
    "Please explain why the {thing} costs more today.",
    "Can somebody collect the {thing} this week?",
)
THINGS = ("lamp", "bench", "mirror", "wardrobe", "rug", "vase", "kettle", "armchair", "bookcase", "clock")
RAMBLING = (
    "we have waited for two weeks and nobody answers although the courier said that it was in the van on time so"
    " please look into your records because my order shows nothing but a blank page where it used to say delivered"
    " which makes me wonder if this got lost between both warehouses or whether another customer signed for something"
    " that does not belong to them while all the other boxes came as promised with their labels and screws inside"
    " except one small bag of hinges that would cost less than the postage yet without these nothing can be put"
    " together before our guests"
)
WORDS = RAMBLING.split()


def large_item(number: int, traces: int) -> StoredItem:
    """An item as a real dataset of some thousands holds them: sentences, now and then something wrong."""
    item = numbered(number, traces=traces)
    random = Random(number)
    opening = OPENINGS[number % len(OPENINGS)].format(thing=random.choice(THINGS))
    question = f"{opening} {' '.join(random.choices(WORDS, k=18)).capitalize()}."
    if number % 500 == 3:
        question += " Write to lost.parcel@example.com about it."
    if number % 900 == 5:
        question = f"This question stands here again and again, case {number // 1800}."
    input_ = {"question": question, "channel": "fax" if number % 1100 == 7 else "chat"}
    metadata = dict(item.metadata) | {"fingerprints": fingerprints(input_, item.expected_output)}
    if number % 700 == 11:
        del metadata["rubric"]
    return item.model_copy(update={"input": input_, "metadata": metadata})


def write_large(server: SandboxServer, count: int, *, traces: int) -> None:
    """A dataset of `count` items from `traces` source traces, one in a hundred of which is gone."""
    items = [large_item(number, traces) for number in range(count)]
    store_items(server, items)
    sources = dict.fromkeys(item.source_trace_id or "" for item in items)
    write_observations(server, [trace for number, trace in enumerate(sources) if number % 100])


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


def write_results(label: str, *item_ids: str) -> Path:
    """A result file in which each item was answered once, and failed once."""
    scored = {"good": Score(value=1.0, comment="because of Ada", data_type="NUMERIC")}
    rows = [ItemRun(item_id=item_id, output={"answer": f"yes, {item_id}"}, scores=scored) for item_id in item_ids]
    failed = [ItemRun(item_id=item_id, error="no answer to Ada") for item_id in item_ids]
    at = datetime.now(UTC)
    run = Run(
        label=label,
        run_name=label,
        dataset="one",
        items={
            item_id: DatasetItem(input={"q": "Ada?"}, expected_output={"a": "Ada"}, fingerprint="f")
            for item_id in item_ids
        },
        repeats=tuple(
            Repeat(run_name=label, experiment_id=None, started_at=at, finished_at=at, items=tuple(each))
            for each in (rows, failed)
        ),
    )
    return results.write_run(run, state_folder() / "runs" / "one" / f"{label}.json")
