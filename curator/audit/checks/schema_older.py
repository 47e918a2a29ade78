"""CON004: approved under another schema."""

from collections.abc import Iterator

from curator.audit.values import AuditCheck, Evidence, Found
from curator.draft.mapping import schema_fingerprint


def look(evidence: Evidence) -> Iterator[Found]:
    if evidence.rule is None:
        return
    today = schema_fingerprint(evidence.rule)
    for item, lineage in evidence.ours():
        if lineage.get("rule") == evidence.rule.rule.rule and lineage.get("schema_fingerprint") not in (None, today):
            yield item.id, "the rule's schemas are not those under which it was approved"


CHECK = AuditCheck(
    code="CON004",
    severity="warning",
    title="approved under another schema",
    remedy="Promote again under the rule's schema of today, or archive the case.",
    look=look,
)
