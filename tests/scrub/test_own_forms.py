"""Surrogates of user ids, and recognizers of one's own."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from curator.config import load_settings
from curator.model import ScrubPolicy
from curator.model.errors import UsageError
from curator.model.rule import PatternSpec
from curator.scrub.pipeline import Pipeline
from curator.scrub.placeholders import SURROGATE, code_surrogate, user_surrogate
from curator.scrub.policy import patterns_of
from tests.scrub.test_gate import draft, leftovers, scrub

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
    assert user_surrogate(value, number) == surrogate
    assert SURROGATE.fullmatch(surrogate)


@pytest.mark.parametrize(
    ("value", "number", "surrogate"),
    [
        ("DE 4417-0093", 1, "XX 0000-0001"),
        ("8830114422", 12, "0000000012"),
        ("x4rtbpfw4", 3, "x00000003"),
        ("+47 412 88 301", 2, "+00 000 00 002"),
        ("K-123", 1, None),
        ("1234", 10, None),
    ],
)
def test_a_code_keeps_its_form_or_gets_a_placeholder(value: str, number: int, surrogate: str | None) -> None:
    assert code_surrogate(value, number) == surrogate
    assert surrogate is None or SURROGATE.fullmatch(surrogate)


def test_zeros_inside_of_a_number_are_no_surrogate() -> None:
    assert SURROGATE.search("2100 0418 4502 0005 1332") is None


CODES = ScrubPolicy(
    surrogates=("ACCOUNT_NUMBER", "PHONE_NUMBER"),
    patterns=(PatternSpec(name="order", pattern=r"ORD-\d{6}", surrogate="ORD-######"),),
)


def test_accounts_and_references_keep_their_form_everywhere(pipeline: Pipeline) -> None:
    """In the input, inside texts and JSON in texts, in arguments, results and the expectation."""
    call = {"order": "ORD-448120", "account_number": "8830114422"}
    one = draft(
        input={"query": "Refund ORD-448120 to account number 8830114422, not ORD-448121; call +47 412 88 301."},
        expected_output={"outcome": "answer", "must_mention": ["ORD-448120", "8830114422"]},
        metadata={"tool_results": [{"name": "refund", "arguments": call, "result": json.dumps(call)}]},
    )
    result = scrub(pipeline, one, CODES)
    after = {"order": "ORD-000001", "account_number": "0000000001"}
    assert result.input == {
        "query": "Refund ORD-000001 to account number 0000000001, not ORD-000002; call +00 000 00 001."
    }
    assert result.expected_output == {"outcome": "answer", "must_mention": list(after.values())}
    assert result.metadata["tool_results"] == [{"name": "refund", "arguments": after, "result": json.dumps(after)}]
    assert {p.code for p in result.problems} == set()
    stored = {"input": result.input, "expected_output": result.expected_output, "metadata": result.metadata}
    assert leftovers(pipeline, result, stored, CODES) == []
    assert [f for f in pipeline.find(stored, CODES) if f.action != "suggest"] == [], "an audit finds nothing"
    assert pipeline.scrub(stored, CODES).value == stored, "a second scrub changes nothing"
    [problem] = [p for p in scrub(pipeline, one).problems if p.code == "PII_IDENTIFIER"]
    assert "<ACCOUNT_NUMBER_1>" in problem.message
    assert "surrogates: [ACCOUNT_NUMBER]" in problem.remedy


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


OWN = {
    "own.toml": "# ours\n[[patterns]]\nname = 'customer'\npattern = 'K-\\d{5}'\ncontext = ['customer']\n",
    "own.yaml": "patterns:\n  - {name: customer, pattern: 'K-\\d{5}', context: [customer]}\n",
}


@pytest.mark.parametrize("name", OWN)
def test_patterns_from_a_file(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pipeline: Pipeline) -> None:
    (tmp_path / name).write_text(OWN[name])
    (tmp_path / "config.toml").write_text(f"scrub_patterns = '{name}'\n")
    monkeypatch.setenv("CURATOR_CONFIG", str(tmp_path / "config.toml"))
    policy = load_settings().scrub
    assert pipeline.scrub("part K-54321, customer K-12345", policy).value == "part K-54321, customer <CUSTOM_1>"


@pytest.mark.parametrize(
    ("name", "text", "line", "says"),
    [
        ("a.toml", OWN["own.toml"] + "\n[[patterns]]\nname = 'x'\npattern = '('\n", 7, "no regular expression"),
        ("a.toml", "\n\nname == 3", 3, "no TOML"),
        ("a.yaml", "patterns:\n  - {name: a, pattern: a}\n  - {name: b, pattern: 'b*'}\n", 3, "empty text"),
        ("a.yaml", "patterns:\n  - {name: a\n", 3, "no YAML"),
        ("a.yaml", "other: 1\n", 1, "list `patterns`"),
        ("a.yaml", "patterns:\n  - {name: a, pattern: a, colour: red}\n", 2, "colour"),
    ],
)
def test_what_is_wrong_in_a_file_of_patterns_is_named_by_its_line(
    name: str, text: str, line: int, says: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(UsageError, match=rf"{name}:{line}: .*{says}") as error:
        patterns_of(tmp_path / name)
    assert error.value.code == "SCRUB_PATTERNS"
