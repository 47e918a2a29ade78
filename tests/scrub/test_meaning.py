"""A placeholder that takes the meaning out of a case is named."""

import pytest

from curator.scrub.pipeline import Pipeline
from tests.scrub.test_gate import draft, scrub


@pytest.mark.parametrize(
    ("given", "expected", "codes"),
    [
        ({"query": "Who is Omar Davis?"}, {"must_mention": ["omar davis"]}, []),
        ({"query": "omar@x.com"}, {}, ["PII_INPUT_EMPTIED"]),
        ({"query": "omar@x.com", "region": "eu"}, {}, []),
        ({"query": "Where is it?"}, {"must_mention": ["omar@x.com"]}, ["PII_TERM_UNKNOWN"]),
        ({"query": "I am omar@x.com."}, {"must_mention": ["x.com"]}, ["PII_TERM_LOST"]),
        ({"query": "Where is it?"}, {"must_not_mention": ["omar@x.com"]}, ["PII_TERM_UNKNOWN"]),
        ({"query": "Where is it?"}, {"must_mention": ["delayed"]}, []),
    ],
)
def test_meaning(pipeline: Pipeline, given: object, expected: object, codes: list[str]) -> None:
    result = scrub(pipeline, draft(input=given, expected_output=expected, metadata={}))
    assert [p.code for p in result.problems] == codes
    assert result.writable, "these are warnings: the reviewer decides"
