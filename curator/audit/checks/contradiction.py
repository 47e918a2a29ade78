"""DUP003: contradictory items."""

from collections.abc import Iterator

from curator.audit.duplicates import contradictions
from curator.audit.values import AuditCheck, Evidence, Found


def look(evidence: Evidence) -> Iterator[Found]:
    for first, other in contradictions(evidence):
        yield other.id, f"same input as {first.id}, but another expected output: no candidate can satisfy both"


CHECK = AuditCheck(
    code="DUP003",
    severity="error",
    title="contradictory items",
    remedy="Decide which expectation is right; archive the other.",
    look=look,
)
