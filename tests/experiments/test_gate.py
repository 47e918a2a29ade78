"""The gate: open only when everything was seen to hold; each way to be shut has its reason."""

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curator.config import Connection
from curator.experiments import integrity, versions
from curator.experiments.checks import base as checks
from curator.experiments.compare import compare_runs
from curator.experiments.gate import Decision, Proven, decide
from curator.experiments.gate_report import gate_annotations, gate_markdown
from curator.experiments.results import Integrity, Run, Score, read_run
from curator.gateway import Gateway
from curator.model.errors import UsageError
from curator.model.item import StoredItem
from curator.model.rule import GateScore, GateSpec, Rule
from curator.sandbox.auth import Keys
from curator.sandbox.gate import Lag
from curator.sandbox.server import SandboxServer
from tests.experiments.builders import START, column, make_run, with_errors
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
    again = integrity.verify(workflow.gateway, run, required=NAMES, deadline=0)
    assert codes(decide(workflow.rule, again)) == {"GATE_NOT_WHOLE"}


def test_different_versions_block(workflow: Workflow) -> None:
    baseline = workflow.run("good")
    workflow.put(7)
    decision = decide(workflow.rule, workflow.run("langfuse_style"), baseline)
    assert codes(decision) == {"GATE_VERSIONS_DIFFER"}
    assert "6 items are the same in both" in decision.reasons[0].message
    assert drifted(workflow, baseline) == "the dataset has changed since this run: 1 item is new"
    workflow.put(1, input={"query": "other", "number": 1})
    workflow.gateway.delete_item("item-02")
    assert drifted(workflow, baseline) == (
        "the dataset has changed since this run: 1 item is new, 1 item is changed, 1 item is gone"
    )
    pinned = workflow.run("langfuse_style", dataset_version=baseline.dataset_version)
    assert decide(workflow.rule, pinned, baseline).passed


def drifted(workflow: Workflow, run: Run) -> str | None:
    return versions.drift(versions.present(workflow.gateway, run.dataset), run)


def test_cost(workflow: Workflow) -> None:
    rule = with_gate(workflow.rule, max_cost_ratio=1.10)
    cheap, dear = workflow.run("priced"), workflow.run("dearer")
    assert decide(rule, cheap, dear).passed
    blocked = decide(rule, dear, cheap)
    assert codes(blocked) == {"GATE_COST"}
    assert "1.15 × the baseline's" in blocked.reasons[0].message
    assert codes(decide(rule, cheap)) == {"GATE_NO_BASELINE"}
    free = workflow.run("good")
    assert codes(decide(rule, free, cheap)) == {"GATE_COST"}
    assert codes(decide(rule, workflow.run("langfuse_style"), free)) == {"GATE_COST"}  # unknown on both sides
    alone = decide(rule, free)
    assert alone.passed
    assert alone.notes == ("the cost limit was not looked at: no baseline was named, and the run recorded no cost",)


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
    before = made("before", 100)
    assert codes(decide(rule, made("after", 100))) == {"GATE_NO_BASELINE"}
    assert decide(rule, made("after", 100, fails=0), before).passed
    thin = decide(rule, made("after", 100, fails=3), before)
    assert codes(thin) == {"GATE_EVIDENCE_THIN"}
    assert "may have lost up to 0.0" in thin.reasons[0].message
    assert re.search(r"about \d+ items would show it", thin.reasons[0].message)
    assert decide(with_gate(rule, no_worse_than=0.1), made("after", 100, fails=3), before).passed
    worse = decide(rule, made("after", 100, fails=14), before)
    assert codes(worse) == {"GATE_REGRESSION"}
    assert "14 of 100 items moved" in worse.reasons[0].message
    small = decide(rule, made("after", 1000, fails=20), made("before", 1000))
    assert small.comparison is not None
    assert small.comparison.metrics[0].verdict == "worse"
    assert small.passed  # surely worse, and surely by less than the rule allows


def test_a_drop_from_nine_to_seven_in_ten_does_not_pass_on_thin_evidence() -> None:
    rule = with_gate(order_status(), no_regression=True, required=[{"name": "expected_outcome", "at_least": 0.2}])
    rng = np.random.default_rng(11)
    for items in (10, 20):
        runs = [
            checked(make_run(str(rate), {"expected_outcome": (rng.random((items, 1)) < rate) * 1.0}, pass_fail=NAMES))
            for rate in (0.9, 0.7) * 8
        ]
        assert not any(decide(rule, now, then).passed for then, now in zip(runs[::2], runs[1::2], strict=True))


def test_five_of_twenty_cases_broke() -> None:
    rule = with_gate(order_status(), no_case_may_regress=True, required=[{"name": "expected_outcome", "at_least": 0.2}])
    before, after = made("before", 20, fails=1), made("after", 20, fails=6)
    assert codes(decide(rule, after, before)) == {"GATE_CASE_REGRESSED"}
    assert codes(decide(rule, after)) == {"GATE_NO_BASELINE"}
    assert codes(decide(with_gate(rule, no_regression=True), after, before)) == {
        "GATE_CASE_REGRESSED",
        "GATE_EVIDENCE_THIN",
    }
    flaky = made("flaky", 20, safety_fails=20, repeats=2)  # fails once in two repeats: not every run of it
    assert decide(
        with_gate(rule, required=[{"name": NAMES[2], "at_least": 0.1}]), flaky, made("b", 20, repeats=2)
    ).passed


def test_crashing_is_not_better_than_answering_badly() -> None:
    rule = with_gate(order_status(), no_regression=True, required=[{"name": "expected_outcome", "at_least": 0.0}])
    before = made("before", 100, fails=50)
    crashes = with_errors(made("after", 100), 52)
    decision = decide(rule, crashes, before)
    assert codes(decision) == {"GATE_ITEM_ERRORED", "GATE_EVIDENCE_THIN"}
    assert decision.scores["expected_outcome"] == 0.48
    assert len(decision.errored_items) == 52
    assert decision.comparison is not None
    assert decision.comparison.metrics[0].errored == (0, 52)
    assert "**52 errored**" in gate_markdown(decision)


def test_thresholds_are_one_function() -> None:
    """A mean, a single check and the audit may not disagree about a value that lies within rounding of the limit."""
    score = GateScore(name="s", at_least=0.95)
    assert score.met_by(0.95 - 5e-10)
    assert not score.met_by(0.95 - 2e-9)
    rule = with_gate(order_status(), required=[{"name": "expected_outcome", "at_least": 0.95}])
    assert checks.verdict(rule, "expected_outcome", 0.95 - 5e-10) is True
    run = checked(make_run("a", {"expected_outcome": column([0.95 - 5e-10] * 4)}))
    assert decide(rule, run).passed


# ── known failures, quarantine ──────────────────────────────────────────────────────────────────────────────────────

TODAY = date(2026, 11, 20)
KNOWN = {"state": "known", "owner": "ada", "issue": "https://issues/1", "until": "2026-12-01"}
QUARANTINED = {"state": "quarantined", "evidence": "passed 3 of 8", "until": "2026-12-01"}


def stored(run: Run, states: dict[str, Any]) -> list[StoredItem]:
    return [
        StoredItem(
            id=item_id,
            dataset="d",
            dataset_id="d",
            metadata={"gate": states[item_id]} if item_id in states else {},
            created_at=START,
            updated_at=START,
        )
        for item_id in run.items
    ]


@pytest.mark.parametrize(
    ("states", "blocked_by"),
    [
        ({}, {"GATE_SCORE_BELOW"}),
        ({"001": KNOWN}, {"GATE_SCORE_BELOW"}),  # 002 fails, too, and nobody excused it
        ({"001": KNOWN, "002": KNOWN}, set()),
        ({"001": QUARANTINED, "002": KNOWN}, set()),
        ({"001": KNOWN, "002": KNOWN | {"until": "2026-11-20"}}, set()),  # the last day
        ({"001": KNOWN, "002": KNOWN | {"until": "2026-11-19"}}, {"GATE_EXPIRED"}),
        ({"001": QUARANTINED | {"until": "2026-11-19"}, "002": KNOWN}, {"GATE_EXPIRED"}),
        ({"001": KNOWN, "002": {"state": "known"}}, {"GATE_SCORE_BELOW"}),  # malformed: required
        ({"001": KNOWN, "002": KNOWN, "003": KNOWN | {"until": "2026-11-01"}}, set()),  # expired, but fixed
    ],
)
def test_who_is_excused(states: dict[str, Any], blocked_by: set[str]) -> None:
    candidate = made("a", 10, fails=2)
    decision = decide(order_status(), candidate, items=stored(candidate, states), today=TODAY)
    assert codes(decision) == blocked_by


def test_a_candidate_that_behaves_as_production_does_is_not_blocked() -> None:
    production, candidate = made("production", 120, fails=3), made("candidate", 120, fails=3)
    rule = with_gate(order_status(), no_regression=True, no_case_may_regress=True)
    states = dict.fromkeys(("001", "002", "003"), KNOWN)
    decision = decide(rule, candidate, production, items=stored(candidate, states), today=TODAY)
    assert decision.passed
    assert (decision.required_items, len(decision.excused)) == (117, 3)
    assert decision.scores["expected_outcome"] == 1.0
    errored = decide(rule, with_errors(candidate, 3), production, items=stored(candidate, states), today=TODAY)
    assert errored.passed


def test_a_fixed_failure_is_proposed_as_required() -> None:
    candidate = made("a", 10, repeats=3)
    decision = decide(order_status(), candidate, items=stored(candidate, {"004": KNOWN}), today=TODAY)
    assert decision.fixed == ("004",)
    assert "curator require" in decision.next
    assert decision.document()["fixed"] == ["004"]
    assert "known, **fixed**" in gate_markdown(decision)
    assert any(line.startswith("::notice") and "004" in line for line in gate_annotations(decision))


def test_excusing_everything_proves_nothing() -> None:
    candidate = made("a", 2, fails=2)
    decision = decide(order_status(), candidate, items=stored(candidate, {"001": KNOWN, "002": KNOWN}), today=TODAY)
    assert codes(decision) == {"GATE_TOO_FEW_ITEMS"}


def test_annotations_are_one_line_each() -> None:
    decision = decide(order_status(), made("a\n::error::b", 10, fails=3))
    lines = list(gate_annotations(decision))
    assert lines[0].startswith("::error title=curator gate%3A GATE_SCORE_BELOW::expected_outcome is 0.700")
    assert not any("\n" in line for line in lines)


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
    assert codes(decide(judged, run("after", 4), run("before", 4))) == {"GATE_EVIDENCE_THIN"}
    assert decide(with_gate(judged, no_worse_than=0.1), run("after", 4), run("before", 4)).passed


def test_a_judge_decides_when_it_has_shown_that_it_may() -> None:
    judged = order_status(
        checks=[
            {"name": "faithfulness", "type": "python", "python": "m:f", "judge": True},
            {"name": "s", "type": "regex"},
        ],
        gate={"required": [{"name": "faithfulness", "at_least": 4}, {"name": "s"}], "judges": {"min_n": 30}},
    )
    run = checked(make_run("a", {"faithfulness": column([1.0] * 4), "s": column([1.0] * 4)}))
    unknown = decide(judged, run)
    assert unknown.passed
    assert "the judge faithfulness does not decide: 0 of its scores" in unknown.notes[0]
    for proven in (Proven(29, 0.9, 0.9), Proven(40, 0.7, 0.9), Proven(40, 0.9, 0.7)):
        assert decide(judged, run, judges={"faithfulness": proven}).passed
    assert codes(decide(judged, run, judges={"faithfulness": Proven(30, 0.8, 0.8)})) == {"GATE_SCORE_BELOW"}
    only = with_gate(judged, required=[{"name": "faithfulness", "at_least": 4}], judges={"min_n": 30})
    assert codes(decide(only, run)) == {"GATE_NOTHING_REQUIRED"}


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
    text = gate_markdown(decide(order_status(), made("after", 40, fails=14), made("before", 40)))
    assert text.startswith("## ❌ blocked: order-status-regression-v1\n")
    assert "| expected\\_outcome | 0.650 | worse: 1.000 → 0.650" in text
    assert "- **GATE_SCORE_BELOW** expected\\_outcome is 0.650, below 1.000" in text
    assert gate_markdown(decide(order_status(), made("a"))).startswith("## ✅ passed")


@pytest.mark.parametrize(
    "label", ["<script>alert(1)</script>", "[x](http://evil)", "`a`|b\n# heading", "![x](y)", "@everyone"]
)
def test_markdown_shows_foreign_text_as_it_is(label: str) -> None:
    text = gate_markdown(decide(order_status(), made(label)))
    assert not re.search(r"(?<!\\)(<script|\]\(|`|!\[|@everyone)", text.replace("**", ""))
    assert "\n# heading" not in text


# ── files that contradict themselves, scores that are none ──────────────────────────────────────────────────────────

WRITTEN: dict[str, Callable[[dict[str, Any]], object]] = {
    "no finite number": lambda run: run["repeats"][0]["items"][0]["scores"][NAMES[0]].update(value=float("inf")),
    "an item twice": lambda run: run["repeats"][0]["items"].append(run["repeats"][0]["items"][0]),
    "an item of no dataset": lambda run: run["items"].pop("001"),
    "one experiment twice": lambda run: run["repeats"].append(run["repeats"][0]),
    "a scale of no length": lambda run: run.update(scales={NAMES[0]: [1.0, 1.0]}),
}


@pytest.mark.parametrize("what", WRITTEN)
def test_a_file_that_contradicts_itself_is_no_result_file(what: str, tmp_path: Path) -> None:
    run = made("candidate").model_dump(mode="json")
    WRITTEN[what](run)
    file = tmp_path / "run.json"
    file.write_text(json.dumps(run))
    with pytest.raises(UsageError) as caught:
        read_run(file)
    assert caught.value.code == "RESULT_FILE"


def test_a_value_outside_its_scale_makes_up_for_nothing() -> None:
    candidate = checked(make_run("c", {NAMES[0]: [[20.0]] + [[0.0]] * 9}, pass_fail=NAMES))
    decision = decide(with_gate(order_status(), required=[{"name": NAMES[0], "at_least": 0.9}]), candidate)
    assert {"GATE_SCORE_MISSING", "GATE_SCORE_BELOW"} <= codes(decision)
    assert decision.scores[NAMES[0]] == 0.0


def test_what_a_comparison_could_not_hold_against_each_other_is_said() -> None:
    gaps = make_run("c", {"graded": [[0.5, None]] * 10, "word": [[1.0, 1.0]] * 10})
    worded = gaps.repeats[0].items[0].scores | {"word": Score(value="yes", data_type="CATEGORICAL")}
    first = gaps.repeats[0].items[0].model_copy(update={"scores": worded})
    repeat = gaps.repeats[0].model_copy(update={"items": (first, *gaps.repeats[0].items[1:])})
    whole = make_run("b", {"graded": [[0.5, 0.5]] * 10, "word": [[1.0, 1.0]] * 10})
    found = compare_runs(whole, gaps.model_copy(update={"repeats": (repeat, gaps.repeats[1])}))
    said = [problem.message for problem in found.problems]
    assert any(each.startswith("graded: 10 of 40 runs") for each in said)
    assert any(each.startswith("word: a side holds texts") for each in said)
