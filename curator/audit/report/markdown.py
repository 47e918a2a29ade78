"""The report as Markdown, for a release ticket or a pull request."""

import re

from curator.audit.report.text import headline
from curator.audit.values import SEVERITIES, AuditReport
from curator.model.safe import visible


def _cell(text: str) -> str:
    """Text from outside as the content of a table cell: never markup, never a new cell."""
    return re.sub(r"([\\`*_\[\]<>|#~!])", r"\\\1", visible(text))


def render(report: AuditReport) -> str:
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
    if report.not_looked_at:
        lines += ["", "## Not looked at", "", *(f"- {_cell(each)}" for each in report.not_looked_at)]
    return "\n".join(lines) + "\n"


def distributions(report: AuditReport) -> list[tuple[str, dict[str, int]]]:
    """(title, counts) of everything that a chart shows; empty ones left out."""
    every = [
        ("Failure types", report.failure_types),
        ("Age since approval", report.ages),
        ("Reviewers", report.reviewers),
        ("Coverage by signal", report.signals),
    ]
    return [(title, counts) for title, counts in every if counts]
