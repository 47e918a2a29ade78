"""The report as plain text, as Markdown for a release ticket or a pull request, and as JSON."""

import json
import re
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from curator.audit.checks import CHECKS
from curator.audit.values import SEVERITIES, AuditReport
from curator.model.safe import visible

TITLES = {check.code: check.title for check in CHECKS}
SIGNS = {"error": "✗", "warning": "!", "info": "·"}


def headline(report: AuditReport) -> str:
    """`12 items: 2 errors, 1 warning, 0 info`."""
    counts = report.summary
    parts = [f"{counts[s]} {s}{'s' if s != 'info' and counts[s] != 1 else ''}" for s in reversed(SEVERITIES)]
    return f"{report.items} item{'s' if report.items != 1 else ''}: {', '.join(parts)}"


def text(report: AuditReport) -> str:
    """Findings by code, worst first, each with its remedy once; then what was not looked at."""
    as_of = f" as of {report.version.isoformat()}" if report.version else ""
    lines = [f"Audit of {visible(report.dataset)}{as_of}", headline(report), ""]
    worst_first = sorted(report.findings, key=lambda f: (-SEVERITIES.index(f.severity), f.code))
    for code, group in groupby(worst_first, key=lambda f: f.code):
        found = list(group)
        lines.append(f"{SIGNS[found[0].severity]} {code} {TITLES[code]} ({found[0].severity})")
        lines += [f"    {visible(f.item_id or '(dataset)')}: {visible(f.message)}" for f in found]
        lines += [f"    → {found[0].remedy}", ""]
    if not report.findings:
        lines += [f"Nothing found by {len(report.checks)} checks.", ""]
    lines += [f"coverage: {visible(each)}" for each in report.coverage]
    lines += [f"excused: {visible(str(each))}" for each in report.excused]
    lines += [f"not looked at: {visible(each)}" for each in report.not_looked_at]
    lines.append(f"{report.requests} requests")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    """Text from outside as the content of a table cell: never markup, never a new cell."""
    return re.sub(r"([\\`*_\[\]<>|#~!])", r"\\\1", visible(text))


def markdown(report: AuditReport) -> str:
    """A heading, the findings as a table, the distributions, and what was not looked at."""
    lines = [f"# Audit of {_cell(report.dataset)}", "", f"{headline(report)}.", ""]
    facts = [("audited at", report.at.isoformat(timespec="seconds"))]
    facts += [("state of", report.version.isoformat())] if report.version else []
    facts += [("rule", report.rule or "none"), ("checks", str(len(report.checks)))]
    lines += [f"- {name}: {_cell(value)}" for name, value in facts]
    lines += ["", "## Findings", ""]
    if report.findings:
        lines += ["| severity | code | item | what | remedy |", "|---|---|---|---|---|"]
        worst_first = sorted(report.findings, key=lambda f: (-SEVERITIES.index(f.severity), f.code))
        for each in worst_first:
            cells = (each.severity, each.code, each.item_id or "(dataset)", each.message, each.remedy)
            lines.append(f"| {' | '.join(_cell(cell) for cell in cells)} |")
    else:
        lines.append("None.")
    for title, counts in distributions(report):
        lines += ["", f"## {title}", "", "| | items |", "|---|---:|"]
        lines += [f"| {_cell(name)} | {count} |" for name, count in counts.items()]
    for title, notes in remarks(report):
        lines += ["", f"## {title}", "", *(f"- {_cell(str(each))}" for each in notes)] if notes else []
    return "\n".join(lines) + "\n"


def remarks(report: AuditReport) -> tuple[tuple[str, Sequence[object]], ...]:
    """(title, remarks) of what stands beside the findings; some may be empty."""
    return (
        ("Coverage", report.coverage),
        ("Excused from the gate", report.excused),
        ("Not looked at", report.not_looked_at),
    )


def distributions(report: AuditReport) -> list[tuple[str, dict[str, int]]]:
    """(title, counts) of everything that a chart shows; empty ones left out."""
    every = [
        ("Failure types", report.failure_types),
        ("Age since approval", report.ages),
        ("Reviewers", report.reviewers),
        ("Coverage by signal", report.signals),
    ]
    return [(title, counts) for title, counts in every if counts]


def document(report: AuditReport) -> dict[str, Any]:
    """`{dataset, version, at, items, rule, findings, summary, checks, not_looked_at, …, requests}`."""
    dumped = report.model_dump(mode="json")
    return {**dumped, "summary": report.summary}


def as_json(report: AuditReport) -> str:
    """One JSON document, escaped to ASCII."""
    return json.dumps(document(report), indent=2, ensure_ascii=True) + "\n"
