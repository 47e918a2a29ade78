"""Near-duplicate inputs, by rapidfuzz.

Items are taken one by one; each is compared with those before it that are no near-duplicates themselves. So every
finding names a pair, and when the later ones of all pairs are gone, no near-duplicate is left.
"""

import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from curator.audit.values import ItemFacts
from curator.draft.likeness import NEAR

ALL_PAIRS = 400
"""Up to this many items every pair is compared; beyond, only those that share some of their smallest shingles."""
SHINGLE = 8
"""Characters of a shingle."""
SKETCH = 24
"""Smallest shingle hashes that stand for a text (a bottom-k sketch): texts as alike as `NEAR` share some of them."""
CANDIDATES = 40
"""Texts that are compared with one text at most, those with the most shared hashes first."""


def near_pairs(facts: Iterable[ItemFacts]) -> Iterator[tuple[str, str, float]]:
    """(first id, other id, ratio) of items whose inputs are alike but not equal; each other id once.

    `facts` with the items first that count as originals. An item with an input that was there before is not named.
    """
    from rapidfuzz import fuzz, process

    known: list[ItemFacts] = []
    texts: list[str] = []
    inputs: set[str | None] = {None}
    everyone = [each for each in facts if each.input_text]
    index = _Index() if len(everyone) > ALL_PAIRS else None
    for each in everyone:
        if each.input_fingerprint in inputs:
            continue
        marks = [] if index is None else sketch(each.input_text)
        candidates = range(len(known)) if index is None else index.like(marks)
        best = process.extractOne(each.input_text, [texts[i] for i in candidates], scorer=fuzz.ratio, score_cutoff=NEAR)
        if best is not None:
            _, ratio, position = best
            yield known[candidates[position]].item_id, each.item_id, ratio
            continue
        inputs.add(each.input_fingerprint)
        known.append(each)
        texts.append(each.input_text)
        if index is not None:
            index.add(marks)


class _Index:
    """Finds texts that share shingles, without comparing all with all."""

    def __init__(self) -> None:
        self._places: dict[int, list[int]] = defaultdict(list)
        self._size = 0

    def add(self, marks: Sequence[int]) -> None:
        """Adds a text, by its sketch, as the next position."""
        for mark in marks:
            self._places[mark].append(self._size)
        self._size += 1

    def like(self, marks: Sequence[int]) -> Sequence[int]:
        """Positions of the texts that share most with this one, best first."""
        shared: dict[int, int] = defaultdict(int)
        for mark in marks:
            for position in self._places.get(mark, ())[:1000]:
                shared[position] += 1
        return sorted(shared, key=lambda position: (-shared[position], position))[:CANDIDATES]


def sketch(text: str) -> list[int]:
    """The smallest hashes of a text's shingles: the same text gives the same on every machine."""
    folded = text.encode("utf-8", "surrogatepass")
    marks = {zlib.crc32(folded[i : i + SHINGLE]) for i in range(max(1, len(folded) - SHINGLE + 1))}
    return sorted(marks)[:SKETCH]
