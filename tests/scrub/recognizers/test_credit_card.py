"""Examples for `curator.scrub.recognizers.credit_card`."""

from curator.scrub.engine import Engine
from tests.scrub.recognizers.examples import check

HITS = (
    "card ⟦4222029729975287⟧, thanks",
    "⟦2720-2562-1385-2604⟧ is a 2-series Mastercard",
    "⟦4594 1767 3850 5140⟧ exp 09/27",
    "Amex ⟦3714 496353 98431⟧",
    "my card number is ⟦4222222222222⟧",
    "maestro card ⟦6304000000000000⟧",
    "bare ⟦378282246310005⟧ here",
)
MISSES = (
    "card ending 4242",
    "4222029729975288 fails the check digit",
    "order 123456789012",
    "1763823845123 ms",
    "trace 4111111111111111a",
    "id 0000000000000000",
    "span 1234567890123452 of a trace",
)


def test_examples(patterns: Engine) -> None:
    check(patterns, "CREDIT_CARD", HITS, MISSES)
