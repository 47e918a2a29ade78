"""International bank account numbers."""

import regex

from curator.scrub.recognizers.base import RegexRecognizer, rule

# Length per country: SWIFT IBAN Registry.
_LENGTHS = dict(
    pair.split(":")
    for pair in (
        "AD:24 AE:23 AL:28 AT:20 AZ:28 BA:20 BE:16 BG:22 BH:22 BI:27 BR:29 BY:28 CH:21 CR:22 CY:28 CZ:24 DE:22 DJ:27 DK:18 "
        "DO:28 EE:20 EG:29 ES:24 FI:18 FK:18 FO:18 FR:27 GB:22 GE:22 GI:23 GL:18 GR:27 GT:28 HR:21 HU:28 IE:22 IL:23 IQ:23 "
        "IS:26 IT:27 JO:30 KW:30 KZ:20 LB:28 LC:32 LI:21 LT:20 LU:20 LV:21 LY:25 MC:27 MD:24 ME:22 MK:19 MN:20 MR:27 MT:31 "
        "MU:30 NI:28 NL:18 NO:15 OM:23 PK:24 PL:28 PS:29 PT:25 QA:29 RO:24 RS:22 RU:33 SA:24 SC:31 SD:18 SE:24 SI:19 SK:24 "
        "SM:27 SO:23 ST:25 SV:28 TL:23 TN:24 TR:26 UA:29 VA:22 VG:24 XK:20 YE:30"
    ).split()
)


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
            r"(?i:\bIBAN\b)[^\p{L}\p{N}]{1,4}(?:(?:is|no|number|nr)\b[^\p{L}\p{N}]{1,3})?(?P<value>[A-Za-z]{2}\d\d(?:[ \-]?[A-Z0-9]){10,30})(?![\p{L}\p{N}])",
            0.5,
        ),
    )

    def accept(self, match: "regex.Match[str]", score: float) -> float:
        """ISO 7064 mod 97-10."""
        plain = "".join(c for c in match["value"].upper() if c.isalnum())
        return 0.95 if int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1 else score
