"""Dates of birth: dates with a word about birth near them."""

from collections.abc import Iterable

import regex
from presidio_analyzer.nlp_engine import NlpArtifacts

from curator.scrub.recognizers.base import TIMEOUT_SECONDS, RegexRecognizer

_MONTH = (
    r"(?:jan(?:uary|uar)?|feb(?:ruary|ruar)?|mar(?:ch)?|märz|apr(?:il)?|may|mai|june?|juni|july?|juli|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|okt(?:ober)?|nov(?:ember)?|dec(?:ember)?|dez(?:ember)?"
    r"|janvier|février|fevrier|mars|avril|juin|juillet|août|aout|septembre|octobre|novembre|décembre|decembre)"
)
_DATE = regex.compile(
    rf"""(?<![\p{{L}}\p{{N}}_.]) (?:
        (?:1[89]|20)\d\d [-./] (?:0?[1-9]|1[0-2]) [-./] (?:[12]\d|3[01]|0?[1-9]) (?:T00:00(?::00(?:\.0+)?)?Z?)?
      | (?:[12]\d|3[01]|0?[1-9]) [ ]?[-./][ ]? (?:[12]\d|3[01]|0?[1-9]) [ ]?[-./][ ]? (?:(?:1[89]|20)\d\d|\d\d)
      | (?:[12]\d|3[01]|0?[1-9]) (?:st|nd|rd|th|\.)? (?:[ ]of)? [ \-./] {_MONTH} \.?,? [ \-./] (?:(?:1[89]|20)\d\d|\d\d)
      | {_MONTH} \.? [ \-] (?:[12]\d|3[01]|0?[1-9]) (?:st|nd|rd|th)? (?:,[ ]?|[ ]|-) (?:1[89]|20)\d\d
      | (?:1[89]|20)\d\d [- ] {_MONTH} [- ] (?:[12]\d|3[01]|0?[1-9])
      | (?:19|20)\d\d (?:0[1-9]|1[0-2]) (?:0[1-9]|[12]\d|3[01])
    ) (?![\p{{L}}\p{{N}}_]|[-/]\d|[ ]\d\d?:\d\d)""",
    regex.VERBOSE | regex.IGNORECASE,
)
_CUE = regex.compile(
    r"\b(?:d\.?[ ]?o\.?[ ]?b\b|dobs\b|dates?[ _-]?of[ _-]?births?|birth[ _-]?dates?|birth[ _-]?days?"
    r"|birth|bday|b-day|born"
    r"|geb(?:oren|\.)?(?=[ :(]|$)|geburts(?:datum|tag)|n[ée]e?[ ]le|naissance|nacid[oa]|nacimiento|nat[oa] il)",
    regex.IGNORECASE,
)
_PLURAL = regex.compile(r"^dates|s$", regex.IGNORECASE)
_VERSION = regex.compile(r"\d\.\d\.\d\d")
_REACH = 60
_CHAIN = 120


class BirthDateRecognizer(RegexRecognizer):
    """A date within 60 characters after a word about birth, or right before one ("1990-04-05 (DOB)").

    Further dates follow on: in "born 1990-04-05 and 1957-03-21" each date carries the word to the next one.
    """

    ENTITY = "DATE_OF_BIRTH"

    def find(self, text: str, nlp: NlpArtifacts | None) -> Iterable[tuple[int, int, float, str]]:
        """Reads cues and dates once, then pairs them."""
        cues = [m.span() for m in _CUE.finditer(text, timeout=TIMEOUT_SECONDS)]
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
            leads = (
                position < len(cues) and 0 <= cues[position][0] - end <= 3 and "\n" not in text[end : cues[position][0]]
            )
            if start <= reach and not _VERSION.fullmatch(match.group()):
                yield start, end, 0.8, "after a word about birth"
                reach = end + _CHAIN if plural or _listed(text, end) else 0
            elif leads:
                yield start, end, 0.8, "before a word about birth"


def _listed(text: str, end: int) -> bool:
    """Whether a list goes on after a date: `, `, ` and `, `;`, ` / `, a bracket."""
    return regex.match(r"\s{0,2}(?:,|;|/|and\b|&|\||\)|und\b|et\b)", text[end : end + 8]) is not None
