"""Examples for `curator.scrub.recognizers.us_ssn`."""

from curator.scrub.engine import Engine
from tests.scrub.recognizers.examples import check

HITS = (
    "ssn ⟦852-73-7828⟧, dob",
    "⟦143-15-5790⟧",
    "social security number ⟦143 15 5790⟧",
    "my SSN: ⟦143155790⟧",
)
MISSES = (
    "000-12-3456",
    "123-00-4567 and 123-45-0000",
    "part 98-7654321",
    "order 143155790",
    "123-45-67890",
    "1-123-45-6789-0",
)


def test_examples(patterns: Engine) -> None:
    check(patterns, "US_SSN", HITS, MISSES)
