"""The same value again: what was found once in an item is a finding wherever it stands in that item.

A model finds "Omar Davis" in one sentence and misses it in the next; a term in `must_mention` has no sentence at all.
"""

from collections.abc import Iterable, Mapping, Sequence

import regex

from curator.scrub.engine import Span
from curator.scrub.entities import ENTITIES
from curator.scrub.locate import Located, Reading
from curator.scrub.normalise import fold
from curator.scrub.placeholders import PLACEHOLDER, same
from curator.scrub.recognizers.names import is_family, is_plain_given, is_stop

TERMS = frozenset({"must_mention", "must_not_mention"})
"""Keys whose strings are terms that a check looks for without regard to case."""
_MOST = 2_000
_SHORTEST = {"PERSON": 3, "FIELD": 3, "DENIED": 1}
_SHORTEST_OTHER = 6
"""A shorter value (a PIN, a house number) may be anything else elsewhere."""
_DIGITS = frozenset({"PHONE_NUMBER", "CREDIT_CARD", "US_SSN", "IBAN_CODE"})
_FOLDS = regex.IGNORECASE | regex.FULLCASE
_NUMBER = regex.compile(r"(?<![\p{L}\p{N}])\+?\d(?:[ .\-/()]{0,2}\d){6,18}(?![\p{L}\p{N}])")


class KnownValues:
    """The values found so far, ready to be looked for again."""

    def __init__(self) -> None:
        self._exact: dict[str, Span] = {}
        self._folded: dict[str, Span] = {}
        self._digits: dict[str, Span] = {}

    def add(self, text: str, entity: str, score: float) -> None:
        """Remembers a value for the rest of the item. What the rule itself named counts at any length."""
        if ENTITIES[entity].kind == "suggestion" or len(self._folded) >= _MOST:
            return
        plain = fold(text)
        if not plain or len(plain) < _SHORTEST.get(entity, _SHORTEST_OTHER):
            return
        span = Span(0, 0, entity, score, "same value")
        self._folded.setdefault(plain, span)
        if entity in _DIGITS:
            self._digits.setdefault(same(entity, text), span)
        elif entity == "PERSON":
            self._folded.setdefault(same(entity, text), span)
            words = text.split()
            for word in words if len(words) > 1 else ():
                bare = word.strip(".,;:'’")
                if (
                    len(bare) > 2
                    and bare[0].isupper()
                    and not is_stop(bare)
                    and (is_plain_given(bare) or is_family(bare))
                ):
                    self._exact.setdefault(bare, Span(0, 0, entity, score, "part of the same name"))

    def again(self, parts: Sequence[Reading], terms: Iterable[int]) -> Iterable[tuple[int, Located]]:
        """Every place of a known value, as `(leaf, finding)`. `terms` are the leaves that hold terms."""
        if not self._folded:
            return
        loose = frozenset(terms)
        wordy = self._wordy(self._folded)
        folded = self._pattern(wordy, _FOLDS)
        single = self._pattern([v for v in self._folded if v not in wordy], _FOLDS)
        exact = self._pattern(list(self._exact), 0)
        for part in parts:
            own = part.own
            hits = list(self._hits(own, folded, self._folded, folds=True))
            for start, end, span in self._hits(own, single, self._folded, folds=True):
                # A single word counts with its capital only, except among the terms.
                if part.leaf in loose or span.entity != "PERSON" or own[start].isupper():
                    hits.append((start, end, span))
            hits.extend(self._hits(own, exact, self._exact, folds=False))
            if self._digits:
                for match in _NUMBER.finditer(own, timeout=2):
                    known = self._digits.get("".join(c for c in match.group() if c.isdigit()))
                    if known:
                        hits.append((*match.span(), known))
            for start, end, span in hits:
                if any(m.start() < end and m.end() > start for m in PLACEHOLDER.finditer(own)):
                    continue
                place = part.locate(start + part.lead, end + part.lead)
                if place:
                    yield part.leaf, Located(*place, span.entity, span.score, span.recognizer, part.depth, part.quote)

    @staticmethod
    def _wordy(values: Mapping[str, Span]) -> dict[str, None]:
        """Values that cannot be mistaken for an ordinary word."""
        return {v: None for v, s in values.items() if s.entity != "PERSON" or " " in v}

    @staticmethod
    def _pattern(values: Iterable[str], flags: int) -> "regex.Pattern[str] | None":
        # Blanks of a value match any blanks: a name can be broken over two lines.
        forms = [
            regex.escape(v, literal_spaces=True).replace(" ", r"\s+") for v in sorted(values, key=len, reverse=True)
        ]
        if not forms:
            return None
        return regex.compile(rf"(?<![\p{{L}}\p{{N}}_])(?:{'|'.join(forms)})(?![\p{{L}}\p{{N}}_])", flags)

    @staticmethod
    def _hits(
        text: str, pattern: "regex.Pattern[str] | None", values: Mapping[str, Span], *, folds: bool
    ) -> Iterable[tuple[int, int, Span]]:
        if pattern is None:
            return
        for match in pattern.finditer(text, timeout=2):
            span = values.get(fold(match.group()) if folds else match.group())
            if span:
                yield *match.span(), span
