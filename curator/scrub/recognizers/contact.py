"""Where somebody is reached: e-mail at public and internal domains, IP, telephone, street addresses."""

import ipaddress
from collections.abc import Iterable

import regex

from curator.scrub.recognizers.base import TIMEOUT_SECONDS, RegexRecognizer, digits
from curator.scrub.recognizers.patterns import context, parts, rules

_DOMAIN = regex.compile(
    r"@(?:[\p{L}\p{N}](?:[\p{L}\p{N}_-]{0,62})\.){1,10}(?P<top>[\p{L}][\p{L}\p{N}-]{1,62})(?![\p{L}\p{N}@])"
)
_LITERAL = regex.compile(r"@\[(?:IPv6:)?[0-9a-fA-F.:]{3,45}\]")
_LOCAL = regex.compile(r"""(?:"[^"\n]{1,64}"|[\p{L}\p{N}.!\#$%&'*+/=?^_`{|}~-]{1,320})\Z""")
_FIELD = regex.compile(r"^[?]?[A-Za-z_]{1,30}=")
_URL_PART = regex.compile(r"[/?&]|(?<=[?&/][^@]{0,60})=")
(_SPOKEN,) = (regex.compile(part, regex.VERBOSE | regex.IGNORECASE) for part in parts("network", "spoken"))
"""`jane dot doe at corp dot com`."""
_FILES = frozenset({"png", "jpg", "jpeg", "gif", "svg", "webp", "css", "js", "ts", "json", "py", "md"})
_REACH = 320


class EmailRecognizer(RegexRecognizer):
    """`local@domain.tld` with any top level, so that `jane@corp.internal` counts; no public suffix list is needed.

    Not: `git@github.com:org/repo` (a clone address), `icon@2x.png`, `pkg@1.2.3`.
    """

    ENTITY = "EMAIL_ADDRESS"

    def find(self, text: str) -> Iterable[tuple[int, int, float, str]]:
        """Goes from every `@` to both sides, so that a text full of `@` costs no more than its length."""
        for pattern in (_DOMAIN, _LITERAL):
            for match in pattern.finditer(text, timeout=TIMEOUT_SECONDS):
                at = match.start()
                window = text[max(0, at - _REACH) : at]
                local = _LOCAL.search(window, timeout=TIMEOUT_SECONDS)
                if local is None:
                    continue
                # `?user=jane@x.com&…`: what stands before it in a URL is no part of the address.
                name = _URL_PART.split(_FIELD.sub("", local.group()))[-1].lstrip(".'`*=|{")
                end = match.end()
                if name.lower() == "git" and text[end : end + 1] == ":":
                    continue
                if pattern is _DOMAIN and match["top"].lower() in _FILES:
                    continue
                if name:
                    yield at - len(name), end, 0.95, "address"
        for match in _SPOKEN.finditer(text, timeout=TIMEOUT_SECONDS):
            yield *match.span(), 0.8, "address in words"


class IpAddressRecognizer(RegexRecognizer):
    """IPv4 and IPv6. Loopback, unspecified and broadcast addresses name nobody; `version 10.0.0.1` is no address."""

    ENTITY = "IP_ADDRESS"
    NEEDS = regex.compile(r"[\da-f][.:]|::", regex.IGNORECASE)
    RULES = rules("network", "IP_ADDRESS")
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


class PhoneRecognizer(RegexRecognizer):
    """A country code or brackets are strong, national groups medium, bare digits count only after a telling word."""

    ENTITY = "PHONE_NUMBER"
    CONTEXT = context("phone", "PHONE_NUMBER")
    RULES = rules("phone", "PHONE_NUMBER")

    def accept(self, match: "regex.Match[str]", score: float) -> float:
        """Seven to fifteen digits (E.164), not all alike, and no date; words for digits are counted by their rule."""
        value = match["value"] if "value" in match.re.groupindex else match.group()
        if not _DIGIT.search(value):
            return score
        number = digits(regex.sub(r"\s?(?:x|ext).*", "", value))
        if not 7 <= len(number) <= 15 or len(set(number)) < 2:
            return 0
        if _DATE.fullmatch(match.group()):
            return 0
        if score < 0.45 and _IDENTIFIER.search(match.string[max(0, match.start() - 30) : match.start()]):
            return 0
        return score


_IDENTIFIER, _DATE = (
    regex.compile(part, regex.VERBOSE | regex.IGNORECASE) for part in parts("phone", "identifier", "date")
)

_DIGIT = regex.compile(r"\d")
_CAPITAL = regex.compile(r"\p{Lu}")
_TWO_NUMBERS = regex.compile(r"\d.{0,200}?[ ,]\p{L}{0,2}\d", regex.DOTALL)
_WEAK = 0.15
_YEAR = regex.compile(r"(?:19|20)\d\d ")
_IN_YEAR = regex.compile(r"\b(?:in|since|of|by|during|until|from|the|for) $", regex.IGNORECASE)
"""`in 2024 Google Drive` is no house number."""


class AddressRecognizer(RegexRecognizer):
    """A house number with a street; with town and postcode when they follow."""

    ENTITY = "STREET_ADDRESS"
    NEEDS = regex.compile(
        r"\d|(?i:addr|adress|abit|mor[oa]|viv[eo]|resid|demeur|domicil|post|zip|code|str|road|rd|lane|ave|drive|rue|calle|via|weg)"
    )
    CONTEXT = context("address", "STREET_ADDRESS")
    RULES = rules("address", "STREET_ADDRESS")
    _SMALL = tuple(
        regex.compile(rule.pattern.pattern, regex.VERBOSE | regex.IGNORECASE)
        for rule in RULES
        if rule.name in ("US and UK street", "UK with postcode", "UK flat", "German street and town")
    )

    _LEFT = regex.compile(parts("address", "left")[0], regex.VERBOSE | regex.REVERSE)
    _RIGHT, _SMALL_RIGHT = (
        regex.compile(parts("address", "right")[0], regex.VERBOSE | flag) for flag in (regex.V0, regex.IGNORECASE)
    )

    def find(self, text: str) -> Iterable[tuple[int, int, float, str]]:
        """Each street with what stands around it: doors, houses, districts, town and postcode."""
        right = self._RIGHT if _CAPITAL.search(text) else self._SMALL_RIGHT
        for start, end, score, name in self._streets(text):
            if score > _WEAK:
                before = self._LEFT.match(text, max(0, start - _REACH), start, timeout=TIMEOUT_SECONDS)
                after = right.match(text, end, timeout=TIMEOUT_SECONDS)
                start, end = before.start() if before else start, after.end() if after else end
            yield start, end, score, name

    def _streets(self, text: str) -> Iterable[tuple[int, int, float, str]]:
        """As the base does; a text without capitals also by the forms that hold a house number and a postcode."""
        yield from super().find(text)
        if not _CAPITAL.search(text) and _TWO_NUMBERS.search(text):
            for pattern in self._SMALL:
                for match in pattern.finditer(text, timeout=TIMEOUT_SECONDS):
                    if _TWO_NUMBERS.search(match.group()):
                        yield *match.span(), 0.6, "street and postcode in small letters"

    def accept(self, match: "regex.Match[str]", score: float) -> float:
        """A labelled address that is an e-mail, an IP or a web address belongs to others."""
        value = match["value"] if "value" in match.re.groupindex else match.group()
        if (
            _YEAR.match(value)
            and "," not in value
            and _IN_YEAR.search(match.string[max(0, match.start() - 8) : match.start()])
        ):
            return 0
        following = match.string[match.end() : match.end() + 1]
        if "value" in match.re.groupindex and (following in ("@", ":") or value.count(".") > 2):
            return 0
        return score
