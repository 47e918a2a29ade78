"""The audit: gather the evidence, examine every item, make every check, sum up."""

from datetime import datetime
from pathlib import Path

from curator.audit.checks import CHECKS
from curator.audit.examine import OpenScrub, Standards
from curator.audit.gather import Gathering
from curator.audit.labels import without
from curator.audit.summary import ages, count, flows, signals
from curator.audit.values import AuditFinding, AuditReport, Evidence, ItemFacts, Progress, silent
from curator.audit.workers import Workers
from curator.gateway import Gateway
from curator.journal import Journal
from curator.model import ScrubPolicy
from curator.model.lineage import FAILURE_TYPE
from curator.promote.verify import approved_items
from curator.rulebook import LoadedRule


def audit(
    gateway: Gateway,
    journal: Journal | None,
    dataset: str,
    rule: LoadedRule | None,
    *,
    at: datetime,
    workers: Workers,
    scrub: OpenScrub,
    policy: ScrubPolicy | None = None,
    version: datetime | None = None,
    deep: bool = False,
    ledger: Path | None = None,
    progress: Progress = silent,
) -> AuditReport:
    """Audits the lineage of a dataset; writes nothing.

    `scrub` opens the scrub for each worker (`curator.scrub.Scrubber` itself); `policy` defaults to the rule's.
    `ledger`: one that a team keeps in git, for what other machines promoted. Without a rule the checks that need one
    find nothing, and the report says so. Raises UsageError for an unknown dataset or ledger, GatewayError, ConfigError
    for a cluster that cannot be used.
    """
    evidence = collect(
        gateway,
        journal,
        dataset,
        rule,
        at=at,
        workers=workers,
        scrub=scrub,
        policy=policy,
        version=version,
        deep=deep,
        ledger=ledger,
        progress=progress,
    )
    return report_of(evidence)


def collect(
    gateway: Gateway,
    journal: Journal | None,
    dataset: str,
    rule: LoadedRule | None,
    *,
    at: datetime,
    workers: Workers,
    scrub: OpenScrub,
    policy: ScrubPolicy | None = None,
    version: datetime | None = None,
    deep: bool = False,
    ledger: Path | None = None,
    progress: Progress = silent,
) -> Evidence:
    """The evidence of an audit, with every item examined; arguments and errors as of `audit`."""
    began = gateway.requests
    gathering = Gathering(gateway, journal, dataset, rule, at=at, version=version, deep=deep, progress=progress)
    approved = approved_items(journal, dataset, ledger) if version is None else {}
    policy = policy or (rule.rule.scrub if rule is not None else ScrubPolicy())
    standards = Standards(rule=rule, policy=policy, approved=approved)
    facts: dict[str, ItemFacts] = {}
    for examined in workers.run(gathering.batches(), standards, scrub):
        for each in examined:
            facts.setdefault(each.item_id, each)  # the list's first row of an id is its newest
        progress("items examined", len(facts), gathering.total)
    evidence = gathering.evidence(facts)
    return evidence.model_copy(update={"requests": gateway.requests - began})


def report_of(evidence: Evidence) -> AuditReport:
    """Makes every check on the evidence. Deterministic: findings are sorted by code, item and message."""
    findings = [
        AuditFinding(code=check.code, severity=check.severity, item_id=item_id, message=message, remedy=check.remedy)
        for check in CHECKS
        for item_id, message in check.look(evidence)
    ]
    findings.sort(key=lambda f: (f.code, f.item_id or "", f.message))
    left_out = list(evidence.not_looked_at)
    if evidence.rule is None:
        left_out.append("schemas, checks and vocabulary of a rule (none was given)")
    if not evidence.has_journal:
        left_out.append("receipts (this machine's journal holds none of this dataset)")
    items = list(evidence.distinct())
    lineages = [evidence.lineage(item) for item in items]
    report = AuditReport(
        dataset=evidence.dataset.name,
        version=evidence.version,
        at=evidence.at,
        items=len(items),
        rule=evidence.rule.rule.rule if evidence.rule else None,
        findings=tuple(findings),
        checks=tuple(check.code for check in CHECKS),
        not_looked_at=tuple(left_out),
        failure_types=count([each.get(FAILURE_TYPE) for each in lineages]),
        reviewers=count([each.get("reviewer") for each in lineages]),
        signals=signals(lineages),
        flows=flows(lineages),
        ages=ages([each.get("approved_at") for each in lineages], evidence.moment),
        requests=evidence.requests,
    )
    return without(report, {label: shown for facts in evidence.facts.values() for label, shown in facts.labels.items()})
