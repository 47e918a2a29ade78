"""The values that flow through the house, left to right.

`Trace + Score` → `Failure` → `Draft` → `ScrubbedDraft` → `Item` → `Receipt`.
"""

from curator.model.base import Value
from curator.model.draft import Draft, Origin, Problem
from curator.model.failure import Decision, Failure, Queue, Signal, State, key_of, split_key
from curator.model.item import Dataset, Item, StoredItem
from curator.model.json import Json, canonical, join_path, parse_text
from curator.model.receipt import Change, Check, Receipt
from curator.model.rule import Rule, ScrubPolicy
from curator.model.scrub import Finding, ScrubbedDraft, ScrubSummary
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
