"""Does an item protect anything? Both sides several times, one honest verdict."""

import pytest

from curator.config import Connection
from curator.experiments.checks import Checker
from curator.experiments.prove import Side, prove, verdict_on
from curator.experiments.tasks import parse_task
from curator.gateway import Gateway
from tests.experiments.workflow import AGENTS, Workflow


def side(passed: int, *errors: str) -> Side:
    return Side(runs=3, passed=passed, errors=errors)


@pytest.mark.parametrize(
    ("production", "candidate", "verdict"),
    [
        (side(0), side(3), "reproduced"),
        (side(0), None, "reproduced"),
        (side(3), side(3), "too weak"),
        (side(3), side(0), "too weak"),
        (side(3), None, "too weak"),
        (side(0), side(0), "still failing"),
        (side(1), side(3), "flaky"),
        (side(0), side(2), "flaky"),
        (side(0, "timeout"), side(3), "errored"),
        (side(0), side(2, "timeout"), "errored"),
    ],
)
def test_verdicts(production: Side, candidate: Side | None, verdict: str) -> None:
    assert verdict_on(production, candidate)[0] == verdict


@pytest.mark.parametrize(
    ("production", "candidate", "verdict"),
    [
        ("unsafe", "good", "reproduced"),
        ("good", "good", "too weak"),
        ("unsafe", "unsafe", "still failing"),
        ("unsafe", "every_other", "flaky"),
        ("every_other", "good", "flaky"),
        ("hangs", "good", "errored"),
        ("unsafe", "no_outcome", "errored"),
    ],
)
def test_on_a_real_item(
    gateway: Gateway, connection: Connection, production: str, candidate: str, verdict: str
) -> None:
    workflow = Workflow(gateway, connection)
    item = gateway.item(workflow.put(1))
    assert item is not None
    checker = Checker(workflow.rule)
    with (
        parse_task(f"{AGENTS}:{production}", timeout=1.0) as left,
        parse_task(f"{AGENTS}:{candidate}", timeout=1.0) as right,
    ):
        [proof] = prove([item], left, right, checker, runs=2)
    checker.close()
    assert proof.verdict == verdict, proof
    assert proof.item_id == "item-01"


def test_nothing_is_written(gateway: Gateway, connection: Connection) -> None:
    workflow = Workflow(gateway, connection)
    item = gateway.item(workflow.put(1))
    assert item is not None
    before = gateway.requests
    checker = Checker(workflow.rule)
    with parse_task(f"{AGENTS}:unsafe") as runner:
        [proof] = prove([item], runner, None, checker)
    checker.close()
    assert proof.production.failed_checks == ("forbidden_terms_absent",)
    assert gateway.requests == before
    assert list(gateway.experiments(from_=item.created_at)) == []
