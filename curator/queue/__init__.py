"""Which traces need a decision, why, and what has been decided; in groups, and summed up for the week."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from curator.queue.filters import Filter, parse_filter
from curator.queue.find import find_failures
from curator.queue.gather import Hears, entries_of, require_traces
from curator.queue.window import Window, parse_time, parse_window

if TYPE_CHECKING:
    from curator.queue.groups import FailureText, Group, Grouping, group_failures, read_texts
    from curator.queue.week import (
        Coverage,
        Digest,
        Week,
        coverage,
        digest,
        drifted,
        in_markdown,
        read_week,
        seen_before,
    )

__all__ = [  # noqa: RUF022  # by what they are about
    "Window", "parse_time", "parse_window", "Hears", "find_failures", "entries_of", "require_traces", "Filter",
    "parse_filter", "FailureText", "group_failures", "read_texts", "seen_before",
    "Group", "Grouping", "Week", "read_week", "Coverage", "coverage", "Digest", "digest", "drifted", "in_markdown",
]  # fmt: skip

_BEHIND = {
    "groups": ("FailureText", "Group", "Grouping", "group_failures", "read_texts"),
    "week": ("Coverage", "Digest", "Week", "coverage", "digest", "drifted", "in_markdown", "read_week", "seen_before"),
}
"""What loads the scrub's values and the item index is imported at its first use."""
_MODULES = {name: module for module, names in _BEHIND.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
