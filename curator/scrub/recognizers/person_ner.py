"""Names, places and organisations from the NER model, without what it is known to get wrong."""

from collections.abc import Iterable

import regex
from presidio_analyzer import LocalRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from curator.scrub.recognizers.names import PARTICLE, WORD, is_given, is_place, is_place_prefix, is_product, is_stop
from curator.scrub.recognizers.person_cues import trimmed

_NO_NAME = regex.compile(r"[\d_/=\\{}<>|@#$%*]|\.\p{Ll}|^\P{Lu}*$")
_NO_THING = regex.compile(r"[\d_/=\\{}<>|@#$%*:\n\t]|^\p{Lu}{1,6}$|^\P{Lu}*$")
"""Codes, markup and lines run together are no places or companies: a suggestion must be worth a look."""
_GOES_ON = regex.compile(rf"(?:[ ]{PARTICLE}){{1,3}}[ ]{WORD}")
_STANDS_BEFORE = regex.compile(rf"(?:\p{{Ll}}|[,;(])[ ](?P<word>{WORD})[ ]$")


class NerRecognizer(LocalRecognizer):
    """Hands on the model's entities; a person must look like one: a capital, no digits, no product, no place."""

    def __init__(self) -> None:
        super().__init__(
            supported_entities=["PERSON", "LOCATION", "ORGANIZATION", "NRP", "DATE_TIME"], name="NerRecognizer"
        )

    def load(self) -> None:
        """Nothing to load: the NLP engine holds the model."""

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """The model's entities of the kinds asked for."""
        if nlp_artifacts is None:
            return []
        return [
            RecognizerResult(
                entity_type=entity,
                start=start,
                end=end,
                score=score,
                recognition_metadata={
                    RecognizerResult.RECOGNIZER_NAME_KEY: "model",
                    RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
                },
            )
            for start, end, entity, score in self._found(text, nlp_artifacts)
            if entity in entities
        ]

    @staticmethod
    def _found(text: str, nlp: NlpArtifacts) -> Iterable[tuple[int, int, str, float]]:
        for span in nlp.entities:
            if span.label_ != "PERSON":
                if not _NO_THING.search(span.text) and not is_product(span.text):
                    yield span.start_char, span.end_char, span.label_, 0.6
                continue
            for line in regex.finditer(r"[^\n\r\t]+", text[span.start_char : span.end_char]):
                found = person(text, span.start_char + line.start(), span.start_char + line.end())
                if found:
                    yield found[0], found[1], "PERSON", 0.85


def person(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The part of a model's PERSON that can be one."""
    first, _, more = text[start:end].partition(" ")
    span = None if more and is_place_prefix(first) else trimmed(text, start, end)
    if span is None:
        return None
    value = text[slice(*span)]
    words = value.split()
    if _NO_NAME.search(value) or is_product(value) or (is_product(words[0]) and not is_given(words[-1])):
        return None
    if len(words) == 1 and (is_place(value) or (value.isupper() and len(value) < 6)):
        return None
    return None if all(is_stop(w) for w in words) else _extended(text, *span)


def _extended(text: str, start: int, end: int) -> tuple[int, int]:
    """The model cuts names short: `Frits van` goes on with `den Heuvel`, `Batukayev` has `Dzhamalay` before it."""
    after = _GOES_ON.match(text, end)
    before = _STANDS_BEFORE.search(text[max(0, start - 60) : start])
    if before and not (is_stop(before["word"]) or is_product(before["word"]) or is_place_prefix(before["word"])):
        start -= len(before["word"]) + 1
    return start, after.end() if after else end
