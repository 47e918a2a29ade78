"""Near-duplicate inputs, by rapidfuzz."""

from collections.abc import Iterator, Sequence

from curator.audit.values import ItemFacts

NEAR = 92.0
"""Ratio (0–100) from which two inputs count as near-duplicates; see the threshold test for how it was chosen."""
WINDOW = 40
"""Neighbours in sorted order that each text is compared with when there are many: keeps 10,000 items near-linear."""
ALL_PAIRS = 1500
"""Up to this many items every pair is compared."""


def near_pairs(facts: Sequence[ItemFacts]) -> Iterator[tuple[str, str, float]]:
    """(first id, other id, ratio) of items whose inputs are alike but not equal; each other id at most once.

    Above `ALL_PAIRS` items each text is compared with its neighbours in two sorted orders (by text and by reversed
    text), which finds differences at either end and misses some in the middle.
    """
    texts = [each.input_text for each in facts]
    said: set[str] = set()
    for i, j, ratio in _pairs(texts):
        one, other = facts[i], facts[j]
        if one.input_fingerprint == other.input_fingerprint or other.item_id in said:
            continue
        said.add(other.item_id)
        yield one.item_id, other.item_id, ratio


def _pairs(texts: Sequence[str]) -> Iterator[tuple[int, int, float]]:
    from rapidfuzz import fuzz, process

    if len(texts) <= ALL_PAIRS:
        for i, text in enumerate(texts):
            rest = texts[i + 1 :]
            for _, ratio, offset in process.extract(text, rest, scorer=fuzz.ratio, score_cutoff=NEAR, limit=None):
                yield i, i + 1 + offset, ratio
        return
    seen: set[tuple[int, int]] = set()
    for order in (
        sorted(range(len(texts)), key=lambda i: texts[i]),
        sorted(range(len(texts)), key=lambda i: texts[i][::-1]),
    ):
        for position, i in enumerate(order):
            for j in order[position + 1 : position + 1 + WINDOW]:
                pair = (min(i, j), max(i, j))
                if pair not in seen:
                    seen.add(pair)
                    ratio = fuzz.ratio(texts[i], texts[j], score_cutoff=NEAR)
                    if ratio:
                        yield (*pair, ratio)
