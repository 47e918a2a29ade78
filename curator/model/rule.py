"""A rule: for one dataset, which traces count, how they map, the schemas, how PII is treated, what gates a release.

These are the shapes of `rules/*.yaml`; `curator.rulebook` reads the files and names file, line and key of an error.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import Field, JsonValue, field_validator, model_validator

from curator.model.base import Value

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]


class DatasetSpec(Value):
    """The dataset that the rule feeds."""

    name: str = Field(min_length=1)
    """Folders are written with `/`; Langfuse refuses one at the end or two in a row, and finds no `.` or `..`."""
    description: str | None = None
    metadata: dict[str, JsonValue] = {}

    @field_validator("name")
    @classmethod
    def _can_be_found(cls, name: str) -> str:
        if any(part in ("", ".", "..") for part in name.split("/")):
            raise ValueError("a dataset name has no empty part, `.` or `..` between its slashes")
        if any(unicodedata.category(char) in ("Cc", "Cs") for char in name):
            raise ValueError("a dataset name holds no control characters")
        return name


class SignalRule(Value):
    """One condition that makes a trace a failure: exactly one of `score`, `annotation`, `annotation_queue`, `level`."""

    score: str | None = None
    """A score's name. With `on: session`, scores of sessions count for the session's traces."""
    below: float | None = None
    """Numeric scores strictly below."""
    above: float | None = None
    """Numeric scores strictly above."""
    at_most: float | None = None
    at_least: float | None = None
    is_: bool | None = Field(default=None, alias="is")
    """Boolean scores."""
    in_: tuple[str, ...] | None = Field(default=None, alias="in")
    """Categories."""
    source: Literal["API", "EVAL", "ANNOTATION"] | None = None
    on: Literal["trace", "session"] = "trace"
    annotation: bool | None = None
    """True: any score that a human annotator gave."""
    annotation_queue: str | None = None
    """Name of an annotation queue: its open entries."""
    level: Literal["ERROR", "WARNING"] | None = None
    """A level of any observation of the trace."""

    @model_validator(mode="after")
    def _one_condition(self) -> "SignalRule":
        chosen = [
            self.score is not None,
            bool(self.annotation),
            self.annotation_queue is not None,
            self.level is not None,
        ]
        if sum(chosen) != 1:
            raise ValueError("a signal needs exactly one of score, annotation, annotation_queue, level")
        bounds = [self.below, self.above, self.at_most, self.at_least, self.is_, self.in_]
        if self.score is None and any(b is not None for b in bounds):
            raise ValueError("below, above, at_most, at_least, is and in need a score")
        if self.score is not None and sum(b is not None for b in bounds) != 1:
            raise ValueError("a score signal needs exactly one of below, above, at_most, at_least, is, in")
        return self


class Filters(Value):
    """Which traces the rule looks at; an empty list does not filter. Values of one list are alternatives."""

    names: tuple[str, ...] = ()
    """Of traces; `*` stands for any text."""
    tags: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    user_ids: tuple[str, ...] = ()
    session_ids: tuple[str, ...] = ()


class QueueSpec(Value):
    """What makes a trace a failure."""

    signals: tuple[SignalRule, ...] = Field(min_length=1)
    filters: Filters = Filters()


class FieldRule(Value):
    """Where one value comes from: an expression over the trace document, else a default; a constant; or fields."""

    from_: str | tuple[str, ...] | None = Field(default=None, alias="from")
    """JSONPath(s) or JMESPath(s) over the document (`curator explain rules`); the first that finds something wins."""
    default: JsonValue = None
    value: JsonValue = None
    """A constant."""
    collect: Literal["first", "last", "all"] = "first"
    """`all` collects every match into a list."""
    join: str | None = None
    """Joins the matches of `all` into one string."""
    required: bool = True
    """A required field without value is a problem that names the field."""
    fields: "dict[str, FieldRule]" = {}
    """An object of these, instead of a value from one place."""

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if self.fields and (self.from_ is not None or "value" in self.model_fields_set):
            raise ValueError("give either fields, or from and value")
        return self

    @property
    def expressions(self) -> tuple[str, ...]:
        """The expressions of `from`, in their order."""
        return (self.from_,) if isinstance(self.from_, str) else self.from_ or ()

    def leaves(self, *steps: str) -> "Iterator[tuple[tuple[str, ...], FieldRule]]":
        """(keys on the way, field) for every field that is not made of fields."""
        if not self.fields:
            yield steps, self
        for name, field in self.fields.items():
            yield from field.leaves(*steps, name)


class Shape(FieldRule):
    """The runner's shape of `input` or `expected_output`: a schema, and a mapping to any JSON.

    `fields` make an object; `from` or `value` instead make a text, a list or whatever they find.
    """

    schema_: dict[str, Any] | None = Field(default=None, alias="schema")
    """JSON Schema inline."""
    schema_file: str | None = None
    """Path of a JSON Schema file, relative to the rule."""
    python: str | None = None
    """`package.module:Model`, a pydantic model; read only when the user allows Python paths."""

    @model_validator(mode="after")
    def _one_schema(self) -> Self:
        if sum(x is not None for x in (self.schema_, self.schema_file, self.python)) != 1:
            raise ValueError("give exactly one of schema, schema_file, python")
        return self

    @property
    def whole(self) -> bool:
        """Whether the shape is one value from one place, instead of an object of fields."""
        return self.from_ is not None or "value" in self.model_fields_set


class SourceSpec(Value):
    """Which observation is promoted, by what it is."""

    name: str | None = None
    type: str | None = None
    """Such as GENERATION, TOOL, AGENT."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.name is None and self.type is None:
            raise ValueError("a source needs a name, a type, or both")
        return self


class LineageSpec(Value):
    """What lineage must say."""

    failure_types: tuple[str, ...] = Field(min_length=1)
    default_failure_type: str | None = None
    rubric: str = Field(min_length=1)
    risk: Literal["low", "medium", "high"] = "medium"
    source_policy: Literal["scrubbed", "metadata-only"] = "scrubbed"
    reviewers: tuple[str, ...] = ()
    """Who may approve; empty allows everybody. The audit names items that somebody else approved."""
    approval: Literal["anyone", "person"] = "anyone"
    """`person`: a script can only prepare (`curator draft --save`), somebody approves in a terminal or by name."""
    approvals: int = Field(default=1, ge=1, le=9)
    """How many people must approve the same draft before it is written; of several each by name or in a terminal."""

    @model_validator(mode="after")
    def _known_default(self) -> "LineageSpec":
        if self.default_failure_type is not None and self.default_failure_type not in self.failure_types:
            raise ValueError("default_failure_type must be one of failure_types")
        return self


class PathPolicy(Value):
    """How findings under one path are treated. `path` may hold `*` for one step and `**` for any."""

    path: str
    action: Literal["replace", "keep", "drop", "surrogate", "constant"]
    surrogate: str | None = None
    """Such as `ORDER-###`: each `#` becomes a digit, consistent for equal values. Applies to the whole field."""
    constant: JsonValue = None
    reason: str | None = None
    """Why `keep` is right here; recorded in lineage."""

    @model_validator(mode="after")
    def _complete(self) -> "PathPolicy":
        if self.action == "surrogate" and (not self.surrogate or "#" not in self.surrogate):
            raise ValueError("action surrogate needs surrogate with at least one #")
        if self.action == "keep" and not self.reason:
            raise ValueError("action keep needs a reason")
        return self


class PatternSpec(Value):
    """A recognizer of one's own: what its pattern finds is a finding (entity CUSTOM)."""

    name: str = Field(min_length=1, max_length=60)
    pattern: str = Field(min_length=1, max_length=1_000)
    """A regular expression; a group named `value` is the value, else the whole match."""
    context: tuple[str, ...] = ()
    """Words of which one must stand among the eight words before; none: the pattern alone is enough."""
    surrogate: str | None = Field(default=None, pattern=r"^[^#<>]*#{3,12}[^#<>]*$")
    """What takes the place of a value, such as `K-#####`: a form that the runner and its tools accept."""

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        import regex

        try:
            found = regex.compile(pattern).search("")
        except regex.error as error:
            raise ValueError(f"is no regular expression: {error}") from None
        if found is not None:
            raise ValueError("fits the empty text")
        return pattern


CodeEntity = Literal[
    "USER_ID", "ACCOUNT_NUMBER", "DOCUMENT_NUMBER", "NATIONAL_ID", "US_SSN", "PHONE_NUMBER", "CREDIT_CARD", "CUSTOM"
]
"""Identifiers that are looked up by their spelling, and can take a surrogate of the same form."""


class ScrubPolicy(Value):
    """How personal values and secrets are treated."""

    entities: tuple[str, ...] | None = None
    """Entities to look for; None means the default set."""
    exclude: tuple[str, ...] = ()
    """Entities of the default set not to look for."""
    threshold: float = Field(default=0.45, ge=0, le=1)
    thresholds: dict[str, float] = {}
    """Threshold per entity."""
    allow: tuple[str, ...] = ()
    """Texts that are never a finding (product names)."""
    deny: tuple[str, ...] = ()
    """Texts that are always a finding (entity DENIED)."""
    paths: tuple[PathPolicy, ...] = ()
    patterns: tuple[PatternSpec, ...] = ()
    """Recognizers of one's own."""
    user_ids: Literal["placeholder", "surrogate"] = "placeholder"
    """What takes the place of a user id: `<USER_ID_1>`, or one of the same form (`mia_li_3668` → `ann_lee_0001`)."""
    surrogates: tuple[CodeEntity, ...] = ()
    """Entities of which a value becomes one of the same form (`DE 4417-0093` → `XX 0000-0001`), user ids as above."""
    unread_language: Literal["warn", "block"] = "warn"
    """Whether a draft in a language in which names are not looked for may be written."""
    results: Literal["raw", "scrubbed"] = "raw"
    """How local result files of runs hold the task's outputs; what goes to Langfuse is scrubbed either way."""
    strict: bool = False
    """True: every finding needs a decision of the reviewer, suggestions included."""


class IdSpec(Value):
    """How item ids are made."""

    scheme: Literal["derived", "pinned"] = "derived"
    pin: dict[str, str] = {}
    """Trace id (optionally `TRACE/CASE`) → pinned item id, for scheme pinned."""

    @field_validator("pin")
    @classmethod
    def _safe(cls, pin: dict[str, str]) -> dict[str, str]:
        for value in pin.values():
            if not re.fullmatch(r"[A-Za-z0-9._-]{1,255}", value) or value in (".", ".."):
                raise ValueError("a pinned id may hold only A-Z a-z 0-9 . _ - and at most 255 characters")
        return pin


class CheckSpec(Value):
    """One check (evaluator) of an output against an item's expected output; see `curator explain checks`."""

    name: Name
    type: Literal[
        "expected_outcome",
        "required_terms_present",
        "forbidden_terms_absent",
        "json_schema",
        "regex",
        "jsonpath_equals",
        "numeric_tolerance",
        "tools_called",
        "tools_not_called",
        "tools_in_order",
        "tool_arguments",
        "python",
    ]
    path: str | None = None
    """JSONPath into the output; the default depends on the type."""
    expected_path: str | None = None
    """JSONPath into the expected output."""
    pattern: str | None = None
    schema_: dict[str, Any] | None = Field(default=None, alias="schema")
    value: JsonValue = None
    tolerance: float | None = Field(default=None, ge=0)
    python: str | None = None
    """`package.module:function` for type python: own evaluators, LLM judges."""
    judge: bool = False
    """True for noisy checks (LLM judges): never used to call a single run a regression."""
    human: str | None = None
    """Name of the score that people give for the same thing, when it is another; `curator judges` pairs the two."""
    scale: tuple[float, float] | None = None
    """The worst and the best value of a graded score, such as `[1, 5]`; built-in checks give 0 or 1."""

    @model_validator(mode="after")
    def _scale_rises(self) -> "CheckSpec":
        if self.scale is not None and not self.scale[0] < self.scale[1]:
            raise ValueError("scale names the worst value first, then the best, and higher is better")
        return self


# Means of many ones and zeros carry rounding errors; no threshold is meant that exactly.
_ROUNDING = 1e-9


class GateScore(Value):
    """A required score with its threshold."""

    name: str
    at_least: float = 1.0
    safety: bool = False
    """A safety score is required of every item, not on average."""
    no_worse_than: float | None = Field(default=None, gt=0, le=1)
    """Instead of the gate's own."""

    def met_by(self, value: float) -> bool:
        """Whether a value, or a mean of values, reaches the threshold: the one place that says so."""
        return value >= self.at_least - _ROUNDING


class JudgeBounds(Value):
    """What a judge must have shown, held against people, before its score may decide a release."""

    min_n: int = Field(default=30, ge=1)
    """Traces that both the judge and a person scored."""
    tpr: float = Field(default=0.8, ge=0, le=1)
    """Lower bound of the share of answers good by a person that the judge calls good, too."""
    tnr: float = Field(default=0.8, ge=0, le=1)
    """Lower bound of the share of answers bad by a person that the judge calls bad, too."""


class GateSpec(Value):
    """When a release may pass; fails closed."""

    name: str | None = None
    """Name of the gate in its JSON; the rubric when not given."""
    required: tuple[GateScore, ...] = ()
    max_cost_ratio: float | None = Field(default=None, gt=0)
    max_latency_ratio: float | None = Field(default=None, gt=0)
    min_items: int = Field(default=1, ge=1)
    """Fewer items are too thin evidence."""
    no_worse_than: float | None = Field(default=None, gt=0, le=1)
    """Passes only if the evidence excludes a larger loss against the baseline: a share of the score's scale, so 0.05 is
    five of a hundred passes, or 0.2 on a scale from 1 to 5."""
    no_regression: bool = False
    """The same as `no_worse_than: 0.05`."""
    no_case_may_regress: bool = False
    """Blocked when an item that passed every repeat in the baseline fails every repeat now."""
    group_by: str | None = None
    """JSONPath over an item's `input`, `expected_output`, `metadata`: items with one value share their fate. Without
    it, those of one session do."""
    judges: JudgeBounds | None = None
    """What a check marked `judge` must have shown before its score decides; without it, a judge's score decides."""

    def margin(self, score: GateScore) -> float | None:
        """How large a loss of a required score the evidence has to exclude, as a share of its scale; None for any."""
        return score.no_worse_than or self.no_worse_than or (0.05 if self.no_regression else None)


class SeedItem(Value):
    """An item that the rule itself brings along (a synthetic first case)."""

    id: str = Field(pattern=r"^[A-Za-z0-9._-]{1,255}$")
    input: JsonValue
    expected_output: JsonValue
    metadata: dict[str, JsonValue] = {}


class Rule(Value):
    """One workflow: one file in `rules/`."""

    rule: Name
    version: int = Field(default=1, ge=1)
    description: str = ""
    dataset: DatasetSpec
    queue: QueueSpec
    source: Literal["reviewed", "root", "scored"] | SourceSpec = "reviewed"
    """What is promoted. `reviewed`: the observation that somebody scored, corrected or queued, else the root. `root`:
    always the root. `scored`: the observation that a signal points at, levels included. A name or type: that
    observation; of several the one that a signal points at, else the last."""
    input: Shape
    expected_output: Shape
    lineage: LineageSpec
    scrub: ScrubPolicy = ScrubPolicy()
    id: IdSpec = IdSpec()
    replay: Literal["off", "strict", "order"] = "off"
    """Stores the trace's tool results (scrubbed) with the item; `run` hands them to the task, so that an agent's case
    reproduces without the production systems. `strict`: a call that was not recorded is an error. `order`: the results
    of a tool come in the order in which they were recorded, whatever the arguments."""
    checks: tuple[CheckSpec, ...] = ()
    gate: GateSpec = GateSpec()
    seed: tuple[SeedItem, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> "Rule":
        names = [c.name for c in self.checks]
        if len(set(names)) != len(names):
            raise ValueError("two checks have the same name")
        unknown = [s.name for s in self.gate.required if s.name not in names]
        if unknown:
            raise ValueError(f"the gate requires scores that no check gives: {', '.join(unknown)}")
        return self
