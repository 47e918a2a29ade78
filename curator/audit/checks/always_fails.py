"""RUN003: fails in every run."""

from collections.abc import Iterator

from curator.audit.outcomes import MIN_RUNS, verdicts
from curator.audit.values import AuditCheck, Evidence, Found


def look(evidence: Evidence) -> Iterator[Found]:
    for item_id, outcomes in verdicts(evidence).items():
        if len(outcomes) >= MIN_RUNS and not any(outcomes):
            yield item_id, f"failed in all {len(outcomes)} runs"


CHECK = AuditCheck(
    code="RUN003",
    severity="warning",
    title="fails in every run",
    remedy="Look at one of its outputs: broken expectation, broken input, or a bug that nobody has fixed.",
    look=look,
)
