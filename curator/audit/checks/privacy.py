"""PII: personal values and secrets in an item."""

from collections.abc import Iterator

from curator.audit.values import AuditCheck, Evidence, Found


def personal_values(evidence: Evidence) -> Iterator[Found]:
    for item in evidence.distinct():
        facts = evidence.facts.get(item.id)
        if facts is not None and facts.unscrubbed:
            yield item.id, f"could not be scrubbed: {facts.unscrubbed}"
        if facts is not None and facts.personal:
            counts = ", ".join(f"{count} {entity}" for entity, count in sorted(facts.personal.items()))
            yield item.id, f"the scrub of today finds {counts}"


def secrets(evidence: Evidence) -> Iterator[Found]:
    for item in evidence.distinct():
        facts = evidence.facts.get(item.id)
        if facts is not None and facts.secrets:
            counts = ", ".join(f"{count} {entity}" for entity, count in sorted(facts.secrets.items()))
            yield item.id, f"the scrub of today finds {counts}"


CHECKS = (
    AuditCheck(
        code="PII001",
        severity="error",
        title="personal values found today",
        remedy="Re-scrub the item (`curator audit DATASET --fix rescrub`), or promote again and keep them"
        " with a reason.",
        look=personal_values,
    ),
    AuditCheck(
        code="PII002",
        severity="error",
        title="secrets found today",
        remedy="Re-scrub the item (`curator audit DATASET --fix rescrub`); revoke the secret: it has been"
        " in a dataset.",
        look=secrets,
    ),
)
