"""Source traces that are gone: expired under retention, or never there, as far as the server lets one tell."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from curator.audit.values import Evidence
from curator.model import StoredItem


def gone_sources(evidence: Evidence) -> Iterator[tuple[StoredItem, str]]:
    """Items whose source trace has no observation, with the trace id."""
    for item in evidence.distinct():
        trace_id = item.source_trace_id or evidence.lineage(item).get("source_trace_id")
        if isinstance(trace_id, str) and trace_id and trace_id not in evidence.sources:
            yield item, trace_id


def is_past_retention(evidence: Evidence, item: StoredItem) -> bool:
    """Whether the project's retention period explains that the source is gone: it was approved before the period."""
    if not evidence.retention_days:
        return False
    approved = evidence.lineage(item).get("approved_at")
    try:
        time = datetime.fromisoformat(str(approved))
    except ValueError:
        return False
    if time.tzinfo is None:
        return False
    return evidence.at - time > timedelta(days=evidence.retention_days)
