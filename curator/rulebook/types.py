"""Failure types that grow: `RULE.failure-types.txt` beside a rule's file, for git to review, one change a line.

`name` adds a type; `old = new` renames one, or merges it into one that is there. The lines are applied in their order.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from curator.model import Rule
from curator.model.errors import UsageError

_NAME = re.compile(r"[^\s=#](?:[^=\n]{0,58}[^\s=])?")


def types_file(path: Path) -> Path:
    """`rules/mine.yaml` → `rules/mine.failure-types.txt`."""
    return path.with_name(f"{path.stem}.failure-types.txt")


def type_name(text: str) -> str:
    """The name of a type as it is written. Raises UsageError (FAILURE_TYPE)."""
    name = " ".join(text.split())
    if not _NAME.fullmatch(name):
        words = f"{text!r} is no name of a failure type"
        raise UsageError(words, code="FAILURE_TYPE", remedy="Write up to 60 characters, none of them =.")
    return name


def with_types(rule: Rule, lines: Iterable[str]) -> Rule:
    """The rule with the failure types that the lines make of its own."""
    names, default = list(rule.lineage.failure_types), rule.lineage.default_failure_type
    for line in lines:
        old, _, new = (part.strip() for part in line.partition("="))
        names = list(dict.fromkeys(new if new and name == old else name for name in (*names, old)))
        default = new if new and default == old else default
    update = {"failure_types": tuple(names), "default_failure_type": default}
    return rule.model_copy(update={"lineage": rule.lineage.model_copy(update=update)})
