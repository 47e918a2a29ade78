"""RUL: lineage in words that the rule does not know."""

from collections.abc import Iterator

from curator.audit.values import AuditCheck, Evidence, Found


def failure_type_unknown(evidence: Evidence) -> Iterator[Found]:
    if evidence.rule is None:
        return
    for item, lineage in evidence.ours():
        if (
            lineage.get("failure_type") is not None
            and lineage["failure_type"] not in evidence.rule.rule.lineage.failure_types
        ):
            yield item.id, "its failure type is none of the rule's"


def rubric_unknown(evidence: Evidence) -> Iterator[Found]:
    if evidence.rule is None:
        return
    for item, lineage in evidence.ours():
        if lineage.get("rubric") not in (None, evidence.rule.rule.lineage.rubric):
            yield item.id, "was approved under another rubric than the rule's"


def reviewer_unknown(evidence: Evidence) -> Iterator[Found]:
    if evidence.rule is None or not evidence.rule.rule.lineage.reviewers:
        return
    for item, lineage in evidence.ours():
        if lineage.get("reviewer") not in (None, *evidence.rule.rule.lineage.reviewers):
            yield item.id, "was approved by somebody whom the rule does not name as a reviewer"


CHECKS = (
    AuditCheck(
        code="RUL001",
        severity="warning",
        title="failure type unknown to the rule",
        remedy="Add the type to the rule's `lineage.failure_types`, or correct the item.",
        look=failure_type_unknown,
    ),
    AuditCheck(
        code="RUL002",
        severity="warning",
        title="rubric is not the rule's",
        remedy="Review the case under the rubric of today and promote it again.",
        look=rubric_unknown,
    ),
    AuditCheck(
        code="RUL003",
        severity="warning",
        title="reviewer unknown to the rule",
        remedy="Add the reviewer to the rule's `lineage.reviewers`, or have the case reviewed again.",
        look=reviewer_unknown,
    ),
)
