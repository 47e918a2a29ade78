"""The order-status workflow in a sandbox: dataset, items, runs, as the tests of run, integrity and gate need them."""

from typing import Any
from unittest.mock import patch

from curator.config import Connection
from curator.experiments import results
from curator.experiments.perform import perform_experiment
from curator.experiments.remote import find_run
from curator.experiments.results import Run
from curator.experiments.run import Plan
from curator.gateway import Gateway
from curator.model.item import Item
from curator.model.rule import Rule
from tests.experiments.rules import order_status

AGENTS = "tests.experiments.agents"


class Workflow:
    """One rule, its dataset in a sandbox, and a gateway to it."""

    def __init__(self, gateway: Gateway, connection: Connection, rule: Rule | None = None) -> None:
        self.gateway = gateway
        self.connection = connection
        self.rule = rule or order_status()
        gateway.put_dataset(self.rule.dataset.name)

    def put(self, number: int, **changes: Any) -> str:
        """Writes one item; `number` is in its input. Returns its id."""
        seed = self.rule.seed[0]
        assert isinstance(seed.input, dict)
        values: dict[str, Any] = {
            "id": f"item-{number:02d}",
            "dataset": self.rule.dataset.name,
            "input": {**seed.input, "number": number},
            "expected_output": seed.expected_output,
            "metadata": {"source": "test"},
        }
        item = Item(**(values | changes))
        self.gateway.put_item(item)
        return item.id

    def fill(self, count: int) -> None:
        for number in range(count):
            self.put(number)

    def run(self, function: str = "good", **plan: Any) -> Run:
        """Runs a function of `agents` and returns the checked run."""
        spec = function if ":" in function else f"{AGENTS}:{function}"
        options: dict[str, Any] = {"task": spec, "label": function, "deadline": 60.0}
        run, _ = perform_experiment(self.gateway, self.connection, self.rule, Plan(**(options | plan)))
        return run


def codes(run: Run) -> list[str]:
    """Codes of everything that is wrong with a run."""
    return [p.code for repeat in run.repeats if repeat.integrity for p in repeat.integrity.problems]


def on_server(gateway: Gateway, reference: str) -> Run:
    """The run as the server has it, whatever result files there are."""
    with patch.object(results, "run_files", return_value=[]):
        return find_run(reference, lambda: gateway, deadline=0.0)
