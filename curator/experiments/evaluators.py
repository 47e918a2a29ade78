"""Evaluators as their users have them, called with one case; runs in the worker.

Functions of Langfuse, autoevals and openevals, metrics of DeepEval and Ragas, plain functions: each gets what its
parameters are named after, and what it returns becomes `{name, value, comment, data_type, metadata, error}`.
"""

import inspect
import math
from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any

NAMES = {
    "input": ("input", "inputs", "question", "query", "user_input", "prompt"),
    "output": ("output", "outputs", "answer", "prediction", "response", "completion", "actual", "actual_output"),
    "expected_output": (
        "expected_output", "expected", "reference", "reference_output", "reference_outputs", "target", "ground_truth",
        "ideal", "gold",
    ),
    "metadata": ("metadata", "meta"),
}  # fmt: skip
"""What of a case a parameter of that name gets."""
_PART_OF = {name: part for part, names in NAMES.items() for name in names}
# A function whose parameters say nothing (`def same(a, b)`) gets the parts in the order that libraries have in common.
_BY_POSITION = {
    1: ("output",),
    2: ("output", "expected_output"),
    3: ("input", "output", "expected_output"),
    4: ("input", "output", "expected_output", "metadata"),
}

Case = Mapping[str, Any]
"""`{input, output, expected_output, metadata}`."""


class NoScore(Exception):
    """The evaluator cannot be called, or returned no score. The message says why."""


def evaluator(found: Any) -> Callable[[Case], Any]:
    """What calls a function, a class without arguments or a metric with one case. Raises NoScore for what it cannot."""
    if inspect.isclass(found):
        try:
            found = found()
        except TypeError as error:
            raise NoScore(f"the class {found.__name__} cannot be made without arguments ({error}); "
                          "make one in a module of yours and name that") from None  # fmt: skip
    if hasattr(found, "measure") and hasattr(found, "a_measure"):
        return lambda case: _deepeval(found, case)
    if hasattr(found, "single_turn_score"):
        return lambda case: _ragas(found, case)
    if not callable(found) and callable(getattr(found, "score", None)):
        return _ragas_collection(found)
    if not callable(found):
        raise NoScore("it is neither a function nor a metric")
    positional, named = _binding(found)
    return lambda case: found(*(case[part] for part in positional), **{key: case[part] for key, part in named.items()})


def scores(name: str, returned: Any) -> list[dict[str, Any]]:
    """What an evaluator returned, as a list of scores; one without a name of its own bears `name`. Raises NoScore."""
    if isinstance(returned, Mapping) and not {"value", "score"} & returned.keys():
        if not returned or not all(isinstance(value, Real) for value in returned.values()):
            raise NoScore("the evaluator returned no score: a dict needs `value` or `score`, or names with numbers")
        returned = [{"name": key, "value": value} for key, value in returned.items()]
    values = list(returned) if isinstance(returned, list | tuple) else [returned]
    if not values:
        raise NoScore("the evaluator returned no score")
    return [_score(name, value, alone=len(values) == 1) for value in values]


def _score(name: str, value: Any, *, alone: bool) -> dict[str, Any]:
    if isinstance(value, Real | str):
        value = {"value": value}
    if not isinstance(value, Mapping):
        fields = ("name", "key", "value", "score", "comment", "reason", "metadata", "data_type", "error")
        value = {field: getattr(value, field) for field in fields if hasattr(value, field)}
    number = value.get("value", value.get("score"))
    if number is None and value.get("error"):
        raise NoScore(f"the evaluator said: {value['error']}")
    if not isinstance(number, Real | str):
        raise NoScore("the evaluator returned no score")
    if not isinstance(number, str) and not math.isfinite(number):
        raise NoScore("the evaluator returned no finite number")
    own = value.get("name") or value.get("key")
    return {
        "name": name if alone else str(own or name),
        "value": number if isinstance(number, bool | str) else float(number),
        "comment": str(value.get("comment") or value.get("reason") or ""),
        "data_type": value.get("data_type"),
        "metadata": value.get("metadata") if isinstance(value.get("metadata"), Mapping) else None,
    }


def _binding(function: Callable[..., Any]) -> tuple[tuple[str, ...], dict[str, str]]:
    """Parts of the case by position and by keyword. Raises NoScore for a parameter that nothing can fill."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # builtins without a signature
        return _BY_POSITION[2], {}
    kinds = inspect.Parameter
    rest = any(p.kind is kinds.VAR_KEYWORD for p in parameters)
    fixed = [p for p in parameters if p.kind not in (kinds.VAR_KEYWORD, kinds.VAR_POSITIONAL)]
    needed = [p for p in fixed if p.default is kinds.empty]
    known = [p for p in fixed if p.name in _PART_OF]
    if not known and needed:
        if len(needed) in _BY_POSITION and all(p.kind is not kinds.KEYWORD_ONLY for p in needed):
            return _BY_POSITION[len(needed)], {}
        raise NoScore(_wrong(needed[0].name))
    if unknown := [p for p in needed if p not in known]:
        raise NoScore(_wrong(unknown[0].name))
    if not known and not rest:
        raise NoScore("the evaluator takes no parameters: name some of input, output, expected_output, metadata")
    positional = tuple(_PART_OF[p.name] for p in known if p.kind is kinds.POSITIONAL_ONLY)
    named = {p.name: _PART_OF[p.name] for p in known if p.kind is not kinds.POSITIONAL_ONLY}
    if rest:
        given = {*positional, *named.values()}
        plural = any(name.endswith("outputs") for name in named)  # openevals
        named |= {f"{part}s" if plural and part == "input" else part: part for part in NAMES if part not in given}
    return positional, named


def _wrong(name: str) -> str:
    return (
        f"the evaluator's parameter {name!r} cannot be filled: "
        "name its parameters input, output, expected_output, metadata"
    )


def _text(value: Any) -> str:
    import json

    if isinstance(value, Mapping) and isinstance(value.get("answer"), str):
        return str(value["answer"])
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _deepeval(metric: Any, case: Case) -> dict[str, Any]:
    from deepeval.test_case import LLMTestCase  # type: ignore[import-not-found,unused-ignore]

    expected = case["expected_output"]
    metric.measure(
        LLMTestCase(
            input=_text(case["input"]),
            actual_output=_text(case["output"]),
            expected_output=None if expected is None else _text(expected),
        )
    )
    return {"value": metric.score, "comment": metric.reason, "error": getattr(metric, "error", None)}


def _ragas_collection(metric: Any) -> Callable[[Case], Any]:
    """A metric of `ragas.metrics.collections`: `score(**texts)` hands on to `ascore`, which names what it takes."""
    _, named = _binding(getattr(metric, "ascore", metric.score))
    return lambda case: metric.score(**{key: _text(case[part]) for key, part in named.items()})


def _ragas(metric: Any, case: Case) -> Any:
    from ragas import SingleTurnSample  # type: ignore[import-not-found,unused-ignore]

    return metric.single_turn_score(
        SingleTurnSample(
            user_input=_text(case["input"]), response=_text(case["output"]), reference=_text(case["expected_output"])
        )
    )
