"""LIN004: source trace does not exist."""

from collections.abc import Iterator

from curator.audit.sources import gone_sources, is_past_retention, was_seen
from curator.audit.values import AuditCheck, Evidence, Found


def look(evidence: Evidence) -> Iterator[Found]:
    for item, trace_id in gone_sources(evidence):
        if is_past_retention(evidence, item):
            continue
        if was_seen(evidence, item):
            yield item.id, f"source trace {trace_id} was there when the item was approved and is gone before its time"
        else:
            yield item.id, f"source trace {trace_id} is not in this project, and nothing shows that it ever was"


CHECK = AuditCheck(
    code="LIN004",
    severity="error",
    title="source trace does not exist",
    remedy="Deleted on request? Then the item may have to go too (`curator erase`). Else check trace id and project.",
    look=look,
)
