"""The public Python API: what the commands and the terminal UI call, for scripts, notebooks and tests of your own.

Names are stable from release to release like those of the commands. A function that is called like its room
(`curator.promote.promote`) carries its object along here (`promote_item`), so that `from curator import …` never means
the room.
"""

from curator.audit.run import audit as audit_dataset
from curator.config import Connection, Settings, load_settings
from curator.decisions import record as share_decision
from curator.errors import ConfigError, CuratorError, ExitCode, ServerError, UsageError
from curator.experiments.compare import Comparison, compare
from curator.experiments.gate import decide as decide_release
from curator.experiments.perform import Plan, find_run, perform
from curator.experiments.results import Run
from curator.gateway import Gateway, GatewayError
from curator.journal import Journal
from curator.lineage import item_id, to_item
from curator.model import (
    Dataset,
    Decision,
    Draft,
    Failure,
    Finding,
    Item,
    Queue,
    Receipt,
    Rule,
    ScrubbedDraft,
    ScrubPolicy,
    Signal,
    StoredItem,
    Trace,
)
from curator.promote import promote as promote_item
from curator.promote import promote_many, resume, undo, verify
from curator.queue import Window, find_failures, parse_window
from curator.reshape import reshape as reshape_trace
from curator.rulebook import LoadedRule, find_rule, load_rule, load_rules
from curator.sandbox.server import SandboxServer
from curator.scrub import Choice, NotScrubbed, Scrubber

__all__ = [
    "Choice",
    "Comparison",
    "ConfigError",
    "Connection",
    "CuratorError",
    "Dataset",
    "Decision",
    "Draft",
    "ExitCode",
    "Failure",
    "Finding",
    "Gateway",
    "GatewayError",
    "Item",
    "Journal",
    "LoadedRule",
    "NotScrubbed",
    "Plan",
    "Queue",
    "Receipt",
    "Rule",
    "Run",
    "SandboxServer",
    "ScrubPolicy",
    "ScrubbedDraft",
    "Scrubber",
    "ServerError",
    "Settings",
    "Signal",
    "StoredItem",
    "Trace",
    "UsageError",
    "Window",
    "audit_dataset",
    "compare",
    "decide_release",
    "find_failures",
    "find_rule",
    "find_run",
    "item_id",
    "load_rule",
    "load_rules",
    "load_settings",
    "parse_window",
    "perform",
    "promote_item",
    "promote_many",
    "reshape_trace",
    "resume",
    "share_decision",
    "to_item",
    "undo",
    "verify",
]
