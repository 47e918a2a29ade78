"""A unit of demo data: a trace, or the traces of one session, that is written at one point in time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from curator.sandbox.demo.people import Person


@dataclass(frozen=True)
class Planted:
    """What was put into one trace: the truth to hold queues, drafts and audits against."""

    trace_id: str
    workflow: str
    case: str
    """What the case is about, such as `refund` or `retrieval miss`."""
    failure: bool
    """Somebody or something says that the answer was not good."""


@dataclass(frozen=True)
class Unit:
    """Something to be written: `write(at)` puts it into the recorder that it was made for."""

    workflow: str
    failure: bool
    write: Callable[[datetime], list[Planted]]


def fill(value: Any, person: Person, **extra: str) -> Any:
    """Puts the person's values into the `{…}` of every text in a JSON value."""
    if isinstance(value, str):
        return value.format_map(person.values() | extra)
    if isinstance(value, dict):
        return {key: fill(item, person, **extra) for key, item in value.items()}
    return value
