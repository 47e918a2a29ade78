"""LIN006: source is not the one recorded."""

from collections.abc import Iterator

from curator.audit.values import AuditCheck, Evidence, Found


def look(evidence: Evidence) -> Iterator[Found]:
    for item, lineage in evidence.ours():
        root = evidence.sources.get(str(lineage.get("source_trace_id") or item.source_trace_id))
        if root is None:
            continue
        for key, actual in (("source_session_id", root.session_id), ("source_environment", root.environment)):
            recorded = lineage.get(key)
            # A session id that held a personal value was replaced by the scrub: nothing to compare.
            if isinstance(recorded, str) and "<" not in recorded and recorded != (actual or ""):
                yield item.id, f"{key} is not what the source trace says today"
        if item.source_trace_id and lineage.get("source_trace_id") not in (None, item.source_trace_id):
            yield item.id, "metadata and Langfuse's own field name different source traces"


CHECK = AuditCheck(
    code="LIN006",
    severity="error",
    title="source is not the one recorded",
    remedy="Compare the trace with the recorded session and environment; correct the lineage or archive the item.",
    look=look,
)
