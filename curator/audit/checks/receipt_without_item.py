"""REC002: receipt without item."""

from collections.abc import Iterator

from curator.audit.values import AuditCheck, Evidence, Found


def look(evidence: Evidence) -> Iterator[Found]:
    listed = {item.id for item in evidence.items}
    for item_id in sorted(evidence.promoted.keys() - listed):
        if item_id in evidence.by_id and evidence.by_id[item_id] is None:
            yield item_id, "was promoted and verified, and does not exist any more"


CHECK = AuditCheck(
    code="REC002",
    severity="error",
    title="receipt without item",
    remedy="Find out who deleted it; promote the trace again if the case is still wanted.",
    look=look,
)
