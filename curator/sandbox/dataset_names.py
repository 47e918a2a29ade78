"""What a dataset may be called: folders are fine, HTML and stray slashes are not."""

import re

from curator.sandbox.issues import Issue

HTML_TAG = re.compile(r"<[^<>]*>")
# zod's own expressions, quoted back to the client in the issue.
RULES = (
    (r"^[^/]", "Name cannot start with a slash"),
    (r"^(?!.*\/\/)", "Name cannot contain consecutive slashes"),
    (r"^.*[^/]$", "Name cannot end with a slash"),
)


def name_issues(name: str) -> list[Issue]:
    """Everything that is wrong with the name, in Langfuse's order."""
    found: list[Issue] = []
    if not name:
        found.append(
            {"origin": "string", "code": "too_small", "minimum": 1, "inclusive": True}
            | {"path": [], "message": "Text cannot be empty"}
        )
    if HTML_TAG.search(name):
        found.append({"code": "custom", "path": [], "message": "Text cannot contain HTML tags"})
    for pattern, message in RULES:
        if not re.search(_in_python(pattern), name):
            issue = {"origin": "string", "code": "invalid_format", "format": "regex", "pattern": f"/{pattern}/"}
            found.append({**issue, "path": [], "message": message})
    if not found and not name.strip():
        found.append({"code": "custom", "path": [], "message": "Name cannot be empty"})
    return found


def _in_python(pattern: str) -> str:
    """In JavaScript `$` is the very end and `.` stops at four kinds of line break."""
    return pattern.replace("$", r"\Z").replace(".", r"[^\n\r\u2028\u2029]")
