"""The report as one self-contained HTML file: no script, no request, fit to attach to a ticket or to print."""

from collections.abc import Iterator
from itertools import groupby

from curator.audit.report.charts import chart, graph, marked, text
from curator.audit.report.markdown import distributions
from curator.audit.report.text import TITLES
from curator.audit.values import SEVERITIES, AuditFinding, AuditReport

OPEN = 12
"""A code with more findings than that is folded."""

STYLE = """
:root { color-scheme: light dark; --ink: #1d2330; --soft: #5b6577; --line: #e4e7ec; --paper: #fff; --card: #f7f8fa;
  --bar: #4f7fd9; --error: #b42318; --warning: #93590a; --info: #47576b; --ok: #1b7a43;
  --h0: #4f7fd9; --h1: #2f9e8f; --h2: #c0792a; --h3: #8a63c9; --h4: #c2557f; --h5: #6c7a89; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7eaf0; --soft: #98a2b3; --line: #2c3444; --paper: #12161f;
  --card: #1a202c; --error: #f97066; --warning: #fdb022; --info: #a9b4c4; --ok: #5fd38d; } }
* { box-sizing: border-box; }
body { font: 15px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 66rem;
  margin: 2.5rem auto; padding: 0 1.5rem; }
h1 { font-size: 1.6rem; margin: 0 0 .2rem; overflow-wrap: anywhere; } h2 { font-size: 1.1rem; margin: 2.4rem 0 .7rem; }
p.sub, figcaption { color: var(--soft); } p.sub { margin: 0 0 1.3rem; }
code { font: .88em ui-monospace, monospace; overflow-wrap: anywhere; }
.cards { display: flex; flex-wrap: wrap; gap: .8rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .6rem 1.1rem;
  min-width: 8rem; }
.card b { display: block; font-size: 1.5rem; line-height: 1.3; font-weight: 600; }
.error { color: var(--error); } .warning { color: var(--warning); } .info { color: var(--info); }
.clean { color: var(--ok); } .muted { fill: var(--soft); }
details { border: 1px solid var(--line); border-radius: 8px; margin: 0 0 .7rem; break-inside: avoid; }
summary { cursor: pointer; padding: .55rem .9rem; display: flex; gap: .5rem; align-items: baseline; }
summary::before { content: "▸"; color: var(--soft); } details[open] > summary::before { content: "▾"; }
summary .severity { margin-left: auto; font-size: .88em; } summary .many { color: var(--soft); }
details p { margin: 0; padding: 0 .9rem .5rem; color: var(--soft); }
table { border-collapse: collapse; width: 100%; table-layout: fixed; }
td { text-align: left; vertical-align: top; padding: .4rem .9rem; border-top: 1px solid var(--line);
  overflow-wrap: anywhere; } td:first-child { width: 40%; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 1.4rem 2.5rem; }
.wide { overflow-x: auto; } .wide svg { min-width: 40rem; }
figure { margin: 0; } svg { width: 100%; height: auto; display: block; }
svg text { font: 12px system-ui, sans-serif; fill: var(--ink); } svg text.head, svg text.count { fill: var(--soft); }
svg text.muted { fill: var(--soft); } svg .bar { fill: var(--bar); }
svg .box { fill: var(--paper); stroke: var(--line); stroke-width: 1.5; }
svg .edge { fill: none; opacity: .45; } .h0 { stroke: var(--h0); } .h1 { stroke: var(--h1); } .h2 { stroke: var(--h2); }
.h3 { stroke: var(--h3); } .h4 { stroke: var(--h4); } .h5 { stroke: var(--h5); }
@media print { body { margin: 0; max-width: none; } details::details-content { content-visibility: visible; } }
"""


def render(report: AuditReport) -> str:
    """Headline, lineage graph, findings by code, charts; well-formed as XML too."""
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8"/>',
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>",
        f"<title>Audit of {text(report.dataset)}</title><style>{STYLE}</style></head><body>",
        f"<h1>Audit of {text(report.dataset)}</h1>",
        f'<p class="sub">{text(_facts(report))}</p>',
        f'<div class="cards">{"".join(_cards(report))}</div>',
        "<h2>Where the items came from</h2>",
        graph(report) if report.items else "<p>The dataset holds no item.</p>",
        "<h2>Findings</h2>",
        *_findings(report),
    ]
    if charts := "".join(chart(title, counts) for title, counts in distributions(report)):
        parts.append(f'<h2>In numbers</h2><div class="charts">{charts}</div>')
    if report.not_looked_at:
        listed = "".join(f"<li>{marked(each)}</li>" for each in report.not_looked_at)
        parts += ["<h2>Not looked at</h2>", f"<ul>{listed}</ul>"]
    parts.append("</body></html>")
    return "\n".join(parts) + "\n"


def _facts(report: AuditReport) -> str:
    facts = [report.at.isoformat(sep=" ", timespec="minutes")]
    facts += [f"state of {report.version.isoformat(sep=' ')}"] if report.version else []
    return " · ".join([*facts, f"rule {report.rule or 'none'}", f"{len(report.checks)} checks"])


def _cards(report: AuditReport) -> Iterator[str]:
    yield f'<div class="card"><b>{report.items}</b>{_plural("item", report.items)}</div>'
    for severity in reversed(SEVERITIES):
        count = report.summary[severity]
        kind = severity if count else "clean"
        name = severity if severity == "info" else _plural(severity, count)
        yield f'<div class="card {kind}"><b>{count}</b>{name}</div>'


def _findings(report: AuditReport) -> Iterator[str]:
    """One block per code, the worst first; the remedy once."""
    if not report.findings:
        yield f'<p class="clean">Nothing found by {len(report.checks)} checks.</p>'
    worst_first = sorted(report.findings, key=lambda f: (-SEVERITIES.index(f.severity), f.code))
    for code, group in groupby(worst_first, key=lambda f: f.code):
        found = list(group)
        first = found[0]
        unfolded = ' open="open"' if len(found) <= OPEN else ""
        many = f'<span class="many">{len(found)} times</span>' if len(found) > 1 else ""
        title = f"<span>{text(TITLES[code])}</span>"
        yield (
            f'<details{unfolded}><summary><code class="{first.severity}">{code}</code>{title}{many}'
            f'<span class="severity {first.severity}">{first.severity}</span></summary>'
            f"<p>{marked(first.remedy)}</p><table>{''.join(map(_row, found))}</table></details>"
        )


def _row(finding: AuditFinding) -> str:
    where = f"<code>{text(finding.item_id)}</code>" if finding.item_id is not None else "the dataset"
    return f"<tr><td>{where}</td><td>{text(finding.message)}</td></tr>"


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"
