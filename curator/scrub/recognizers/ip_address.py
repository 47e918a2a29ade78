"""IP addresses."""

import ipaddress

import regex

from curator.scrub.recognizers.base import RegexRecognizer, rule

_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"


class IpAddressRecognizer(RegexRecognizer):
    """IPv4 and IPv6. Loopback, unspecified and broadcast addresses name nobody; `version 10.0.0.1` is no address."""

    ENTITY = "IP_ADDRESS"
    RULES = (
        rule("IPv4", rf"(?<![\p{{L}}\p{{N}}_.\-+]) {_OCTET}(?:\.{_OCTET}){{3}} (?![\p{{L}}\p{{N}}_]|[.\-+]\w)", 0.7),
        rule(
            "IPv4 in a word",
            rf"(?<=(?:^|[\s,;(=])(?:ip|ip4|addr|host|client|src|dst|peer|from)[-_]) {_OCTET}(?:\.{_OCTET}){{3}} "
            rf"(?![\d.])",
            0.6,
            regex.IGNORECASE,
        ),
        rule(
            "IPv6",
            r"(?<![\p{L}\p{N}_:.]) (?:[0-9a-f]{0,4}:){2,7}(?:[0-9a-f]{1,4}|(?:\d{1,3}\.){3}\d{1,3}"
            r"|(?<=::)) (?![\p{L}\p{N}_]|:[0-9a-f:]|\.\d)",
            0.7,
            regex.IGNORECASE,
        ),
    )
    _VERSION = regex.compile(r"(?:\bv|\bver\.?|\bversion|\brelease|\bbuild|\bupdate)[ :=\"']{0,3}$", regex.IGNORECASE)

    def accept(self, match: "regex.Match[str]", score: float) -> float:
        """Parses the address; a compressed IPv6 needs a digit and three groups, so that `std::add` is none."""
        text = match.group()
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return 0
        if address.is_loopback or address.is_unspecified or text == "255.255.255.255":
            return 0
        before = match.string[max(0, match.start() - 16) : match.start()]
        if address.version == 4 and self._VERSION.search(before):
            return 0
        if address.version == 6 and "::" in text:
            groups = [g for g in text.split(":") if g]
            if len(groups) < 3 or not any(c.isdigit() for c in text):
                return 0
        return score
