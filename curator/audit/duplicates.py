"""Items that say the same: which of them is the original, and which are its duplicates."""

import math
from collections import defaultdict
from collections.abc import Iterator

from curator.audit.values import Evidence, time_of
from curator.model import StoredItem


def exact_duplicates(evidence: Evidence) -> Iterator[tuple[StoredItem, StoredItem]]:
    """(original, duplicate) for every item whose input and expected output another one has too."""
    groups: dict[tuple[str, str], list[StoredItem]] = defaultdict(list)
    for item in evidence.distinct():
        facts = evidence.facts.get(item.id)
        if facts is not None and facts.input_fingerprint and facts.expected_fingerprint:
            groups[facts.input_fingerprint, facts.expected_fingerprint].append(item)
    for items in groups.values():
        original, *others = sorted(items, key=lambda item: _rank(evidence, item))
        for other in others:
            yield original, other


def _rank(evidence: Evidence, item: StoredItem) -> tuple[bool, float, str]:
    """The original is the one that says where it came from, then the one that was approved first."""
    lineage = evidence.lineage(item)
    approved = time_of(lineage.get("approved_at"))
    return not lineage.get("source"), approved.timestamp() if approved else math.inf, item.id
