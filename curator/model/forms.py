"""What is printed, as templates beside the code that knows the values; no text from outside can act in one."""

import json
import re
from functools import cache
from typing import TYPE_CHECKING

from curator.model.safe import visible

if TYPE_CHECKING:
    from jinja2 import Template


def unmarked(value: object) -> object:
    """A text as Markdown shows it, on one line: never markup, never a new cell, nobody called by `@`.

    What is no text, and what a template calls `safe`, stays as it is.
    """
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    return re.sub(r"([\\`*_\[\]<>|#~!@])", r"\\\1", visible(value))


def harmless(value: object) -> object:
    """A text as a terminal may show it, on one line: see `visible`."""
    return visible(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


@cache
def template(package: str, name: str) -> "Template":
    """A package's template; what it fills in is `unmarked` in Markdown, `harmless` in text, escaped too in HTML."""
    from jinja2 import Environment, PackageLoader  # only who prints a report pays for it

    fill_in = unmarked if name.endswith(".md.j2") else harmless
    made = Environment(
        loader=PackageLoader(package, ""),
        autoescape=name.endswith(".html.j2"),
        finalize=fill_in,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["visible"] = visible
    made.filters["lines"] = _lines
    made.filters["indented"] = lambda value: _lines(json.dumps(value, indent=2, ensure_ascii=False))
    return made.get_template(name)


def _lines(text: str) -> str:
    from markupsafe import Markup  # tells `harmless` that it has been made so

    return Markup(visible(text, newlines=True))
