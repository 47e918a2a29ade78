"""US social security numbers."""

import regex

from curator.scrub.recognizers.base import RegexRecognizer, digits, rule


class UsSsnRecognizer(RegexRecognizer):
    """`123-45-6789`; with blanks, dots or bare only after a telling word. Taxpayer numbers (9xx) have the same form."""

    ENTITY = "US_SSN"
    CONTEXT = ("ssn", "ssns", "social", "itin", "tin", "taxpayer", "sozialversicherungsnummer")
    RULES = (
        rule("dashes", r"(?<![\p{L}\p{N}_\-]) \d{3}-\d{2}-\d{4} (?![\p{L}\p{N}_]|-\d)", 0.75),
        rule(
            "blanks",
            r"(?<![\p{L}\p{N}_\-]|\d[ ]) \d{3}(?P<sep>[ .])\d{2}(?P=sep)\d{4} (?![\p{L}\p{N}_]"
            r"|[-. ]\d)",
            0.3,
        ),
        rule("bare", r"(?<![\p{L}\p{N}_\-.#]) \d{9} (?![\p{L}\p{N}_]|[-.]\d)", 0.12),
    )

    def accept(self, match: "regex.Match[str]", score: float) -> float:
        """No group may be all zeros (SSA)."""
        number = digits(match.group())
        return 0 if number[:3] == "000" or number[3:5] == "00" or number[5:] == "0000" else score
