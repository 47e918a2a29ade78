"""A dataset in numbers: what the items protect against, who approved them, when, and which signals brought them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from curator.audit.labels import signal_names
from curator.audit.values import time_of
from curator.model.lineage import FAILURE_TYPE

UNKNOWN = "unknown"
_AGES = (
    (timedelta(days=7), "under a week"),
    (timedelta(days=30), "under a month"),
    (timedelta(days=90), "under three months"),
    (timedelta(days=365), "under a year"),
)
_OLDEST = "a year or more"


def count(values: Sequence[object]) -> dict[str, int]:
    """How often each text occurs, the most frequent first; anything else is unknown."""
    counted = Counter(value if isinstance(value, str) and value else UNKNOWN for value in values)
    return dict(sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])))


def signals(lineages: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Signal name → number of items that it brought here."""
    return count([name for each in lineages for name in signal_names(each.get("signals"))])


def flows(lineages: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """Signal name → failure type → number of items that came that way."""
    found: dict[str, Counter[str]] = {}
    for each in lineages:
        failure_type = each.get(FAILURE_TYPE)
        target = failure_type if isinstance(failure_type, str) and failure_type else UNKNOWN
        for name in signal_names(each.get("signals")) or [UNKNOWN]:
            found.setdefault(name, Counter())[target] += 1
    return {name: dict(sorted(counts.items())) for name, counts in sorted(found.items())}


def ages(approved: Sequence[object], at: datetime) -> dict[str, int]:
    """Age since approval in words → number of items, the youngest first."""
    counted: Counter[str] = Counter()
    for value in approved:
        time = time_of(value)
        if time is None:
            counted[UNKNOWN] += 1
        else:
            counted[next((words for limit, words in _AGES if at - time < limit), _OLDEST)] += 1
    return {words: counted[words] for words in (*(w for _, w in _AGES), _OLDEST, UNKNOWN) if counted[words]}
