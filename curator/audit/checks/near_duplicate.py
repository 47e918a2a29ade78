"""DUP002: near-duplicate."""

from collections.abc import Iterator

from curator.audit.duplicates import oldest_first
from curator.audit.similar import near_pairs
from curator.audit.values import AuditCheck, Evidence, Found


def look(evidence: Evidence) -> Iterator[Found]:
    facts = (evidence.facts[item.id] for item in oldest_first(evidence) if item.id in evidence.facts)
    for one, other, similarity in near_pairs(facts):
        yield other, f"its input is {similarity:.0f} % like that of {one}"


CHECK = AuditCheck(
    code="DUP002",
    severity="info",
    title="near-duplicate",
    remedy="Look at both; keep the one that says more, archive the other.",
    look=look,
)
