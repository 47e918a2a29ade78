"""LIN005: source observation does not exist."""

from collections.abc import Iterator

from curator.audit.values import AuditCheck, Evidence, Found


def look(evidence: Evidence) -> Iterator[Found]:
    seen = evidence.source_observations
    for item in evidence.distinct() if seen is not None else ():
        observation_id, trace_id = item.source_observation_id, item.source_trace_id
        if observation_id and trace_id in evidence.sources and seen is not None and observation_id not in seen:
            yield item.id, f"trace {trace_id} exists but holds no observation {observation_id}"


CHECK = AuditCheck(
    code="LIN005",
    severity="warning",
    title="source observation does not exist",
    remedy="Check the observation id; promote the case again from the trace if it matters.",
    look=look,
)
