"""REC: receipts and items that lack each other."""

from collections.abc import Iterator

from curator.audit.values import AuditCheck, Evidence, Found


def archived_receipt(evidence: Evidence) -> Iterator[Found]:
    listed = {item.id for item in evidence.items}
    for item_id in sorted(evidence.promoted.keys() - listed):
        stored = evidence.by_id.get(item_id)
        if stored is not None and stored.status == "ARCHIVED":
            yield item_id, "is ARCHIVED: no experiment runs it"


def receipt_without_item(evidence: Evidence) -> Iterator[Found]:
    listed = {item.id for item in evidence.items}
    for item_id in sorted(evidence.promoted.keys() - listed):
        if item_id in evidence.by_id and evidence.by_id[item_id] is None:
            yield item_id, "was promoted and verified, and does not exist any more"


def item_without_receipt(evidence: Evidence) -> Iterator[Found]:
    if not evidence.has_journal:
        return
    for item, lineage in evidence.ours():
        if lineage.get("curator_version") and item.id not in evidence.promoted:
            yield item.id, "says that curator wrote it, but this machine's journal holds no receipt"


CHECKS = (
    AuditCheck(
        code="REC001",
        severity="info",
        title="archived, though a receipt says it was promoted",
        remedy="Revive it (`--remedy unarchive`) if it should run; else nothing.",
        look=archived_receipt,
    ),
    AuditCheck(
        code="REC002",
        severity="error",
        title="receipt without item",
        remedy="Find out who deleted it; promote the trace again if the case is still wanted.",
        look=receipt_without_item,
    ),
    AuditCheck(
        code="REC003",
        severity="info",
        title="item without receipt",
        remedy="Nothing, if another reviewer's machine promoted it; `curator log --json` there has the receipt.",
        look=item_without_receipt,
    ),
)
