"""Writes rule files: a first one, never over another, and what a reviewer teaches one about its texts."""

import difflib
import re
from collections.abc import Collection
from pathlib import Path

from curator.model.errors import UsageError
from curator.rulebook import list_of, load_rule


def check_new(folder: Path, name: str) -> Path:
    """The file that a new rule of this name gets. Raises UsageError for a bad name and for a file that exists."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", name):
        raise UsageError(
            f"{name!r} is not a rule name.", code="RULE_NAME", remedy="Use lower case letters, digits and . _ - only."
        )
    target = folder / f"{name}.yaml"
    if target.exists():
        raise UsageError(f"{target} exists.", code="RULE_EXISTS", remedy="Choose another name, or edit that file.")
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


def teach(path: Path, *, never: Collection[str] = (), always: Collection[str] = ()) -> str:
    """Adds texts that are never personal, or always, to the lists beside a rule's file (`LISTS`), one text a line.

    Returns the change as a unified diff, empty when the lists held them. Raises UsageError.
    """
    changes: list[str] = []
    for key, texts in (("allow", never), ("deny", always)):
        target = list_of(path, key)
        before = target.read_text("utf-8").splitlines() if target.is_file() else []
        after = list(dict.fromkeys((*before, *(" ".join(text.split()) for text in texts))))
        changes += difflib.unified_diff(before, after, target.name, target.name, n=1, lineterm="")
        if after != before:
            try:
                target.write_text("\n".join(after) + "\n", encoding="utf-8")
            except OSError as error:
                raise UsageError(
                    f"{target} cannot be written: {error.strerror}.",
                    code="RULE_WRITE",
                    remedy="Check its permissions; a copy of the rule in a folder of your own can be taught.",
                ) from None
    return "\n".join(changes)
