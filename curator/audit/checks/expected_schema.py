"""SCH002: expected_output violates the schema."""

from collections.abc import Iterator

from curator.audit.values import AuditCheck, Evidence, Found


def look(evidence: Evidence) -> Iterator[Found]:
    for item in evidence.distinct():
        facts = evidence.facts.get(item.id)
        for problem in facts.schema_problems if facts else ():
            if problem.startswith("expected_output"):
                yield item.id, problem


CHECK = AuditCheck(
    code="SCH002",
    severity="error",
    title="expected_output violates the schema",
    remedy="Mend the item by promoting the case again; the runner reads exactly this shape.",
    look=look,
)
