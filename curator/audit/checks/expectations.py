"""EXP: expectations that protect nothing."""

from collections.abc import Iterator

from curator.audit.values import AuditCheck, Evidence, Found


def empty_expectation(evidence: Evidence) -> Iterator[Found]:
    for item in evidence.distinct():
        facts = evidence.facts.get(item.id)
        if facts is not None and facts.empty_expectation:
            yield item.id, "the expected output demands nothing"


def weak_expectation(evidence: Evidence) -> Iterator[Found]:
    for item in evidence.distinct():
        facts = evidence.facts.get(item.id)
        if facts is not None and facts.recorded_passes and not facts.empty_expectation:
            yield item.id, "the failing output that it was made from passes every check of the rule"


CHECKS = (
    AuditCheck(
        code="EXP001",
        severity="error",
        title="empty expectation",
        remedy="Say what must be true: outcome, must_mention, must_not_mention.",
        look=empty_expectation,
    ),
    AuditCheck(
        code="EXP002",
        severity="warning",
        title="the recorded failure passes the checks",
        remedy="Sharpen the expectation until the recorded failure fails it.",
        look=weak_expectation,
    ),
)
