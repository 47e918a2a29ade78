"""What an answer costs: as traced by the task, without the judge's price, held against the gate's ratio."""

import pytest

from curator.config import Connection
from curator.experiments import integrity
from curator.experiments.compare import compare_runs
from curator.experiments.gate import decide
from curator.experiments.results import Run
from curator.gateway import Gateway
from curator.model.rule import CheckSpec, GateSpec
from tests.experiments.rules import order_status
from tests.experiments.workflow import AGENTS, Workflow, on_server


@pytest.fixture
def workflow(gateway: Gateway, connection: Connection) -> Workflow:
    """A rule with a judge whose own generations cost more than the answers, and at most 10 % more per answer."""
    judge = CheckSpec(name="faithfulness", type="python", python=f"{AGENTS}:dear_judge", judge=True)
    rule = order_status()
    gate = GateSpec(required=rule.gate.required, max_cost_ratio=1.10)
    workflow = Workflow(gateway, connection, rule.model_copy(update={"checks": (*rule.checks, judge), "gate": gate}))
    workflow.fill(2)
    return workflow


def costs(run: Run) -> list[float | None]:
    return [None if item.cost is None else round(item.cost, 6) for repeat in run.repeats for item in repeat.items]


@pytest.mark.slow
def test_a_dearer_candidate_is_blocked_whatever_the_judge_costs(workflow: Workflow, gateway: Gateway) -> None:
    before, after, unknown = (
        workflow.run(task, allow_python=True, repeat=repeat, max_concurrency=1)
        for task, repeat in (("traced", 2), ("traced_dearer", 1), ("good", 1))
    )
    assert costs(before) == [0.001] * 4
    assert costs(after) == [0.00112, 0.00112]
    # With 0.05 for the judge on both sides, the ratio would look like 1.00.
    [cost] = [each for each in compare_runs(before, after).resources if each.name == "cost"]
    assert cost.ratio == pytest.approx(1.12)
    blocked = decide(workflow.rule, after, before)
    assert [(reason.code, "1.12 ×" in reason.message) for reason in blocked.reasons] == [("GATE_COST", True)]
    assert decide(workflow.rule, before, after).passed
    assert costs(on_server(gateway, after.run_name)) == [0.00112, 0.00112]

    assert costs(unknown) == [None, None]
    [reason] = decide(workflow.rule, unknown, before).reasons
    assert reason.code == "GATE_COST"
    assert "not known for every item" in reason.message

    requests = gateway.requests
    integrity.verify(gateway, before.model_copy(update={"repeats": tuple(_unpriced(before))}), deadline=0)
    assert gateway.requests - requests == 2  # the rows of all repeats, the costs of all traces


def _unpriced(run: Run) -> list[object]:
    return [
        each.model_copy(update={"items": tuple(item.model_copy(update={"cost": None}) for item in each.items)})
        for each in run.repeats
    ]
