"""Names that stand in the registers: a given name that is no other word, or any given name with a family name."""

from collections.abc import Iterable

import regex
from presidio_analyzer.nlp_engine import NlpArtifacts

from curator.scrub.recognizers.base import TIMEOUT_SECONDS, RegexRecognizer
from curator.scrub.recognizers.names import (
    NAME,
    WORD,
    is_family,
    is_given,
    is_place_prefix,
    is_plain_given,
    is_product,
    is_stop,
)
from curator.scrub.recognizers.person_cues import trimmed

_NAME = regex.compile(rf"(?<![\p{{L}}\p{{N}}_./@\-=]){NAME}(?![\p{{L}}\p{{N}}_@=/]|\.\p{{Ll}})")
_FAMILY_FIRST = regex.compile(rf"(?<![\p{{L}}\p{{N}}])(?P<family>{WORD}), (?P<given>{WORD})(?![\p{{L}}\p{{N}}])")
_BEFORE = regex.compile(r"(\p{L}+)\.?[ ]$")


class PersonListRecognizer(RegexRecognizer):
    """Finds what the name model labels as a place, a company or nothing at all."""

    ENTITY = "PERSON"

    def find(self, text: str, nlp: NlpArtifacts | None) -> Iterable[tuple[int, int, float, str]]:
        """Looks at runs of capitalised words; the first given name in a run begins the name."""
        for match in _NAME.finditer(text, timeout=TIMEOUT_SECONDS):
            span = self._name(text, *match.span())
            if span:
                a, b, score = span
                yield a, b, score, "in the registers"
        for match in _FAMILY_FIRST.finditer(text, timeout=TIMEOUT_SECONDS):
            if is_family(match["family"]) and is_plain_given(match["given"]):
                yield *match.span(), 0.55, "family name first"

    @staticmethod
    def _name(text: str, start: int, end: int) -> tuple[int, int, float] | None:
        words = [(start + m.start(), start + m.end()) for m in regex.finditer(r"\S+", text[start:end])]
        while words and not is_given(text[slice(*words[0])].strip("'’.,")):
            words.pop(0)
        if not words:
            return None
        span = trimmed(text, words[0][0], words[-1][1])
        if span is None or is_product(text[slice(*span)]):
            return None
        before = _BEFORE.search(text[max(0, span[0] - 12) : span[0]])
        if before and is_place_prefix(before[1]) and before[1][0].isupper():
            return None
        parts = text[slice(*span)].split()
        first = parts[0]
        if is_product(first) or is_stop(first):
            return None
        if len(parts) > 1:
            if is_plain_given(first):
                return *span, 0.65
            return (*span, 0.6) if is_family(parts[-1]) else None
        return (*span, 0.5) if is_plain_given(first) else None
