"""What the tests of the audit share: connections, items, evidence for one check at a time, quick scrubs."""

import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from curator.audit.checks import CHECKS
from curator.audit.examine import Standards, examine
from curator.audit.values import AuditCheck, Evidence, Found, Promoted, Run
from curator.config import Connection
from curator.draft.mapping import schema_fingerprint
from curator.gateway import Experiment, ExperimentItem
from curator.model import Dataset, Finding, Observation, Receipt, Score, ScrubPolicy, StoredItem, lineage
from curator.rulebook import LoadedRule, load_rule
from curator.sandbox.demo.data import DEMO_RULE
from curator.sandbox.server import SandboxServer

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
DATASET = "audit-example"
EXAMPLE_RULE: LoadedRule = load_rule(DEMO_RULE)
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
OBSERVATION = "00f067aa0ba902b7"
EMAIL = re.compile(r"[a-z.]+@[a-z.]+\.(?:example|com)")


def connection_of(server: SandboxServer) -> Connection:
    return Connection(base_url=server.base_url, public_key=server.public_key, secret_key=server.secret_key)


class Replaced(NamedTuple):
    value: Any


class QuickScrub:
    """A scrub that starts at once: it knows e-mail addresses and nothing else."""

    def __init__(self) -> None:
        self.closed = False

    def find(self, value: Any, policy: ScrubPolicy) -> list[Finding]:
        return list(self._walk(value, ""))

    def warm(self, values: Sequence[object]) -> None:
        pass

    def scrub_value(self, value: Any, policy: ScrubPolicy) -> Replaced:
        return Replaced(_replaced(value))

    def start(self) -> "Future[str | None]":
        future: Future[str | None] = Future()
        future.set_result("quick")
        return future

    def close(self) -> None:
        self.closed = True

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


def _replaced(value: Any) -> Any:
    if isinstance(value, str):
        return EMAIL.sub("<EMAIL_ADDRESS_1>", value)
    if isinstance(value, dict):
        return {key: _replaced(each) for key, each in value.items()}
    return [_replaced(each) for each in value] if isinstance(value, list) else value


def make_item(**changes: Any) -> StoredItem:
    """An item of the example as curator promotes it. `metadata` is merged; a None in it takes a key away."""
    trace = changes.get("source_trace_id", TRACE)
    observation = changes.get("source_observation_id", OBSERVATION)
    input_ = changes.pop("input", {"question": "May I return an opened tin of paint?", "channel": "chat"})
    expected = changes.pop(
        "expected_output", {"outcome": "refuse", "must_mention": ["opened"], "must_not_mention": ["refund issued"]}
    )
    metadata = {
        "source": lineage.REVIEWED_FAILURE,
        "source_trace_id": trace,
        "source_session_id": "returns-1",
        "source_environment": "production",
        "failure_type": "missing_policy",
        "rubric": "returns-desk-v2",
        "signals": [{"kind": "score", "name": "customer_rating", "value": 1, "source": "API"}],
        "source_policy": "scrubbed",
        "rule": "audit-example",
        "rule_version": 3,
        "schema_fingerprint": schema_fingerprint(EXAMPLE_RULE),
        "case": "1",
        "reviewer": "mara",
        "approved_at": (AT - timedelta(days=20)).isoformat(),
        "scrub": {"replaced": {}, "kept": {}, "reasons": [], "model": None},
        "fingerprints": {"input": lineage.fingerprint(input_), "expected_output": lineage.fingerprint(expected)},
        "curator_version": "1.0",
    }
    given = changes.pop("metadata", {})
    if isinstance(given, dict):
        metadata = {key: value for key, value in (metadata | given).items() if value is not None}
    fields: dict[str, Any] = {
        "id": lineage.item_id(DATASET, trace or "", observation),
        "dataset": DATASET,
        "dataset_id": "d1",
        "input": input_,
        "expected_output": expected,
        "metadata": metadata if isinstance(given, dict) else given,
        "source_trace_id": trace,
        "source_observation_id": observation,
        "created_at": AT - timedelta(days=20),
        "updated_at": AT - timedelta(days=20),
    }
    return StoredItem(**(fields | changes))


def another(key: str, **changes: Any) -> StoredItem:
    """An item like `make_item`, from another source and with another input."""
    trace = lineage.fingerprint(key)[:32]
    question = {"question": f"{key}? {lineage.fingerprint(key)}", "channel": "email"}
    return make_item(**({"source_trace_id": trace, "input": question} | changes))


def root_of(item: StoredItem, **changes: Any) -> Observation:
    """The source of an item."""
    fields: dict[str, Any] = {
        "id": item.source_observation_id or OBSERVATION,
        "trace_id": item.source_trace_id or TRACE,
        "is_root": True,
        "session_id": "returns-1",
        "environment": "production",
        "start_time": AT - timedelta(days=21),
    }
    return Observation(**(fields | changes))


def make_dataset(**changes: Any) -> Dataset:
    fields: dict[str, Any] = {
        "id": "d1",
        "name": DATASET,
        "input_schema": EXAMPLE_RULE.input_schema,
        "expected_output_schema": EXAMPLE_RULE.expected_output_schema,
        "created_at": AT - timedelta(days=90),
        "updated_at": AT - timedelta(days=90),
    }
    return Dataset(**(fields | changes))


def promoted(item: StoredItem, **changes: Any) -> Promoted:
    """What the journal of the machine that wrote the item knows."""
    receipt = Receipt(
        trace_id=TRACE, item_id=item.id, dataset=DATASET, action="created", verdict="verified", at=item.updated_at
    )
    return Promoted(**({"receipt": receipt, "written": item.updated_at, "touched": item.updated_at} | changes))


def make_evidence(
    *items: StoredItem, recorded: dict[str, Any] | None = None, rule: LoadedRule | None = EXAMPLE_RULE, **changes: Any
) -> Evidence:
    """Evidence of these items and nothing wrong with it: sources are there, receipts too."""
    standards = Standards(rule=rule, policy=ScrubPolicy())
    facts = {each.item_id: each for each in examine(items, recorded or {}, standards, QuickScrub())}
    roots = [root_of(item) for item in items if item.source_trace_id]
    fields: dict[str, Any] = {
        "dataset": make_dataset(),
        "at": AT,
        "version": None,
        "items": items,
        "sources": {root.trace_id: root for root in roots},
        "source_observations": frozenset(root.id for root in roots),
        "rule": rule,
        "promoted": {item.id: promoted(item) for item in items},
        "has_journal": True,
        "runs": (make_run("r1", items), make_run("r2", items, passes=False)),
        "facts": facts,
    }
    return Evidence(**(fields | changes))


def make_run(name: str, items: Iterable[StoredItem], *, passes: bool = True, **changes: Any) -> Run:
    """A run of these items two days ago; each passed or failed every required score."""
    start = changes.pop("start_time", AT - timedelta(days=2))
    identity = changes.pop("id", name)
    rows = tuple(
        ExperimentItem(
            id=f"{identity}-{item.id}",
            trace_id=f"{identity}-{item.id}",
            experiment_id=identity,
            experiment_name=name,
            item_id=item.id,
            start_time=start,
            level=changes.get("level", "DEFAULT"),
            scores=tuple(make_score(check.name, float(passes)) for check in EXAMPLE_RULE.rule.checks),
        )
        for item in items
    )
    return Run(
        experiment=Experiment(id=identity, name=name, start_time=start, item_count=len(rows)),
        items=rows,
    )


def make_score(name: str, value: float) -> Score:
    return Score(id=f"{name}-{value}", name=name, value=value, timestamp=AT)


def check_of(code: str) -> AuditCheck:
    return next(check for check in CHECKS if check.code == code)


def found(code: str, evidence: Evidence) -> list[Found]:
    """What one check says."""
    return list(check_of(code).find(evidence))
