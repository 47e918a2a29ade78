"""RUN002: never failed in any run."""

from collections.abc import Iterator

from curator.audit.outcomes import MIN_RUNS, verdicts
from curator.audit.values import AuditCheck, Evidence, Found


def look(evidence: Evidence) -> Iterator[Found]:
    for item_id, outcomes in verdicts(evidence).items():
        if len(outcomes) >= MIN_RUNS and all(outcomes):
            yield item_id, f"passed in all {len(outcomes)} runs: too weak, or the failure was never reproduced"


CHECK = AuditCheck(
    code="RUN002",
    severity="info",
    title="never failed in any run",
    remedy="`curator prove ITEM` says whether it fails where it should; sharpen it if not.",
    look=look,
)
