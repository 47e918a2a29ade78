"""Which traces need a decision, why, and what has been decided; in groups, and summed up for the week."""

from typing import TYPE_CHECKING

from curator.model.lazy import at_first_use
from curator.queue.decisions import items_of
from curator.queue.filters import Filter, parse_filter, parse_log_filter
from curator.queue.find import find_failures
from curator.queue.gather import Hears, entries_of, require_traces
from curator.queue.window import Window, parse_time, parse_window

if TYPE_CHECKING:
    from curator.queue.decisions import (
        APPROVAL_NAME,
        SCORE_NAME,
        decisions_in,
        newest_decisions,
        put_decision,
        put_decisions,
        share_decision,
    )
    from curator.queue.groups import FailureText, Group, Grouping, group_failures, read_texts, texts_file
    from curator.queue.notes import in_line, noted, notes_in, read_note, write_note
    from curator.queue.proposals import (
        FirstRule,
        Sample,
        Workflow,
        default_rule,
        first_rule,
        found_by,
        in_words,
        try_rule,
        without_rules,
        workflows,
    )
    from curator.queue.signals import reviewed_id, signals_of, wants_entries, wants_session_scores
    from curator.queue.week import (
        Coverage,
        Digest,
        Week,
        coverage,
        digest,
        drifted,
        in_lines,
        in_markdown,
        read_week,
        seen_before,
        types_in,
    )

# What loads the scrub's values and the item index.
__getattr__ = at_first_use(__name__)
