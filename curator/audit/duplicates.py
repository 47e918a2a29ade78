"""Items that say the same, or the opposite: which of them came first."""

import math
from collections import defaultdict
from collections.abc import Iterator

from curator.audit.values import Evidence, time_of
from curator.model import StoredItem


def oldest_first(evidence: Evidence) -> list[StoredItem]:
    """Each item once: those that say where they came from first, then by approval. Of two alike the first is right."""

    def rank(item: StoredItem) -> tuple[bool, float, str]:
        lineage = evidence.lineage(item)
        approved = time_of(lineage.get("approved_at"))
        return not lineage.get("source"), approved.timestamp() if approved else math.inf, item.id

    return sorted(evidence.distinct(), key=rank)


def exact_duplicates(evidence: Evidence) -> Iterator[tuple[StoredItem, StoredItem]]:
    """(original, duplicate) for every item whose input and expected output an earlier one has too."""
    first: dict[tuple[str, str], StoredItem] = {}
    for item, input_, expected in _fingerprinted(evidence):
        original = first.setdefault((input_, expected), item)
        if original is not item:
            yield original, item


def contradictions(evidence: Evidence) -> Iterator[tuple[StoredItem, StoredItem]]:
    """(first, other) for every expectation that differs from the first one of the same input; each once."""
    by_input: dict[str, dict[str, StoredItem]] = defaultdict(dict)
    for item, input_, expected in _fingerprinted(evidence):
        known = by_input[input_]
        if known and expected not in known:
            yield next(iter(known.values())), item
        known.setdefault(expected, item)


def _fingerprinted(evidence: Evidence) -> Iterator[tuple[StoredItem, str, str]]:
    for item in oldest_first(evidence):
        facts = evidence.facts.get(item.id)
        if facts is not None and facts.input_fingerprint and facts.expected_fingerprint:
            yield item, facts.input_fingerprint, facts.expected_fingerprint
