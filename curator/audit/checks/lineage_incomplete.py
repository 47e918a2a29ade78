"""LIN002: lineage is incomplete."""

from collections.abc import Iterator

from curator.audit.values import AuditCheck, Evidence, Found
from curator.model.lineage import REQUIRED_KEYS, REVIEWED_FAILURE


def look(evidence: Evidence) -> Iterator[Found]:
    for item in evidence.distinct():
        lineage = evidence.lineage(item)
        # Seed items are written by a rule, not by a review: they have no reviewer and no signals.
        if lineage.get("source") != REVIEWED_FAILURE:
            continue
        missing = [key for key in REQUIRED_KEYS if lineage.get(key) is None]
        if missing:
            yield item.id, f"lineage lacks {', '.join(missing)}"


CHECK = AuditCheck(
    code="LIN002",
    severity="warning",
    title="lineage is incomplete",
    remedy="Backfill it from the source trace (`curator audit DATASET --fix backfill`).",
    look=look,
)
