"""The public Python API: what the commands and the terminal UI call, for scripts, notebooks and tests of your own.

Names are stable from release to release like those of the commands. A function that is called like its room
(`curator.audit.run.audit`) carries its object along here (`audit_dataset`), so that `from curator import …` never means
the room.
"""

from curator.audit import audit as audit_dataset
from curator.config import Connection, Settings, load_settings
from curator.experiments import Comparison, Plan, Run, find_run
from curator.experiments import compare_runs as compare
from curator.experiments import decide as decide_release
from curator.experiments import perform_experiment as perform
from curator.gateway import Gateway, GatewayError
from curator.journal import Journal
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
from curator.model.errors import ConfigError, CuratorError, ExitCode, ServerError, UsageError
from curator.model.lineage import item_id
from curator.promote import Choices, Order, Patience, Promoter, Proposal, Resumed, Undone, Verified
from curator.queue import Window, find_failures, parse_window, share_decision
from curator.rulebook import LoadedRule, find_rule, load_rule, load_rules
from curator.sandbox import SandboxServer
from curator.scrub import Choice, NotScrubbed, Scrubber
from curator.scrub import merged as policy_for

__all__ = [
    "Choice", "Choices", "Comparison", "ConfigError", "Connection", "CuratorError", "Dataset", "Decision", "Draft",
    "ExitCode", "Failure", "Finding", "Gateway", "GatewayError", "Item", "Journal", "LoadedRule", "NotScrubbed",
    "Order", "Patience", "Plan", "Promoter", "Proposal", "Queue", "Receipt", "Resumed", "Rule", "Run",
    "SandboxServer", "ScrubPolicy", "ScrubbedDraft", "Scrubber", "ServerError", "Settings", "Signal", "StoredItem",
    "Trace", "Undone", "UsageError", "Verified", "Window", "audit_dataset", "compare", "decide_release",
    "find_failures", "find_rule", "find_run", "item_id", "load_rule", "load_rules", "load_settings", "parse_window",
    "perform", "policy_for", "share_decision",
]  # fmt: skip
