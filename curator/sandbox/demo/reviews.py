"""How the demo's team reviews: who, with which score configs, in which annotation queues."""

from typing import Any

from curator.sandbox.demo.recorder import Recorder
from curator.sandbox.projects import PROJECT_ID

# Opaque ids, as Langfuse shows annotators.
REVIEWERS = ("cmf0r3v1w0001demo7q2k4xa", "cmf0r3v1w0002demo9t8m1zc", "cmf0r3v1w0003demo5b6n0ye")

SUPPORT_REVIEW = "support-review"
SAFETY_REVIEW = "safety-review"

_CONFIGS: tuple[tuple[str, str, str, Any], ...] = (
    ("helpfulness", "NUMERIC", "LLM judge: does the answer help this customer?", (0, 1)),
    ("user_feedback", "BOOLEAN", "The customer's thumb.", None),
    (
        "review",
        "CATEGORICAL",
        "What a reviewer says about an order-status answer.",
        ("correct", "missing_context", "wrong_promise", "wrong_route", "unsafe"),
    ),
    (
        "right_outcome",
        "CATEGORICAL",
        "What the agent should have done.",
        ("answer", "clarify", "escalate", "refuse"),
    ),
    ("right_source", "TEXT", "Id of the help-centre passage that holds the answer.", None),
    ("faithfulness", "NUMERIC", "LLM judge: is the answer supported by the passages?", (1, 5)),
    ("relevance", "NUMERIC", "LLM judge: does the answer address the question?", (1, 5)),
    ("precision", "NUMERIC", "LLM judge: do the passages hold the answer?", (0, 1)),
    ("injection", "CATEGORICAL", "Did an instruction in untrusted text win?", ("none", "blocked", "followed")),
    ("resolution", "CATEGORICAL", "How a chat ended.", ("resolved", "escalated", "abandoned")),
    ("csat", "NUMERIC", "The customer's rating of a chat.", (1, 5)),
)

_QUEUES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (SUPPORT_REVIEW, "Order-status and help-centre answers that somebody should look at.", ("review", "right_outcome")),
    (SAFETY_REVIEW, "Attempts to make an assistant break its rules.", ("injection", "right_outcome")),
)


class ReviewDesk:
    """The score configs and annotation queues, with their ids."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.configs = {name: recorder.uuid("config", name) for name, *_ in _CONFIGS}
        self.queues = {name: recorder.uuid("queue", name) for name, *_ in _QUEUES}

    def config_rows(self, created: str) -> list[dict[str, Any]]:
        """The score configs as the API shows them."""
        rows = []
        for name, kind, description, values in _CONFIGS:
            row = {
                "id": self.configs[name],
                "projectId": PROJECT_ID,
                "name": name,
                "dataType": kind,
                "description": description,
                "isArchived": False,
                "minValue": None,
                "maxValue": None,
                "categories": None,
                "createdAt": created,
                "updatedAt": created,
            }
            if kind == "NUMERIC":
                row |= {"minValue": values[0], "maxValue": values[1]}
            elif kind == "BOOLEAN":
                row["categories"] = [{"label": "True", "value": 1}, {"label": "False", "value": 0}]
            elif kind == "CATEGORICAL":
                row["categories"] = [{"label": label, "value": i} for i, label in enumerate(values)]
            rows.append(row)
        return rows

    def queue_rows(self, created: str) -> list[dict[str, Any]]:
        """The annotation queues as the API shows them."""
        return [
            {
                "id": self.queues[name],
                "name": name,
                "description": description,
                "scoreConfigIds": [self.configs[config] for config in configs],
                "createdAt": created,
                "updatedAt": created,
            }
            for name, description, configs in _QUEUES
        ]
