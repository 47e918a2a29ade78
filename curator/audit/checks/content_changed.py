"""CON001: content changed since approval."""

from collections.abc import Iterator

from curator.audit.values import AuditCheck, Evidence, Found


def look(evidence: Evidence) -> Iterator[Found]:
    for item, lineage in evidence.ours():
        approved = lineage.get("fingerprints")
        facts = evidence.facts.get(item.id)
        if not isinstance(approved, dict) or facts is None:
            continue
        changed = [
            name
            for name, now in (("input", facts.input_fingerprint), ("expected_output", facts.expected_fingerprint))
            if now is not None and approved.get(name) not in (None, now)
        ]
        if changed:
            yield item.id, f"{' and '.join(changed)} changed after approval"


CHECK = AuditCheck(
    code="CON001",
    severity="error",
    title="content changed since approval",
    remedy="Look at the change (`curator audit DATASET ITEM`); promote anew, or restore what was approved.",
    look=look,
)
