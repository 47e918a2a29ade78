"""RUL003: reviewer unknown to the rule."""

from collections.abc import Iterator

from curator.audit.values import AuditCheck, Evidence, Found


def look(evidence: Evidence) -> Iterator[Found]:
    if evidence.rule is None or not evidence.rule.rule.lineage.reviewers:
        return
    for item, lineage in evidence.ours():
        if lineage.get("reviewer") not in (None, *evidence.rule.rule.lineage.reviewers):
            yield item.id, "was approved by somebody whom the rule does not name as a reviewer"


CHECK = AuditCheck(
    code="RUL003",
    severity="warning",
    title="reviewer unknown to the rule",
    remedy="Add the reviewer to the rule's `lineage.reviewers`, or have the case reviewed again.",
    look=look,
)
