"""A draft: a proposed dataset item, with the origin of every field and what is wrong with it."""

from typing import Literal

from pydantic import Field, JsonValue

from curator.model.base import Value


class Problem(Value):
    """Something that is wrong, with a stable code (see `curator explain CODE`), safe to print."""

    code: str
    message: str
    path: str | None = None
    remedy: str = ""
    blocking: bool = True
    """A blocking problem makes the draft unwritable; the others are warnings."""
    confirm: bool = False
    """The draft is whole, and a person has to say so before it is written."""


class Origin(Value):
    """Where a field's value came from."""

    path: str
    """Path of the field, e.g. `input.query`."""
    kind: Literal["trace", "correction", "default", "constant", "reviewer"]
    source: str = ""
    """The JSONPath that found it, or empty."""


class Draft(Value):
    """A proposed item, not yet scrubbed, written nowhere."""

    trace_id: str
    observation_id: str | None
    reviewed_id: str | None = None
    """The observation whose review made it a failure of its own; None for the whole trace. The rule may promote
    another one (`source`)."""
    dataset: str
    rule: str
    case: str = "1"
    """Tells several items of one trace apart."""
    item_id: str
    input: JsonValue
    expected_output: JsonValue
    metadata: dict[str, JsonValue]
    replaced: dict[str, JsonValue] | None = Field(default=None, repr=False)
    """Input and expected output as they were before the reviewer's edits; None without edits. What the scrub finds in
    them stays known: an edit of one field does not bring a value back in another. In memory only."""
    origins: tuple[Origin, ...] = ()
    problems: tuple[Problem, ...] = ()
