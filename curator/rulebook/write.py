"""Writes a first rule file; never overwrites one."""

import re
from pathlib import Path

from curator.model.errors import UsageError
from curator.rulebook import load_rule


def check_new(folder: Path, name: str) -> Path:
    """The file that a new rule of this name gets. Raises UsageError for a bad name and for a file that exists."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", name):
        raise UsageError(f"{name!r} is not a rule name.", code="RULE_NAME")
    target = folder / f"{name}.yaml"
    if target.exists():
        raise UsageError(f"{target} exists.", code="RULE_EXISTS")
    return target


def write_new(target: Path, text: str) -> None:
    """Writes the rule's text and proves that it loads. Raises UsageError."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{target} cannot be written: {error.strerror}.",
            code="RULE_WRITE",
            remedy="Name another folder with --folder, or check its permissions.",
        ) from None
    load_rule(target)
