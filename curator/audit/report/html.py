"""The report as one self-contained HTML file: no script, no request, fit to attach to a ticket or to print.

Its pictures are SVG: how the items came here, and what they are made of. Every text is escaped.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from importlib.resources import files
from itertools import accumulate, groupby
from unicodedata import east_asian_width

from curator.audit.report.plain import TITLES, distributions, remarks
from curator.audit.values import SEVERITIES, UNKNOWN, AuditFinding, AuditReport
from curator.model.safe import visible

STYLE = files(__package__).joinpath("report.css").read_text(encoding="utf-8")


OPEN = 12
"""A code with more findings than that is folded."""


def html(report: AuditReport) -> str:
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
    for title, notes in remarks(report):
        if notes:
            parts += [f"<h2>{title}</h2>", f"<ul>{''.join(f'<li>{marked(str(each))}</li>' for each in notes)}</ul>"]
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


# ── pictures ────────────────────────────────────────────────────────────────────────────────────────────────────────


SHOWN = 8
"""Signals and failure types in the graph; the charts have all."""
COLUMNS = (0, 300, 600)
HEADS = ("signal", "failure type", "dataset")
BOX = 230
ROW = 36
TOP = 30
NAME, BAR, WIDTH = 150, 170, 360
"""Widths of a chart's names and of its longest bar, and of the whole."""
HUES = 6
"""Colours of the graph's edges, one per failure type; see the style of the page."""


def text(words: str) -> str:
    """Text from outside as the content of an element."""
    return escape(visible(words))


def marked(words: str) -> str:
    """The same with what stands in backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", text(words))


def chart(title: str, counts: dict[str, int]) -> str:
    """Horizontal bars; numbers beside them, so that nothing depends on colour."""
    most = max(counts.values())
    rows = []
    for i, (name, count) in enumerate(counts.items()):
        y = 22 * i
        length = max(2, BAR * count / most)
        rows.append(
            f'<text x="{NAME - 8}" y="{y + 15}" text-anchor="end"{_muted(name)}>{_name(name, 20)}</text>'
            f'<rect class="bar" x="{NAME}" y="{y + 4}" width="{length:.0f}" height="14" rx="2"/>'
            f'<text class="count" x="{NAME + length + 6:.0f}" y="{y + 15}">{count}</text>'
        )
    return (
        f"<figure><figcaption>{text(title)}</figcaption>"
        f'<svg viewBox="0 0 {WIDTH} {22 * len(counts) + 4}" role="img"><title>{text(title)}</title>'
        f"{''.join(rows)}</svg></figure>"
    )


def graph(report: AuditReport) -> str:
    """Signals → failure types → dataset. An edge is as wide as its share of the items, coloured by failure type."""
    signals = sorted(report.flows, key=lambda name: (-sum(report.flows[name].values()), name))[:SHOWN]
    types = list(report.failure_types)[:SHOWN]
    height = TOP + ROW * max(len(signals), len(types), 1)
    at_signal, at_type = _column(signals, height), _column(types, height)
    middle = (height + TOP) / 2
    most = max([*report.failure_types.values(), 1])
    hues = {name: number % HUES for number, name in enumerate(types)}
    edges = [
        _edge(COLUMNS[0] + BOX, at_signal[name], COLUMNS[1], at_type[target], count / most, hues[target])
        for name in signals
        for target, count in report.flows[name].items()
        if target in at_type
    ]
    edges += [
        _edge(COLUMNS[1] + BOX, at_type[name], COLUMNS[2], middle, report.failure_types[name] / most, hues[name])
        for name in types
    ]
    nodes = [_node(COLUMNS[0], at_signal[name], name, sum(report.flows[name].values())) for name in signals]
    nodes += [_node(COLUMNS[1], at_type[name], name, report.failure_types[name]) for name in types]
    nodes.append(_node(COLUMNS[2], middle, report.dataset, report.items))
    heads = "".join(f'<text class="head" x="{x}" y="14">{head}</text>' for x, head in zip(COLUMNS, HEADS, strict=True))
    left_out = max(0, len(report.flows) - SHOWN) + max(0, len(report.failure_types) - SHOWN)
    note = f"<p class='sub'>{left_out} smaller ones are in the charts below.</p>" if left_out else ""
    return (
        f'<div class="wide"><svg viewBox="0 0 {COLUMNS[2] + BOX} {height:.0f}" role="img">'
        f"<title>Signals, failure types, dataset</title>{heads}{''.join(edges)}{''.join(nodes)}</svg></div>{note}"
    )


def _column(names: Sequence[str], height: float) -> dict[str, float]:
    first = TOP + (height - TOP - ROW * len(names)) / 2 + ROW / 2
    return {name: first + ROW * i for i, name in enumerate(names)}


def _node(x: float, y: float, name: str, count: int) -> str:
    return (
        f'<rect class="box" x="{x + 1}" y="{y - 13:.0f}" width="{BOX - 2}" height="26" rx="5"/>'
        f'<text x="{x + 11}" y="{y + 4:.0f}"{_muted(name)}>{_name(name, 25)}</text>'
        f'<text class="count" x="{x + BOX - 12}" y="{y + 4:.0f}" text-anchor="end">{count}</text>'
    )


def _edge(x1: float, y1: float, x2: float, y2: float, share: float, hue: int) -> str:
    return (
        f'<path class="edge h{hue}" stroke-width="{1 + 11 * share:.1f}" '
        f'd="M{x1},{y1:.0f} C{x1 + 40},{y1:.0f} {x2 - 40},{y2:.0f} {x2},{y2:.0f}"/>'
    )


def _muted(name: str) -> str:
    return ' class="muted"' if name == UNKNOWN else ""


def _name(words: str, most: int) -> str:
    """The name in at most so many columns, and as a whole for whoever points at it."""
    shown = _short(visible(words), most)
    return text(shown) if shown == words else f"<title>{text(words)}</title>{text(shown)}"


def _short(words: str, most: int) -> str:
    """Beginning and end of a longer text: names that differ do so at the end."""
    if sum(map(_columns, words)) <= most:
        return words
    head = words[: _fitting(words, (most - 1) * 2 // 3)]
    tail = words[len(words) - _fitting(reversed(words), most - 1 - sum(map(_columns, head))) :]
    return f"{head}…{tail}"


def _fitting(letters: Iterable[str], most: int) -> int:
    return sum(width <= most for width in accumulate(map(_columns, letters)))


def _columns(letter: str) -> int:
    return 2 if east_asian_width(letter) in "WF" else 1
