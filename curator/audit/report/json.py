"""The report as JSON."""

import json
from typing import Any

from curator.audit.values import AuditReport


def document(report: AuditReport) -> dict[str, Any]:
    """`{dataset, version, at, items, rule, findings, summary, checks, not_looked_at, …, requests}`."""
    dumped = report.model_dump(mode="json")
    return {**dumped, "summary": report.summary}


def render(report: AuditReport) -> str:
    """One JSON document, escaped to ASCII."""
    return json.dumps(document(report), indent=2, ensure_ascii=True) + "\n"
