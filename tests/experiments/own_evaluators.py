"""Evaluators that tests name by path; light, because a process of its own imports them."""

from typing import Any


def one(*, output: str, **kwargs: Any) -> Any:
    from langfuse import Evaluation

    return Evaluation(name="whatever", value=len(output), comment="letters", metadata={"v": 1})


async def one_async(*, input: Any, output: str, expected_output: Any, metadata: Any) -> float:
    return 0.5


def several(**kwargs: Any) -> list[Any]:
    from langfuse import Evaluation

    return [Evaluation(name="c", value=True, data_type="BOOLEAN"), Evaluation(name="extra", value="good")]


def as_dict(**kwargs: Any) -> dict[str, Any]:
    return {"name": "c", "value": 1, "comment": "fine"}


def broken(**kwargs: Any) -> float:
    raise KeyError("order_reference")


def nothing(**kwargs: Any) -> None:
    return None


def not_a_number(**kwargs: Any) -> float:
    return float("nan")


def misnamed(**kwargs: Any) -> list[Any]:
    from langfuse import Evaluation

    return [Evaluation(name="a", value=1), Evaluation(name="b", value=1)]
