"""Surrogates of user ids, and recognizers of one's own."""

import pytest
from pydantic import ValidationError

from curator.model import ScrubPolicy
from curator.model.rule import PatternSpec
from curator.scrub.drafts import leftovers
from curator.scrub.pipeline import Pipeline
from curator.scrub.placeholders import SURROGATE, alike
from tests.scrub.test_gate import draft, scrub

SURROGATES = ScrubPolicy(user_ids="surrogate")
CUSTOMERS = ScrubPolicy(patterns=(PatternSpec(name="customer", pattern=r"\bK-\d{5}\b", context=("customer",)),))


@pytest.mark.parametrize(
    ("value", "number", "surrogate"),
    [
        ("mia_li_3668", 1, "ann_lee_0001"),
        ("Mia.Li-36681", 12, "ann.lee-00012"),
        ("jane.doe", 2, "ann.lee02"),
        ("jane7", 10, "ann010"),
        ("ann_lee_3", 1, "ann_lee_01"),
    ],
)
def test_a_surrogate_has_the_form_and_nothing_of_the_value(value: str, number: int, surrogate: str) -> None:
    assert alike(value, number) == surrogate
    assert SURROGATE.fullmatch(surrogate)


def test_a_user_id_keeps_its_form_everywhere(pipeline: Pipeline) -> None:
    one = draft(
        input={"query": "I am mia_li_3668, my friend is omar_davis_1982"},
        expected_output={"outcome": "answer", "must_mention": ["mia_li_3668"]},
        metadata={"tool_results": [{"name": "get_user", "arguments": {"user_id": "mia_li_3668"}, "result": "{}"}]},
    )
    result = scrub(pipeline, one, SURROGATES)
    assert result.input == {"query": "I am ann_lee_0001, my friend is ann_lee_0002"}
    assert result.expected_output["must_mention"] == ["ann_lee_0001"]  # type: ignore[index,call-overload]
    assert result.metadata["tool_results"][0]["arguments"] == {"user_id": "ann_lee_0001"}  # type: ignore[index,call-overload]
    assert result.summary.replaced == {"USER_ID": 4}
    assert "PII_IDENTIFIER" not in {p.code for p in result.problems}
    stored = {"input": result.input, "expected_output": result.expected_output, "metadata": result.metadata}
    assert leftovers(pipeline, result, stored, SURROGATES) == []
    assert [f for f in pipeline.find(stored, ScrubPolicy()) if f.action != "suggest"] == [], "an audit finds nothing"


def test_a_placeholder_that_tools_look_up_is_said(pipeline: Pipeline) -> None:
    result = scrub(pipeline, draft(input={"query": "I am mia_li_3668"}))
    [problem] = [p for p in result.problems if p.code == "PII_IDENTIFIER"]
    assert "<USER_ID_1>" in problem.message
    assert not problem.blocking


def test_own_patterns_need_their_context(pipeline: Pipeline) -> None:
    texts = {"a": "Our customer K-12345 calls", "b": "part K-54321 is out of stock", "c": "K-12345 again"}
    assert pipeline.scrub(texts, CUSTOMERS).value == {
        "a": "Our customer <CUSTOM_1> calls",
        "b": "part K-54321 is out of stock",
        "c": "<CUSTOM_1> again",
    }


@pytest.mark.parametrize("pattern", ["(", "a*", ""])
def test_a_pattern_that_is_none_is_refused(pattern: str) -> None:
    with pytest.raises(ValidationError):
        PatternSpec(name="x", pattern=pattern)
