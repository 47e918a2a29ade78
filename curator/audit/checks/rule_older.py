"""CON003: approved under an older rule."""

from collections.abc import Iterator

from curator.audit.values import AuditCheck, Evidence, Found


def look(evidence: Evidence) -> Iterator[Found]:
    if evidence.rule is None:
        return
    rule = evidence.rule.rule
    for item, lineage in evidence.ours():
        version = lineage.get("rule_version")
        if lineage.get("rule") == rule.rule and isinstance(version, int) and version < rule.version:
            yield item.id, f"approved under version {version} of rule {rule.rule}, which is at version {rule.version}"


CHECK = AuditCheck(
    code="CON003",
    severity="info",
    title="approved under an older rule",
    remedy="Read what changed in the rule; promote again if it matters for this case.",
    look=look,
)
