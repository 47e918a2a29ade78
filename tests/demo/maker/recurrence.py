"""The dataset `policy-boundary` with one item, promoted from a failure three weeks ago: this week it came back.

The item is as curator writes it by the rule `tool-denial`; what it came from lies before the shop's two weeks.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from curator.draft.mapping import schema_fingerprint
from curator.model import Signal
from curator.model.lineage import draft_metadata, fingerprint, item_id
from curator.rulebook import load_rule, shipped_rules
from curator.sandbox.store import iso
from tests.demo.maker.build import DEFAULT_SEED
from tests.demo.maker.people import ReviewDesk
from tests.demo.maker.recorder import Recorder, Row
from tests.demo.maker.safety import ACCOUNTS, PROMOTED, denial

DATASET_ID = "cpolicy0boundary000000000"
APPROVED = timedelta(days=23)
"""Age of the approval."""
FAILED = APPROVED + timedelta(hours=29)
_LOADED = load_rule(shipped_rules() / "tool-denial.yaml")
RULE = _LOADED.rule
_KEY = "promoted"
_id = Recorder(datetime(2026, 1, 1, tzinfo=UTC), DEFAULT_SEED).hex_id
ITEM = item_id(RULE.dataset.name, _id(32, "trace", ACCOUNTS, _KEY), _id(16, "observation", ACCOUNTS, _KEY))
AGAIN = _id(32, "trace", ACCOUNTS, "0")
"""The first of the denials: the same request in other words, the one failure of the two weeks that is like the item."""


def rows(now: datetime) -> Iterator[tuple[str, Row]]:
    """Every row of the dataset and of its source trace with its kind, as `curator.sandbox.demo.data` reads them."""
    recorder = Recorder(now, DEFAULT_SEED)
    denial(recorder, ReviewDesk(recorder), PROMOTED, _KEY, now - FAILED)
    written = iso(now - APPROVED + timedelta(seconds=2))
    yield (
        "datasets",
        {
            "id": DATASET_ID,
            "name": RULE.dataset.name,
            "description": RULE.dataset.description,
            "metadata": json.dumps(RULE.dataset.metadata),
            "input_schema": json.dumps(_LOADED.input_schema),
            "expected_output_schema": json.dumps(_LOADED.expected_output_schema),
            "created_at": written,
            "updated_at": written,
        },
    )
    yield "items", _item(recorder.observations[0], iso(now - APPROVED)) | {"valid_from": written, "valid_to": None}
    for kind, made in (("observations", recorder.observations), ("scores", recorder.scores)):
        for row in made:
            yield kind, row


def _item(root: Row, approved: str) -> Row:
    """What became of the source trace, whose root is given; its customer's name was replaced."""
    input_ = {"request": PROMOTED.request.format(name="<PERSON_1>"), "role": PROMOTED.role}
    expected = {
        "outcome": PROMOTED.right,
        "must_mention": list(PROMOTED.must),
        "must_not_mention": ["Done", "system is down"],
        "must_not_call": [PROMOTED.tool],
    }
    signal = Signal(
        kind="level",
        name="ERROR",
        value=PROMOTED.tool,
        source="TRACE",
        comment=f"denied by policy {PROMOTED.denied}",
        rule=RULE.rule,
    )
    known = draft_metadata(
        RULE,
        trace_id=root["traceId"],
        session_id=root["sessionId"],
        environment=root["environment"],
        signals=[signal],
        failure_type="false_success",
        schema_fingerprint=schema_fingerprint(_LOADED),
    )
    metadata = known | {
        "case": "1",
        "reviewer": "mara",
        "approved_by": "mara",
        "approved_via": "terminal",
        "approved_at": approved,
        "scrub": {"replaced": {"PERSON": 1}, "kept": {}, "reasons": [], "model": None},
        "fingerprints": {"input": fingerprint(input_), "expected_output": fingerprint(expected)},
        "curator_version": "1.0.0",
    }
    return {
        "id": ITEM,
        "dataset_id": DATASET_ID,
        "status": "ACTIVE",
        "input": json.dumps(input_),
        "expected_output": json.dumps(expected),
        "metadata": json.dumps(metadata),
        "source_trace_id": root["traceId"],
        "source_observation_id": root["id"],
    }
