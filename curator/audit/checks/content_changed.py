"""CON001 and CON005: what stands there is not what was approved."""

from collections.abc import Iterator, Sequence

from curator.audit.values import AuditCheck, Evidence, Found

SHOWN = 8


def content(evidence: Evidence) -> Iterator[Found]:
    for item in evidence.distinct():
        facts = evidence.facts.get(item.id)
        if facts is None:
            continue
        approved = evidence.lineage(item).get("fingerprints")
        changed = [
            name
            for name, now in (("input", facts.input_fingerprint), ("expected_output", facts.expected_fingerprint))
            if isinstance(approved, dict) and now is not None and approved.get(name) not in (None, now)
        ]
        if changed or facts.content_changes:
            yield item.id, f"{' and '.join(changed) or 'content'} changed after approval{_named(facts.content_changes)}"


def lineage(evidence: Evidence) -> Iterator[Found]:
    for item in evidence.distinct():
        facts = evidence.facts.get(item.id)
        if facts is not None and facts.lineage_changes:
            yield item.id, f"lineage changed after approval{_named(facts.lineage_changes)}"


def _named(changes: Sequence[str]) -> str:
    more = f" and {len(changes) - SHOWN} more" if len(changes) > SHOWN else ""
    return f": {'; '.join(changes[:SHOWN])}{more}" if changes else ""


CHECK = AuditCheck(
    code="CON001",
    severity="error",
    title="content changed since approval",
    remedy="Look at the change (`curator audit DATASET ITEM`); promote anew, or restore what was approved.",
    look=content,
)
LINEAGE = AuditCheck(
    code="CON005",
    severity="error",
    title="lineage changed since approval",
    remedy="Look at the change (`curator audit DATASET ITEM`); restore what was approved, or approve it anew.",
    look=lineage,
)
