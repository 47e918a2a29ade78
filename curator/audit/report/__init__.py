"""An audit report as text, JSON, Markdown or one self-contained HTML file; the same report gives the same bytes."""

from collections.abc import Callable

from curator.audit.report.html import html
from curator.audit.report.plain import TITLES, as_json, document, headline, markdown, text
from curator.audit.values import AuditReport

__all__ = ["RENDERERS", "TITLES", "document", "headline"]

RENDERERS: dict[str, Callable[[AuditReport], str]] = {"text": text, "json": as_json, "md": markdown, "html": html}
