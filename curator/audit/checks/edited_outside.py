"""CON002: written outside curator."""

from collections.abc import Iterator

from curator.audit.values import CLOCK_TOLERANCE, AuditCheck, Evidence, Found


def look(evidence: Evidence) -> Iterator[Found]:
    if evidence.version is not None:
        return
    for item in evidence.distinct():
        receipt = evidence.receipts.get(item.id)
        if receipt is not None and receipt.ok and item.updated_at > receipt.at + CLOCK_TOLERANCE:
            yield item.id, f"written again at {item.updated_at:%Y-%m-%d %H:%M}, after the last receipt"


CHECK = AuditCheck(
    code="CON002",
    severity="warning",
    title="written outside curator",
    remedy="Look at the versions (`curator audit DATASET ITEM`); promote again to make it curator's.",
    look=look,
)
