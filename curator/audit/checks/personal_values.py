"""PII001: personal values found today."""

from collections.abc import Iterator

from curator.audit.values import AuditCheck, Evidence, Found


def look(evidence: Evidence) -> Iterator[Found]:
    for item in evidence.distinct():
        facts = evidence.facts.get(item.id)
        if facts is not None and facts.unscrubbed:
            yield item.id, f"could not be scrubbed: {facts.unscrubbed}"
        if facts is not None and facts.personal:
            counts = ", ".join(f"{count} {entity}" for entity, count in sorted(facts.personal.items()))
            yield item.id, f"the scrub of today finds {counts}"


CHECK = AuditCheck(
    code="PII001",
    severity="error",
    title="personal values found today",
    remedy="Re-scrub the item (`curator audit DATASET --fix rescrub`), or promote again and keep them with a reason.",
    look=look,
)
