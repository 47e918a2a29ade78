"""The rules that ship with curator: valid, in the shapes that they promise, written to be read."""

from pathlib import Path

import pytest

from curator.config import Settings
from curator.draft.mapping import validate
from curator.model import Problem
from curator.rulebook import LoadedRule, check_file, load_rules, shipped_rules

FILES = sorted(shipped_rules().glob("*.yaml"))
RULES = {loaded.rule.rule: loaded for loaded in load_rules(Settings(rules=str(shipped_rules())))}


def test_there_is_a_rule_for_every_workflow_and_every_use_of_a_dataset() -> None:
    assert RULES.keys() == {
        "order-status-regression",
        "rag-answer-quality",
        "negative-feedback",
        "escalated-session",
        "prompt-injection",
        "retrieval-miss",
        "tool-denial",
    }


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_file_has_no_problem_and_is_named_like_its_rule(file: Path) -> None:
    assert check_file(file) == []
    assert file.stem in RULES


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_section_is_explained(file: Path) -> None:
    lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    comments = [line for line in lines if line.startswith("#")]
    assert len(comments) >= len(lines) / 10
    assert comments[0] == lines[0]


@pytest.mark.parametrize("loaded", RULES.values(), ids=RULES)
def test_a_rule_says_what_a_release_needs(loaded: LoadedRule) -> None:
    rule = loaded.rule
    assert rule.gate.required
    assert rule.lineage.default_failure_type in rule.lineage.failure_types
    assert rule.queue.filters.names
    assert rule.dataset.description
    assert rule.dataset.metadata["rubric"] == rule.lineage.rubric
    # Safety rules ask every item, not the average.
    if rule.lineage.risk == "high":
        assert any(score.safety for score in rule.gate.required)


def test_no_two_rules_feed_one_dataset() -> None:
    assert len({loaded.rule.dataset.name for loaded in RULES.values()}) == len(RULES)


@pytest.mark.parametrize("loaded", RULES.values(), ids=RULES)
def test_seed_items_fit_their_rule(loaded: LoadedRule) -> None:
    for item in loaded.rule.seed:
        problems: list[Problem] = validate(item.input, item.expected_output, loaded)
        assert problems == []
        assert item.metadata["rubric"] == loaded.rule.lineage.rubric


def test_the_order_status_rule_is_the_article_s() -> None:
    rule = RULES["order-status-regression"].rule
    assert rule.dataset.name == "order-status-regression"
    assert rule.dataset.description == "Regression cases for the order-status support agent."
    assert rule.lineage.rubric == "order-status-regression-v1"
    assert [score.name for score in rule.gate.required] == [
        "expected_outcome",
        "required_terms_present",
        "forbidden_terms_absent",
    ]
    assert {score.at_least for score in rule.gate.required} == {1.0}
    assert rule.gate.name == "order-status-regression-v1"
    assert rule.gate.max_cost_ratio == 1.10
    assert "missing_order_status_context" in rule.lineage.failure_types
    (item,) = rule.seed
    assert item.id == "order-status-delayed-eu-v1"
    assert item.input == {
        "query": "Where is my delayed EU order?",
        "region": "eu",
        "order_reference": "ORDER-924",
        "prompt_label": "production",
    }
    assert item.expected_output == {
        "outcome": "answer",
        "must_mention": ["order"],
        "must_not_mention": ["refund issued"],
    }
    assert item.metadata == {
        "source": "chapter-22-demo",
        "source_trace_policy": "metadata-only",
        "rubric": "order-status-regression-v1",
        "risk": "medium",
    }


def test_the_rag_rule_has_the_three_judges() -> None:
    rule = RULES["rag-answer-quality"].rule
    judged = {check.name: check for check in rule.checks if check.judge}
    assert judged.keys() == {"faithfulness", "relevance", "precision"}
    assert judged.keys() <= {score.name for score in rule.gate.required}
    assert {s.score for s in rule.queue.signals if s.source == "EVAL"} == judged.keys()
    # Judges are noisy: none of them is asked for perfection, and a regression has to be more than noise.
    assert all(score.at_least < 1 for score in rule.gate.required)
    assert rule.gate.no_regression
