"""Rows of any shape either become a value or are refused in the three ways that a list survives."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curator.gateway import rows

TIME = "2026-11-09T08:00:00.000Z"
ROWS: dict[str, tuple[Callable[[rows.Row], object], dict[str, Any]]] = {
    "observation": (rows.observation, {"id": "o", "traceId": "t", "startTime": TIME}),
    "score": (rows.score, {"id": "s", "name": "n", "value": 1, "timestamp": TIME}),
    "comment": (
        rows.comment,
        {"id": "c", "objectType": "TRACE", "objectId": "t", "content": "x", "createdAt": TIME},
    ),
    "queue": (rows.annotation_queue, {"id": "q", "name": "n"}),
    "dataset": (rows.dataset, {"id": "d", "name": "n", "createdAt": TIME}),
    "item": (
        rows.stored_item,
        {"id": "i", "datasetName": "n", "datasetId": "d", "status": "ACTIVE", "createdAt": TIME},
    ),
    "project": (rows.project, {"id": "p", "name": "n"}),
    "experiment": (rows.experiment, {"id": "e", "name": "n", "startTime": TIME, "itemCount": 3}),
    "experiment item": (
        rows.experiment_item,
        {
            "id": "e",
            "traceId": "t",
            "experimentId": "e",
            "experimentName": "n",
            "experimentItemId": "i",
            "startTime": TIME,
        },
    ),
}
FIELDS = [
    "id",
    "traceId",
    "startTime",
    "endTime",
    "createdAt",
    "updatedAt",
    "timestamp",
    "name",
    "value",
    "dataType",
    "source",
    "subject",
    "metadata",
    "tags",
    "latency",
    "totalCost",
    "level",
    "type",
    "isRootObservation",
    "parentObservationId",
    "input",
    "output",
    "scores",
    "status",
    "itemCount",
    "retentionDays",
    "datasetId",
    "datasetName",
    "content",
    "objectType",
    "objectId",
    "experimentItemVersion",
    "comment",
]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(TIME) | st.just("2026-01-01"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("name", ROWS)
def test_the_least_row_is_read(name: str) -> None:
    convert, least = ROWS[name]
    convert(least)
    for key in least:
        with pytest.raises((KeyError, TypeError, ValueError)):
            convert({k: v for k, v in least.items() if k != key} if key != "timestamp" else {**least, key: None})


@pytest.mark.parametrize("name", ROWS)
@settings(max_examples=100, deadline=None)
@given(changes=st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=6))
def test_any_row_is_read_or_refused(name: str, changes: dict[str, Any]) -> None:
    convert, least = ROWS[name]
    try:
        convert(least | changes)
    except (KeyError, TypeError, ValueError, OverflowError):
        return


def test_empty_texts_are_none_and_times_have_an_offset() -> None:
    one = rows.observation(
        {"id": "o", "traceId": "t", "startTime": "2026-11-09T08:00:00", "name": "", "input": "", "output": '""'}
    )
    assert one.name is None
    assert one.input is None
    assert one.output == '""'
    assert one.start_time.tzinfo is not None
    assert one.is_root


def test_a_score_of_an_observation_names_both() -> None:
    one = rows.score(
        {
            "id": "s",
            "name": "n",
            "value": True,
            "dataType": "BOOLEAN",
            "timestamp": TIME,
            "subject": {"kind": "observation", "id": "o", "traceId": "t"},
        }
    )
    assert (one.trace_id, one.observation_id, one.session_id) == ("t", "o", None)
    assert one.value is True


def test_input_that_is_no_text_becomes_its_text() -> None:
    one = rows.observation({"id": "o", "traceId": "t", "startTime": TIME, "input": {"a": "é"}})
    assert json.loads(one.input or "") == {"a": "é"}
