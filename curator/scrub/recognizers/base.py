"""The base of curator's recognizers: patterns that fail closed.

presidio's own `PatternRecognizer` skips a pattern that runs into its time-out and goes on; here the time-out is raised,
so that a text which could not be read to its end is never taken for clean.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import regex
from presidio_analyzer import LocalRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

TIMEOUT_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Rule:
    """One pattern. The value is the group `value` when there is one, else the whole match."""

    name: str
    pattern: "regex.Pattern[str]"
    score: float


def rule(name: str, pattern: str, score: float, flags: int = 0) -> Rule:
    """A rule from a verbose pattern (blanks and comments in it do not count)."""
    return Rule(name, regex.compile(pattern, regex.VERBOSE | flags), score)


class RegexRecognizer(LocalRecognizer):
    """Looks for the rules of one entity."""

    ENTITY: ClassVar[str]
    RULES: ClassVar[tuple[Rule, ...]]
    CONTEXT: ClassVar[tuple[str, ...]] = ()
    """Words before a match that raise its score by 0.35 (see `curator.scrub.context`)."""

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
            for start, end, score, name in self.find(text, nlp_artifacts)
            if start < end and score > 0
        ]

    def find(self, text: str, nlp: NlpArtifacts | None) -> Iterable[tuple[int, int, float, str]]:
        """Yields `(start, end, score, rule name)`; what more than patterns is needed overrides this."""
        for rule_ in self.RULES:
            for match in rule_.pattern.finditer(text, timeout=TIMEOUT_SECONDS):
                score = self.accept(match, rule_.score)
                if score:
                    start, end = match.span("value" if "value" in rule_.pattern.groupindex else 0)
                    yield start, end, score, rule_.name

    def accept(self, match: "regex.Match[str]", score: float) -> float:
        """The score of a match: `score`, another one after a checksum, or 0 when it is none."""
        return score


def digits(text: str) -> str:
    """The decimal digits of a text."""
    return "".join(c for c in text if c in "0123456789")
