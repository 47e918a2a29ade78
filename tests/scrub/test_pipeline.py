"""One item from end to end: one value, one placeholder, exact places, nothing left, nothing done twice."""

import json

import pytest

from curator.model import ScrubPolicy
from curator.scrub.engine import Engine
from curator.scrub.items import Limits, NotScrubbed
from curator.scrub.pipeline import Pipeline
from curator.scrub.placeholders import PLACEHOLDER

PLAIN = ScrubPolicy()
ITEM = {
    "input": {
        "query": "Hi, I'm Omar Davis (omar.davis@corp.internal). Call me on 0151 23456789.",
        "customer": {"name": "Omar Davis", "dob": "1990-04-05", "phone": 4915123456789},
        "raw": json.dumps({"user": {"first_name": "Jürgen", "email": "jürgen@x.de"}, "phone": 4915123456789}),
        "jane@x.com": {"plan": "Pro"},
    },
    "expected_output": {"outcome": "answer", "must_mention": ["omar davis", "delayed"]},
    "metadata": {"comment": "Davis called twice, see omar.davis@corp.internal"},
}


def test_one_value_has_one_placeholder_everywhere(pipeline: Pipeline) -> None:
    result = pipeline.scrub(ITEM, PLAIN)
    assert result.value == {
        "input": {
            "query": "Hi, I'm <PERSON_1> (<EMAIL_ADDRESS_1>). Call me on <PHONE_NUMBER_1>.",
            "customer": {"name": "<PERSON_1>", "dob": "<DATE_OF_BIRTH_1>", "phone": "<PHONE_NUMBER_2>"},
            "raw": json.dumps(
                {"user": {"first_name": "<PERSON_2>", "email": "<EMAIL_ADDRESS_2>"}, "phone": "<PHONE_NUMBER_2>"}
            ),
            "<EMAIL_ADDRESS_3>": {"plan": "Pro"},
        },
        "expected_output": {"outcome": "answer", "must_mention": ["<PERSON_1>", "delayed"]},
        "metadata": {"comment": "<PERSON_1> called twice, see <EMAIL_ADDRESS_1>"},
    }


def test_offsets_are_exact_in_the_text_that_was_given(pipeline: Pipeline) -> None:
    text = "Mail ja\u200bne&#64;x.com, dob １９９０-04-05, and \\u006aane@y.com"
    result = pipeline.scrub({"q": text}, PLAIN)
    assert [text[f.start : f.end] for f in result.findings] == [
        "ja\u200bne&#64;x.com",
        "１９９０-04-05",
        "\\u006aane@y.com",
    ]


def test_offsets_are_exact_inside_json_inside_a_string(pipeline: Pipeline) -> None:
    text = 'result: {"e": "j\\u00fcrgen@x.de", "quote": "say \\"hi\\" to Omar Davis"}'
    result = pipeline.scrub({"q": text}, PLAIN)
    assert [text[f.start : f.end] for f in result.findings] == ["j\\u00fcrgen@x.de", "Omar Davis"]
    assert json.loads(str(result.value["q"])[len("result: ") :])["quote"] == 'say "hi" to <PERSON_1>'


def test_scrubbing_twice_changes_nothing(pipeline: Pipeline) -> None:
    once = pipeline.scrub(ITEM, PLAIN)
    twice = pipeline.scrub(once.value, PLAIN)
    assert twice.value == once.value
    assert [f for f in pipeline.find(once.value, PLAIN) if f.action != "suggest"] == []


def test_placeholders_of_an_earlier_scrub_keep_their_numbers(pipeline: Pipeline) -> None:
    result = pipeline.scrub({"q": "<PERSON_1> wrote to Omar Davis at <EMAIL_ADDRESS_7>"}, PLAIN)
    assert result.value == {"q": "<PERSON_1> wrote to <PERSON_2> at <EMAIL_ADDRESS_7>"}


def test_paths_never_show_a_personal_key(pipeline: Pipeline) -> None:
    result = pipeline.scrub({"jane@x.com": {"mail": "bob@y.com"}}, PLAIN)
    assert [(f.path, f.in_key) for f in result.findings] == [
        ('["<EMAIL_ADDRESS_1>"]', True),
        ('["<EMAIL_ADDRESS_1>"].mail', False),
    ]


def test_two_keys_that_become_one_are_refused(pipeline: Pipeline) -> None:
    with pytest.raises(NotScrubbed, match="two keys"):
        pipeline.scrub({"jane@x.com": 1, "JANE@x.com": 2}, PLAIN)


def test_findings_are_found_again_in_places_without_a_sentence(pipeline: Pipeline) -> None:
    value = {"a": "My name is Sybilla Langern.", "b": ["Sybilla Langern", "Sybilla\nLangern", "langern"]}
    assert pipeline.scrub(value, PLAIN).value == {
        "a": "My name is <PERSON_1>.",
        "b": ["<PERSON_1>", "<PERSON_1>", "langern"],
    }


def test_suggestions_stay_and_lose_against_findings(named: Pipeline) -> None:
    result = named.scrub({"q": "I moved from Chicago to New York City with Kevin Smith."}, PLAIN)
    assert str(result.value["q"]) == "I moved from Chicago to New York City with <PERSON_1>."
    assert {f.action for f in result.findings if f.entity == "LOCATION"} == {"suggest"}


@pytest.mark.parametrize(
    ("limits", "value", "says"),
    [
        (Limits(string_chars=10), {"q": "x" * 11}, "longer than 10"),
        (Limits(item_chars=15), {"q": "x" * 9, "r": "y" * 9}, "longer than 15"),
        (Limits(leaves=3), {"q": ["a", "b", "c"]}, "more than 3"),
    ],
)
def test_limits_refuse_in_words(pipeline: Pipeline, limits: Limits, value: object, says: str) -> None:
    with pytest.raises(NotScrubbed, match=says) as refused:
        Pipeline(pipeline.engine, limits).scrub(value, PLAIN)
    assert refused.value.code == "PII_NOT_SCRUBBED"


def test_values_across_the_edge_of_a_chunk(patterns: Engine) -> None:
    pipeline = Pipeline(patterns)
    filler = "lorem ipsum dolor sit amet. "
    for shift in (7, 21):
        before = filler * (15_900 // len(filler)) + "x" * shift
        text = (
            f"{before} jane.doe@example.com lives at 701 Louis Avenue Apt. 499, Changville, NJ 42957. " + filler * 160
        )
        result = pipeline.scrub({"q": text}, PLAIN)
        assert [f.entity for f in result.findings if f.action == "replace"] == ["EMAIL_ADDRESS", "STREET_ADDRESS"]
        assert "Changville" not in str(result.value)


def test_the_same_value_in_another_spelling_is_the_same_value(pipeline: Pipeline) -> None:
    value = {
        "q": [
            "card 4594 1767 3850 5140",
            "card 4594-1767-3850-5140",
            "Mr. Omar Davis and OMAR@X.com, omar@x.com",
            "Omar Davis",
        ]
    }
    assert pipeline.scrub(value, PLAIN).value == {
        "q": [
            "card <CREDIT_CARD_1>",
            "card <CREDIT_CARD_1>",
            "<PERSON_1> and <EMAIL_ADDRESS_1>, <EMAIL_ADDRESS_1>",
            "<PERSON_1>",
        ]
    }


def test_overlaps_leave_one_placeholder(pipeline: Pipeline) -> None:
    text = str(pipeline.scrub({"q": "postgres://jane.doe:s3cr3tPa55@db.example.com/x"}, PLAIN).value["q"])
    assert text == "postgres://<SECRET_1>@db.example.com/x"
    text = str(pipeline.scrub({"q": "Dr. Jennifer Sanders MD <js@example.com> wrote"}, PLAIN).value["q"])
    assert [m.group() for m in PLACEHOLDER.finditer(text)] == ["<PERSON_1>", "<EMAIL_ADDRESS_1>"]


def test_an_engine_without_a_model_still_reads_everything_else(patterns: Engine) -> None:
    result = Pipeline(patterns).scrub({"q": "Dear Nichole, mail jane@x.com"}, PLAIN)
    assert result.value == {"q": "Dear <PERSON_1>, mail <EMAIL_ADDRESS_1>"}
    assert patterns.model is None
