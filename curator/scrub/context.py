"""Raises the score of a weak match when a telling word stands before it.

presidio's enhancer reads spaCy lemmas: without a full pipeline it silently does nothing, and it searches all tokens
for every match. This one reads the text itself, needs no model and looks at a bounded window.
"""

import regex
from presidio_analyzer import EntityRecognizer, RecognizerResult
from presidio_analyzer.context_aware_enhancers import ContextAwareEnhancer
from presidio_analyzer.nlp_engine import NlpArtifacts

_WINDOW = 80
"""Characters before a match that are read, cut to the last eight words."""
_WORDS_BEFORE = 8
_BOOST = 0.35
_FLOOR = 0.4
_WORD = regex.compile(r"[\p{L}][\p{L}\p{N}]*")


class WindowEnhancer(ContextAwareEnhancer):
    """Looks for a recognizer's context words, as whole words (plural allowed), among the eight words before a match."""

    def __init__(self) -> None:
        super().__init__(
            context_similarity_factor=_BOOST,
            min_score_with_context_similarity=_FLOOR,
            context_prefix_count=_WORDS_BEFORE,
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
        wanted = {r.id: frozenset(w.lower() for w in r.context) for r in recognizers if r.context}
        for result in raw_results:
            words = wanted.get(result.recognition_metadata[RecognizerResult.RECOGNIZER_IDENTIFIER_KEY])
            if words and _tells(text, result.start, words):
                result.score = min(1.0, max(result.score + _BOOST, _FLOOR))
        return raw_results


def _tells(text: str, start: int, words: frozenset[str]) -> bool:
    before = _WORD.findall(text[max(0, start - _WINDOW) : start].lower())[-_WORDS_BEFORE:]
    if not before:
        return False
    joined = f" {' '.join(before)} "
    return any(f" {word} " in joined or f" {word}s " in joined for word in words)
