"""IDN001: id is not derived from the source."""

from collections.abc import Iterator

from curator.audit.values import AuditCheck, Evidence, Found
from curator.model.lineage import REVIEWED_FAILURE, is_own_id


def look(evidence: Evidence) -> Iterator[Found]:
    pinned = set(evidence.rule.rule.id.pin.values()) if evidence.rule else set()
    seeds = {seed.id for seed in evidence.rule.rule.seed} if evidence.rule else set()
    for item, lineage in evidence.ours():
        if item.id in pinned or item.id in seeds or lineage.get("source") != REVIEWED_FAILURE:
            continue
        trace_id = str(lineage.get("source_trace_id") or item.source_trace_id)
        case = str(lineage.get("case", "1"))
        if not is_own_id(item.id, evidence.dataset.name, trace_id, item.source_observation_id, case):
            yield item.id, "the id is neither derived from its source nor pinned by the rule"


CHECK = AuditCheck(
    code="IDN001",
    severity="info",
    title="id is not derived from the source",
    remedy="Nothing, if the rule pins it; else promote the case under its derived id and archive this one.",
    look=look,
)
