"""Source traces that are gone: expired under retention, or never there, as far as the server lets one tell."""

from collections.abc import Iterator
from datetime import timedelta

from curator.audit.values import Evidence, time_of, trace_of
from curator.model import StoredItem

REVIEW_LAG = timedelta(days=14)
"""A trace is older than its review: retention may have taken it that much earlier than the approval lets one think."""


def gone_sources(evidence: Evidence) -> Iterator[tuple[StoredItem, str]]:
    """Items whose source trace has no observation, with the trace id."""
    for item in evidence.distinct():
        trace_id = trace_of(item)
        if trace_id is not None and trace_id not in evidence.sources:
            yield item, trace_id


def is_past_retention(evidence: Evidence, item: StoredItem) -> bool:
    """Whether the retention period explains that the source is gone.

    It does when the item was approved before the period began, give or take the time between a trace and its review.
    """
    approved = time_of(evidence.lineage(item).get("approved_at"))
    if not evidence.retention_days or approved is None:
        return False
    return evidence.at - approved > timedelta(days=evidence.retention_days) - REVIEW_LAG


def was_seen(evidence: Evidence, item: StoredItem) -> bool:
    """Whether something proves that the source once existed: a receipt, or the lineage that curator read from it."""
    return item.id in evidence.promoted or bool(evidence.lineage(item).get("curator_version"))
