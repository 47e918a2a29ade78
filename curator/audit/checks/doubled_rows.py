"""IDN002: the same id is current more than once."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from curator.audit.values import AuditCheck, Evidence, Found


def look(evidence: Evidence) -> Iterator[Found]:
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


CHECK = AuditCheck(
    code="IDN002",
    severity="error",
    title="the same id is current more than once",
    remedy="Repair it: `curator promote TRACE --rules RULE --remedy repair`.",
    look=look,
)
