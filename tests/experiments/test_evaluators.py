"""Evaluators in the shapes that their users have them: how each is called, and what becomes of its answer."""

import importlib
from types import SimpleNamespace
from typing import Any

import pytest

from curator.experiments.evaluators import NoScore, evaluator, scores

CASE = {"input": {"q": 1}, "output": "a", "expected_output": "a", "metadata": {"m": 1}}


class Exact:
    """As an autoevals scorer: called with output and expected, gives an object with name and score."""

    def __call__(self, output: Any, expected: Any = None, **kwargs: Any) -> Any:
        return SimpleNamespace(name="Exact", score=float(output == expected), metadata={"k": kwargs["input"]["q"]})


class Scored:
    """As a metric of ragas.metrics.collections: not callable, with a `score` that hands on to `ascore`."""

    def score(self, **texts: str) -> Any:
        return self.ascore(**texts)

    def ascore(self, response: str, reference: str) -> Any:
        return SimpleNamespace(value=float(response == reference), reason="same")


def openevals(*, outputs: Any, reference_outputs: Any, **kwargs: Any) -> Any:
    return {"key": "exact", "score": outputs == reference_outputs, "comment": str(sorted(kwargs))}


def langfuse(*, input: Any, output: Any, expected_output: Any, metadata: Any, **kwargs: Any) -> float:
    return 0.5 * (input["q"] + metadata["m"])


def one(given: Any) -> bool:
    return bool(given == "a")


def two(a: Any, b: Any) -> bool:
    return bool(a == b)


def three(a: Any, b: Any, c: Any, weight: float = 2.0) -> float:
    return weight * a["q"] if b == c else 0.0


def named(**kwargs: Any) -> dict[str, float]:
    return {"fluency": 0.1, "accuracy": 1.0}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (Exact, [("c", 1.0)]),
        (Exact(), [("c", 1.0)]),
        (Scored(), [("c", 1.0)]),
        (openevals, [("c", True)]),
        (langfuse, [("c", 1.0)]),
        (one, [("c", True)]),
        (two, [("c", True)]),
        (three, [("c", 2.0)]),
        (named, [("fluency", 0.1), ("accuracy", 1.0)]),
        (lambda answer, reference: [{"name": "x", "value": 1}, {"name": "y", "value": 0}], [("x", 1.0), ("y", 0.0)]),
        (lambda output: "good", [("c", "good")]),
    ],
)
def test_each_shape_gives_scores(found: Any, expected: list[tuple[str, Any]]) -> None:
    assert [(each["name"], each["value"]) for each in scores("c", evaluator(found)(CASE))] == expected


@pytest.mark.parametrize(
    ("module", "name", "output", "value"),
    [
        ("autoevals", "ExactMatch", "a", 1.0),
        ("autoevals", "Levenshtein", "ab", 0.5),
        ("autoevals", "JSONDiff", "b", 0.0),
        ("openevals.exact", "exact_match", "a", True),
        ("openevals.string.levenshtein", "levenshtein_distance", "ab", 0.5),
        ("deepeval.metrics", "ExactMatchMetric", "a", 1.0),
        ("ragas.metrics.collections", "ExactMatch", "a", 1.0),
        ("ragas.metrics.collections", "StringPresence", "b", 0.0),
    ],
)
def test_the_real_ones_as_they_come(module: str, name: str, output: str, value: float) -> None:
    """What a rule names with `python: MODULE:NAME`, without a wrapper."""
    try:
        found = getattr(importlib.import_module(module), name)
    except ImportError as error:
        pytest.skip(f"{error.name} is not installed (extra [dev] or [runners])")
    [score] = scores("c", evaluator(found)(CASE | {"output": output}))
    assert (score["name"], score["value"]) == ("c", value)


def unfillable(output: Any, threshold: float) -> float:
    return 0.0


def no_parameters() -> float:
    return 1.0


class NeedsModel:
    def __init__(self, model: str) -> None:
        self.model = model


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (unfillable, "'threshold' cannot be filled: name its parameters input, output, expected_output, metadata"),
        (no_parameters, "takes no parameters"),
        (NeedsModel, "NeedsModel cannot be made without arguments"),
        (3, "neither a function nor a metric"),
    ],
)
def test_a_wrong_signature_is_named_before_anything_runs(found: Any, why: str) -> None:
    with pytest.raises(NoScore) as caught:
        evaluator(found)
    assert why in str(caught.value)


@pytest.mark.parametrize(
    "returned", [None, [], {}, {"name": "x"}, float("nan"), object(), {"score": None, "error": "e"}]
)
def test_no_score_is_not_a_pass(returned: Any) -> None:
    with pytest.raises(NoScore):
        scores("c", returned)
