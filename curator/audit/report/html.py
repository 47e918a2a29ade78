"""The report as one self-contained HTML file: no script, no request, fit to attach to a ticket."""

from collections.abc import Sequence
from html import escape

from curator.audit.report.markdown import distributions
from curator.audit.report.text import headline
from curator.audit.values import SEVERITIES, AuditReport
from curator.model.safe import plain

SHOWN = 8
"""Signals and failure types in the graph; the tables have all."""
COLUMNS = (10, 305, 600)
BOX = 220
ROW = 34

STYLE = """
:root { color-scheme: light dark; --ink: #1d2330; --soft: #667085; --line: #e4e7ec; --paper: #fff; --bar: #5b8def;
  --error: #b42318; --warning: #a15c07; --info: #475467; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7eaf0; --soft: #98a2b3; --line: #2c3444; --paper: #12161f;
  --error: #f97066; --warning: #fdb022; --info: #98a2b3; } }
body { font: 15px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 68rem;
  margin: 2.5rem auto; padding: 0 1.5rem; }
h1 { font-size: 1.6rem; margin: 0 0 .2rem; } h2 { font-size: 1.1rem; margin: 2.2rem 0 .6rem; }
p.sub { color: var(--soft); margin: 0 0 1.2rem; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: .4rem .6rem;
  border-bottom: 1px solid var(--line); overflow-wrap: anywhere; } th { color: var(--soft); font-weight: 500; }
code { font-size: .9em; } .error { color: var(--error); } .warning { color: var(--warning); }
.info { color: var(--info); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 1.5rem 2.5rem; }
svg { width: 100%; height: auto; } svg text { font: 12px system-ui, sans-serif; fill: var(--ink); }
svg .bar { fill: var(--bar); } svg .edge { stroke: var(--line); fill: none; }
svg .box { fill: none; stroke: var(--soft); }
"""


def render(report: AuditReport) -> str:
    """Headline, lineage graph, findings, charts; every text escaped."""
    as_of = f" · state of {report.version.isoformat()}" if report.version else ""
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>Audit of {_text(report.dataset)}</title><style>{STYLE}</style></head><body>",
        f"<h1>Audit of {_text(report.dataset)}</h1>",
        f'<p class="sub">{_text(headline(report))} · {report.at.isoformat(timespec="minutes")}{_text(as_of)}'
        f" · rule {_text(report.rule or 'none')} · {len(report.checks)} checks</p>",
        "<h2>Where the items came from</h2>",
        _graph(report),
        "<h2>Findings</h2>",
        _findings(report),
        '<h2>In numbers</h2><div class="charts">',
        *(_chart(title, counts) for title, counts in distributions(report)),
        "</div>",
    ]
    if report.not_looked_at:
        listed = "".join(f"<li>{_text(each)}</li>" for each in report.not_looked_at)
        parts += ["<h2>Not looked at</h2>", f"<ul>{listed}</ul>"]
    parts.append("</body></html>")
    return "\n".join(parts) + "\n"


def _text(text: str) -> str:
    return escape(plain(text))


def _findings(report: AuditReport) -> str:
    if not report.findings:
        return "<p>None.</p>"
    rows = []
    for each in sorted(report.findings, key=lambda f: (-SEVERITIES.index(f.severity), f.code)):
        rows.append(
            f'<tr><td class="{each.severity}">{each.severity}</td><td><code>{each.code}</code></td>'
            f"<td><code>{_text(each.item_id or '(dataset)')}</code></td><td>{_text(each.message)}</td>"
            f"<td>{_text(each.remedy)}</td></tr>"
        )
    head = "<tr><th>severity</th><th>code</th><th>item</th><th>what</th><th>remedy</th></tr>"
    return f"<table>{head}{''.join(rows)}</table>"


def _chart(title: str, counts: dict[str, int]) -> str:
    """Horizontal bars; numbers beside them, so that nothing depends on colour."""
    most = max(counts.values())
    rows = []
    for i, (name, count) in enumerate(counts.items()):
        y = 20 * i
        rows.append(
            f'<text x="138" y="{y + 14}" text-anchor="end">{_text(_short(name, 22))}</text>'
            f'<rect class="bar" x="146" y="{y + 3}" width="{max(2, 170 * count / most):.0f}" height="13" rx="2"/>'
            f'<text x="{150 + 170 * count / most:.0f}" y="{y + 14}">{count}</text>'
        )
    height = 20 * len(counts) + 4
    return (
        f'<figure><figcaption>{_text(title)}</figcaption><svg viewBox="0 0 360 {height}">{"".join(rows)}</svg></figure>'
    )


def _graph(report: AuditReport) -> str:
    """Signals → failure types → dataset: how the items came here. An edge is as wide as its share of the items."""
    signals = sorted(report.flows, key=lambda name: (-sum(report.flows[name].values()), name))[:SHOWN]
    types = list(report.failure_types)[:SHOWN]
    height = ROW * max(len(signals), len(types), 1) + 10
    at_signal = _column(signals, height)
    at_type = _column(types, height)
    middle = height / 2
    most = max([*report.failure_types.values(), 1])
    edges = [
        _edge(COLUMNS[0] + BOX, at_signal[name], COLUMNS[1], at_type[target], count / most)
        for name in signals
        for target, count in report.flows[name].items()
        if target in at_type
    ]
    edges += [
        _edge(COLUMNS[1] + BOX, at_type[name], COLUMNS[2], middle, report.failure_types[name] / most) for name in types
    ]
    nodes = [
        _node(COLUMNS[0], at_signal[name], f"{_short(name, 24)} · {sum(report.flows[name].values())}")
        for name in signals
    ]
    nodes += [_node(COLUMNS[1], at_type[name], f"{_short(name, 24)} · {report.failure_types[name]}") for name in types]
    nodes.append(_node(COLUMNS[2], middle, f"{_short(report.dataset, 24)} · {report.items}"))
    return f'<svg viewBox="0 0 830 {height}" role="img">{"".join(edges)}{"".join(nodes)}</svg>'


def _column(names: Sequence[str], height: float) -> dict[str, float]:
    top = (height - ROW * len(names)) / 2 + ROW / 2
    return {name: top + ROW * i for i, name in enumerate(names)}


def _node(x: float, y: float, label: str) -> str:
    return (
        f'<rect class="box" x="{x}" y="{y - 13:.0f}" width="{BOX}" height="26" rx="5"/>'
        f'<text x="{x + 10}" y="{y + 4:.0f}">{_text(label)}</text>'
    )


def _edge(x1: float, y1: float, x2: float, y2: float, share: float) -> str:
    return (
        f'<path class="edge" stroke-width="{1 + 7 * share:.1f}" '
        f'd="M{x1},{y1:.0f} C{x1 + 40},{y1:.0f} {x2 - 40},{y2:.0f} {x2},{y2:.0f}"/>'
    )


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
