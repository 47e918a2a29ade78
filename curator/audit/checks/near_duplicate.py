"""DUP002: near-duplicate."""

from collections.abc import Iterator

from curator.audit.similar import near_pairs
from curator.audit.values import AuditCheck, Evidence, Found


def look(evidence: Evidence) -> Iterator[Found]:
    exact = {(f.input_fingerprint, f.expected_fingerprint) for f in evidence.facts.values()}
    if len(exact) < 2:
        return
    for one, other, similarity in near_pairs([f for _, f in sorted(evidence.facts.items())]):
        yield other, f"input is {similarity:.0f} % like that of {one}"


CHECK = AuditCheck(
    code="DUP002",
    severity="info",
    title="near-duplicate",
    remedy="Look at both; keep the one that says more, archive the other.",
    look=look,
)
