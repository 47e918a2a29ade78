"""The values that flow through the house, left to right.

`Trace + Score` → `Failure` → `Draft` → `ScrubbedDraft` → `Item` → `Receipt`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from curator.model.base import Value
    from curator.model.draft import Draft, Finding, Origin, Problem, ScrubbedDraft, ScrubSummary
    from curator.model.failure import Decision, Failure, Queue, Signal, State, key_of, split_key
    from curator.model.item import Dataset, Item, StoredItem
    from curator.model.json import Json, canonical, join_path, parse_text
    from curator.model.receipt import Change, Check, Receipt
    from curator.model.rule import Rule, ScrubPolicy
    from curator.model.trace import Comment, Observation, QueueEntry, Score, Trace

__all__ = [
    "Change",
    "Check",
    "Comment",
    "Dataset",
    "Decision",
    "Draft",
    "Failure",
    "Finding",
    "Item",
    "Json",
    "Observation",
    "Origin",
    "Problem",
    "Queue",
    "QueueEntry",
    "Receipt",
    "Rule",
    "Score",
    "ScrubPolicy",
    "ScrubSummary",
    "ScrubbedDraft",
    "Signal",
    "State",
    "StoredItem",
    "Trace",
    "Value",
    "canonical",
    "join_path",
    "key_of",
    "parse_text",
    "split_key",
]

# Loaded at its first use: a command that refuses, and the first paint of the terminal, need errors and no pydantic.
_FILES = {
    "base": ("Value",),
    "draft": ("Draft", "Finding", "Origin", "Problem", "ScrubSummary", "ScrubbedDraft"),
    "failure": ("Decision", "Failure", "Queue", "Signal", "State", "key_of", "split_key"),
    "item": ("Dataset", "Item", "StoredItem"),
    "json": ("Json", "canonical", "join_path", "parse_text"),
    "receipt": ("Change", "Check", "Receipt"),
    "rule": ("Rule", "ScrubPolicy"),
    "trace": ("Comment", "Observation", "QueueEntry", "Score", "Trace"),
}
_HOMES = {name: file for file, names in _FILES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found
