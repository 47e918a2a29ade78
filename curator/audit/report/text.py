"""The report as plain text for a terminal."""

from itertools import groupby

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


def render(report: AuditReport) -> str:
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
    lines += [f"not looked at: {visible(each)}" for each in report.not_looked_at]
    lines.append(f"{report.requests} requests")
    return "\n".join(lines) + "\n"
