"""Payment cards and international bank account numbers: what check digits tell."""

import regex

from curator.scrub.recognizers.base import RegexRecognizer, digits, rule
from curator.scrub.recognizers.names import word_list


def luhn(number: str) -> bool:
    """ISO/IEC 7812-1 check digit over a string of digits."""
    total = 0
    for i, c in enumerate(reversed(number)):
        n = int(c) * (2 if i % 2 else 1)
        total += n - 9 if n > 9 else n
    return total % 10 == 0


class CreditCardRecognizer(RegexRecognizer):
    """12 to 19 digits with a valid check digit; fewer than 15 bare digits, or an unknown issuer, only with context."""

    ENTITY = "CREDIT_CARD"
    CONTEXT = (
        "card",
        "credit",
        "debit",
        "visa",
        "mastercard",
        "amex",
        "maestro",
        "discover",
        "diners",
        "jcb",
        "unionpay",
        "cc",
        "ccnum",
        "pan",
        "payment",
        "kreditkarte",
        "karte",
        "carte",
        "tarjeta",
    )
    RULES = (
        rule(
            "grouped",
            r"(?<![\p{L}\p{N}_.]|\d[ \-]) \d{4}(?P<sep>[ \-]) \d{4,6}(?P=sep) \d{4,5} (?:(?P=sep)\d{1,4}){0,2} "
            r"(?![\p{L}\p{N}_]|[ \-.]\d)",
            0.6,
        ),
        rule("bare", r"(?<![\p{L}\p{N}_.\-/]|\d[ ]) \d{12,19} (?![\p{L}\p{N}_\-/]|\.\d)", 0.3),
    )
    # Issuer ranges: Visa, Mastercard (5- and 2-series), Amex, Discover, Diners, JCB, UnionPay, Maestro.
    _ISSUER = regex.compile(
        r"4|5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)|3[47]|6011|64[4-9]|65|3(?:0[0-5]|[689])"
        r"|35(?:2[89]|[3-8])|62|5[06-9]|6[37]"
    )

    def accept(self, match: "regex.Match[str]", score: float) -> float:
        """Checks the length and the check digit; a known issuer with 15 digits or more needs no telling word."""
        number = digits(match.group())
        if not 12 <= len(number) <= 19 or len(set(number)) < 2 or not luhn(number):
            return 0
        known = self._ISSUER.match(number) is not None
        if known and len(number) >= 15:
            return 0.9
        return score if known else 0.2


_LENGTHS = dict(line.split() for line in word_list("iban_lengths.txt"))


class IbanRecognizer(RegexRecognizer):
    """A country's code with its length and a valid check sum (ISO 13616); with a wrong check sum only after "IBAN"."""

    ENTITY = "IBAN_CODE"
    CONTEXT = ("iban", "account", "konto", "kontonummer", "bank", "sepa", "transfer", "refund")
    RULES = (
        rule(
            "IBAN",
            r"(?<![\p{L}\p{N}]) (?P<value>(?:"
            + "|".join(
                rf"{land}\d\d(?:[ \-]?[A-Z0-9]){{{int(length) - 4}}}" for land, length in sorted(_LENGTHS.items())
            )
            + r")) (?![\p{L}\p{N}])",
            0.2,
            regex.IGNORECASE,
        ),
        rule(
            "named",
            r"(?i:\bIBAN\b)[^\p{L}\p{N}]{1,4}(?:(?:is|no|number|nr)\b[^\p{L}\p{N}]{1,3})?(?P<value>[A-Za-z]{2}\d"
            r"\d(?:[ \-]?[A-Z0-9]){10,30})(?![\p{L}\p{N}])",
            0.5,
        ),
    )

    def accept(self, match: "regex.Match[str]", score: float) -> float:
        """ISO 7064 mod 97-10."""
        plain = "".join(c for c in match["value"].upper() if c.isalnum())
        return 0.95 if int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1 else score
