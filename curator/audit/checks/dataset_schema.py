"""SCH003: dataset and rule have different schemas."""

from collections.abc import Iterator

from curator.audit.values import AuditCheck, Evidence, Found
from curator.model.lineage import fingerprint


def look(evidence: Evidence) -> Iterator[Found]:
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


CHECK = AuditCheck(
    code="SCH003",
    severity="warning",
    title="dataset and rule have different schemas",
    remedy="`curator seed --rules RULE` brings the dataset's schemas up to the rule's; check the other items first.",
    look=look,
)
