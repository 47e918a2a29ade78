"""EXP001: empty expectation."""

from collections.abc import Iterator

from curator.audit.values import AuditCheck, Evidence, Found


def look(evidence: Evidence) -> Iterator[Found]:
    for item in evidence.distinct():
        facts = evidence.facts.get(item.id)
        if facts is not None and facts.empty_expectation:
            yield item.id, "the expected output demands nothing"


CHECK = AuditCheck(
    code="EXP001",
    severity="error",
    title="empty expectation",
    remedy="Say what must be true: outcome, must_mention, must_not_mention.",
    look=look,
)
