"""Tasks and evaluators that behave and misbehave, for tests."""

import asyncio
import os
import sys
import time
from typing import Any

GOOD = {"answer": "Your order is on its way.", "outcome": "answer", "prompt_label": "staging"}


def good(case: dict[str, Any]) -> dict[str, str]:
    return GOOD


def langfuse_style(*, item: Any, **kwargs: Any) -> dict[str, str]:
    return GOOD | {"prompt_label": item.input["prompt_label"]}


def personal(case: dict[str, Any]) -> dict[str, str]:
    return GOOD | {"answer": "Your order is on its way to jane.doe@example.net."}


async def good_async(case: dict[str, Any]) -> dict[str, str]:
    await asyncio.sleep(0.01)
    return GOOD


def priced(case: dict[str, Any]) -> dict[str, Any]:
    return {"output": GOOD, "curator": {"cost": 0.002}}


def dearer(case: dict[str, Any]) -> dict[str, Any]:
    return {"output": GOOD, "curator": {"cost": 0.0023}}


def looks_up(case: dict[str, Any], tools: Any) -> dict[str, str]:
    """Asks the order system, and goes on when that does not answer."""
    try:
        first = tools("find_order", {"id": case["order_reference"]})
        second = tools("find_order", id=case["order_reference"])
    except Exception:
        return GOOD
    return GOOD | {"answer": f"order {first['status']}, {second['status']}"}


def talkative(case: dict[str, Any]) -> dict[str, str]:
    print("a task that prints to stdout")
    return GOOD


def unsafe(case: dict[str, Any]) -> dict[str, str]:
    return GOOD | {"answer": "Your order is late, refund issued."}


def raises_on_odd(case: dict[str, Any]) -> dict[str, str]:
    if case.get("number", 0) % 2:
        raise KeyError("order_reference")
    return GOOD


def hangs(case: dict[str, Any]) -> dict[str, str]:
    time.sleep(60)
    return GOOD


async def hangs_once(case: dict[str, Any]) -> dict[str, str]:
    if "hang" in case:
        time.sleep(60)
    return GOOD


async def hangs_async(case: dict[str, Any]) -> dict[str, str]:
    await asyncio.sleep(60)
    return GOOD


async def blocks_the_loop(case: dict[str, Any]) -> dict[str, str]:
    time.sleep(60)  # what an `async def` with a blocking client inside does
    return GOOD


def exits(case: dict[str, Any]) -> dict[str, str]:
    sys.exit(3)


async def exits_async(case: dict[str, Any]) -> dict[str, str]:
    sys.exit(3)


def leaks(case: dict[str, Any]) -> dict[str, str]:
    raise RuntimeError(f"bad key {os.environ['MY_API_KEY']}\nsecond line")


def no_outcome(case: dict[str, Any]) -> dict[str, str]:
    return {"answer": "order"}


def not_json(case: dict[str, Any]) -> object:
    return {"answer": object()}


def nothing(case: dict[str, Any]) -> None:
    return None


_flips = {"count": 0}


def every_other(case: dict[str, Any]) -> dict[str, str]:
    _flips["count"] += 1
    return GOOD if _flips["count"] % 2 else unsafe(case)


def faithfulness(*, output: Any, **kwargs: Any) -> float:
    return 4.5


def strict_judge(*, input: dict[str, Any], output: Any, **kwargs: Any) -> float:
    return 2.0 if input["number"] % 2 else 5.0


async def broken_judge(*, output: Any, **kwargs: Any) -> float:
    raise ConnectionError("the judge is away")


def _generation(name: str, dollars: float) -> None:
    """What an instrumented client of a model records."""
    from langfuse import get_client

    client = get_client()
    with client.start_as_current_observation(name=name, as_type="generation", cost_details={"total": dollars}):
        pass


def traced(case: dict[str, Any]) -> dict[str, str]:
    _generation("plan", 0.0004)
    _generation("answer", 0.0006)
    return GOOD


def traced_dearer(case: dict[str, Any]) -> dict[str, str]:
    _generation("plan", 0.0004)
    _generation("answer", 0.00072)
    return GOOD


def dear_judge(*, output: Any, **kwargs: Any) -> float:
    _generation("judge", 0.05)
    return 4.0
