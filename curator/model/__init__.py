"""The values that flow through the house, left to right.

`Trace + Score` → `Failure` → `Draft` → `ScrubbedDraft` → `Item` → `Receipt`.
"""

from typing import TYPE_CHECKING

from curator.model.lazy import at_first_use

if TYPE_CHECKING:
    from curator.model.base import Value
    from curator.model.draft import Draft, Finding, Origin, Problem, ScrubbedDraft, ScrubSummary
    from curator.model.failure import Decision, Failure, Note, Queue, Signal, State, key_of, split_key
    from curator.model.item import Dataset, Item, StoredItem
    from curator.model.json import Json, canonical, join_path, parse_text, split_path
    from curator.model.receipt import Change, Check, Receipt
    from curator.model.rule import Rule, ScrubPolicy
    from curator.model.trace import Comment, Observation, QueueEntry, Score, Trace

# Loaded at its first use: a command that refuses, and the first paint of the terminal, need errors and no pydantic.
__getattr__ = at_first_use(__name__)
