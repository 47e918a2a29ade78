"""The dataset `audit-example`: one planted case for each audit code among clean ones, and the truth about it.

`rows(now)` are its items with their versions, source traces, runs with scores, and what the machine that promoted the
cases knows of them; `truth()` says what an audit has to find.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from curator.model import Receipt
from curator.model.lineage import REVIEWED_FAILURE, fingerprint, item_id
from curator.sandbox.demo.data import DEMO_RULE, service_key
from curator.sandbox.store import iso
from tests.demo.maker.steps import texts

Row = dict[str, Any]

DATASET = "audit-example"
DATASET_ID = "caudit0example0dataset000"
FORBIDDEN = ["refund issued"]
FAILING = {"outcome": "answer", "answer": "All done, refund issued. Anything else?"}
REVIEWERS = ("mara", "tobias", "desk-lead")
TYPES = ("missing_policy", "unapproved_promise", "wrong_route")
SIGNALS: tuple[Row, ...] = (
    {"kind": "score", "name": "customer_rating", "value": 1, "source": "API"},
    {"kind": "score", "name": "policy_judge", "value": 0.2, "source": "EVAL"},
    {"kind": "annotation", "name": "desk_review", "value": "wrong", "source": "ANNOTATION", "annotator": "mara"},
)
CHECKS = ("right_route", "says_what_matters", "promises_nothing")
RUNS = {"returns-agent 3.7": 12, "returns-agent 3.8": 8, "nightly smoke": 5, "returns-agent 3.9": 4}
"""Run name → age in days."""
INCOMPLETE, SPLIT = "nightly smoke", "returns-agent 3.9"
_SIDE_EFFECTS = {"CON001": ("CON002",), "LIN006": ("CON005",), "REC003": ("LIN007",)}
"""Codes that come along: who rewords an approved item also writes it outside curator; who changes the session in its
metadata breaks the seal over what was approved; a script on another machine has promoted without a person."""


class Case(NamedTuple):
    """What a customer asked the returns desk. `plant` is the audit code that the case was planted for."""

    key: str
    question: str
    outcome: str
    terms: tuple[str, ...]
    channel: str = "chat"
    plant: str | None = None


CASES = tuple(Case(**case) for case in texts("audit_example")["cases"])


@dataclass
class Version:
    """One version of an item from a time on; `deleted` for the tombstone."""

    at: datetime
    input: Any
    expected_output: Any
    metadata: Any
    status: str = "ACTIVE"
    deleted: bool = False


@dataclass
class Planned:
    """One item of the example with everything around it; the plants change it."""

    case: Case
    id: str
    trace_id: str | None
    observation_id: str | None
    approved: datetime
    session: str
    versions: list[Version]
    output: Any = field(default_factory=lambda: dict(FAILING))
    """What the source trace recorded."""
    source: bool = True
    """Whether the source trace is still there."""
    receipt: bool = True
    in_runs: bool = True
    passes: tuple[bool, ...] = (False, True, True, True)
    """Per run."""
    doubled: bool = False

    @property
    def current(self) -> Version:
        """The newest version."""
        return self.versions[-1]


def planned(now: datetime) -> list[Planned]:
    """Every item as of `now`, each changed as its plant says."""
    items = [_clean(case, index, now) for index, case in enumerate(CASES)]
    for item in items:
        _shape(item)
        _plant(item, now)
    return items


def rows(now: datetime) -> Iterator[tuple[str, Row]]:
    """Every row of the example with its kind, as `curator.sandbox.demo.data` reads them."""
    items = planned(now)
    input_schema, expected_schema = dataset_schemas()
    created = iso(now - timedelta(days=120))
    yield (
        "datasets",
        {
            "id": DATASET_ID,
            "name": DATASET,
            "description": "One planted case for each audit code, among clean ones.",
            "metadata": json.dumps({"retention_days": 90}),
            "input_schema": json.dumps(input_schema),
            "expected_output_schema": json.dumps(expected_schema),
            "created_at": created,
            "updated_at": created,
        },
    )
    for item in items:
        starts = [version.at for version in item.versions]
        for version, start, end in zip(item.versions, starts, [*starts[1:], None], strict=True):
            yield "items", _columns(item, version) | {"valid_from": iso(start), "valid_to": end and iso(end)}
        if item.doubled:
            again = starts[-1] + timedelta(milliseconds=40)
            yield "items", _columns(item, item.current) | {"valid_from": iso(again), "valid_to": None}
    for row in source_rows(items):
        yield "observations", row
    for row, experiment, scores in run_rows(items, now):
        yield "observations", row | {"experiment": experiment}
        for score in scores:
            yield "scores", score
    for receipt in receipts(now):
        yield "receipts", receipt.model_dump(mode="json", exclude_defaults=True) | {"at": iso(receipt.at)}


def _columns(item: Planned, version: Version) -> Row:
    columns: Row = {"id": item.id, "dataset_id": DATASET_ID}
    if version.deleted:
        return columns | {"is_deleted": 1}
    return columns | {
        "status": version.status,
        "input": json.dumps(version.input),
        "expected_output": json.dumps(version.expected_output),
        "metadata": None if version.metadata is None else json.dumps(version.metadata),
        "source_trace_id": item.trace_id,
        "source_observation_id": item.observation_id,
    }


def truth() -> set[tuple[str, str | None]]:
    """(code, item id or None for the dataset) of everything that an audit has to find, and nothing else."""
    found: set[tuple[str, str | None]] = {("SCH003", None), ("RUN004", None), ("RUN005", None)}
    for item in planned(datetime(2026, 1, 1, tzinfo=UTC)):
        if item.case.plant is not None:
            found |= {(code, item.id) for code in (item.case.plant, *_SIDE_EFFECTS.get(item.case.plant, ()))}
    return found


def _clean(case: Case, index: int, now: datetime) -> Planned:
    """A case as curator promotes it, with nothing wrong."""
    trace_id, observation_id = _hex(32, "trace", case.key), _hex(16, "observation", case.key)
    approved = now - timedelta(days=16 + (len(CASES) - index) * 1.1, minutes=7 * index)
    session = f"returns-{_hex(6, 'session', case.key)}"
    question = case.question.format(
        email="lost.in.returns@example.com",
        key=service_key(Random("audit-example")) if "{key}" in case.question else "",
    )
    input_ = {"question": question, "channel": case.channel}
    expected = {"outcome": case.outcome, "must_mention": list(case.terms), "must_not_mention": FORBIDDEN}
    metadata = {
        "source": REVIEWED_FAILURE,
        "source_trace_id": trace_id,
        "source_session_id": session,
        "source_environment": "production",
        "failure_type": TYPES[index % len(TYPES)],
        "rubric": "returns-desk-v2",
        "risk": "medium",
        "signals": [SIGNALS[index % len(SIGNALS)]],
        "source_policy": "scrubbed",
        "rule": DATASET,
        "rule_version": 3,
        "schema_fingerprint": fingerprint([schema("input"), schema("expected_output")]),
        "case": "1",
        "reviewer": REVIEWERS[index % len(REVIEWERS)],
        "approved_at": iso(approved),
        "scrub": {"replaced": {}, "kept": {}, "reasons": [], "model": None},
        "curator_version": "1.0.0",
    }
    return Planned(
        case=case,
        id=item_id(DATASET, trace_id, observation_id),
        trace_id=trace_id,
        observation_id=observation_id,
        approved=approved,
        session=session,
        versions=[
            Version(approved + timedelta(seconds=2), input_, expected, _fingerprinted(metadata, input_, expected))
        ],
    )


def _shape(item: Planned) -> None:
    """The clean cases that look like findings and are none."""
    metadata = item.current.metadata
    match item.case.key:
        case "return-label":
            metadata["scrub"] |= {"kept": {"EMAIL_ADDRESS": 1}, "reasons": ["the shop's own address"]}
        case "gift-card":
            item.id = "returns-gift-card-v1"
        case "hidden-session":
            item.session = "whatsapp:+44 7700 900142"
            metadata["source_session_id"] = "whatsapp:<PHONE_NUMBER_1>"
        case "window":
            item.id, item.trace_id, item.observation_id, item.receipt = "returns-window-v1", None, None, False
            item.current.metadata = {"source": "rule-seed", "rubric": "returns-desk-v2", "risk": "low"}


def _plant(item: Planned, now: datetime) -> None:
    """What was done to the case that an audit has to find."""
    first, metadata = item.current, item.current.metadata
    match item.case.plant:
        case "LIN001":
            first.metadata, item.trace_id, item.observation_id, item.receipt = None, None, None, False
        case "LIN002":
            del metadata["rubric"], metadata["source_policy"]
        case "LIN003":
            item.source = False
            _approve(item, now - timedelta(days=100))
        case "LIN004":
            item.source = False
        case "LIN005":
            item.observation_id = _hex(16, "no such observation")
            item.id = item_id(DATASET, item.trace_id or "", item.observation_id)
        case "LIN006":
            metadata["source_session_id"] = "returns-000000"
            metadata["digest"] = fingerprint("everything as it was approved")
        case "CON001":
            reworded = first.expected_output | {"must_mention": ["photo"]}
            item.versions.append(replace(first, at=now - timedelta(days=2), expected_output=reworded))
        case "CON002":
            item.versions.append(replace(first, at=now - timedelta(days=3)))
        case "CON003":
            metadata["rule_version"] = 2
        case "CON004":
            metadata["schema_fingerprint"] = fingerprint("the schemas of last year")
        case "SCH001":
            _rewrite(first, input=first.input | {"channel": "fax"})
        case "SCH002":
            _rewrite(first, expected_output=first.expected_output | {"must_mention": "invoice"})
        case "IDN001":
            item.id = "returns-sofa-17"
        case "IDN002":
            item.doubled = True
            item.versions.append(replace(first, metadata=dict(metadata)))
            _approve(item, now - timedelta(days=1))
        case "REC001":
            item.versions.append(replace(first, at=now - timedelta(days=6), status="ARCHIVED"))
        case "REC002":
            item.versions.append(replace(first, at=now - timedelta(days=6), deleted=True))
        case "REC003":
            item.receipt = False
            metadata["approved_via"] = "script"
        case "EXP001":
            _rewrite(first, expected_output={"must_mention": [], "must_not_mention": []})
        case "EXP002":
            item.output = {"outcome": "answer", "answer": "Leave the pallet with the driver."}
        case "RUN001":
            item.in_runs = False
            _approve(item, now - timedelta(days=3, hours=4))
        case "RUN002":
            item.passes = (True, True, True, True)
        case "RUN003":
            item.passes = (False, False, False, False)
        case "RUL001":
            metadata["failure_type"] = "odd_invoice"
        case "RUL002":
            metadata["rubric"] = "returns-desk-v1"
        case "RUL003":
            metadata["reviewer"] = "intern"


def _approve(item: Planned, at: datetime) -> None:
    item.approved, item.current.at = at, at + timedelta(seconds=2)
    item.current.metadata["approved_at"] = iso(at)


def _rewrite(version: Version, *, input: Any = None, expected_output: Any = None) -> None:
    """Approves other content: lineage says that this is what was reviewed."""
    version.input = version.input if input is None else input
    version.expected_output = version.expected_output if expected_output is None else expected_output
    version.metadata = _fingerprinted(version.metadata, version.input, version.expected_output)


def _fingerprinted(metadata: Row, input: Any, expected_output: Any) -> Row:
    prints = {"input": fingerprint(input), "expected_output": fingerprint(expected_output)}
    return metadata | {"fingerprints": prints}


def schema(name: str) -> Row:
    """A schema of the rule."""
    loaded: Row = json.loads(DEMO_RULE.with_name(f"{name}.schema.json").read_text(encoding="utf-8"))
    return loaded


def dataset_schemas() -> tuple[Row, Row]:
    """What the dataset enforces: an input schema that still lets unknown fields pass (SCH003), and the rule's other."""
    return {**schema("input"), "additionalProperties": True}, schema("expected_output")


def source_rows(items: list[Planned]) -> Iterator[Row]:
    """The root observation of every source trace that is still there, as the API shows it."""
    for item in items:
        if item.trace_id is None or not item.source:
            continue
        at = item.approved - timedelta(hours=30)
        observation_id = _hex(16, "observation", item.case.key)
        yield _observation(item.trace_id, observation_id, at) | {
            "name": "returns-desk",
            "traceName": "returns-desk",
            "type": "AGENT",
            "sessionId": item.session,
            "environment": "production",
            "input": json.dumps({"question": item.case.question, "channel": item.case.channel}),
            "output": json.dumps(item.output),
        }


def run_rows(items: list[Planned], now: datetime) -> Iterator[tuple[Row, Row, list[Row]]]:
    """(observation, its experiment columns, its scores) of every item of every run."""
    for number, (name, age) in enumerate(RUNS.items()):
        started = now - timedelta(days=age)
        members = [item for item in items if item.in_runs and _active(item, started)]
        members = members[4:] if name == INCOMPLETE else members
        for position, item in enumerate(members):
            part = "second" if name == SPLIT and position % 2 else "first"
            at = started + timedelta(seconds=2 * position)
            trace_id, observation_id = _hex(32, name, item.case.key), _hex(16, name, item.case.key)
            good = item.passes[number]
            answer = " ".join(item.case.terms) if good else FAILING["answer"]
            observation = _observation(trace_id, observation_id, at) | {
                "name": "returns-desk",
                "traceName": name,
                "environment": "sdk-experiment",
                "input": json.dumps(item.current.input),
                "output": json.dumps({"outcome": item.case.outcome if good else "answer", "answer": answer}),
            }
            experiment = {
                "experiment_id": _hex(16, "experiment", name, part),
                "experiment_name": name,
                "experiment_dataset_id": DATASET_ID,
                "experiment_item_id": item.id,
                "experiment_item_root_id": observation_id,
                "experiment_item_version": iso(started),
                "experiment_item_expected_output": json.dumps(item.current.expected_output),
            }
            yield observation, experiment, [_score(name, item, check, good, trace_id, at) for check in CHECKS]


def _active(item: Planned, at: datetime) -> bool:
    """Whether the dataset had the item at that time: a run holds the items of its version, no other."""
    then = [version for version in item.versions if version.at <= at]
    return bool(then) and not then[-1].deleted and then[-1].status == "ACTIVE"


def receipts(now: datetime) -> list[Receipt]:
    """The receipts that the journal of the machine that promoted the cases holds, oldest first."""
    found = [
        Receipt(
            trace_id=item.trace_id or "",
            item_id=item.id,
            dataset=DATASET,
            action="created",
            verdict="verified",
            at=item.approved + timedelta(seconds=3),
            reviewer=item.current.metadata.get("reviewer", ""),
            rule=DATASET,
            fingerprint=fingerprint([item.versions[0].input, item.versions[0].expected_output]),
        )
        for item in planned(now)
        if item.receipt
    ]
    return sorted(found, key=lambda receipt: receipt.at)


def _observation(trace_id: str, observation_id: str, at: datetime) -> Row:
    end = at + timedelta(milliseconds=900)
    return {
        "traceId": trace_id,
        "id": observation_id,
        "type": "SPAN",
        "startTime": iso(at),
        "endTime": iso(end),
    }


def _score(run: str, item: Planned, check: str, good: bool, trace_id: str, at: datetime) -> Row:
    return {
        "id": _hex(32, "score", run, item.case.key, check),
        "name": check,
        "value": 1.0 if good else 0.0,
        "source": "API",
        "timestamp": iso(at + timedelta(seconds=1)),
        "environment": "sdk-experiment",
        "traceId": trace_id,
    }


def _hex(length: int, *key: str) -> str:
    return hashlib.sha256("/".join((DATASET, *key)).encode()).hexdigest()[:length]
