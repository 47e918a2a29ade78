"""What a rule can say: entities, thresholds, allow, deny, paths, strict."""

import pytest

from curator.model import ScrubPolicy
from curator.model.errors import UsageError
from curator.model.rule import PathPolicy
from curator.scrub.items import NotScrubbed
from curator.scrub.pipeline import Pipeline
from curator.scrub.policy import compiled, merged, parse_path

TEXT = {"input": {"q": "Mail jane@x.com about Nimbus Pro, ssn 143-15-5790."}}


def scrubbed(pipeline: Pipeline, value: object, **policy: object) -> object:
    return pipeline.scrub(value, ScrubPolicy.model_validate(policy)).value


def test_entities_exclude_and_thresholds(pipeline: Pipeline) -> None:
    assert scrubbed(pipeline, TEXT, entities=["US_SSN"]) == {
        "input": {"q": "Mail jane@x.com about Nimbus Pro, ssn <US_SSN_1>."}
    }
    assert scrubbed(pipeline, TEXT, exclude=["US_SSN"]) == {
        "input": {"q": "Mail <EMAIL_ADDRESS_1> about Nimbus Pro, ssn 143-15-5790."}
    }
    order = {"q": "order 5020642638 shipped"}
    assert scrubbed(pipeline, order) == order
    strict_phone = scrubbed(pipeline, {"q": "the row 5020642638"}, thresholds={"PHONE_NUMBER": 0.1})
    assert strict_phone == {"q": "the row 5020642638"}, "an id is named as one"
    assert scrubbed(pipeline, {"q": "see 5020642638"}, thresholds={"PHONE_NUMBER": 0.1}) == {
        "q": "see <PHONE_NUMBER_1>"
    }


def test_entities_that_are_off_can_be_asked_for(pipeline: Pipeline) -> None:
    value = {"q": "NHS number 943 476 5919"}
    assert scrubbed(pipeline, value, entities=["UK_NHS"]) == {"q": "NHS number <UK_NHS_1>"}


def test_unknown_entities_are_named() -> None:
    with pytest.raises(UsageError, match="EMAILS") as refused:
        compiled(ScrubPolicy(entities=("EMAILS",)))
    assert refused.value.code == "PII_UNKNOWN_ENTITY"


def test_allow_and_deny(pipeline: Pipeline) -> None:
    value = {"q": "Ask Emily Watson about Project Bluebird and emily."}
    assert scrubbed(pipeline, value, allow=["emily watson", "emily"], deny=["project bluebird"]) == {
        "q": "Ask Emily Watson about <DENIED_1> and emily."
    }
    assert scrubbed(pipeline, {"q": "PROJECT  BLUEBIRD"}, deny=["project bluebird"]) == {"q": "<DENIED_1>"}


ORDER = {
    "input": {"query": "Where is ORDER-924? I sent ORDER-925 back.", "order_reference": "ORDER-924"},
    "expected_output": {"must_mention": ["order-924"]},
}
SURROGATE = PathPolicy(path="input.order_reference", action="surrogate", surrogate="ORDER-###")


def test_a_surrogate_is_consistent_and_keeps_its_form(pipeline: Pipeline) -> None:
    policy = ScrubPolicy(paths=(SURROGATE,))
    once = pipeline.scrub(ORDER, policy)
    assert once.value == {
        "input": {"query": "Where is ORDER-001? I sent ORDER-925 back.", "order_reference": "ORDER-001"},
        "expected_output": {"must_mention": ["ORDER-001"]},
    }
    assert {f.action for f in once.findings} == {"surrogate"}
    assert pipeline.scrub(once.value, policy).value == once.value
    assert pipeline.find(once.value, policy) == []


def test_a_surrogate_never_becomes_another_value_of_the_item(pipeline: Pipeline) -> None:
    value = {"input": {"query": "ORDER-001 is fine, ORDER-002 too", "order_reference": "ORDER-924"}}
    result = pipeline.scrub(value, ScrubPolicy(paths=(SURROGATE,))).value
    assert result == {"input": {"query": "ORDER-001 is fine, ORDER-002 too", "order_reference": "ORDER-003"}}


def test_a_surrogate_with_too_few_digits_is_refused(pipeline: Pipeline) -> None:
    paths = (PathPolicy(path="input.ids", action="surrogate", surrogate="#"),)
    with pytest.raises(NotScrubbed, match="too few digits"):
        pipeline.scrub({"input": {"ids": [f"a{i}" for i in range(12)]}}, ScrubPolicy(paths=paths))


def test_keep_drop_and_constant(pipeline: Pipeline) -> None:
    policy = ScrubPolicy(
        paths=(
            PathPolicy(path="input.public", action="keep", reason="published contact"),
            PathPolicy(path="input.trace", action="drop"),
            PathPolicy(path="input.list[0]", action="drop"),
            PathPolicy(path="**.user", action="constant", constant={"id": "someone"}),
        )
    )
    value = {
        "input": {
            "public": "jane@x.com",
            "trace": "bob@x.com",
            "list": ["a@x.com", "b"],
            "deep": {"user": {"id": "mia_li_3668"}},
        }
    }
    result = pipeline.scrub(value, policy)
    assert result.value == {"input": {"public": "jane@x.com", "list": [None, "b"], "deep": {"user": {"id": "someone"}}}}
    by_action = {f.action: f for f in result.findings}
    assert by_action["keep"].reason == "published contact"
    assert by_action["keep"].replacement is None
    assert by_action["drop"].entity == "FIELD"
    assert pipeline.scrub(result.value, policy).value == result.value
    assert pipeline.find(result.value, policy) == []


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("input.messages[*].content", ("input", "messages", "*", "content")),
        ("metadata.**", ("metadata", "**")),
        ('input["odd key"][2]', ("input", "odd key", 2)),
    ],
)
def test_paths(path: str, steps: tuple[str | int, ...]) -> None:
    assert parse_path(path) == steps


def test_a_malformed_path_is_a_malformed_rule() -> None:
    with pytest.raises(UsageError, match="character 6"):
        parse_path("input]x")


def test_the_rule_adds_to_the_teams_defaults() -> None:
    team = ScrubPolicy(allow=("A",), threshold=0.6, strict=True, thresholds={"PERSON": 0.5})
    own = ScrubPolicy(allow=("B",), thresholds={"PERSON": 0.7})
    both = merged(team, own)
    assert (both.allow, both.threshold, both.strict, both.thresholds) == (("A", "B"), 0.6, True, {"PERSON": 0.7})
