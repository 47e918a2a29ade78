"""Names of runs: unique, because Langfuse joins experiments of one name; repeats of a run say which they are."""

import re
from datetime import datetime

_STARTED = re.compile(r" - \d{4}-\d\d-\d\dT\d\d:\d\d[\d:.]*(Z|[+-]\d\d:?\d\d)?$")
_REPEAT = re.compile(r" \((\d{1,3}) of (\d{1,3})\)$")


def run_name(label: str, started: datetime, number: int, repeat: int) -> str:
    """`label - 2026-11-22T16:10:00.123456Z`, with ` (2 of 4)` for repeats."""
    name = f"{label} - {started.isoformat().replace('+00:00', 'Z')}"
    return f"{name} ({number} of {repeat})" if repeat > 1 else name


def base_name(name: str) -> str:
    """The name that all repeats of a run share."""
    return _REPEAT.sub("", name)


def label_in(name: str) -> str:
    """The name that a run was given: run names of curator and of Langfuse's SDK add when it started."""
    return _STARTED.sub("", base_name(name))


def repeat_names(name: str) -> list[str]:
    """The names of all repeats of the run that one of them bears; of any other name, that name alone."""
    match = _REPEAT.search(name)
    if match is None or not 1 < int(match[2]) <= 100:
        return [name]
    return [f"{base_name(name)} ({number} of {match[2]})" for number in range(1, int(match[2]) + 1)]
