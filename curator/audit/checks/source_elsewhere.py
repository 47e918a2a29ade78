"""LIN006: source is not the one recorded."""

from collections.abc import Iterator

from curator.audit.values import AuditCheck, Evidence, Found, trace_of


def look(evidence: Evidence) -> Iterator[Found]:
    paths = evidence.rule.rule.scrub.paths if evidence.rule is not None else ()
    treated = {path.path.rpartition(".")[2] for path in paths}
    for item, lineage in evidence.ours():
        if item.source_trace_id and lineage.get("source_trace_id") not in (None, item.source_trace_id):
            yield item.id, "metadata and Langfuse's own field name different source traces"
            continue
        root = evidence.sources.get(trace_of(item) or "")
        if root is None:
            continue
        for key, actual in (("source_session_id", root.session_id), ("source_environment", root.environment)):
            recorded = lineage.get(key)
            # A session id that held a personal value was replaced by the scrub: nothing to compare.
            replaced = not isinstance(recorded, str) or "<" in recorded or key in treated
            if not replaced and recorded != (actual or ""):
                yield item.id, f"{key} is not what the source trace says today"


CHECK = AuditCheck(
    code="LIN006",
    severity="error",
    title="source is not the one recorded",
    remedy="Compare the trace with the recorded session and environment; correct the lineage or archive the item.",
    look=look,
)
