"""Examples for e-mail, IP, telephone and street addresses."""

from curator.scrub.engine import Engine
from tests.scrub.recognizers.examples import check

HITS = (
    "ip ⟦192.83.166.133⟧ is blocked",
    "from ⟦10.1.2.3⟧:443",
    "⟦b708:67bc:137b:750b:be23:1e24:aeda:7474⟧ failed",
    "⟦2001:db8::8a2e:370:7334⟧,",
    "[⟦fe80::1ff:fe23:4567:890a⟧]",
    "⟦203.0.113.7⟧.",
    "peer ip-⟦10.0.3.17⟧ left",
)
MISSES = (
    "127.0.0.1 and 0.0.0.0 and ::1",
    "version 10.0.0.1-beta",
    "v2.14.3.9 released",
    "Textual 10.0.0.1-beta supports it",
    "256.1.2.3",
    "1.2.3",
    "12:30:45",
    "std::vector and a::b::c",
    "at 10:30 AM",
)


def test_examples(patterns: Engine) -> None:
    check(patterns, "IP_ADDRESS", HITS, MISSES)
