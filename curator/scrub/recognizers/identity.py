"""What identifies one person to an authority or a bank: birth dates, national numbers, documents, accounts, cards."""

from collections.abc import Iterable
from importlib import import_module

import regex
from stdnum import luhn

from curator.scrub.recognizers.base import DIGITS, TIMEOUT_SECONDS, RegexRecognizer, alike, digits, value_of
from curator.scrub.recognizers.names import word_list
from curator.scrub.recognizers.patterns import Rule, context, parts, rules

_DATE, _BIRTH, _LEADS = (
    regex.compile(part, regex.VERBOSE | regex.IGNORECASE) for part in parts("identity", "date", "birth", "leads")
)
"""`leads`: between a date and the word about birth after it."""
_PLURAL = regex.compile(r"^dates|s$", regex.IGNORECASE)
_VERSION = regex.compile(r"\d\.\d\.\d\d")
_REACH = 60
_CHAIN = 120


class BirthDateRecognizer(RegexRecognizer):
    """A date within 60 characters after a word about birth, or right before one ("1990-04-05 (DOB)").

    Further dates follow on: in "born 1990-04-05 and 1957-03-21" each date carries the word to the next one.
    """

    ENTITY = "DATE_OF_BIRTH"

    def find(self, text: str) -> Iterable[tuple[int, int, float, str]]:
        """Reads cues and dates once, then pairs them."""
        cues = [m.span() for m in _BIRTH.finditer(text, timeout=TIMEOUT_SECONDS)]
        if not cues:
            return
        reach = 0
        position = 0
        for match in _DATE.finditer(text, timeout=TIMEOUT_SECONDS):
            start, end = match.span()
            plural = False
            while position < len(cues) and cues[position][0] < start:
                plural = _PLURAL.search(text[slice(*cues[position])]) is not None
                reach = cues[position][1] + (_CHAIN if plural else _REACH)
                position += 1
            leads = position < len(cues) and _LEADS.fullmatch(text, end, max(end, cues[position][0])) is not None
            if start <= reach and not _VERSION.fullmatch(match.group()):
                yield start, end, 0.8, "after a word about birth"
                reach = end + _CHAIN if plural or _listed(text, end) else 0
            elif leads:
                yield start, end, 0.8, "before a word about birth"


def _listed(text: str, end: int) -> bool:
    """Whether a list goes on after a date: `, `, ` and `, `;`, ` / `, a bracket."""
    return regex.match(r"\s{0,2}(?:,|;|/|and\b|&|\||\)|und\b|et\b)", text[end : end + 8]) is not None


class UsSsnRecognizer(RegexRecognizer):
    """`123-45-6789`; with blanks, dots or bare only after a telling word. Taxpayer numbers (9xx) have the same form."""

    ENTITY = "US_SSN"
    NEEDS = DIGITS
    CONTEXT = context("identity", "US_SSN")
    RULES = rules("identity", "US_SSN")

    def accept(self, match: "regex.Match[str]", score: float) -> float:
        """No group may be all zeros (SSA)."""
        number = digits(match.group())
        return 0 if number[:3] == "000" or number[3:5] == "00" or number[5:] == "0000" else score


class NumberRecognizer(RegexRecognizer):
    """Numbers after their names, with the further ones of a list."""

    NEEDS = DIGITS

    def find(self, text: str) -> Iterable[tuple[int, int, float, str]]:
        """As the base does, and what looks the same after it."""
        for start, end, score, name in super().find(text):
            yield start, end, score, name
            yield from ((a, b, score, name) for a, b in alike(text, start, end))


class NationalIdRecognizer(NumberRecognizer):
    """Identity, tax, health and insurance numbers: after their name in the language of their country, or by their form
    where form and check digits leave little doubt (the rules of one country).
    """

    ENTITY = "NATIONAL_ID"
    RULES = rules("identity", "NATIONAL_ID")
    _CHECKS = {rule.name: [import_module(f"stdnum.{check}") for check in rule.checks] for rule in RULES if rule.checks}

    def find(self, text: str) -> Iterable[tuple[int, int, float, str]]:
        """As the base does; where a rule has `check`s, one of these modules of python-stdnum must agree."""
        for start, end, score, name in super().find(text):
            if name not in self._CHECKS or any(check.is_valid(text[start:end]) for check in self._CHECKS[name]):
                yield start, end, score, name

    def accept(self, match: "regex.Match[str]", score: float) -> float:
        """At least four digits; no date, no amount."""
        value = value_of(match).strip()
        return 0 if len(digits(value)) < 4 or _ISO_DATE.fullmatch(value) or _AMOUNT.fullmatch(value) else score


class AccountRecognizer(NumberRecognizer):
    """Bank accounts, routing numbers and sort codes right after their names, in seven languages."""

    ENTITY = "ACCOUNT_NUMBER"
    RULES = rules("identity", "ACCOUNT_NUMBER")

    def accept(self, match: "regex.Match[str]", score: float) -> float:
        """No date with a whole year: `12-34-56` is a sort code."""
        return 0 if _WHOLE_DATE.fullmatch(value_of(match)) else score


class DocumentRecognizer(NumberRecognizer):
    """Passports, driving licences, permits, plates, members' and patients' numbers after their names."""

    ENTITY = "DOCUMENT_NUMBER"
    CONTEXT = context("identity", "DOCUMENT_NUMBER")
    RULES = rules("identity", "DOCUMENT_NUMBER")

    def accept(self, match: "regex.Match[str]", score: float) -> float:
        """At least four digits, or two in a code of seven signs; a rule of `short` ones says itself. No date."""
        value = value_of(match)
        if "short" in match.re.groupindex:
            return 0 if _ISO_DATE.fullmatch(value) else score
        least = 2 if len("".join(filter(str.isalnum, value))) > 6 and not value.isdecimal() else 4
        return 0 if len(digits(value)) < least or _ISO_DATE.fullmatch(value) else score


_WHOLE_DATE = regex.compile(r"\d{4}[-./ ]\d\d?[-./ ]\d\d?|\d\d?[-./ ]\d\d?[-./ ](?:19|20)\d\d|(?:19|20)\d\d")
_AMOUNT = regex.compile(r"\d{1,6}[.,]\d\d")
_ISO_DATE = regex.compile(r"\d{4}[-./ ]\d\d?[-./ ]\d\d?|\d\d?[-./ ]\d\d?[-./ ]\d{2,4}|(?:19|20)\d\d")


class CreditCardRecognizer(RegexRecognizer):
    """12 to 19 digits with a valid check digit; fewer than 15 bare digits, or an unknown issuer, only with context."""

    ENTITY = "CREDIT_CARD"
    NEEDS = DIGITS
    CONTEXT = context("payment", "CREDIT_CARD")
    RULES = rules("payment", "CREDIT_CARD")
    # Issuer ranges: Visa, Mastercard (5- and 2-series), Amex, Discover, Diners, JCB, UnionPay, Maestro.
    _ISSUER = regex.compile(
        r"4|5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)|3[47]|6011|64[4-9]|65|3(?:0[0-5]|[689])"
        r"|35(?:2[89]|[3-8])|62|5[06-9]|6[37]"
    )

    def accept(self, match: "regex.Match[str]", score: float) -> float:
        """Length and check digit (ISO/IEC 7812-1); a known issuer with 15 digits or more needs no telling word."""
        number = digits(match.group())
        if not 12 <= len(number) <= 19 or len(set(number)) < 2 or not luhn.is_valid(number):
            return 0
        known = self._ISSUER.match(number) is not None
        if known and len(number) >= 15:
            return 0.9
        return score if known else 0.2


_LENGTHS = dict(line.split() for line in word_list("iban_lengths.txt"))


class IbanRecognizer(RegexRecognizer):
    """A country's code with its length and a valid check sum (ISO 13616); with a wrong check sum only after "IBAN"."""

    ENTITY = "IBAN_CODE"
    NEEDS = regex.compile(r"(?i)(?<![^\W_])[A-Z]{2}\d\d")
    CONTEXT = context("payment", "IBAN_CODE")
    _FORMS = "|".join(rf"{land}\d\d(?:[ \-]?[A-Z0-9]){{{int(size) - 4}}}" for land, size in sorted(_LENGTHS.items()))
    RULES = (
        Rule("IBAN", regex.compile(rf"(?<![\p{{L}}\p{{N}}])(?P<value>{_FORMS})(?![\p{{L}}\p{{N}}])", regex.I), 0.2),
        *rules("payment", "IBAN_CODE"),
    )

    def accept(self, match: "regex.Match[str]", score: float) -> float:
        """ISO 7064 mod 97-10."""
        plain = "".join(c for c in match["value"].upper() if c.isalnum())
        return 0.95 if int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1 else score
