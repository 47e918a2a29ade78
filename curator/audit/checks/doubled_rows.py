"""IDN002: the same id is current more than once."""

from collections import Counter
from collections.abc import Iterator

from curator.audit.values import AuditCheck, Evidence, Found
from curator.lineage import content_fingerprint


def look(evidence: Evidence) -> Iterator[Found]:
    listed = Counter(item.id for item in evidence.items)
    for item_id, rows in listed.items():
        if rows > 1:
            yield item_id, f"{rows} rows of this id are current at once"
    surplus = evidence.total_items - len(evidence.items)
    if surplus:
        yield (
            None,
            f"the server counts {evidence.total_items} items but lists {len(evidence.items)}: some id has doubled rows",
        )
    for item in evidence.distinct():
        by_id = evidence.by_id.get(item.id)
        if by_id is not None and content_fingerprint(by_id) != content_fingerprint(item):
            yield item.id, "the list and the read by id disagree about its content"


CHECK = AuditCheck(
    code="IDN002",
    severity="error",
    title="the same id is current more than once",
    remedy="Repair it: `curator promote TRACE --rules RULE --remedy repair`.",
    look=look,
)
