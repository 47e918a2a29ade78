"""`curator draft`: what would be written, with findings and problems; nothing personal, nothing written."""

from collections.abc import Callable
from functools import partial

import pytest

from curator.gateway import Gateway
from curator.sandbox.server import SandboxServer
from tests import command
from tests.command import Done
from tests.demo.truth import DemoData

RULE = "order-status-regression"


Run = Callable[..., Done]


@pytest.fixture
def run(demo_server: SandboxServer, lasting_workers: None) -> Run:
    return partial(command.run, env=demo_server.environment())


def pick(demo: DemoData) -> str:
    """A failing order-status trace that holds a personal value."""
    personal = {known.trace_id for known in demo.personal}
    return next(
        t.trace_id for t in demo.traces if t.workflow == "order-status" and t.failure and t.trace_id in personal
    )


def test_draft_is_scrubbed_and_writes_nothing(run: Run, demo: DemoData, demo_gateway: Gateway) -> None:
    trace = pick(demo)
    done = run("draft", trace, "--rules", RULE, "--json", "--set", "expected_output.outcome=answer")
    assert done.returncode in (0, 1), done.stderr
    document = done.document
    assert {"item_id", "dataset", "input", "expected_output", "metadata", "findings", "problems"} <= set(document)
    assert document["writable"] is (done.returncode == 0)
    for known in demo.personal:
        if known.trace_id == trace:
            assert known.value not in done.stdout
    assert demo_gateway.item(document["item_id"]) is None


def test_keep_needs_a_reason(run: Run, demo: DemoData) -> None:
    done = run("draft", pick(demo), "--rules", RULE, "--keep", "abc")
    assert done.returncode == 2
    assert "FINDING=REASON" in done.stderr


def test_unknown_finding_is_a_problem(run: Run, demo: DemoData) -> None:
    done = run("draft", pick(demo), "--rules", RULE, "--keep", "nope=because", "--json")
    assert done.returncode == 1
    assert "PII_UNKNOWN_FINDING" in {p["code"] for p in done.document["problems"]}


def test_unknown_trace(run: Run) -> None:
    done = run("draft", "0" * 32, "--rules", RULE)
    assert done.returncode == 1
    assert "no observation of this trace" in done.stderr
    assert "Traceback" not in done.stderr


def test_edit_that_leads_nowhere(run: Run, demo: DemoData) -> None:
    done = run("draft", pick(demo), "--rules", RULE, "--set", "output.x=1")
    assert done.returncode == 2
    assert "leads nowhere" in done.stderr
