"""RUL001: failure type unknown to the rule."""

from collections.abc import Iterator

from curator.audit.values import AuditCheck, Evidence, Found


def look(evidence: Evidence) -> Iterator[Found]:
    if evidence.rule is None:
        return
    for item, lineage in evidence.ours():
        if (
            lineage.get("failure_type") is not None
            and lineage["failure_type"] not in evidence.rule.rule.lineage.failure_types
        ):
            yield item.id, "its failure type is none of the rule's"


CHECK = AuditCheck(
    code="RUL001",
    severity="warning",
    title="failure type unknown to the rule",
    remedy="Add the type to the rule's `lineage.failure_types`, or correct the item.",
    look=look,
)
