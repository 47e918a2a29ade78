"""International bank account numbers."""

import regex

from curator.scrub.recognizers.base import RegexRecognizer, rule
from curator.scrub.recognizers.names import word_list

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
