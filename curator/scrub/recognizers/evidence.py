"""Evidence for names: what models and lists suggest, and when a suggestion counts.

A model alone takes "Vacuum Cleaner" for a person. So what one sign suggests (a model, a weak cue) is a
`POSSIBLE_NAME`, which is shown and left alone; a second sign (the other model, a list of names, a cue, another place
in the item) makes it a `PERSON`.
"""

from collections.abc import Iterable, Sequence

import regex
from presidio_analyzer import LocalRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from curator.scrub.entities import Span
from curator.scrub.recognizers.base import TIMEOUT_SECONDS, RegexRecognizer
from curator.scrub.recognizers.names import (
    NAME,
    PARTICLE,
    WORD,
    is_family,
    is_given,
    is_ordinary,
    is_place,
    is_place_prefix,
    is_plain_given,
    is_product,
    is_stop,
    listed,
    may_be_given,
    paired,
    product_phrases,
)
from curator.scrub.recognizers.person_cues import HINT, trimmed
from curator.scrub.second import Marked

MODEL = "model"
_SURE = 0.45
_EDGE = r"(?<![\p{L}\p{N}_./@\-=])"
_NAME = regex.compile(rf"{_EDGE}{NAME}(?![\p{{L}}\p{{N}}_@=/]|\.\p{{Ll}})", regex.VERBOSE)
_FAMILY_FIRST = regex.compile(
    rf"(?<![\p{{L}}\p{{N}}])(?P<family>{WORD}),[ ](?P<given>{WORD})(?![\p{{L}}\p{{N}}])", regex.VERBOSE
)
_SMALL_WORDS = regex.compile(r"(?<![\p{L}\p{N}_./@\-=#:])\p{Ll}[\p{Ll}\p{M}'’\-]+(?![\p{L}\p{N}_@=/(\[]|\.\p{L})")
_CAPITALS = regex.compile(r"(?<![\p{L}\p{N}_\-])\p{Lu}{2,}(?:['’\-]\p{Lu}{2,})*(?:[ ]\p{Lu}{2,}(?:['’\-]\p{Lu}{2,})*)+")
_BEFORE = regex.compile(r"(\p{L}+)\.?[ ]$")
_NO_NAME = regex.compile(r"[\d_/=\\{}<>|@#$%*]|\.\p{Ll}|^\P{Lu}*$")
_NO_THING = regex.compile(r"[\d_/=\\{}<>|@#$%*:\n\t]|^\p{Lu}{1,6}$|^\P{Lu}*$")
"""Codes, markup and lines run together are no places or companies: a suggestion must be worth a look."""
_FIRM = regex.compile(r"(?<![\p{L}]|\p{L}[ ])\p{Lu}[\p{L}]+[ ]&[ ]\p{Lu}[\p{L}]+(?![ ]\p{Lu}|\p{L})")
_MEASURE = regex.compile(
    r"\p{Lu}[\p{L}\-]+['’]s[ ]"
    r"(?:kappa|alpha|law|theorem|coefficient|lemma|inequality|conjecture|distance|algorithm|paradox)\b"
)
_WITH_ARTICLE = regex.compile(
    rf"(?<!\p{{L}})(?i:the|an?|this|each|every)[ ]{WORD}[ ]"
    rf"(?!(?:accounts?|orders?|tickets?|cases?|bookings?|reservations?|files?|claims?|family|families|requests?|calls?|complaints?|estate|household|refunds?|payments?|invoices?"
    rf"|contracts?|loans?|polic(?:y|ies)|patient|interviews?|meetings?|e-?mails?|letters?|who|whose|from|of|in|at)\b)"
    rf"\p{{Ll}}{{3,}}",
    regex.VERBOSE,
)
"""`the Jackson parser`: no person has an article, but for what is theirs (`the Jackson account`)."""
_TELLING = frozenset({"introduction", "field of a name", "field `name` of a role", "before an address"})
"""Cues that are believed even where a product has the same name."""
_GOES_ON = regex.compile(rf"(?:[ ]{PARTICLE}){{1,3}}[ ]{WORD}", regex.VERBOSE)
_STANDS_BEFORE = regex.compile(rf"(?:\p{{Ll}}|[,;(])[ ](?P<word>{WORD})[ ]$", regex.VERBOSE)


class PersonListRecognizer(RegexRecognizer):
    """Names that stand in the lists: a given name that is no other word, or any given name with a family name."""

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
        for match in _CAPITALS.finditer(text, timeout=TIMEOUT_SECONDS):
            yield from self._pairs(text, match.span(), regex.compile(r"\S+"))
        yield from self._pairs(text, (0, len(text)), _SMALL_WORDS)

    @staticmethod
    def _pairs(text: str, span: tuple[int, int], words: "regex.Pattern[str]") -> Iterable[tuple[int, int, float, str]]:
        """A given and a family name beside each other in small or in capital letters, where no capital helps."""
        last: regex.Match[str] | None = None
        for word in words.finditer(text, *span, timeout=TIMEOUT_SECONDS):
            near = last is not None and word.start() - last.end() == 1 and text[last.end()] == " "
            if near and last and paired((last.group(), word.group())) and not _ordinary(last.group(), word.group()):
                yield last.start(), word.end(), 0.5, "given and family name"
                last = None
            else:
                last = word

    @staticmethod
    def _name(text: str, start: int, end: int) -> tuple[int, int, float] | None:
        words = [(start + m.start(), start + m.end()) for m in regex.finditer(r"\S+", text[start:end])]
        while words and not may_be_given(text[slice(*words[0])].strip("'’.,")):
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
        if is_product(first) or is_stop(first) or is_place_prefix(first):
            return None
        if len(parts) > 1:
            if is_plain_given(first):
                return *span, 0.65
            if is_given(first) and is_family(parts[-1]):
                return *span, 0.6
            return (*span, 0.55) if paired(parts) else None
        return (*span, 0.5) if is_plain_given(first) else None


def _ordinary(*words: str) -> bool:
    return any(is_stop(w) or is_product(w) for w in words)


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
                    RecognizerResult.RECOGNIZER_NAME_KEY: MODEL,
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


def weighed(text: str, spans: Sequence[Span], second: Sequence[Marked] | None) -> list[Span]:
    """The findings of one text with its names weighed: suggestions with two signs are a PERSON, with one a
    POSSIBLE_NAME. `second` is what the second model marked; None when there is none.
    """
    names = [s for s in spans if s.entity == "PERSON"]
    things = _things(text) if names or second else []
    if things:
        names = [s for s in names if not _touches(s, things) or s.recognizer in _TELLING]
        second = (
            [m for m in second if not _touches(Span(m.start, m.end, "PERSON", 0, ""), things)] if second else second
        )
    sure = [s for s in names if s.recognizer != MODEL and s.score >= _SURE]
    hints = [s for s in names if s.recognizer != MODEL and s.score < _SURE]
    small = [s for s in names if s.recognizer == MODEL]
    marked = [m for m in (_believable(text, m) for m in second or ()) if m is not None]
    found = [s for s in spans if s.entity != "PERSON"] + sure
    for span in small:
        signs = (
            _listed(text, span)
            or _touches(span, sure)
            or (_touches(span, hints) and not _all_ordinary(text, span))
            or (_touches(span, marked) and not _some_ordinary(text, span))
        )
        found.append(span if signs else _suggestion(span))
    for mark in marked:
        span = Span(mark.start, mark.end, "PERSON", round(mark.score, 3), "second model")
        signs = (
            _listed(text, span)
            or _touches(span, sure)
            or (_touches(span, hints) and not _all_ordinary(text, span))
            or (_touches(span, small) and not _some_ordinary(text, span))
            or (mark.given and mark.family and mark.score > 0.9 and not _some_ordinary(text, span))
        )
        found.append(span if signs else _suggestion(span))
    found += [h for h in hints if _listed(text, h) and not h.recognizer.startswith("weak: dealing")]
    return found


def _things(text: str) -> list[Span]:
    """What holds names and is no person: products, firms (`Marks & Spencer`), laws and measures (`Cohen's kappa`)."""
    return [
        Span(*match.span(), "PERSON", 0, "thing")
        for pattern in (product_phrases(), _FIRM, _MEASURE, _WITH_ARTICLE)
        for match in pattern.finditer(text, timeout=TIMEOUT_SECONDS)
    ]


def _believable(text: str, mark: Marked) -> Marked | None:
    """A mark of the second model without what is no name."""
    value = text[mark.start : mark.end]
    span = trimmed(text, mark.start, mark.end)
    before = _BEFORE.search(text[max(0, mark.start - 12) : mark.start])
    if before and before[1][0].isupper() and is_place_prefix(before[1]):
        return None
    if span is None or _NO_NAME.search(value.title()) or is_product(value) or all(map(is_stop, value.split())):
        return None
    return Marked(*span, mark.given, mark.family, mark.score)


def _listed(text: str, span: Span) -> bool:
    return listed(text[span.start : span.end].split())


def _all_ordinary(text: str, span: Span) -> bool:
    return all(map(is_ordinary, text[span.start : span.end].split()))


def _some_ordinary(text: str, span: Span) -> bool:
    return any(map(is_ordinary, text[span.start : span.end].split()))


def _touches(span: Span, others: Sequence[Span | Marked]) -> bool:
    return any(o.start < span.end and span.start < o.end for o in others)


def _suggestion(span: Span) -> Span:
    return Span(span.start, span.end, "POSSIBLE_NAME", max(span.score, 0.5), span.recognizer)


__all__ = ["HINT", "MODEL", "NerRecognizer", "PersonListRecognizer", "person", "weighed"]
