"""DUP: items that are the same, nearly the same, or contradict each other."""

from collections.abc import Iterator

from curator.audit.duplicates import contradictions, exact_duplicates, oldest_first
from curator.audit.similar import near_pairs
from curator.audit.values import AuditCheck, Evidence, Found


def exact_duplicate(evidence: Evidence) -> Iterator[Found]:
    for original, other in exact_duplicates(evidence):
        yield other.id, f"same input and expected output as {original.id}"


def near_duplicate(evidence: Evidence) -> Iterator[Found]:
    facts = (evidence.facts[item.id] for item in oldest_first(evidence) if item.id in evidence.facts)
    for one, other, similarity in near_pairs(facts):
        yield other, f"its input is {similarity:.0f} % like that of {one}"


def contradiction(evidence: Evidence) -> Iterator[Found]:
    for first, other in contradictions(evidence):
        yield other.id, f"same input as {first.id}, but another expected output: no candidate can satisfy both"


CHECKS = (
    AuditCheck(
        code="DUP001",
        severity="warning",
        title="exact duplicate",
        remedy="Archive all but one (`curator audit DATASET --fix duplicates`).",
        look=exact_duplicate,
    ),
    AuditCheck(
        code="DUP002",
        severity="info",
        title="near-duplicate",
        remedy="Look at both; keep the one that says more, archive the other.",
        look=near_duplicate,
    ),
    AuditCheck(
        code="DUP003",
        severity="error",
        title="contradictory items",
        remedy="Decide which expectation is right; archive the other.",
        look=contradiction,
    ),
)
