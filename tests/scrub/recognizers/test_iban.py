"""Examples for `curator.scrub.recognizers.iban`."""

from curator.scrub.engine import Engine
from tests.scrub.recognizers.examples import check

HITS = (
    "Refund to ⟦DE89 3704 0044 0532 0130 00⟧ please",
    "⟦GB82WEST12345698765432⟧.",
    "⟦FR1420041010050500013M02606⟧ works",
    "IBAN ⟦GB02WYWG6827073631997⟧ please",
    "iban: ⟦de89370400440532013000⟧",
    "pay ⟦NL91ABNA0417164300⟧",
)
MISSES = (
    "DE89 3704 0044 0532 0130 01 has a wrong check sum",
    "ORDER-924 and INV20261122ABCDEF",
    "AB12CDEF34567890123456",
    "sha 2cf24dba5fb0a30e26e83b2ac5b9e29e",
)


def test_examples(patterns: Engine) -> None:
    check(patterns, "IBAN_CODE", HITS, MISSES)
