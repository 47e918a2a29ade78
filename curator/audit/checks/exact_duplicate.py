"""DUP001: exact duplicate."""

from collections.abc import Iterator

from curator.audit.duplicates import exact_duplicates
from curator.audit.values import AuditCheck, Evidence, Found


def look(evidence: Evidence) -> Iterator[Found]:
    for original, other in exact_duplicates(evidence):
        yield other.id, f"same input and expected output as {original.id}"


CHECK = AuditCheck(
    code="DUP001",
    severity="warning",
    title="exact duplicate",
    remedy="Archive all but one (`curator audit DATASET --fix duplicates`).",
    look=look,
)
