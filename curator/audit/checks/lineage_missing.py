"""LIN001: no lineage."""

from collections.abc import Iterator

from curator.audit.values import AuditCheck, Evidence, Found


def look(evidence: Evidence) -> Iterator[Found]:
    for item in evidence.distinct():
        if not evidence.lineage(item).get("source"):
            yield item.id, "nothing says why this item exists: its metadata names no source"


CHECK = AuditCheck(
    code="LIN001",
    severity="error",
    title="no lineage",
    remedy="Find out where the case came from and adopt it (`curator audit DATASET --fix adopt`), or archive it.",
    look=look,
)
