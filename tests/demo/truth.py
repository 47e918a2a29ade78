"""The demo's rows as values, with the truth: what was planted in each trace, which personal values it holds."""

import tomllib
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from curator.sandbox.demo.data import DATASETS, ROWS, Row, read


class Expectation(TypedDict):
    """The behaviour to protect, in the shape of the order-status dataset."""

    outcome: str
    must_mention: list[str]
    must_not_mention: list[str]


PHRASES = ROWS.with_name("phrases.toml")
EXPECTED: dict[str, Expectation] = tomllib.loads(PHRASES.read_text(encoding="utf-8"))["expected"]
"""Situation → what the order-status agent should have done."""


@dataclass(frozen=True)
class Planted:
    """What was put into one trace: the truth to hold queues, drafts and audits against."""

    trace_id: str
    workflow: str
    case: str
    """What the case is about, such as `refund` or `retrieval miss`."""
    failure: bool
    """Somebody or something says that the answer was not good."""


@dataclass(frozen=True)
class PersonalValue:
    """A personal value, or a secret, that occurs in a trace: synthetic, and known."""

    trace_id: str
    type: str
    value: str


@dataclass(frozen=True)
class DemoData:
    """Rows in the shapes of the v2 observations, v3 scores, comments, score-config and annotation-queue APIs.

    `traces` says what was planted in each trace and `personal` which personal values its texts hold.
    """

    observations: tuple[Row, ...]
    scores: tuple[Row, ...]
    comments: tuple[Row, ...]
    score_configs: tuple[Row, ...]
    annotation_queues: tuple[Row, ...]
    queue_entries: tuple[Row, ...]
    traces: tuple[Planted, ...]
    personal: tuple[PersonalValue, ...]


def build(now: datetime) -> DemoData:
    """The shop as of `now` (with a time zone): only times, and the releases that go by them, depend on it."""
    rows = read(ROWS, now)
    planted = tuple(Planted(**row) for row in rows.pop("traces"))
    personal = tuple(PersonalValue(**row) for row in rows.pop("personal"))
    return DemoData(traces=planted, personal=personal, **{kind: tuple(each) for kind, each in rows.items()})


def seeded(now: datetime) -> dict[str, list[Row]]:
    """Table -> every row that seeding puts there as of `now`, in the shapes of the APIs."""
    shop, planted = read(ROWS, now), read(DATASETS, now)
    return {
        "observations": [*shop["observations"], *planted["observations"]],
        "scores": [*shop["scores"], *planted["scores"]],
        "comments": shop["comments"],
        "score_configs": shop["score_configs"],
        "annotation_queues": shop["annotation_queues"],
        "annotation_queue_items": shop["queue_entries"],
    }
