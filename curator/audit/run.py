"""The audit: gather the evidence, examine every item, make every check, sum up."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Required, TypedDict, Unpack

from curator.audit.checks import CHECKS
from curator.audit.examine import OpenScrub, Standards
from curator.audit.gather import Gathering
from curator.audit.values import (
    UNKNOWN,
    AuditFinding,
    AuditReport,
    Evidence,
    Excuse,
    ItemFacts,
    Progress,
    signal_names,
    silent,
    time_of,
)
from curator.audit.workers import Workers
from curator.gateway import Gateway
from curator.journal import Journal
from curator.model import ScrubPolicy, StoredItem
from curator.model.item import state_of
from curator.model.lineage import FAILURE_TYPE
from curator.promote import approved_items
from curator.rulebook import LoadedRule


class Options(TypedDict, total=False):
    """How an audit is made."""

    at: Required[datetime]
    """The time of the audit."""
    workers: Required[Workers]
    scrub: Required[OpenScrub]
    """Opens the scrub for each worker; `curator.scrub.Scrubber` itself."""
    policy: ScrubPolicy | None
    """The rule's when it is left out."""
    version: datetime | None
    """The state of the dataset that is audited; now when it is left out."""
    deep: bool
    """Whether recorded outputs and runs are read without the usual bounds."""
    ledger: Path | None
    """One that a team keeps in git, for what other machines promoted."""
    progress: Progress


def audit(
    gateway: Gateway, journal: Journal | None, dataset: str, rule: LoadedRule | None, **options: Unpack[Options]
) -> AuditReport:
    """Audits the lineage of a dataset; writes nothing.

    Without a rule the checks that need one find nothing, and the report says so. Raises UsageError for an unknown
    dataset or ledger, GatewayError, ConfigError for a cluster that cannot be used.
    """
    return report_of(collect_evidence(gateway, journal, dataset, rule, **options))


def collect_evidence(
    gateway: Gateway, journal: Journal | None, dataset: str, rule: LoadedRule | None, **options: Unpack[Options]
) -> Evidence:
    """The evidence of an audit, with every item examined; arguments and errors as of `audit`."""
    version, progress = options.get("version"), options.get("progress", silent)
    began = gateway.requests
    deep = options.get("deep", False)
    gathering = Gathering(
        gateway, journal, dataset, rule, at=options["at"], version=version, deep=deep, progress=progress
    )
    approved = approved_items(journal, dataset, options.get("ledger")) if version is None else {}
    policy = options.get("policy") or (rule.rule.scrub if rule is not None else ScrubPolicy())
    standards = Standards(rule=rule, policy=policy, approved=approved)
    facts: dict[str, ItemFacts] = {}
    for examined in options["workers"].run(gathering.batches(), standards, options["scrub"]):
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
        for item_id, message in check.find(evidence)
    ]
    findings.sort(key=lambda f: (f.code, f.item_id or "", f.message))
    left_out = list(evidence.not_looked_at)
    if evidence.rule is None:
        left_out.append("schemas, checks and vocabulary of a rule (none was given)")
    if not evidence.has_journal:
        left_out.append("receipts (this machine's journal holds none of this dataset)")
    items = list(evidence.distinct())
    lineages = [item.lineage for item in items]
    kept = [scrub.get("kept") for each in lineages if isinstance(scrub := each.get("scrub"), dict)]
    if media := sum("MEDIA" in str(each) for each in kept):
        left_out.append(f"pictures, sound and files that reviewers kept ({media} items hold some)")
    report = AuditReport(
        dataset=evidence.dataset.name,
        version=evidence.version,
        at=evidence.at,
        items=len(items),
        rule=evidence.rule.rule.rule if evidence.rule else None,
        findings=tuple(findings),
        checks=tuple(check.code for check in CHECKS),
        not_looked_at=tuple(left_out),
        excused=tuple(excused(items, evidence.at.date())),
        failure_types=count([each.get(FAILURE_TYPE) for each in lineages]),
        reviewers=count([each.get("reviewer") for each in lineages]),
        signals=signals(lineages),
        flows=flows(lineages),
        ages=ages([each.get("approved_at") for each in lineages], evidence.moment),
        requests=evidence.requests,
    )
    return _without(
        report, {label: shown for facts in evidence.facts.values() for label, shown in facts.labels.items()}
    )


def excused(items: Sequence[StoredItem], today: date) -> Iterator[Excuse]:
    """Items that somebody excused from the gate, the malformed states apart, which excuse nothing."""
    for item in items:
        state = state_of(item.metadata)
        if state is not None and state.state != "required" and state.until is not None:
            yield Excuse(
                item_id=item.id, state=state.state, until=state.until, owner=state.owner, expired=state.expired(today)
            )


def _without(report: AuditReport, labels: Mapping[str, str]) -> AuditReport:
    """The report with every such label replaced."""
    if not labels:
        return report
    longest_first = sorted(labels, key=len, reverse=True)

    def text(words: str) -> str:
        for label in longest_first:
            words = words.replace(label, labels[label])
        return words

    def keys(counts: dict[str, int]) -> dict[str, int]:
        return {labels.get(name, name): count for name, count in counts.items()}

    def finding(each: AuditFinding) -> AuditFinding:
        shown = None if each.item_id is None else labels.get(each.item_id, each.item_id)
        return each.model_copy(update={"item_id": shown, "message": text(each.message)})

    return report.model_copy(
        update={
            "findings": tuple(map(finding, report.findings)),
            "excused": tuple(
                each.model_copy(update={"item_id": labels.get(each.item_id, each.item_id)}) for each in report.excused
            ),
            "failure_types": keys(report.failure_types),
            "signals": keys(report.signals),
            "flows": {labels.get(name, name): keys(counts) for name, counts in report.flows.items()},
        }
    )


# ── a dataset in numbers ────────────────────────────────────────────────────────────────────────────────────────────


_AGES = (
    (timedelta(days=7), "under a week"),
    (timedelta(days=30), "under a month"),
    (timedelta(days=90), "under three months"),
    (timedelta(days=365), "under a year"),
)
_OLDEST = "a year or more"


def count(values: Sequence[object]) -> dict[str, int]:
    """How often each text occurs, the most frequent first; anything else is unknown."""
    counted = Counter(value if isinstance(value, str) and value else UNKNOWN for value in values)
    return dict(sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])))


def signals(lineages: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Signal name → number of items that it brought here."""
    return count([name for each in lineages for name in signal_names(each.get("signals"))])


def flows(lineages: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """Signal name → failure type → number of items that came that way."""
    found: dict[str, Counter[str]] = {}
    for each in lineages:
        failure_type = each.get(FAILURE_TYPE)
        target = failure_type if isinstance(failure_type, str) and failure_type else UNKNOWN
        for name in signal_names(each.get("signals")) or [UNKNOWN]:
            found.setdefault(name, Counter())[target] += 1
    return {name: dict(sorted(counts.items())) for name, counts in sorted(found.items())}


def ages(approved: Sequence[object], at: datetime) -> dict[str, int]:
    """Age since approval in words → number of items, the youngest first."""
    counted: Counter[str] = Counter()
    for value in approved:
        time = time_of(value)
        if time is None:
            counted[UNKNOWN] += 1
        else:
            counted[next((words for limit, words in _AGES if at - time < limit), _OLDEST)] += 1
    return {words: counted[words] for words in (*(w for _, w in _AGES), _OLDEST, UNKNOWN) if counted[words]}
