"""CON002: written outside curator."""

from collections.abc import Iterator
from datetime import timedelta

from curator.audit.values import AuditCheck, Evidence, Found

CLOCK_TOLERANCE = timedelta(seconds=5)
"""How far the server's clock may be ahead of this machine's before a write counts as a later one."""


def look(evidence: Evidence) -> Iterator[Found]:
    if evidence.version is not None:
        return
    for item in evidence.distinct():
        promoted = evidence.promoted.get(item.id)
        if promoted is None:
            continue
        # The server's own time of curator's write is exact; without a write only this machine's clock is known.
        latest = promoted.written or promoted.touched + CLOCK_TOLERANCE
        if item.updated_at > latest:
            yield item.id, f"written again at {item.updated_at:%Y-%m-%d %H:%M}, after curator had verified it"


CHECK = AuditCheck(
    code="CON002",
    severity="warning",
    title="written outside curator",
    remedy="Look at the versions (`curator audit DATASET ITEM`); promote again to make it curator's.",
    look=look,
)
