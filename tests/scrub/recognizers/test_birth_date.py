"""Examples for `curator.scrub.recognizers.birth_date`."""

from curator.scrub.engine import Engine
from tests.scrub.recognizers.examples import check

HITS = (
    "DOB ⟦08/02/1952⟧, I'd",
    "dob: ⟦1990-04-05⟧",
    "born ⟦March 21, 1957⟧ in",
    "date of birth is ⟦05 January 1993⟧",
    "Mia (⟦1990-04-05⟧, DOB)",
    "birthdays are ⟦1990-04-05⟧ and ⟦1957-03-21⟧",
    "geboren am ⟦3.8.1966⟧",
    "my birthday is ⟦5th of May 1999⟧",
    "dates of birth: Omar Davis: ⟦1982-10-19⟧\nMia Li: ⟦1992-11-19⟧",
    "dob ⟦05 January 1993⟧ for the loan, Salesforce 3.8.18",
)
MISSES = (
    "2026-11-22 15:04",
    "ordered on 2026-11-20",
    "dob is missing; it was ordered three weeks before that, see the invoice which we sent you on 2026-11-20",
    "born to run",
    "date of birth required",
)


def test_examples(patterns: Engine) -> None:
    check(patterns, "DATE_OF_BIRTH", HITS, MISSES)
