"""An audit report as text, JSON, Markdown or one self-contained HTML file; the same report gives the same bytes.

The forms are templates (`report.*.j2`). Whatever they print has passed `visible`; in HTML and Markdown it is escaped,
too, so that nothing from outside is ever markup. The HTML holds no script and asks for nothing; it is XML as well.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from importlib.resources import files
from itertools import accumulate, groupby
from typing import Any
from unicodedata import east_asian_width

from curator.audit.checks import CHECKS
from curator.audit.values import SEVERITIES, AuditFinding, AuditReport
from curator.model.forms import template
from curator.model.safe import visible

__all__ = ["RENDERERS", "TITLES", "document", "headline"]

TITLES = {check.code: check.title for check in CHECKS}
SIGNS = {"error": "✗", "warning": "!", "info": "·"}


def headline(report: AuditReport) -> str:
    """`12 items: 2 errors, 1 warning, 0 info`."""
    counts = report.summary
    parts = [f"{counts[s]} {s}{'s' if s != 'info' and counts[s] != 1 else ''}" for s in reversed(SEVERITIES)]
    return f"{report.items} item{'s' if report.items != 1 else ''}: {', '.join(parts)}"


def document(report: AuditReport) -> dict[str, Any]:
    """`{dataset, version, at, items, rule, findings, summary, checks, not_looked_at, …, requests}`."""
    return report.model_dump(mode="json") | {"summary": report.summary}


def _as_json(report: AuditReport) -> str:
    """One JSON document, escaped to ASCII."""
    return json.dumps(document(report), indent=2, ensure_ascii=True) + "\n"


def _rendered(form: str, report: AuditReport) -> str:
    """The report by the template of a form (`txt`, `md`, `html`)."""
    from markupsafe import Markup, escape

    def marked(words: str) -> str:
        return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(visible(words)))))

    distributions = (
        ("Failure types", report.failure_types),
        ("Age since approval", report.ages),
        ("Reviewers", report.reviewers),
        ("Coverage by signal", report.signals),
    )
    text = template(__name__, f"report.{form}.j2").render(
        report=report,
        headline=headline(report),
        groups=_by_code(report.findings),
        titles=TITLES,
        signs=SIGNS,
        distributions=[(title, counts) for title, counts in distributions if counts],
        remarks=(
            ("Coverage", report.coverage),
            ("Excused from the gate", report.excused),
            ("Not looked at", report.not_looked_at),
        ),
        graph=_graph(report) if report.items else None,
        style=Markup(files(__name__).joinpath("report.css").read_text(encoding="utf-8")),
        short=lambda words, most: _short(visible(words), most),
        marked=marked,
    )
    return text.rstrip("\n") + "\n"


RENDERERS: dict[str, Callable[[AuditReport], str]] = {
    "text": partial(_rendered, "txt"),
    "json": _as_json,
    "md": partial(_rendered, "md"),
    "html": partial(_rendered, "html"),
}


def _by_code(findings: Iterable[AuditFinding]) -> list[tuple[AuditFinding, list[AuditFinding]]]:
    """The findings by code, worst first, each code with its first one, which names title and remedy."""
    worst_first = sorted(findings, key=lambda f: (-SEVERITIES.index(f.severity), f.code))
    groups = [list(found) for _, found in groupby(worst_first, key=lambda f: f.code)]
    return [(found[0], found) for found in groups]


# ── the picture: signals → failure types → dataset ──────────────────────────────────────────────────────────────────

SHOWN = 8
"""Signals and failure types in the graph; the charts have all."""
COLUMNS = (0, 300, 600)
HEADS = ("signal", "failure type", "dataset")
BOX, ROW, TOP = 230, 36, 30
HUES = 6
"""Colours of the graph's edges, one per failure type; see the style of the page."""


def _graph(report: AuditReport) -> dict[str, Any]:
    """Where boxes and edges stand. An edge is as wide as its share of the items, coloured by failure type."""
    totals = {name: sum(targets.values()) for name, targets in report.flows.items()}
    signals = sorted(totals, key=lambda name: (-totals[name], name))[:SHOWN]
    types = list(report.failure_types)[:SHOWN]
    height = TOP + ROW * max(len(signals), len(types), 1)
    at_signal, at_type = _column(signals, height), _column(types, height)
    left, middle, right = COLUMNS
    most = max([*report.failure_types.values(), 1])
    dataset = (right, (height + TOP) // 2)
    edges = [
        ((left + BOX, at_signal[name]), (middle, at_type[target]), count / most, types.index(target) % HUES)
        for name in signals
        for target, count in report.flows[name].items()
        if target in at_type
    ]
    edges += [
        ((middle + BOX, at_type[name]), dataset, report.failure_types[name] / most, number % HUES)
        for number, name in enumerate(types)
    ]
    nodes = [(left, at_signal[name], name, totals[name]) for name in signals]
    nodes += [(middle, at_type[name], name, report.failure_types[name]) for name in types]
    return {
        "width": right + BOX,
        "height": height,
        "box": BOX,
        "heads": list(zip(COLUMNS, HEADS, strict=True)),
        "edges": edges,
        "nodes": [*nodes, (*dataset, report.dataset, report.items)],
        "left_out": max(0, len(totals) - SHOWN) + max(0, len(report.failure_types) - SHOWN),
    }


def _column(names: Sequence[str], height: int) -> dict[str, int]:
    first = TOP + (height - TOP - ROW * len(names)) // 2 + ROW // 2
    return {name: first + ROW * number for number, name in enumerate(names)}


def _short(words: str, most: int) -> str:
    """Beginning and end of a text of more than `most` columns: names that differ do so at the end."""
    if sum(map(_columns, words)) <= most:
        return words
    head = words[: _fitting(words, (most - 1) * 2 // 3)]
    tail = words[len(words) - _fitting(reversed(words), most - 1 - sum(map(_columns, head))) :]
    return f"{head}…{tail}"


def _fitting(letters: Iterable[str], most: int) -> int:
    return sum(width <= most for width in accumulate(map(_columns, letters)))


def _columns(letter: str) -> int:
    return 2 if east_asian_width(letter) in "WF" else 1
