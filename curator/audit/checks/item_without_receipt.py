"""REC003: item without receipt."""

from collections.abc import Iterator

from curator.audit.values import AuditCheck, Evidence, Found


def look(evidence: Evidence) -> Iterator[Found]:
    if not evidence.has_journal:
        return
    for item, lineage in evidence.ours():
        if lineage.get("curator_version") and item.id not in evidence.promoted:
            yield item.id, "says that curator wrote it, but this machine's journal holds no receipt"


CHECK = AuditCheck(
    code="REC003",
    severity="info",
    title="item without receipt",
    remedy="Nothing, if another reviewer's machine promoted it; `curator log --json` there has the receipt.",
    look=look,
)
