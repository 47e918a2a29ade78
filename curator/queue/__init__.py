"""Which traces need a decision, why, and what has been decided."""

from curator.queue.entries import entries_of, require_traces
from curator.queue.find import find_failures
from curator.queue.window import Window, parse_time, parse_window

__all__ = ["Window", "entries_of", "find_failures", "parse_time", "parse_window", "require_traces"]
