"""Examples for `curator.scrub.recognizers.person_list`."""

from curator.scrub.engine import Engine
from tests.scrub.recognizers.examples import check

HITS = (
    "Contact: ⟦Morrison, Emily⟧",
    "between ⟦Andrew⟧ and ⟦Emily⟧",
    "is ⟦Bradley Morris⟧ there?",
    "⟦Crystal Morrison⟧ paid",
    "ask ⟦Jean-Luc⟧ first",
    "then ⟦Ivan Muller⟧ left",
)
MISSES = (
    "Harley Davidson and Fourier transform",
    "Jasmine test runner, Travis CI, Ruby on Rails",
    "Grace period until May",
    "East Daniel and Port Susan",
    "Mercy Hospital on Madison Avenue",
    "Claude Sonnet",
    "San Francisco",
    "Will you mark it?",
    "Austin, Dallas and Houston",
    "Amber Alert",
    "Jordan is a country",
)


def test_examples(patterns: Engine) -> None:
    check(patterns, "PERSON", HITS, MISSES)
