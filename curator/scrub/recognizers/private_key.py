"""Private keys in PEM, PGP and PuTTY armour."""

import regex

from curator.scrub.recognizers.base import RegexRecognizer, rule

_BODY = r"(?:[A-Za-z0-9+/=:,.\s\-]|\\n|\\r|\\)"


class PrivateKeyRecognizer(RegexRecognizer):
    """From the opening line to the closing one, or as far as the armour goes when the closing line was cut off."""

    ENTITY = "SECRET"
    RULES = (
        rule(
            "PEM",
            r"-----BEGIN[ ](?P<kind>(?:[A-Z0-9]+[ ]){0,3})PRIVATE[ ]KEY(?:[ ]BLOCK)?-----"
            rf"(?:(?:(?!-----){_BODY}){{0,12000}}+-----END[ ](?P=kind)PRIVATE[ ]KEY(?:[ ]BLOCK)?-----"
            r"|(?:[A-Za-z0-9+/=\s]|\\n|\\r){0,8000}+)",
            0.99,
        ),
        rule("PuTTY", r"PuTTY-User-Key-File-\d:.{0,8000}?Private-MAC:[ ]?[0-9a-f]{40,64}", 0.99, regex.DOTALL),
        rule(
            "AWS secret key",
            r"(?i:aws.{0,20}secret.{0,20}|secret[ _]?access[ _]?key.{0,6})[\s:=\"']{1,6}(?P<value>[A-Za-z0-9/+]{"
            r"40})(?![A-Za-z0-9/+])",
            0.9,
        ),
    )
