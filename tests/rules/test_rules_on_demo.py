"""Each rule on the demo data: it finds what was planted, and much of what it drafts needs no hand."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from curator.config import Settings
from curator.draft.mapping import reshape
from curator.experiments.checks import CheckResult, evaluate
from curator.gateway import Gateway
from curator.model import Draft, Failure, Trace
from curator.queue import Window, find_failures
from curator.rulebook import LoadedRule, load_rules, shipped_rules
from curator.sandbox.demo import agent
from tests.demo.truth import DemoData

RULES = {loaded.rule.rule: loaded for loaded in load_rules(Settings(rules=str(shipped_rules())))}


@dataclass(frozen=True)
class Drafted:
    """A failure of a rule with its trace and its draft."""

    rule: LoadedRule
    failure: Failure
    trace: Trace
    draft: Draft

    @property
    def complete(self) -> bool:
        return not any(problem.blocking for problem in self.draft.problems)

    def checked(self, output: Any) -> dict[str, CheckResult]:
        """What the rule's checks say of an output for this draft."""
        found = evaluate(self.rule.rule, self.draft.input, output, self.draft.expected_output, {})
        return {result.name: result for result in found}


def whole(now: datetime) -> Window:
    return Window(since=now - timedelta(days=14), until=now)


@pytest.fixture(scope="session")
def drafted(demo_gateway: Gateway, now: datetime) -> dict[str, list[Drafted]]:
    return {name: list(_draft(demo_gateway, loaded, now)) for name, loaded in RULES.items()}


def _draft(gateway: Gateway, loaded: LoadedRule, now: datetime) -> Iterator[Drafted]:
    for failure in find_failures(gateway, [loaded.rule], whole(now), now=now).failures:
        if not failure.source_gone:
            trace = gateway.trace(failure.trace_id)
            yield Drafted(loaded, failure, trace, reshape(trace, loaded, signals=failure.signals))


def planted(demo: DemoData, rule: str) -> set[str]:
    """The traces that a rule must find, from what was planted (not from how the queue works)."""
    thumbs_down = {s["subject"]["id"] for s in demo.scores if s["name"] == "user_feedback" and not s["value"]}
    found = {
        "order-status-regression": {p.trace_id for p in demo.traces if p.workflow == "order-status" and p.failure},
        "rag-answer-quality": {p.trace_id for p in demo.traces if p.workflow == "help-centre-rag" and p.failure},
        "negative-feedback": thumbs_down,
        "escalated-session": {p.trace_id for p in demo.traces if p.case in ("escalated", "abandoned")},
        "prompt-injection": {p.trace_id for p in demo.traces if p.case == "injection followed"},
        "retrieval-miss": {p.trace_id for p in demo.traces if p.case == "retrieval miss"},
        "tool-denial": {p.trace_id for p in demo.traces if p.case == "denied tool"},
    }
    return found[rule]


@pytest.mark.parametrize("name", RULES)
def test_a_rule_finds_exactly_what_was_planted(name: str, demo: DemoData, drafted: dict[str, list[Drafted]]) -> None:
    assert {one.failure.trace_id for one in drafted[name]} == planted(demo, name)
    assert len(drafted[name]) >= 4


def test_the_queue_of_the_last_week_is_an_hour_s_work(demo: DemoData, demo_gateway: Gateway, now: datetime) -> None:
    rules = [loaded.rule for loaded in RULES.values()]
    week = find_failures(demo_gateway, rules, Window(since=now - timedelta(days=7), until=now), now=now)
    assert 40 <= len(week.failures) <= 50
    assert week.total == len(week.failures) + week.hidden
    assert [failure.source_gone for failure in week.failures].count(True) == 1
    both = find_failures(demo_gateway, rules, whole(now), now=now)
    assert {f.trace_id for f in both.failures if not f.source_gone} == {p.trace_id for p in demo.traces if p.failure}


def test_an_object_that_is_listed_twice_is_one_failure(demo_gateway: Gateway, now: datetime) -> None:
    rule = RULES["order-status-regression"].rule
    failures = find_failures(demo_gateway, [rule], whole(now), now=now).failures
    entries = [[s.queue_entry_id for s in f.signals if s.kind == "queue"] for f in failures]
    assert max(map(len, entries)) == 2


@pytest.mark.parametrize(
    ("name", "share"),
    [
        ("order-status-regression", 0.6),
        ("rag-answer-quality", 0.6),
        ("negative-feedback", 0.5),
        ("escalated-session", 0.5),
        ("prompt-injection", 1.0),
        ("retrieval-miss", 0.8),
        ("tool-denial", 1.0),
    ],
)
def test_a_good_share_of_the_drafts_is_complete(name: str, share: float, drafted: dict[str, list[Drafted]]) -> None:
    complete = [one for one in drafted[name] if one.complete]
    assert len(complete) >= share * len(drafted[name])
    # Where nobody said what is right, the draft asks instead of guessing.
    for one in drafted[name]:
        if not one.complete:
            assert {p.path for p in one.draft.problems if p.blocking} == {"expected_output"}


@pytest.mark.parametrize("name", RULES)
def test_complete_drafts_describe_behaviour(name: str, drafted: dict[str, list[Drafted]]) -> None:
    for one in drafted[name]:
        assert "OWN_SENTENCE" not in {problem.code for problem in one.draft.problems}
        assert one.draft.metadata["failure_type"] in one.rule.rule.lineage.failure_types
        assert one.draft.metadata["source_trace_id"] == one.failure.trace_id


@pytest.mark.parametrize("name", sorted(RULES.keys() - {"rag-answer-quality"}))
def test_the_recorded_failure_fails_its_own_case(name: str, drafted: dict[str, list[Drafted]]) -> None:
    """A case that the recorded failure passes protects nothing; only denials that were handled well may pass."""
    weak = []
    for one in drafted[name]:
        if not one.complete:
            continue
        output = one.trace.document()["output"]
        if isinstance(output, dict) and "reply" in output and name == "negative-feedback":
            output = output | {"answer": output["reply"]}  # as that rule's task answers
        results = one.checked(output)
        assert not [r.error for r in results.values() if r.error]
        if all(result.passed for result in results.values()):
            weak.append(one)
    handled_well = {"refuse", "escalate"}
    assert all(one.rule.rule.rule == "tool-denial" for one in weak)
    assert all(one.trace.document()["output"]["outcome"] in handled_well for one in weak)


def test_order_status_cases_fail_on_production_and_pass_on_the_candidate(
    drafted: dict[str, list[Drafted]],
) -> None:
    cases = [one for one in drafted["order-status-regression"] if one.complete]
    assert len(cases) >= 20
    for one in cases:
        assert isinstance(one.draft.input, dict)
        request = one.draft.input | {"order_reference": "ORDER-001"}
        assert not all(result.passed for result in one.checked(agent.production(request)).values())
        assert all(result.passed for result in one.checked(agent.candidate(request)).values())


def test_corrections_come_before_what_the_trace_says(drafted: dict[str, list[Drafted]]) -> None:
    kinds = {
        origin.kind
        for one in drafted["order-status-regression"]
        for origin in one.draft.origins
        if origin.path == "expected_output.must_mention"
    }
    assert kinds == {"correction", "trace"}
    for one in drafted["order-status-regression"]:
        if isinstance(one.trace.correction, dict) and "must_mention" in one.trace.correction:
            assert isinstance(one.draft.expected_output, dict)
            assert one.draft.expected_output == one.trace.correction


def test_a_chat_is_one_case_with_all_its_messages(demo: DemoData, drafted: dict[str, list[Drafted]]) -> None:
    sessions = [one.failure.session_id for one in drafted["escalated-session"]]
    assert len(set(sessions)) == len(sessions)
    for one in drafted["escalated-session"]:
        assert isinstance(one.draft.input, dict)
        turns = {row["traceId"] for row in demo.observations if row["sessionId"] == one.failure.session_id}
        assert isinstance(one.draft.input["messages"], list)
        assert len(one.draft.input["messages"]) == 2 * len(turns) - 1


def test_a_denied_tool_that_is_called_again_fails_the_case(drafted: dict[str, list[Drafted]]) -> None:
    for one in drafted["tool-denial"]:
        called = one.trace.document()["output"]
        assert one.checked(called)["forbidden_tools_not_called"].passed is False
        assert one.checked({"reply": "", "outcome": "refuse", "tools": []})["forbidden_tools_not_called"].passed


def test_the_judges_scores_decide_about_rag_answers(drafted: dict[str, list[Drafted]]) -> None:
    one = next(
        one for one in drafted["rag-answer-quality"] if one.complete and one.draft.expected_output["must_mention"]
    )
    good = {"answer": " ".join(one.draft.expected_output["must_mention"])}
    scores = {"faithfulness": 5, "relevance": 3, "precision": 1}
    assert {name: r.value for name, r in one.checked(good | {"scores": scores}).items()} == {
        "faithfulness": 1.0,
        "relevance": 1.0,
        "precision": 1.0,
        "required_terms_present": 1.0,
    }
    scores = {"faithfulness": 3, "relevance": 2, "precision": 0}
    assert {r.value for r in one.checked({"answer": "", "scores": scores}).values()} == {0.0}


def test_what_leaked_must_not_leak_again(drafted: dict[str, list[Drafted]]) -> None:
    for one in drafted["prompt-injection"]:
        assert one.checked(one.trace.document()["output"])["forbidden_terms_absent"].passed is False
        assert one.checked({"reply": "I can't.", "outcome": "refuse"})["forbidden_terms_absent"].passed
