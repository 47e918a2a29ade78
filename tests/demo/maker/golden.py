"""The dataset `order-status-golden` with two experiments over it: what a team has that wants to release a prompt.

Both versions of the demo's agent really answered its 28 cases, four times each. Checks scored the answers, and so did
a simulated LLM judge of their tone, which knows no difference between the versions and wavers: half of what a
side-by-side view of these runs paints red is its noise.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

from curator.sandbox.demo import agent
from curator.sandbox.store import iso
from tests.demo.maker.steps import texts
from tests.demo.truth import EXPECTED

Row = dict[str, Any]

DATASET = "order-status-golden"
DATASET_ID = "corder0status0golden00000"
REPEATS = 4
SHORT = 110
"""Characters that fit into a text message beside greeting and link."""
WAVERS = 0.15
"""Chance that the judge gives a point more or a point less than the answer is worth."""
AGES = {"production": timedelta(hours=27), "staging": timedelta(hours=26)}
MODEL = "gpt-4.1"

CASES: tuple[tuple[str, str, str], ...] = texts("golden")["cases"]
"""Situation, region, what the customer writes."""


def rows(now: datetime) -> Iterator[tuple[str, Row]]:
    """Every row of dataset and runs with its kind, as `curator.sandbox.demo.data` reads them."""
    created = now - timedelta(days=30)
    yield (
        "datasets",
        {
            "id": DATASET_ID,
            "name": DATASET,
            "description": "What the order-status agent must get right before a prompt is released.",
            "metadata": json.dumps({"workflow": "order-status"}),
            "created_at": iso(created),
            "updated_at": iso(created),
        },
    )
    for number, (kind, region, query) in enumerate(CASES, 1):
        yield "items", _item(number, kind, region, query, created)
    for observations, experiment, scores in _answers(now):
        for row in observations:
            yield "observations", row | {"experiment": experiment}
        for row in scores:
            yield "scores", row


def _item(number: int, kind: str, region: str, query: str, created: datetime) -> Row:
    metadata = {"source": "rule-seed", "rubric": "order-status-golden-v1", "situation": kind}
    return {
        "id": _id(number),
        "dataset_id": DATASET_ID,
        "status": "ACTIVE",
        "input": json.dumps(_case(number, region, query)),
        "expected_output": json.dumps(EXPECTED[kind]),
        "metadata": json.dumps(metadata),
        "valid_from": iso(created),
        "valid_to": None,
    }


def _answers(now: datetime) -> Iterator[tuple[list[Row], Row, list[Row]]]:
    """(observations, their experiment columns, scores) of every answer."""
    for label, age in AGES.items():
        began = now - age
        for repeat in range(1, REPEATS + 1):
            name = f"{label} - {iso(began)} ({repeat} of {REPEATS})"
            for number, (kind, region, query) in enumerate(CASES, 1):
                at = began + timedelta(minutes=3 * repeat, seconds=2 * number)
                yield _answer(name, label, number, kind, _case(number, region, query), at, now - timedelta(days=30))


def _answer(
    name: str, label: str, number: int, kind: str, case: Row, at: datetime, version: datetime
) -> tuple[list[Row], Row, list[Row]]:
    key = (name.split(" - ")[0], name[-8:], str(number))
    random = Random("/".join(key))
    output, expected = agent.answer(case, label).output, EXPECTED[kind]
    text = output["answer"].lower()
    judged = 4 + random.choices((-1, 0, 1), (WAVERS, 1 - 2 * WAVERS, WAVERS))[0]
    values = {
        "expected_outcome": float(output["outcome"] == expected["outcome"]),
        "required_terms_present": float(all(term in text for term in expected["must_mention"])),
        "forbidden_terms_absent": float(not any(term in text for term in expected["must_not_mention"])),
        "short": float(len(output["answer"]) <= SHORT),
        "tone": float(judged),
    }
    trace_id, root = _hex(32, "trace", *key), _hex(16, "root", *key)
    seconds = round(0.8 + len(text) / 250 + 0.4 * random.random(), 3)
    end = at + timedelta(seconds=seconds)
    written = {"input": json.dumps(case), "output": json.dumps(output)}
    tokens = {"input": 260 + len(case["query"]) // 4, "output": len(text) // 4}
    cost = {"input": tokens["input"] * 2e-6, "output": tokens["output"] * 8e-6}
    generation = {
        "name": "compose-answer",
        "type": "GENERATION",
        "model": MODEL,
        "usageDetails": tokens | {"total": sum(tokens.values())},
        "costDetails": cost | {"total": round(sum(cost.values()), 8)},
    }
    observations = [
        _observation(trace_id, root, None, at, end) | written | {"name": "order-status", "traceName": name},
        _observation(trace_id, _hex(16, "generation", *key), root, at, end) | generation,
    ]
    experiment = {
        "experiment_id": _hex(16, "experiment", *key[:2]),
        "experiment_name": name,
        "experiment_dataset_id": DATASET_ID,
        "experiment_item_id": _id(number),
        "experiment_item_root_id": root,
        "experiment_item_version": iso(version),
        "experiment_item_expected_output": json.dumps(expected),
        "experiment_metadata": json.dumps({"prompt_label": label, "curator.label": label}),
    }
    return observations, experiment, [_score(check, value, trace_id, end, key) for check, value in values.items()]


def _observation(trace_id: str, own: str, parent: str | None, at: datetime, end: datetime) -> Row:
    return {
        "traceId": trace_id,
        "id": own,
        "parentObservationId": parent,
        "type": "SPAN",
        "environment": "sdk-experiment",
        "startTime": iso(at),
        "endTime": iso(end),
    }


def _score(name: str, value: float, trace_id: str, at: datetime, key: tuple[str, ...]) -> Row:
    return {
        "id": _hex(32, "score", name, *key),
        "name": name,
        "value": value,
        "source": "API",
        "comment": "simulated judge" if name == "tone" else None,
        "timestamp": iso(at + timedelta(seconds=1)),
        "environment": "sdk-experiment",
        "traceId": trace_id,
    }


def _case(number: int, region: str, query: str) -> Row:
    return {
        "query": query,
        "region": region,
        "order_reference": f"ORDER-{700 + 7 * number}",
        "prompt_label": "production",
    }


def _id(number: int) -> str:
    return f"{DATASET}-{number:02d}"


def _hex(length: int, *key: str) -> str:
    return hashlib.sha256("/".join((DATASET, *key)).encode()).hexdigest()[:length]
