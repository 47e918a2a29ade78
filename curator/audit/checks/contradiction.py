"""DUP003: contradictory items."""

from collections import defaultdict
from collections.abc import Iterator

from curator.audit.values import AuditCheck, Evidence, Found


def look(evidence: Evidence) -> Iterator[Found]:
    groups: dict[str, dict[str, str]] = defaultdict(dict)
    for item in evidence.distinct():
        facts = evidence.facts.get(item.id)
        if facts is not None and facts.input_fingerprint and facts.expected_fingerprint:
            groups[facts.input_fingerprint].setdefault(facts.expected_fingerprint, item.id)
    for by_expectation in groups.values():
        first, *others = sorted(by_expectation.values())
        for other in others:
            yield other, f"same input as {first}, but another expected output: no candidate can satisfy both"


CHECK = AuditCheck(
    code="DUP003",
    severity="error",
    title="contradictory items",
    remedy="Decide which expectation is right; archive the other.",
    look=look,
)
