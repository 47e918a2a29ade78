"""RUL002: rubric is not the rule's."""

from collections.abc import Iterator

from curator.audit.values import AuditCheck, Evidence, Found


def look(evidence: Evidence) -> Iterator[Found]:
    if evidence.rule is None:
        return
    for item, lineage in evidence.ours():
        if lineage.get("rubric") not in (None, evidence.rule.rule.lineage.rubric):
            yield item.id, "was approved under another rubric than the rule's"


CHECK = AuditCheck(
    code="RUL002",
    severity="warning",
    title="rubric is not the rule's",
    remedy="Review the case under the rubric of today and promote it again.",
    look=look,
)
