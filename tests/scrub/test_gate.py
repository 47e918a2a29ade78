"""The gate: nothing undecided is writable, what is kept has a reason, and the reason holds no value."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from curator.model import Draft, Finding, ScrubbedDraft, ScrubPolicy
from curator.model.lineage import to_item
from curator.model.rule import PathPolicy
from curator.promote.content import leftovers as left_in
from curator.scrub.drafts import scrub_draft, values_of
from curator.scrub.gate import Choice
from curator.scrub.pipeline import Pipeline

PLAIN = ScrubPolicy()


def draft(**changes: object) -> Draft:
    values: dict[str, object] = {
        "trace_id": "6ef39266d6ee08a9e78977b5b682e757",
        "observation_id": "1234567890123452",
        "dataset": "support",
        "rule": "support",
        "item_id": "support-6ef39266",
        "input": {"query": "I am Omar Davis, mail omar@x.com, from Chicago."},
        "expected_output": {"outcome": "answer", "must_mention": ["Omar Davis"]},
        "metadata": {"source_trace_id": "6ef39266d6ee08a9e78977b5b682e757", "obs": "1234567890123452"},
    }
    return Draft.model_validate(values | changes)


def scrub(
    pipeline: Pipeline, one: Draft, policy: ScrubPolicy = PLAIN, *, review: bool = False, **choices: Choice
) -> ScrubbedDraft:
    return scrub_draft(pipeline, one, policy, choices, review=review)


def leftovers(pipeline: Pipeline, result: ScrubbedDraft, stored: dict[str, Any], policy: ScrubPolicy) -> list[Finding]:
    """What the second look finds in `{input, expected_output, metadata}` as the server returned them."""
    item = to_item(result, reviewer="ada", approved_at=datetime.now(UTC))
    return left_in(item.model_copy(update=stored | {"metadata": item.metadata | stored["metadata"]}), pipeline, policy)


def test_a_command_replaces_everything(pipeline: Pipeline) -> None:
    result = scrub(pipeline, draft())
    assert result.input == {"query": "I am <PERSON_1>, mail <EMAIL_ADDRESS_1>, from Chicago."}
    assert result.expected_output == {"outcome": "answer", "must_mention": ["<PERSON_1>"]}
    assert result.writable
    assert result.summary.replaced == {"EMAIL_ADDRESS": 1, "PERSON": 2}
    assert result.summary.model == pipeline.engine.model


def test_curators_own_ids_are_no_findings(pipeline: Pipeline) -> None:
    assert scrub(pipeline, draft()).metadata == draft().metadata


def test_a_reviewer_decides_on_everything_but_suggestions(named: Pipeline) -> None:
    waiting = scrub(named, draft(), review=True)
    assert not waiting.writable
    assert {f.entity for f in waiting.findings if f.action == "undecided"} == {"PERSON", "EMAIL_ADDRESS"}
    assert {f.entity for f in waiting.findings if f.action == "suggest"} == {"LOCATION"}
    choices = {f.id: Choice(action="replace") for f in waiting.findings if f.action == "undecided"}
    decided = scrub(named, draft(), review=True, **choices)
    assert decided.writable
    assert decided.summary.suggested == {"LOCATION": 1}


def test_strict_asks_about_suggestions_too_and_accepts_no_rule(named: Pipeline) -> None:
    keep = PathPolicy(path="input", action="keep", reason="all synthetic")
    strict = scrub(named, draft(), ScrubPolicy(strict=True, paths=(keep,)))
    assert {f.action for f in strict.findings} == {"undecided"}
    assert "LOCATION" in {f.entity for f in strict.findings}
    assert not strict.writable


def test_a_suggestion_can_be_taken_up(named: Pipeline) -> None:
    first = scrub(named, draft())
    (place,) = [f for f in first.findings if f.entity == "LOCATION"]
    second = scrub(named, draft(), **{place.id: Choice(action="replace")})
    assert second.input == {"query": "I am <PERSON_1>, mail <EMAIL_ADDRESS_1>, from <LOCATION_1>."}


def test_keeping_needs_a_reason_and_the_reason_is_scrubbed(pipeline: Pipeline) -> None:
    with pytest.raises(ValidationError, match="reason"):
        Choice(action="keep", reason=" ")
    first = scrub(pipeline, draft())
    mail = next(f for f in first.findings if f.entity == "EMAIL_ADDRESS")
    kept = scrub(
        pipeline, draft(), **{mail.id: Choice(action="keep", reason="OMAR@x.com is synthetic, says Emily Chang")}
    )
    assert kept.input == {"query": "I am <PERSON_1>, mail omar@x.com, from Chicago."}
    assert kept.summary.kept == {"EMAIL_ADDRESS": 1}
    assert kept.summary.reasons == ("EMAIL_ADDRESS x 1: <EMAIL_ADDRESS_1> is synthetic, says <PERSON_1>",)
    assert kept.writable


def test_the_lists_of_the_rule_count_for_reasons_and_descriptions_too(pipeline: Pipeline) -> None:
    listed = ScrubPolicy(deny=("frobnitz",))
    first, second = (
        f for f in scrub(pipeline, draft(), listed).findings if f.path == "input.query" and f.entity != "LOCATION"
    )
    keep, words = Choice(action="keep", reason="of frobnitz"), Choice(action="replace", text="a frobnitz")
    kept = scrub(pipeline, draft(), listed, **{first.id: keep, second.id: words})
    assert kept.summary.reasons == ("PERSON x 2: of <DENIED_1>",)
    assert kept.input == {"query": "I am Omar Davis, mail a <DENIED_1>, from Chicago."}


def test_a_decision_on_a_finding_that_is_gone_blocks(pipeline: Pipeline) -> None:
    result = scrub(pipeline, draft(), **{"0000000000": Choice(action="replace")})
    assert [p.code for p in result.problems] == ["PII_UNKNOWN_FINDING"]
    assert not result.writable


def test_ids_of_findings_are_stable_while_the_text_is(pipeline: Pipeline) -> None:
    assert [f.id for f in scrub(pipeline, draft()).findings] == [f.id for f in scrub(pipeline, draft()).findings]
    assert len({f.id for f in scrub(pipeline, draft()).findings}) == len(scrub(pipeline, draft()).findings)


def test_the_reviewer_can_ask_for_the_values(pipeline: Pipeline) -> None:
    one = draft(input={"query": "I am Omar Davis", "jane@x.com": 1})
    result = scrub(pipeline, one)
    values = values_of(one, result.findings, PLAIN)
    assert sorted(values.values()) == ["Omar Davis", "Omar Davis", "jane@x.com"]


def test_a_second_scrub_of_what_the_server_returned(pipeline: Pipeline) -> None:
    first = scrub(pipeline, draft())
    mail = next(f for f in first.findings if f.entity == "EMAIL_ADDRESS")
    kept = scrub(pipeline, draft(), **{mail.id: Choice(action="keep", reason="synthetic")})
    stored = {"input": kept.input, "expected_output": kept.expected_output, "metadata": kept.metadata}
    assert leftovers(pipeline, kept, stored, PLAIN) == []
    tampered = stored | {"metadata": {"note": "call Kevin Smith, kevin@y.com"}}
    assert [f.entity for f in leftovers(pipeline, kept, tampered, PLAIN)] == ["PERSON", "EMAIL_ADDRESS"]
    assert [f.entity for f in leftovers(pipeline, first, stored, PLAIN)] == ["EMAIL_ADDRESS"]


def test_an_edit_of_one_field_brings_no_value_back_in_another(pipeline: Pipeline) -> None:
    before = {
        "input": {
            "query": "Where is ORD-4471920? Omar Davis asks, omar davis.", "order": "ORD-4471920", "who": "Omar Davis",
        },
        "expected_output": {"must_mention": ["ORD-4471920"]},
    }  # fmt: skip
    policy = ScrubPolicy(paths=(PathPolicy(path="input.order", action="surrogate", surrogate="ORD-#######"),))
    edited = {**before["input"], "order": "ORD-9999999", "who": "the customer"}
    one = draft(input=edited, expected_output=before["expected_output"], replaced=before)
    result = scrub(pipeline, one, policy)
    assert result.input == {
        "query": "Where is ORD-9999999? <PERSON_1> asks, <PERSON_1>.",
        "order": "ORD-9999999",
        "who": "the customer",
    }
    assert result.expected_output == {"must_mention": ["ORD-9999999"]}
    assert result.writable


def test_a_keep_holds_for_the_value_in_all_its_places_and_lineage_says_where(pipeline: Pipeline) -> None:
    one = draft()
    first = next(f for f in scrub(pipeline, one).findings if f.entity == "PERSON")
    kept = scrub(pipeline, one, PLAIN, **{first.id: Choice(action="keep", reason="a public figure")})
    assert kept.input == {"query": "I am Omar Davis, mail <EMAIL_ADDRESS_1>, from Chicago."}
    assert kept.expected_output == one.expected_output
    assert kept.summary.kept_at == {"expected_output.must_mention[0]": {"PERSON": 1}, "input.query": {"PERSON": 1}}


def test_a_keep_of_one_place_keeps_the_person_everywhere(pipeline: Pipeline) -> None:
    """In texts, JSON in texts, keys, parts of the name, small letters; nobody else."""
    one = draft(
        input={
            "query": "I am Omar Davis. Mr Davis came with omar davis; ask Jane Hunter.",
            "raw": '{"name": "Davis, Omar"}',
        },
        expected_output={"must_mention": ["Davis", "Hunter"]},
        metadata={
            "by": {"Omar Davis": 1, "Jane Hunter": 2},
            "tool_results": [{"result": "<Customer>Omar Davis</Customer>"}],
        },
    )
    findings = scrub(pipeline, one).findings
    assert len([f for f in findings if f.entity == "PERSON"]) >= 9
    for path in ("input.query", "metadata.tool_results[0].result"):
        first = next(f for f in findings if f.entity == "PERSON" and f.path == path)
        kept = scrub(pipeline, one, PLAIN, **{first.id: Choice(action="keep", reason="a public figure")})
        assert kept.input == {**one.input, "query": one.input["query"].replace("Jane Hunter", "<PERSON_1>")}  # type: ignore[dict-item,index,union-attr,call-overload]
        assert kept.expected_output == {"must_mention": ["Davis", "<PERSON_1>"]}
        assert kept.metadata == one.metadata | {"by": {"Omar Davis": 1, "<PERSON_1>": 2}}
        stored = {"input": kept.input, "expected_output": kept.expected_output, "metadata": kept.metadata}
        assert leftovers(pipeline, kept, stored, PLAIN) == []
