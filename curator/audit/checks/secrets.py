"""PII002: secrets found today."""

from collections.abc import Iterator

from curator.audit.values import AuditCheck, Evidence, Found


def look(evidence: Evidence) -> Iterator[Found]:
    for item in evidence.distinct():
        facts = evidence.facts.get(item.id)
        if facts is not None and facts.secrets:
            counts = ", ".join(f"{count} {entity}" for entity, count in sorted(facts.secrets.items()))
            yield item.id, f"the scrub of today finds {counts}"


CHECK = AuditCheck(
    code="PII002",
    severity="error",
    title="secrets found today",
    remedy="Re-scrub the item (`curator audit DATASET --fix rescrub`); revoke the secret: it has been in a dataset.",
    look=look,
)
