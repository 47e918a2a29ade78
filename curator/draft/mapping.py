"""Trace + rule → draft: maps the trace into the runner's shape, with the origin of every field."""

import copy
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from pydantic import JsonValue

from curator.conversation import answer_in, conversation_of, several_roots
from curator.draft.edits import apply_edit
from curator.draft.terms import terms_of_difference
from curator.model import Draft, Observation, Origin, Problem, Signal, Trace, canonical, join_path
from curator.model.errors import UsageError
from curator.model.lineage import draft_metadata, fingerprint, item_id
from curator.model.rule import FieldRule, Rule, Shape, SourceSpec
from curator.model.trace import main_root
from curator.rulebook import Finder, LoadedRule, TooMuchWork, errors_in, is_jsonpath

_ABSENT = object()
NO_INPUT, NO_EXPECTATION, UNCONFIRMED = "NO_INPUT", "NO_EXPECTATION", "UNCONFIRMED_TERMS"
TERMS = "correction_terms"
"""Where the document holds the terms of a correction in plain text."""
MIN_SENTENCE = 40
"""An expectation text of at least this many characters that stands in the model's own output is its own sentence."""


def reshape(
    trace: Trace,
    loaded: LoadedRule,
    *,
    signals: Sequence[Signal] = (),
    edits: Mapping[str, JsonValue] | None = None,
    case: str = "1",
    failure_type: str | None = None,
    observation_id: str | None = None,
    earlier: Sequence[Trace] = (),
) -> Draft:
    """The proposed item of a trace, or of one reviewed observation of it; writes nothing.

    `observation_id` is what somebody reviewed, None for the whole trace; the rule's `source` may choose another one.
    `edits` are the reviewer's changes: path → value, such as `input.region` → `eu`. `earlier` are earlier traces of the
    session (`Gateway.earlier_in_session`), for rules that read them (`reads_session`).
    `problems` name every field that the schema refuses, an item without input or expectation, an unknown failure type,
    and an expectation that only repeats the model's own sentence. Raises UsageError for an edit whose path leads
    nowhere or an observation that the trace does not have.
    """
    rule = loaded.rule
    chosen = promoted(trace, rule, signals, observation_id)
    focus = trace.root if chosen is None else trace.observation(chosen)
    finder = Finder(document_of(trace, chosen, earlier))
    origins: list[Origin] = []
    content = {
        "input": _whole("input", rule.input, finder, origins),
        "expected_output": _whole("expected_output", rule.expected_output, finder, origins),
    }
    before = copy.deepcopy(content) if edits else None
    for path, value in (edits or {}).items():
        apply_edit(content, path, value)
        origins = [o for o in origins if not _under(o.path, path)]
        origins.append(Origin(path=path, kind="reviewer"))
    failure_type = failure_type or rule.lineage.default_failure_type
    identity = rule.id.pin.get(f"{trace.id}/{case}") or (rule.id.pin.get(trace.id) if case == "1" else None)
    metadata = draft_metadata(
        rule,
        trace_id=trace.id,
        session_id=trace.root.session_id,
        environment=trace.root.environment,
        signals=signals,
        failure_type=failure_type,
        schema_fingerprint=schema_fingerprint(loaded),
    )
    if rule.replay != "off":
        metadata["tool_results"] = recorded_tools(trace, chosen)
    problems = [
        *validate(content["input"], content["expected_output"], loaded),
        *_empty(content["input"], content["expected_output"], rule),
        *_lineage_problems(loaded, failure_type),
        *_own_sentence(content["expected_output"], focus.output, trace.correction_of(chosen)),
        *_ambiguous(trace, chosen),
        *_roots(trace, focus),
        *_unconfirmed(origins, content["expected_output"]),
    ]
    if rule.lineage.source_policy == "metadata-only":
        problems += _copied(content["input"], origins)
    return Draft(
        trace_id=trace.id,
        observation_id=focus.id,
        reviewed_id=None if observation_id == trace.root.id else observation_id,
        dataset=rule.dataset.name,
        rule=rule.rule,
        case=case,
        item_id=identity or item_id(rule.dataset.name, trace.id, focus.id, case),
        input=content["input"],
        expected_output=content["expected_output"],
        metadata=metadata,
        replaced=before,
        origins=tuple(origins),
        problems=tuple(problems),
    )


def promoted(trace: Trace, rule: Rule, signals: Sequence[Signal] = (), observation_id: str | None = None) -> str | None:
    """The observation that a rule promotes of a trace; None for the root. Raises UsageError for one not in it."""
    ids = {one.id for one in trace.observations}
    if observation_id is not None and observation_id not in ids:
        raise UsageError("The trace has no such observation.", code="OBSERVATION_UNKNOWN")
    chosen: str | None
    if rule.source == "reviewed":
        chosen = observation_id or main_root(trace.observations, rule.queue.filters.names).id
    elif rule.source == "root":
        chosen = None
    else:
        wanted = [one for one in (observation_id, *(signal.observation_id for signal in signals)) if one in ids]
        spec = rule.source
        if isinstance(spec, SourceSpec):
            fitting = [
                one.id
                for one in sorted(trace.observations, key=lambda one: (one.start_time, one.id))
                if spec.name in (None, one.name) and spec.type in (None, one.type)
            ]
            chosen = next((one for one in wanted if one in fitting), fitting[-1] if fitting else None)
        else:
            chosen = next((one for one in wanted if one != trace.root.id), None)
    return None if chosen == trace.root.id else chosen


def document_of(trace: Trace, observation_id: str | None = None, earlier: Sequence[Trace] = ()) -> dict[str, object]:
    """What a rule's expressions read: `Trace.document`, its normal form, the terms of a correction in plain text."""
    found = conversation_of(trace, observation_id, earlier=earlier)
    correction = trace.correction_of(observation_id)
    corrected = correction if isinstance(correction, str) else answer_in(correction)
    terms = terms_of_difference(found.answer, corrected)
    return trace.document(observation_id) | found.document() | {"correction_terms": list(terms) or None}


def reads_session(rule: Rule) -> bool:
    """Whether a rule's mapping reads earlier turns of the session, so that they have to be fetched."""
    fields = [field for shape in (rule.input, rule.expected_output) for _, field in shape.leaves()]
    return any(re.search(r"\b(?:session|messages)\b", one) for field in fields for one in field.expressions)


_COMMENTS = re.compile(r"\bcomments\b|\.\.|^\s*\$?\s*$|^\s*\$?\s*\.?\s*\*|^\s*\$\s*\[|^(?!\s*\$).*@")
"""Expressions that name comments, or take in whatever the document holds."""


def reads_comments(rule: Rule) -> bool:
    """Whether a rule's mapping may read comments, so that they have to be fetched: two requests of every promotion."""
    fields = [field for shape in (rule.input, rule.expected_output) for _, field in shape.leaves()]
    return any(_COMMENTS.search(one) for field in fields for one in field.expressions)


def recorded_tools(trace: Trace, observation_id: str | None = None) -> list[JsonValue]:
    """The tool calls of a trace with their results, in order: what `run` answers with instead of the real tools."""
    calls = conversation_of(trace, observation_id).tool_calls
    return [{"name": call.name, "arguments": call.arguments, "result": call.result} for call in calls]


def schema_fingerprint(loaded: LoadedRule) -> str:
    """Fingerprint of both schemas: tells the audit whether an item was approved under other schemas."""
    return fingerprint([loaded.input_schema, loaded.expected_output_schema])


def validate(input_: object, expected_output: object, loaded: LoadedRule) -> list[Problem]:
    """Every violation of the rule's schemas, with the path of the field that is wrong."""
    problems: list[Problem] = []
    for base, value, schema in (
        ("input", input_, loaded.input_schema),
        ("expected_output", expected_output, loaded.expected_output_schema),
    ):
        problems += _violations(base, value, schema)
    return problems


def _violations(base: str, value: object, schema: dict[str, Any]) -> list[Problem]:
    found = []
    try:
        errors = sorted(errors_in(schema, value), key=lambda e: (list(map(str, e.path)), e.message))
    except RecursionError:
        remedy = "Flatten the value; a schema must not refer to itself for the same value."
        return [Problem(code="SCHEMA", message=f"{base} cannot be checked to its end", path=base, remedy=remedy)]
    except TooMuchWork as endless:
        return [Problem(code=endless.code, message=f"{base}: {endless.message}", path=base, remedy=endless.remedy)]
    for error in errors:
        path = base
        for step in error.path:
            path = join_path(path, step)
        found.append(
            Problem(code="SCHEMA", message=_in_words(error, path), path=path, remedy="Fill in or mend this field.")
        )
    return list(dict.fromkeys(found))  # each property that an object lacks is an error of its own, all say the same


def _in_words(error: Any, path: str) -> str:
    """What a schema violation means, without quoting the value (it may be personal)."""
    kind, expected = error.validator, error.validator_value
    if kind == "required":
        missing = [name for name in expected if name not in error.instance]
        return f"{path} needs {', '.join(missing)}"
    if kind == "type":
        return f"{path} must be {expected if isinstance(expected, str) else ' or '.join(expected)}"
    if kind == "enum":
        return f"{path} must be one of {', '.join(map(str, expected))}"
    if kind == "additionalProperties":
        extra = sorted(set(error.instance) - set(error.schema.get("properties", {})))
        return f"{path} has fields that the schema does not know: {', '.join(extra)}"
    if kind in ("minLength", "minItems", "minProperties"):
        return f"{path} is too short (at least {expected})"
    if kind in ("maxLength", "maxItems", "maxProperties"):
        return f"{path} is too long (at most {expected})"
    if kind == "pattern":
        return f"{path} does not match {expected}"
    return f"{path} violates {kind} {canonical(expected) if not isinstance(expected, (dict, list)) else ''}".strip()


@cache
def _problems() -> dict[str, dict[str, Any]]:
    return tomllib.loads(files("curator.draft").joinpath("problems.toml").read_text("utf-8"))


def _problem(*, code: str, path: str, **values: object) -> Problem:
    """A problem of the table, its gaps filled in."""
    row = dict(_problems()[code])
    said = {name: str(row.pop(name)).format(path=path, **values) for name in ("message", "remedy")}
    return Problem(code=code, path=path, **said, **row)


def _whole(base: str, shape: Shape, finder: Finder, origins: list[Origin]) -> JsonValue:
    """`input` or `expected_output`: an object of fields, or the one value that the shape names; None without one."""
    if not shape.fields and not shape.whole:
        return {}
    value, found = _value(base, shape, finder)
    origins += found
    return None if value is _ABSENT else value


def _value(path: str, field: FieldRule, finder: Finder) -> tuple[Any, list[Origin]]:
    if field.fields:
        made: dict[str, Any] = {}
        origins: list[Origin] = []
        for name, below in field.fields.items():
            value, more = _value(join_path(path, name), below, finder)
            origins += more
            if value is not _ABSENT:
                made[name] = value
        return (made if made or field.required else _ABSENT), origins
    value, origin = _field(path, field, finder)
    # Edits change the content in place, never the rule.
    return (value if value is _ABSENT else copy.deepcopy(value)), [] if origin is None else [origin]


def _field(path: str, field: FieldRule, finder: Finder) -> tuple[Any, Origin | None]:
    for expression in field.expressions:
        matches = [value for value in finder.all(expression) if value is not None]
        if not matches:
            continue
        if not is_jsonpath(expression) and field.collect != "first" and isinstance(matches[0], list):
            matches = matches[0]  # JMESPath says one thing: a list of what it found
        value: Any = matches if field.collect == "all" else matches[-1 if field.collect == "last" else 0]
        if field.collect == "all" and field.join is not None:
            value = field.join.join(v if isinstance(v, str) else json.dumps(v, ensure_ascii=False) for v in matches)
        kind: Any = "correction" if re.match(r"(?:\$\.)?correction", expression) else "trace"
        return value, Origin(path=path, kind=kind, source=expression)
    if "value" in field.model_fields_set:
        return field.value, Origin(path=path, kind="constant")
    if "default" in field.model_fields_set:
        return field.default, Origin(path=path, kind="default")
    return _ABSENT, None


def value_text(value: object, limit: int) -> str:
    """A value as one short line."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def _under(path: str, parent: str) -> bool:
    return path == parent or path.startswith((f"{parent}.", f"{parent}["))


def _lineage_problems(loaded: LoadedRule, failure_type: str | None) -> list[Problem]:
    known = loaded.rule.lineage.failure_types
    if failure_type in known:
        return []
    what = "no failure type chosen" if failure_type is None else f"the rule knows no failure type {failure_type!r}"
    return [_problem(code="FAILURE_TYPE", path="metadata.failure_type", what=what, known=", ".join(known))]


def _empty(input_: object, expected: object, rule: Rule) -> list[Problem]:
    """An item that asks nothing or expects nothing protects nothing: neither is written."""
    found = []
    if not _says_something(input_):
        found.append(_problem(code=NO_INPUT, path="input"))
    if not _says_something(expected) and expects(rule):
        found.append(_problem(code=NO_EXPECTATION, path="expected_output"))
    return found


def expects(rule: Rule) -> bool:
    """Whether items of a rule need an expectation: not when all of its checks hold outputs against the rule alone."""
    alone = [
        c for c in rule.checks if c.type in ("regex", "json_schema") or (c.value is not None and not c.expected_path)
    ]
    return not rule.checks or len(alone) < len(rule.checks)


def _says_something(value: object) -> bool:
    if isinstance(value, dict):
        return any(map(_says_something, value.values()))
    if isinstance(value, list):
        return any(map(_says_something, value))
    return value is not None and value != "" and not (isinstance(value, str) and not value.strip())


def _ambiguous(trace: Trace, chosen: str | None) -> list[Problem]:
    """Several steps were corrected and the whole trace is promoted: none of their corrections is this item's."""
    steps = trace.corrected()
    if chosen is not None or len(steps) < 2 or trace.correction_of() is not None:
        return []
    key = f"{trace.id}/{steps[0]}"
    return [_problem(code="SEVERAL_CORRECTIONS", path="expected_output", count=len(steps), key=key)]


def _roots(trace: Trace, focus: Observation) -> list[Problem]:
    """Says which of several roots the item is made of."""
    roots = several_roots(trace)
    if focus not in roots:
        return []
    others = ", ".join(repr(one.name) for one in roots if one.id != focus.id)
    return [_problem(code="SEVERAL_ROOTS", path="input", count=len(roots), name=focus.name, others=others)]


def _unconfirmed(origins: Sequence[Origin], expected: object) -> list[Problem]:
    """Terms that curator itself took from a correction in plain text: a person has to choose among them."""
    suggested = [o.path for o in origins if o.source.endswith(TERMS) and o.path.startswith("expected_output")]
    return [_problem(code=UNCONFIRMED, path=path) for path in suggested if _says_something(expected)]


def _own_sentence(expected: object, output: str | None, corrected: object) -> list[Problem]:
    """Warns when the expectation repeats a sentence of the failing output: it protects the bug's wording."""
    recorded = " ".join((output or "").split()).casefold()
    correction = "" if corrected is None else canonical(corrected).casefold()
    found = []
    for path, text in _texts("expected_output", expected):
        folded = " ".join(text.split()).casefold()
        in_recorded = folded in recorded or json.dumps(folded, ensure_ascii=False)[1:-1] in recorded
        if len(folded) >= MIN_SENTENCE and in_recorded and folded not in correction:
            found.append(_problem(code="OWN_SENTENCE", path=path))
    return found


def _copied(input_: object, origins: Sequence[Origin]) -> list[Problem]:
    """Under the policy `metadata-only` no text of the trace may be copied."""
    copied = [o.path for o in origins if o.kind in ("trace", "correction")]
    return [_problem(code="SOURCE_POLICY", path=path) for path in copied if input_ is not None]


def _texts(path: str, value: object) -> list[tuple[str, str]]:
    if isinstance(value, str):
        return [(path, value)]
    if isinstance(value, dict):
        return [found for key, each in value.items() for found in _texts(join_path(path, key), each)]
    if isinstance(value, list):
        return [found for i, each in enumerate(value) for found in _texts(join_path(path, i), each)]
    return []
