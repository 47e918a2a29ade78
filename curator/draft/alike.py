"""How alike texts are: the one measure behind groups of failures, near-duplicates and failures that were seen before.

Texts are compared in three views (words, pairs of words, character n-grams), each by TF-IDF and cosine; their likeness
is the mean of the three, 0 to 1. Placeholders of the scrub and long numbers are no words, so no personal value makes
two texts alike. Nothing leaves the machine and no model is asked.
"""

import itertools
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALIKE = 0.4
"""Likeness from which two texts ask for the same thing: of recorded failures of one task nine in ten pairs that reach
it are of the same task; measured by `python -m tests.benchmarks.bench_groups`."""
NEAR = 0.79
"""Likeness from which two inputs are one case written down twice; of forty pairs judged by hand it gets the fewest
wrong (tests/draft/test_alike.py)."""
COMMON = 10
"""Texts that are added to those at hand when words are weighed: among a handful every shared word would be rare."""
GRAM = 4
BLOCK = 256
"""Texts that are held against all others at once."""
_PLACEHOLDER = re.compile(r"<[A-Z][A-Z0-9_]*>")
# Dates, words with up to four digits (a flight, a form) and short numbers; longer ones are somebody's. Ideographs and
# kana stand for themselves: nothing parts the words between them.
_WORD = re.compile(
    r"\d{4}-\d\d-\d\d|[\u3040-\u30ff\u3400-\u9fff]|(?<!\w)[^\W\d_]+\d{0,4}(?!\d)|(?<![\w.,-])\d{1,4}(?![\w-])"
)
Views = tuple[Counter[Any], ...]


def words_of(text: str) -> list[str]:
    """The words that are compared: lower case, without placeholders and long numbers."""
    return [word.lower() for word in _WORD.findall(_PLACEHOLDER.sub(" ", text).replace("_", " "))]


def views(words: Sequence[str], more: Sequence[str] = ()) -> Views:
    """How often each word, pair of words and character n-gram occurs; `more` words count as words alone."""
    grams = Counter(itertools.chain.from_iterable(map(_grams, words)))
    return Counter([*words, *more]), Counter(itertools.pairwise(words)), grams


@lru_cache(maxsize=50_000)
def _grams(word: str) -> tuple[str, ...]:
    around = f" {word} "
    return tuple(around[at : at + GRAM] for at in range(max(1, len(around) + 1 - GRAM)))


def spread_of(texts: Sequence[Views]) -> list[Counter[Any]]:
    """For each view: term → in how many texts it occurs."""
    return [Counter(itertools.chain.from_iterable(each[view] for each in texts)) for view in range(3)]


def weighted_rows(counts: Sequence[Mapping[Any, int]], weights: Mapping[Any, float], unknown: float = 0.0) -> Any:
    """One view of texts as a sparse matrix with rows of length one, a column for each weighted term.

    Terms without a weight have no column; each makes its row longer as one of weight `unknown`.
    """
    import numpy as np
    from scipy.sparse import csr_matrix

    place = {term: at for at, term in enumerate(weights)}
    terms = itertools.chain.from_iterable(counts)
    column = np.fromiter(map(place.get, terms, itertools.repeat(-1)), dtype=int)
    often = np.array([many for count in counts for many in count.values()], dtype=float)
    row = np.repeat(np.arange(len(counts)), [len(count) for count in counts])
    weight = np.array([*weights.values(), unknown])  # a term without weight has place -1, the last
    value = (1 + np.log(often)) * weight[column]
    length = np.sqrt(np.bincount(row, value**2, minlength=len(counts)))
    kept = column >= 0
    row, column, value = row[kept], column[kept], value[kept]
    return csr_matrix(
        (value / np.where(length > 0, length, 1)[row], (row, column)), shape=(len(counts), max(1, len(place)))
    )


class Texts:
    """Texts that others are held against."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._count = len(texts)
        self._texts = [views(words_of(text)) for text in texts]
        common = self._count + COMMON + 1
        self._weights = [{t: math.log(common / (n + 1)) for t, n in each.items()} for each in spread_of(self._texts)]
        self._known = self._rows(self._texts)

    def _rows(self, texts: Sequence[Views]) -> list[Any]:
        unknown = math.log(self._count + COMMON + 1)
        return [
            weighted_rows([each[at] for each in texts], weights, unknown) for at, weights in enumerate(self._weights)
        ]

    def likeness(self, texts: Sequence[str]) -> "NDArray[Any]":
        """A row for each text: its likeness to each of the known ones."""
        import numpy as np

        if not self._count:
            return np.zeros((len(texts), 0))
        others = self._rows([views(words_of(text)) for text in texts])
        total = sum((other @ known.T).toarray() for other, known in zip(others, self._known, strict=True))
        return np.asarray(total) / 3

    def near_pairs(self) -> Iterator[tuple[int, int, float]]:
        """(earlier, later, likeness) for each text that is near an earlier one that is near none itself.

        So when the later ones of all pairs are gone, no near-duplicate is left.
        """
        import numpy as np

        words, pairs, grams = self._known
        least = 3 * NEAR - 2  # what one view has to reach when both others are at their best, which is 1
        gone = np.zeros(self._count, dtype=bool)
        for start in range(0, self._count, BLOCK):
            # Few texts share pairs of words, so this view says cheaply which others are worth comparing in full.
            shared = (pairs[start : start + BLOCK] @ pairs.T).tocoo()
            at, other, likeness = shared.row + start, shared.col, shared.data
            kept = (likeness >= least) & (other < at) & ~gone[other]
            at, other, likeness = at[kept], other[kept], likeness[kept]
            for view in (words, grams):
                likeness = likeness + np.asarray(view[at].multiply(view[other]).sum(axis=1)).ravel()
            for one in np.unique(at):
                mine = (at == one) & ~gone[other] & (likeness >= 3 * NEAR)
                if mine.any():
                    gone[one] = True
                    best = np.flatnonzero(mine)[likeness[mine].argmax()]
                    yield int(other[best]), int(one), float(likeness[best] / 3)
