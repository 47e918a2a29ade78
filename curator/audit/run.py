"""The audit: gather the evidence, examine every item, make every check, sum up."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from curator.audit.workers import Workers, examine_all

from curator import lineage
from curator.audit.checks import CHECKS
from curator.audit.gather import Progress, gather
from curator.audit.values import AuditFinding, AuditReport, Evidence
from curator.gateway import Gateway
from curator.journal import Journal
from curator.rulebook import LoadedRule


def audit(
    gateway: Gateway,
    journal: Journal | None,
    dataset: str,
    rule: LoadedRule | None,
    *,
    at: datetime,
    workers: Workers,
    version: datetime | None = None,
    deep: bool = False,
    progress: Progress = lambda what, done, total: None,
) -> AuditReport:
    """Audits the lineage of a dataset; writes nothing.

    Without a rule the checks that need one find nothing and the report says so. Raises UsageError for an unknown
    dataset, GatewayError, and NotScrubbed only if the scrub cannot start at all.
    """
    before = gateway.requests
    gathered = gather(gateway, journal, dataset, rule, at=at, version=version, deep=deep, progress=progress)
    evidence = gathered.evidence
    facts = examine_all(list(evidence.distinct()), rule, gathered.recorded, workers, progress)
    evidence = evidence.model_copy(update={"facts": {each.item_id: each for each in facts}})
    return report_of(evidence, requests=gateway.requests - before)


def report_of(evidence: Evidence, *, requests: int = 0) -> AuditReport:
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
    return AuditReport(
        dataset=evidence.dataset.name,
        version=evidence.version,
        at=evidence.at,
        items=len(items),
        rule=evidence.rule.rule.rule if evidence.rule else None,
        findings=tuple(findings),
        checks=tuple(check.code for check in CHECKS),
        not_looked_at=tuple(left_out),
        failure_types=_count([each.get(lineage.FAILURE_TYPE) for each in lineages]),
        reviewers=_count([each.get("reviewer") for each in lineages]),
        signals=_count([name for each in lineages for name in _signal_names(each.get("signals"))]),
        flows=_flows(lineages),
        ages=_ages([each.get("approved_at") for each in lineages], evidence.at),
        requests=requests,
    )


def _count(values: Sequence[object]) -> dict[str, int]:
    counted = Counter(value if isinstance(value, str) and value else "unknown" for value in values)
    return dict(sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])))


def _signal_names(signals: object) -> list[str]:
    """Each name once per item."""
    if not isinstance(signals, list):
        return []
    return sorted({str(each.get("name")) for each in signals if isinstance(each, dict) and each.get("name")})


def _flows(lineages: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    flows: dict[str, Counter[str]] = {}
    for each in lineages:
        failure_type = each.get(lineage.FAILURE_TYPE)
        target = failure_type if isinstance(failure_type, str) and failure_type else "unknown"
        for name in _signal_names(each.get("signals")) or ["unknown"]:
            flows.setdefault(name, Counter())[target] += 1
    return {name: dict(sorted(counts.items())) for name, counts in sorted(flows.items())}


_AGES = (
    (timedelta(days=7), "under a week"),
    (timedelta(days=30), "under a month"),
    (timedelta(days=90), "under three months"),
    (timedelta(days=365), "under a year"),
)


def _ages(approved: Sequence[object], at: datetime) -> dict[str, int]:
    counted: Counter[str] = Counter()
    for value in approved:
        try:
            time = datetime.fromisoformat(str(value))
            age = at - time
        except (ValueError, TypeError):
            counted["unknown"] += 1
            continue
        counted[next((words for limit, words in _AGES if age < limit), "a year or more")] += 1
    order = [words for _, words in _AGES] + ["a year or more", "unknown"]
    return {words: counted[words] for words in order if counted[words]}
