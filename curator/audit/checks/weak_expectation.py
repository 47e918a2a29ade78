"""EXP002: the recorded failure passes the checks."""

from collections.abc import Iterator

from curator.audit.values import AuditCheck, Evidence, Found


def look(evidence: Evidence) -> Iterator[Found]:
    for item in evidence.distinct():
        facts = evidence.facts.get(item.id)
        if facts is not None and facts.recorded_passes and not facts.empty_expectation:
            yield item.id, "the failing output that it was made from passes every check of the rule"


CHECK = AuditCheck(
    code="EXP002",
    severity="warning",
    title="the recorded failure passes the checks",
    remedy="Sharpen the expectation until the recorded failure fails it.",
    look=look,
)
