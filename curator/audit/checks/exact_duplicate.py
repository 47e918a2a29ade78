"""DUP001: exact duplicate."""

from collections import defaultdict
from collections.abc import Iterator

from curator.audit.values import AuditCheck, Evidence, Found


def look(evidence: Evidence) -> Iterator[Found]:
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for item in evidence.distinct():
        if (facts := evidence.facts.get(item.id)) is not None:
            groups[facts.input_fingerprint, facts.expected_fingerprint].append(item.id)
    for ids in groups.values():
        first, *others = sorted(ids)
        for other in others:
            yield other, f"same input and expected output as {first}"


CHECK = AuditCheck(
    code="DUP001",
    severity="warning",
    title="exact duplicate",
    remedy="Archive all but one (`curator audit DATASET --fix duplicates`).",
    look=look,
)
