"""LIN003: source trace is past retention."""

from collections.abc import Iterator

from curator.audit.sources import gone_sources, is_past_retention
from curator.audit.values import AuditCheck, Evidence, Found


def look(evidence: Evidence) -> Iterator[Found]:
    for item, trace_id in gone_sources(evidence):
        if is_past_retention(evidence, item):
            yield (
                item.id,
                f"source trace {trace_id} is gone, as the retention of {evidence.retention_days} days explains",
            )


CHECK = AuditCheck(
    code="LIN003",
    severity="info",
    title="source trace is past retention",
    remedy="Nothing: this is what retention is for. The lineage metadata is now the only record; keep it.",
    look=look,
)
