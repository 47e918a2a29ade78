"""What a rule refuses, in the words that `curator rules check` shows."""

from typing import Any

import pytest
from pydantic import ValidationError

from curator.model.rule import (
    DatasetSpec,
    IdSpec,
    LineageSpec,
    PathPolicy,
    Rule,
    Shape,
    SignalRule,
)

RULE: dict[str, Any] = {
    "rule": "r",
    "dataset": {"name": "d"},
    "queue": {"signals": [{"level": "ERROR"}]},
    "input": {"schema": {}},
    "expected_output": {"schema": {}},
    "lineage": {"failure_types": ["wrong"], "rubric": "r"},
}
CHECK = {"name": "terms", "type": "required_terms_present"}

REFUSED: list[tuple[type, dict[str, Any], str]] = [
    (DatasetSpec, {"name": "a//b"}, "no empty part"),
    (DatasetSpec, {"name": "a/.."}, "no empty part"),
    (DatasetSpec, {"name": "a\x1b"}, "no control characters"),
    (SignalRule, {}, "exactly one of score, annotation"),
    (SignalRule, {"score": "q", "below": 1, "level": "ERROR"}, "exactly one of score, annotation"),
    (SignalRule, {"level": "ERROR", "below": 1}, "need a score"),
    (SignalRule, {"score": "q"}, "exactly one of below"),
    (SignalRule, {"score": "q", "below": 1, "above": 2}, "exactly one of below"),
    (Shape, {}, "exactly one of schema"),
    (Shape, {"schema": {}, "schema_file": "s.json"}, "exactly one of schema"),
    (LineageSpec, {"failure_types": ["a"], "rubric": "r", "default_failure_type": "b"}, "one of failure_types"),
    (PathPolicy, {"path": "a", "action": "surrogate"}, "at least one #"),
    (PathPolicy, {"path": "a", "action": "surrogate", "surrogate": "ORDER"}, "at least one #"),
    (PathPolicy, {"path": "a", "action": "keep"}, "needs a reason"),
    (IdSpec, {"scheme": "pinned", "pin": {"t": "a b"}}, "pinned id"),
    (IdSpec, {"scheme": "pinned", "pin": {"t": ".."}}, "pinned id"),
    (Rule, RULE | {"checks": [CHECK, CHECK]}, "same name"),
    (Rule, RULE | {"gate": {"required": [{"name": "terms", "at_least": 1}]}}, "no check gives: terms"),
]

ACCEPTED: list[tuple[type, dict[str, Any]]] = [
    (DatasetSpec, {"name": "team/regression"}),
    (SignalRule, {"annotation": True}),
    (SignalRule, {"score": "q", "is": False}),
    (Shape, {"schema": {}}),
    (LineageSpec, {"failure_types": ["a"], "rubric": "r", "default_failure_type": "a"}),
    (PathPolicy, {"path": "a", "action": "surrogate", "surrogate": "ORDER-###"}),
    (PathPolicy, {"path": "a", "action": "keep", "reason": "public"}),
    (IdSpec, {"scheme": "pinned", "pin": {"t": "order-status-delayed-eu-v1"}}),
    (Rule, RULE | {"checks": [CHECK], "gate": {"required": [{"name": "terms", "at_least": 1}]}}),
]


@pytest.mark.parametrize(("kind", "fields", "words"), REFUSED)
def test_refused(kind: Any, fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        kind.model_validate(fields)


@pytest.mark.parametrize(("kind", "fields"), ACCEPTED)
def test_accepted(kind: Any, fields: dict[str, Any]) -> None:
    assert kind.model_validate(fields)
