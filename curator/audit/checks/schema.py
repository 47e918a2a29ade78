"""SCH: content and schemas disagree."""

from collections.abc import Iterator

from curator.audit.values import AuditCheck, Evidence, Found
from curator.model.lineage import fingerprint


def input_schema(evidence: Evidence) -> Iterator[Found]:
    for item in evidence.distinct():
        facts = evidence.facts.get(item.id)
        for problem in facts.schema_problems if facts else ():
            if problem.startswith("input"):
                yield item.id, problem


def expected_schema(evidence: Evidence) -> Iterator[Found]:
    for item in evidence.distinct():
        facts = evidence.facts.get(item.id)
        for problem in facts.schema_problems if facts else ():
            if problem.startswith("expected_output"):
                yield item.id, problem


def dataset_schema(evidence: Evidence) -> Iterator[Found]:
    if evidence.rule is None:
        return
    for name, at_server, of_rule in (
        ("input", evidence.dataset.input_schema, evidence.rule.input_schema),
        ("expected output", evidence.dataset.expected_output_schema, evidence.rule.expected_output_schema),
    ):
        if at_server is None:
            yield None, f"the dataset enforces no {name} schema, the rule has one"
        elif fingerprint(at_server) != fingerprint(of_rule):
            yield None, f"the dataset enforces another {name} schema than the rule"


CHECKS = (
    AuditCheck(
        code="SCH001",
        severity="error",
        title="input violates the schema",
        remedy="Mend the item by promoting the case again; the runner reads exactly this shape.",
        look=input_schema,
    ),
    AuditCheck(
        code="SCH002",
        severity="error",
        title="expected_output violates the schema",
        remedy="Mend the item by promoting the case again; the runner reads exactly this shape.",
        look=expected_schema,
    ),
    AuditCheck(
        code="SCH003",
        severity="warning",
        title="dataset and rule have different schemas",
        remedy="`curator seed --rules RULE` brings the dataset's schemas up to the rule's; check the"
        " other items first.",
        look=dataset_schema,
    ),
)
