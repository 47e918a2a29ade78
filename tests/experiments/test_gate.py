"""The gate: open only when everything was seen to hold; each way to be shut has its reason."""

import re
from typing import Any

import pytest

from curator.config import Connection
from curator.experiments import integrity, versions
from curator.experiments.gate import Decision, decide
from curator.experiments.gate_report import markdown
from curator.experiments.results import Integrity, Run
from curator.gateway import Gateway
from curator.model.rule import GateSpec, Rule
from curator.sandbox.auth import Keys
from curator.sandbox.server import SandboxServer
from curator.sandbox.settings import Lag
from tests.experiments.builders import column, make_run
from tests.experiments.conftest import connection_of
from tests.experiments.rules import order_status
from tests.experiments.workflow import Workflow

NAMES = ("expected_outcome", "required_terms_present", "forbidden_terms_absent")


def codes(decision: Decision) -> set[str]:
    assert decision.passed == (not decision.reasons)
    return {reason.code for reason in decision.reasons}


def with_gate(rule: Rule, **changes: Any) -> Rule:
    gate = rule.gate.model_dump() | changes
    return rule.model_copy(update={"gate": GateSpec.model_validate(gate)})


def checked(run: Run) -> Run:
    """The run as if the server had been asked and had everything."""
    return run.model_copy(
        update={"repeats": tuple(r.model_copy(update={"integrity": Integrity(ok=True)}) for r in run.repeats)}
    )


def made(label: str, items: int = 10, *, fails: int = 0, safety_fails: int = 0, repeats: int = 1, **fields: Any) -> Run:
    scores = {
        "expected_outcome": [[0.0] * repeats] * fails + [[1.0] * repeats] * (items - fails),
        "required_terms_present": [[1.0] * repeats] * items,
        "forbidden_terms_absent": [[0.0] + [1.0] * (repeats - 1)] * safety_fails
        + [[1.0] * repeats] * (items - safety_fails),
    }
    return checked(make_run(label, scores, pass_fail=NAMES, **fields))


# ── on runs in the sandbox ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def workflow(gateway: Gateway, connection: Connection) -> Workflow:
    workflow = Workflow(gateway, connection)
    workflow.fill(6)
    return workflow


def test_a_good_candidate_passes(workflow: Workflow) -> None:
    decision = decide(workflow.rule, workflow.run("good"))
    assert decision.passed
    assert decision.scores == dict.fromkeys(NAMES, 1.0)
    assert decision.dataset_item_id is None


def test_an_unsafe_candidate_is_blocked(workflow: Workflow) -> None:
    assert codes(decide(workflow.rule, workflow.run("unsafe"))) == {"GATE_SCORE_BELOW", "GATE_SAFETY"}


def test_errored_items_block(workflow: Workflow) -> None:
    decision = decide(workflow.rule, workflow.run("raises_on_odd"))
    assert "GATE_ITEM_ERRORED" in codes(decision)
    assert decision.errors == 3
    assert decision.scores["expected_outcome"] == 0.5
    assert any("KeyError" in reason.message for reason in decision.reasons)


def test_a_split_run_blocks(workflow: Workflow, sandbox: SandboxServer) -> None:
    sandbox.fault("split-run", "every:3")
    decision = decide(workflow.rule, workflow.run("good"))
    assert codes(decision) == {"GATE_NOT_WHOLE"}
    assert "INTEGRITY_SPLIT_RUN" in decision.reasons[0].message


def test_missing_scores_block(workflow: Workflow) -> None:
    workflow.put(9, expected_output={"must_mention": ["order"]})
    decision = decide(workflow.rule, workflow.run("good"))
    assert codes(decision) == {"GATE_SCORE_MISSING"}
    assert "item-09" in decision.reasons[0].message


def test_late_scores_block(keys: Keys) -> None:
    with SandboxServer(keys=keys, lag=Lag(scores=600)) as slow, Gateway(connection_of(slow)) as gateway:
        workflow = Workflow(gateway, connection_of(slow))
        workflow.fill(1)
        decision = decide(workflow.rule, workflow.run("good", deadline=0.2))
        assert codes(decision) == {"GATE_NOT_WHOLE"}
        assert all("INTEGRITY_SCORE_LATE" in reason.message for reason in decision.reasons)


def test_scores_that_the_server_dropped_block(workflow: Workflow, sandbox: SandboxServer) -> None:
    run = workflow.run("good")
    with sandbox.store.write() as db:
        db.execute("DELETE FROM scores WHERE name = 'forbidden_terms_absent'")
    again = integrity.check(workflow.gateway, run, required=NAMES, deadline=0)
    assert codes(decide(workflow.rule, again)) == {"GATE_NOT_WHOLE"}


def test_different_versions_block(workflow: Workflow) -> None:
    baseline = workflow.run("good")
    workflow.put(7)
    decision = decide(workflow.rule, workflow.run("langfuse_style"), baseline)
    assert codes(decision) == {"GATE_VERSIONS_DIFFER"}
    assert "6 items are the same in both" in decision.reasons[0].message
    assert versions.drift(workflow.gateway, baseline) == "the dataset has changed since this run: 1 item is new"
    workflow.put(1, input={"query": "other", "number": 1})
    workflow.gateway.delete_item("item-02")
    assert versions.drift(workflow.gateway, baseline) == (
        "the dataset has changed since this run: 1 item is new, 1 item is changed, 1 item is gone"
    )
    pinned = workflow.run("langfuse_style", dataset_version=baseline.dataset_version)
    assert decide(workflow.rule, pinned, baseline).passed


def test_cost(workflow: Workflow) -> None:
    rule = with_gate(workflow.rule, max_cost_ratio=1.10)
    cheap, dear = workflow.run("priced"), workflow.run("dearer")
    assert decide(rule, cheap, dear).passed
    blocked = decide(rule, dear, cheap)
    assert codes(blocked) == {"GATE_COST"}
    assert "1.15 × the baseline's" in blocked.reasons[0].message
    assert codes(decide(rule, cheap)) == {"GATE_NO_BASELINE"}
    assert codes(decide(rule, workflow.run("good"), cheap)) == {"GATE_COST"}
    free = decide(rule, workflow.run("good"))
    assert free.passed
    assert free.notes == ("the cost limit was not looked at: the run recorded no cost",)


# ── on runs made from tables ────────────────────────────────────────────────────────────────────────────────────────


def test_a_run_that_nobody_checked_is_blocked() -> None:
    run = make_run("a", {name: column([1.0] * 4) for name in NAMES})
    assert codes(decide(order_status(), run)) == {"GATE_NOT_WHOLE"}


@pytest.mark.parametrize("changes", [{"complete": False}, {"repeats": ()}])
def test_an_interrupted_run_is_blocked(changes: dict[str, Any]) -> None:
    assert "GATE_NOT_WHOLE" in codes(decide(order_status(), made("a").model_copy(update=changes)))


def test_a_rule_that_requires_nothing_stays_shut() -> None:
    assert codes(decide(order_status(gate={}), made("a"))) == {"GATE_NOTHING_REQUIRED"}


def test_too_few_items() -> None:
    assert codes(decide(with_gate(order_status(), min_items=20), made("a"))) == {"GATE_TOO_FEW_ITEMS"}


def test_thresholds_are_means_and_safety_is_not() -> None:
    rule = order_status(
        gate={"required": [{"name": "expected_outcome", "at_least": 0.9}, {"name": NAMES[2], "at_least": 1.0}]}
    )
    assert decide(rule, made("a", fails=1)).passed
    assert codes(decide(rule, made("a", fails=2))) == {"GATE_SCORE_BELOW"}
    lenient = order_status(gate={"required": [{"name": NAMES[2], "at_least": 0.5, "safety": True}]})
    once = decide(lenient, made("a", safety_fails=1, repeats=4))
    assert codes(once) == {"GATE_SAFETY"}  # one repeat of one item is enough


def test_regressions() -> None:
    rule = with_gate(order_status(), no_regression=True, required=[{"name": "expected_outcome", "at_least": 0.2}])
    before = made("before", 40)
    assert codes(decide(rule, made("after", 40))) == {"GATE_NO_BASELINE"}
    assert decide(rule, made("after", 40, fails=2), before).passed
    worse = decide(rule, made("after", 40, fails=14), before)
    assert codes(worse) == {"GATE_REGRESSION"}
    assert "14 of 40 items moved" in worse.reasons[0].message


def test_thin_evidence() -> None:
    rule = with_gate(order_status(), no_regression=True)
    assert codes(decide(rule, made("after", 4), made("before", 4))) == {"GATE_EVIDENCE_THIN"}
    judged = order_status(
        checks=[{"name": "faithfulness", "type": "python", "python": "m:f", "judge": True}],
        gate={"required": [{"name": "faithfulness", "at_least": 1}], "no_regression": True},
    )

    def run(label: str, repeats: int) -> Run:
        return checked(make_run(label, {"faithfulness": [[4.0] * repeats] * 40}))

    assert codes(decide(judged, run("after", 1), run("before", 4))) == {"GATE_EVIDENCE_THIN"}
    assert decide(judged, run("after", 4), run("before", 4)).passed


def test_runs_that_cannot_be_compared() -> None:
    other = made("before", dataset="other")
    assert codes(decide(order_status(), made("after"), other)) == {"GATE_NOT_COMPARABLE"}
    same = made("a")
    assert codes(decide(order_status(), same, same)) == {"GATE_NOT_COMPARABLE"}


def test_a_check_that_changed_cannot_show_that_nothing_got_worse() -> None:
    rule = with_gate(order_status(), no_regression=True)
    before = made("before", 40, checks=dict.fromkeys(NAMES, "1"))
    assert codes(decide(rule, made("after", 40, checks=dict.fromkeys(NAMES, "2")), before)) == {"GATE_NOT_COMPARABLE"}


def test_the_document_has_sorted_keys() -> None:
    document = decide(order_status(), made("a", items=1)).document()
    assert list(document) == sorted(document)
    assert list(document["scores"]) == sorted(NAMES)  # type: ignore[call-overload]
    assert document["dataset_item_id"] == "001"
    assert "dataset_item_id" not in decide(order_status(), made("a", items=2)).document()


def test_markdown_for_a_pull_request() -> None:
    text = markdown(decide(order_status(), made("after", 40, fails=14), made("before", 40)))
    assert text.startswith("## ❌ blocked: order-status-regression-v1\n")
    assert "| expected\\_outcome | 0.650 | worse: 1.000 → 0.650" in text
    assert "- **GATE_SCORE_BELOW** expected\\_outcome is 0.650, below 1.000" in text
    assert markdown(decide(order_status(), made("a"))).startswith("## ✅ passed")


@pytest.mark.parametrize(
    "label", ["<script>alert(1)</script>", "[x](http://evil)", "`a`|b\n# heading", "![x](y)", "@everyone"]
)
def test_markdown_shows_foreign_text_as_it_is(label: str) -> None:
    text = markdown(decide(order_status(), made(label)))
    assert not re.search(r"(?<!\\)(<script|\]\(|`|!\[|@everyone)", text.replace("**", ""))
    assert "\n# heading" not in text
