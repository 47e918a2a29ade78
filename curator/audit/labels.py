"""Names from outside that a report would print: ids, failure types, signal names. They may hold personal values too."""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from curator.audit.values import AuditReport, trace_of
from curator.model import StoredItem
from curator.model.lineage import FAILURE_TYPE, fingerprint, is_own_id

if TYPE_CHECKING:
    from curator.audit.examine import Scrub, Standards

_RANDOM_ID = re.compile(r"[0-9a-f]{8,}(-[0-9a-f]{4,})*")
"""Ids that machines draw: hexadecimal digits, UUIDs."""


def foreign_labels(item: StoredItem, standards: "Standards") -> list[str]:
    """The names that an item brings into a report and that neither curator nor the rule has made."""
    metadata: Mapping[str, Any] = item.metadata if isinstance(item.metadata, dict) else {}
    trace_id, case = trace_of(item), str(metadata.get("case", "1"))
    own = trace_id is not None and case.isdigit()
    labels = (
        [] if own and is_own_id(item.id, item.dataset, trace_id or "", item.source_observation_id, case) else [item.id]
    )
    labels += [
        each for each in (trace_id, item.source_observation_id, metadata.get(FAILURE_TYPE)) if isinstance(each, str)
    ]
    labels += signal_names(metadata.get("signals"))
    rule = standards.rule.rule if standards.rule is not None else None
    known = {*rule.lineage.failure_types, *rule.id.pin.values(), *(seed.id for seed in rule.seed)} if rule else set()
    return [each for each in dict.fromkeys(labels) if each not in known and not _RANDOM_ID.fullmatch(each)]


def cleaned(labels: Iterable[str], scrub: "Scrub", standards: "Standards") -> dict[str, str]:
    """Label → what a report may print instead, for those that hold personal values. Raises CuratorError."""
    wanted = list(labels)
    found = scrub.scrub_value(wanted, standards.policy).value if wanted else []
    return {label: _marked(clean, label) for label, clean in zip(wanted, found, strict=True) if clean != label}


def withheld(labels: Iterable[str]) -> dict[str, str]:
    """Label → a digest, for labels that nobody could look at."""
    return {label: _marked("withheld", label) for label in labels}


def _marked(clean: str, label: str) -> str:
    """Still one name per label, so that whoever knows the label recognises it."""
    return f"{clean} (sha256 {fingerprint(label)[:8]})"


def without(report: AuditReport, labels: Mapping[str, str]) -> AuditReport:
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

    return report.model_copy(
        update={
            "findings": tuple(
                each.model_copy(
                    update={
                        "item_id": labels.get(each.item_id, each.item_id) if each.item_id is not None else None,
                        "message": text(each.message),
                    }
                )
                for each in report.findings
            ),
            "failure_types": keys(report.failure_types),
            "signals": keys(report.signals),
            "flows": {labels.get(name, name): keys(counts) for name, counts in report.flows.items()},
        }
    )


def signal_names(signals: object) -> list[str]:
    """Names of the signals that lineage records, each once."""
    if not isinstance(signals, list):
        return []
    return sorted({str(each.get("name")) for each in signals if isinstance(each, dict) and each.get("name")})
