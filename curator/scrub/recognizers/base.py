"""The base of curator's recognizers: patterns that fail closed.

presidio's own `PatternRecognizer` skips a pattern that runs into its time-out and goes on; here the time-out is raised,
so that a text which could not be read to its end is never taken for clean.
"""

from collections.abc import Iterable
from typing import ClassVar

import regex
from presidio_analyzer import EntityRecognizer, LocalRecognizer, RecognizerResult
from presidio_analyzer.context_aware_enhancers import ContextAwareEnhancer
from presidio_analyzer.nlp_engine import NlpArtifacts

from curator.scrub.recognizers.patterns import WORDS_BEFORE, Rule, tells

TIMEOUT_SECONDS = 2.0
_SHORT = 2_000
"""Characters of a text that is read without a clock (`test_hostile` holds what the worst of them cost)."""
DIGITS = regex.compile(r"\d[^\d]{0,16}\d")
"""What every number of a person has."""


class RegexRecognizer(LocalRecognizer):
    """Looks for the rules of one entity."""

    ENTITY: ClassVar[str]
    RULES: ClassVar[tuple[Rule, ...]]
    CONTEXT: ClassVar[tuple[str, ...]] = ()
    """Words before a match that raise its score by 0.35 (see `curator.scrub.engine`)."""
    NEEDS: ClassVar["regex.Pattern[str]"] = regex.compile("")
    """What a text must hold to be read at all: most texts hold no digit."""

    def __init__(self) -> None:
        super().__init__(supported_entities=[self.ENTITY], name=type(self).__name__, context=list(self.CONTEXT) or None)

    def load(self) -> None:
        """Nothing to load."""

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Every accepted match. Raises TimeoutError when a pattern takes longer than two seconds."""
        return [
            RecognizerResult(
                entity_type=self.ENTITY,
                start=start,
                end=end,
                score=score,
                recognition_metadata={
                    RecognizerResult.RECOGNIZER_NAME_KEY: name,
                    RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
                },
            )
            for start, end, score, name in (self.find(text) if self.NEEDS.search(text) else ())
            if start < end and score > 0
        ]

    def find(self, text: str) -> Iterable[tuple[int, int, float, str]]:
        """Yields `(start, end, score, rule name)`; what more than patterns is needed overrides this."""
        # Counting the time takes a fifth of it; what a short text can cost is bounded by the patterns' own quantifiers.
        limit = TIMEOUT_SECONDS if len(text) > _SHORT else None
        for rule_ in self.RULES:
            for match in rule_.pattern.finditer(text, timeout=limit):
                score = self.accept(match, rule_.score)
                if score:
                    start, end = match.span("value" if "value" in rule_.pattern.groupindex else 0)
                    yield start, end, score, rule_.name

    def accept(self, match: "regex.Match[str]", score: float) -> float:
        """The score of a match: `score`, another one after a checksum, or 0 when it is none."""
        return score


def value_of(match: "regex.Match[str]") -> str:
    """What a rule takes for the value: its group `value`, else the whole match."""
    return match["value"] if "value" in match.re.groupindex else match.group()


def alike(text: str, start: int, end: int) -> Iterable[tuple[int, int]]:
    """Further values of the form of `text[start:end]` in the 60 characters after it: `BSB 032-044; mine's 062-948`.

    A form of digits alone must follow at once: "and", a comma.
    """
    value = text[start:end]
    sign = r"\d" if value.upper() == value.lower() else r"[\p{L}\d]"
    form = "".join(sign if c.isalnum() else regex.escape(c) for c in value)
    form = form if value.isdecimal() else rf"(?=\S*\d{{2}}){form}"
    pattern = regex.compile(rf"(?<![\p{{L}}\p{{N}}\-]){form}(?![\p{{L}}\p{{N}}\-])")
    reach = 7 if value.isdecimal() else 60
    for match in pattern.finditer(text, end) if len(value) > 5 else ():
        if match.start() > end + reach:
            return
        yield match.span()
        end = match.end()


def digits(text: str) -> str:
    """The decimal digits of a text."""
    return "".join(c for c in text if c in "0123456789")


_BOOST = 0.35
_FLOOR = 0.4


class WindowEnhancer(ContextAwareEnhancer):
    """Raises the score of a weak match when one of its recognizer's context words, as a whole word (plural allowed), is
    among the eight words before it.

    presidio's enhancer reads spaCy lemmas: without a full pipeline it silently does nothing, and it searches all tokens
    for every match. This one reads the text itself, needs no model and looks at a bounded window.
    """

    def __init__(self) -> None:
        super().__init__(
            context_similarity_factor=_BOOST,
            min_score_with_context_similarity=_FLOOR,
            context_prefix_count=WORDS_BEFORE,
            context_suffix_count=0,
        )

    def enhance_using_context(
        self,
        text: str,
        raw_results: list[RecognizerResult],
        nlp_artifacts: NlpArtifacts,
        recognizers: list[EntityRecognizer],
        context: list[str] | None = None,
    ) -> list[RecognizerResult]:
        """Changes the scores in place: nobody else holds these results."""
        wanted = {r.id: frozenset(r.context) for r in recognizers if r.context}
        for result in raw_results:
            words = wanted.get(result.recognition_metadata[RecognizerResult.RECOGNIZER_IDENTIFIER_KEY])
            if words and tells(text, result.start, words):
                result.score = min(1.0, max(result.score + _BOOST, _FLOOR))
        return raw_results
