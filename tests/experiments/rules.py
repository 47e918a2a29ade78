"""Rules for tests: the order-status workflow, and a rule around a single check."""

from typing import Any

from curator.model.rule import Rule

ORDER_STATUS: dict[str, Any] = {
    "rule": "order-status-regression",
    "dataset": {
        "name": "order-status-regression",
        "description": "Regression cases for the order-status support agent.",
        "metadata": {"workflow": "order-status", "rubric": "order-status-regression-v1"},
    },
    "queue": {"signals": [{"annotation": True}]},
    "input": {
        "schema": {
            "type": "object",
            "required": ["query", "region", "order_reference"],
            "properties": {"query": {"type": "string"}, "region": {"type": "string"}},
        }
    },
    "expected_output": {"schema": {"type": "object", "required": ["outcome"]}},
    "lineage": {"failure_types": ["missing_order_status_context"], "rubric": "order-status-regression-v1"},
    "checks": [
        {"name": "expected_outcome", "type": "expected_outcome"},
        {"name": "required_terms_present", "type": "required_terms_present"},
        {"name": "forbidden_terms_absent", "type": "forbidden_terms_absent"},
    ],
    "gate": {
        "required": [
            {"name": "expected_outcome"},
            {"name": "required_terms_present"},
            {"name": "forbidden_terms_absent", "safety": True},
        ]
    },
    "seed": [
        {
            "id": "order-status-delayed-eu-v1",
            "input": {
                "query": "Where is my delayed EU order?",
                "region": "eu",
                "order_reference": "ORDER-924",
                "prompt_label": "production",
            },
            "expected_output": {
                "outcome": "answer",
                "must_mention": ["order"],
                "must_not_mention": ["refund issued"],
            },
            "metadata": {
                "source": "chapter-22-demo",
                "source_trace_policy": "metadata-only",
                "rubric": "order-status-regression-v1",
                "risk": "medium",
            },
        }
    ],
}


def order_status(**changes: Any) -> Rule:
    """The order-status rule of the article."""
    return Rule.model_validate(ORDER_STATUS | changes)


def rule_with(check: dict[str, Any]) -> Rule:
    """A rule around one check named `c`."""
    return order_status(checks=[{"name": "c"} | check], gate={})
