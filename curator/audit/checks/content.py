"""CON: what stands there is not what was approved, or not by today's rule."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from curator.audit.values import AuditCheck, Evidence, Found
from curator.draft.mapping import schema_fingerprint

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


CLOCK_TOLERANCE = timedelta(seconds=5)
"""How far the server's clock may be ahead of this machine's before a write counts as a later one."""


def edited_outside(evidence: Evidence) -> Iterator[Found]:
    if evidence.version is not None:
        return
    for item in evidence.distinct():
        promoted = evidence.promoted.get(item.id)
        if promoted is None:
            continue
        # The server's own time of curator's write is exact; without a write only this machine's clock is known.
        latest = promoted.written or promoted.touched + CLOCK_TOLERANCE
        if item.updated_at > latest:
            yield item.id, f"written again at {item.updated_at:%Y-%m-%d %H:%M}, after curator had verified it"


def rule_older(evidence: Evidence) -> Iterator[Found]:
    if evidence.rule is None:
        return
    rule = evidence.rule.rule
    for item, lineage in evidence.ours():
        version = lineage.get("rule_version")
        if lineage.get("rule") == rule.rule and isinstance(version, int) and version < rule.version:
            yield item.id, f"approved under version {version} of rule {rule.rule}, which is at version {rule.version}"


def schema_older(evidence: Evidence) -> Iterator[Found]:
    if evidence.rule is None:
        return
    today = schema_fingerprint(evidence.rule)
    for item, lineage in evidence.ours():
        if lineage.get("rule") == evidence.rule.rule.rule and lineage.get("schema_fingerprint") not in (None, today):
            yield item.id, "the rule's schemas are not those under which it was approved"


CHECKS = (
    AuditCheck(
        code="CON001",
        severity="error",
        title="content changed since approval",
        remedy="Look at the change (`curator audit DATASET ITEM`); promote anew, or restore what was approved.",
        look=content,
    ),
    AuditCheck(
        code="CON005",
        severity="error",
        title="lineage changed since approval",
        remedy="Look at the change (`curator audit DATASET ITEM`); restore what was approved, or approve it anew.",
        look=lineage,
    ),
    AuditCheck(
        code="CON002",
        severity="warning",
        title="written outside curator",
        remedy="Look at the versions (`curator audit DATASET ITEM`); promote again to make it curator's.",
        look=edited_outside,
    ),
    AuditCheck(
        code="CON003",
        severity="info",
        title="approved under an older rule",
        remedy="Read what changed in the rule; promote again if it matters for this case.",
        look=rule_older,
    ),
    AuditCheck(
        code="CON004",
        severity="warning",
        title="approved under another schema",
        remedy="Promote again under the rule's schema of today, or archive the case.",
        look=schema_older,
    ),
)
