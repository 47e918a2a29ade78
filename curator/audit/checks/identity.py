"""IDN: ids that are not curator's own, or current more than once."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from curator.audit.values import AuditCheck, Evidence, Found
from curator.model.lineage import REVIEWED_FAILURE, is_own_id


def foreign_id(evidence: Evidence) -> Iterator[Found]:
    pinned = set(evidence.rule.rule.id.pin.values()) if evidence.rule else set()
    seeds = {seed.id for seed in evidence.rule.rule.seed} if evidence.rule else set()
    for item, lineage in evidence.ours():
        if item.id in pinned or item.id in seeds or lineage.get("source") != REVIEWED_FAILURE:
            continue
        trace_id = str(lineage.get("source_trace_id") or item.source_trace_id)
        case = str(lineage.get("case", "1"))
        if not is_own_id(item.id, evidence.dataset.name, trace_id, item.source_observation_id, case):
            yield item.id, "the id is neither derived from its source nor pinned by the rule"


def doubled_rows(evidence: Evidence) -> Iterator[Found]:
    # A page that shifts while it is read shows the very same row again: only different versions are several rows.
    versions: dict[str, set[datetime]] = defaultdict(set)
    for item in evidence.items:
        versions[item.id].add(item.updated_at)
    found = 0
    for item in evidence.distinct():
        rows = len(versions[item.id])
        by_id = evidence.by_id.get(item.id)
        if rows > 1:
            found += rows - 1
            yield item.id, f"{rows} rows of this id are current at once"
        elif by_id is not None and by_id.updated_at < item.updated_at:
            found += 1
            yield item.id, "the list shows a newer row of this id than reading it by id does"
    left = evidence.uncounted - found
    if left > 0:
        yield None, f"the server counts {left} more rows than ids: some ids are current more than once"


CHECKS = (
    AuditCheck(
        code="IDN001",
        severity="info",
        title="id is not derived from the source",
        remedy="Nothing, if the rule pins it; else promote the case under its derived id and archive this one.",
        look=foreign_id,
    ),
    AuditCheck(
        code="IDN002",
        severity="error",
        title="the same id is current more than once",
        remedy="Repair it: `curator promote TRACE --rules RULE --remedy repair`.",
        look=doubled_rows,
    ),
)
