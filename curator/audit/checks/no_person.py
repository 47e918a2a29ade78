"""LIN007: no person approved it."""

from collections.abc import Iterator

from curator.audit.values import AuditCheck, Evidence, Found
from curator.model.lineage import APPROVED_BY, APPROVED_VIA


def look(evidence: Evidence) -> Iterator[Found]:
    for item, lineage in evidence.ours():
        # Items of a curator that did not record it say nothing either way.
        if APPROVED_VIA in lineage and not lineage.get(APPROVED_BY):
            yield item.id, f"was approved by no person, only by way of a {lineage[APPROVED_VIA]}"


CHECK = AuditCheck(
    code="LIN007",
    severity="warning",
    title="no person approved it",
    remedy="Have somebody look at it and promote it again in `curator tui` or at a terminal.",
    look=look,
)
