"""REC001: archived, though a receipt says it was promoted."""

from collections.abc import Iterator

from curator.audit.values import AuditCheck, Evidence, Found


def look(evidence: Evidence) -> Iterator[Found]:
    listed = {item.id for item in evidence.items}
    for item_id in sorted(evidence.promoted.keys() - listed):
        stored = evidence.by_id.get(item_id)
        if stored is not None and stored.status == "ARCHIVED":
            yield item_id, "is ARCHIVED: no experiment runs it"


CHECK = AuditCheck(
    code="REC001",
    severity="info",
    title="archived, though a receipt says it was promoted",
    remedy="Revive it (`--remedy unarchive`) if it should run; else nothing.",
    look=look,
)
