"""A draft, its findings, and the draft after the scrub. A finding never holds the personal value itself."""

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


Action = Literal["replace", "keep", "drop", "surrogate", "constant", "suggest", "undecided"]


class Finding(Value):
    """One detected personal value. It says where, never what: the value is `text[start:end]` of the draft's text."""

    id: str
    """Stable within one draft: `path:start-end:entity`, hashed short; what `--keep FINDING=REASON` names."""
    path: str
    """Path of the string (or key, or number) in the item: `input.query`, `expected_output.must_mention[0]`."""
    in_key: bool = False
    """True when the value stands in a dict key."""
    start: int
    end: int
    entity: str
    score: float
    action: Action = "replace"
    replacement: str | None = None
    """What stands in its place: `<PERSON_1>`; None when nothing is replaced."""
    reason: str | None = None
    """Why it was kept, in the reviewer's words (scrubbed like any text)."""
    recognizer: str = ""


class ScrubSummary(Value):
    """What lineage records of a scrub: counts and reasons, never values."""

    replaced: dict[str, int] = {}
    """Entity → number of findings replaced."""
    kept: dict[str, int] = {}
    """Entity → number of findings kept by a decision."""
    kept_at: dict[str, dict[str, int]] = {}
    """Path → entity → number of findings kept there: what the audit lets through, and nowhere else."""
    reasons: tuple[str, ...] = ()
    suggested: dict[str, int] = {}
    """Entity → number of suggestions (places, organisations) left as they are."""
    model: str | None = None
    """The NER model in use; None says that names were looked for by cues and lists only, places not at all."""


class ScrubbedDraft(Value):
    """A draft after the scrub: what would be written, and every finding with its decision."""

    draft: Draft = Field(repr=False)
    """The draft it came from, unscrubbed: lives in memory only."""
    input: JsonValue
    expected_output: JsonValue
    metadata: dict[str, JsonValue]
    findings: tuple[Finding, ...]
    summary: ScrubSummary
    problems: tuple[Problem, ...] = ()
    """The draft's problems and those that the scrub added."""

    @property
    def complete(self) -> bool:
        """Whether nothing is missing in it: nothing undecided, nothing blocking."""
        return not any(p.blocking for p in self.problems) and not any(f.action == "undecided" for f in self.findings)

    @property
    def writable(self) -> bool:
        """Whether promote may write it: it is complete, and a person has confirmed what needs it."""
        return self.complete and not any(p.confirm for p in self.problems)
