"""An audit report as text, JSON, Markdown or one self-contained HTML file; the same report gives the same bytes."""

from collections.abc import Callable
from typing import Literal

from curator.audit.report import html, json, markdown, text
from curator.audit.values import AuditReport

Format = Literal["text", "json", "md", "html"]

RENDERERS: dict[str, Callable[[AuditReport], str]] = {
    "text": text.render,
    "json": json.render,
    "md": markdown.render,
    "html": html.render,
}
