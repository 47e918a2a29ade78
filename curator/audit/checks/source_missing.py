"""LIN004: source trace does not exist."""

from collections.abc import Iterator

from curator.audit.sources import gone_sources, is_past_retention
from curator.audit.values import AuditCheck, Evidence, Found


def look(evidence: Evidence) -> Iterator[Found]:
    for item, trace_id in gone_sources(evidence):
        if not is_past_retention(evidence, item):
            yield (
                item.id,
                f"source trace {trace_id} has no observation in this project, and retention does not explain it",
            )


CHECK = AuditCheck(
    code="LIN004",
    severity="error",
    title="source trace does not exist",
    remedy="Check the trace id and the project. Deleted on request? Then the item may have to go too.",
    look=look,
)
