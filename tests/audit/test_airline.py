"""Items promoted from real agent runs audit clean: every source there, every receipt right, nothing personal left."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from curator.audit.run import audit
from curator.audit.values import AuditReport
from curator.audit.workers import Processes
from curator.experiments.perform import perform_experiment
from curator.experiments.run import Plan
from curator.gateway import Gateway
from curator.journal import Journal
from curator.model import Receipt, parse_text
from curator.promote import Order, Promoter
from curator.queue import Window, find_failures
from curator.rulebook import LoadedRule, load_rule
from curator.sandbox.load import load_files
from curator.sandbox.server import SandboxServer
from curator.scrub import Scrubber
from tests.audit.support import connection_of

ROOT = Path(__file__).parents[2]
TRACES = ROOT.parent / "shared" / "traces"
RULE = ROOT / "tests" / "end_to_end" / "airline.yaml"
NOVEMBER = Window(since=datetime(2026, 11, 1, tzinfo=UTC), until=datetime(2026, 11, 30, tzinfo=UTC))
FEW = 6

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not TRACES.is_dir(), reason="the real traces are not beside this checkout"),
]


def failing_agent(item: Any) -> dict[str, str]:
    """An agent that does what the recorded one did wrong: it takes the other route."""
    return {"outcome": "refuse", "answer": "No."}


def right_agent(item: Any) -> dict[str, str]:
    """An agent that does what the reviewer asks for."""
    wanted = item.expected_output
    return {"outcome": wanted["outcome"], "answer": f"Your {' '.join(wanted['must_mention'])}."}


class Airline:
    """The real runs in a sandbox, and a reviewer."""

    def __init__(self, server: SandboxServer, gateway: Gateway, journal: Journal, scrubber: Scrubber) -> None:
        self.server, self.gateway, self.journal, self.scrubber = server, gateway, journal, scrubber
        self.rule: LoadedRule = load_rule(RULE)
        load_files(server.store, [TRACES / "airline.observations.jsonl.gz", TRACES / "airline.scores.jsonl.gz"])
        Promoter(gateway, journal, scrubber).create_dataset(self.rule)

    def failures(self) -> list[str]:
        found = find_failures(self.gateway, [self.rule.rule], NOVEMBER, now=NOVEMBER.until).failures
        return [failure.trace_id for failure in found]

    def promote(self, traces: list[str], **edits: Any) -> list[Receipt]:
        order = Order(edits={f"expected_output.{name}": value for name, value in edits.items()})
        promoter = Promoter(self.gateway, self.journal, self.scrubber, reviewer="mara")
        return list(promoter.promote_traces(traces, self.rule, order))

    def run(self, task: str) -> None:
        plan = Plan(task=f"tests.audit.test_airline:{task}", label=task, deadline=20)
        perform_experiment(self.gateway, connection_of(self.server), self.rule.rule, plan)

    def audit(self) -> AuditReport:
        return audit(
            self.gateway,
            self.journal,
            self.rule.rule.dataset.name,
            self.rule,
            at=datetime.now(UTC),
            workers=Processes(1, first=self.scrubber),
            scrub=Scrubber,
        )


@pytest.fixture
def airline(server: SandboxServer, gateway: Gateway, journal: Journal, scrubber: Scrubber) -> Airline:
    return Airline(server, gateway, journal, scrubber)


def test_promoted_items_audit_clean(airline: Airline) -> None:
    traces = airline.failures()[:FEW]
    receipts = airline.promote(traces, outcome="transfer", must_mention=["supervisor"])
    assert {receipt.verdict for receipt in receipts} == {"verified"}
    before = airline.audit()
    assert [(finding.code, finding.item_id) for finding in before.findings] == [("RUN001", None)]
    assert before.items == FEW
    assert before.not_looked_at == ()
    airline.run("failing_agent")
    airline.run("right_agent")
    after = airline.audit()
    assert after.findings == ()
    assert after.failure_types == {"wrong_database_state": FEW}
    assert after.signals == {"reward": FEW}


def test_expectations_that_nobody_sharpened_are_found(airline: Airline) -> None:
    """The rule's defaults ask for too little: an answer that mentions a reservation, as most wrong ones do."""
    traces = airline.failures()[:FEW]
    airline.promote(traces)
    weak = {finding.item_id for finding in airline.audit().findings if finding.code == "EXP002"}
    assert weak
    items = {item.id: item for item in airline.gateway.items(airline.rule.rule.dataset.name)}
    for item_id, item in items.items():
        trace = airline.gateway.trace(item.source_trace_id or "")
        recorded = parse_text(trace.root.output)
        assert isinstance(recorded, dict)
        passes = recorded["outcome"] == "answer" and "reservation" in str(recorded["answer"]).lower()
        assert (item_id in weak) == passes


@pytest.mark.slow
def test_all_of_them_audit_clean(airline: Airline) -> None:
    traces = airline.failures()
    receipts = airline.promote(traces, outcome="transfer", must_mention=["supervisor"])
    assert Counter(receipt.verdict for receipt in receipts) == {"verified": 116}
    assert [finding.code for finding in airline.audit().findings] == ["RUN001"]
