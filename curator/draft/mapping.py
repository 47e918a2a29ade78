"""Trace + rule → draft: maps the trace into the runner's shape, with the origin of every field."""

import copy
import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import JsonValue

from curator.draft.edits import apply_edit
from curator.model import Draft, Origin, Problem, Signal, Trace, canonical, join_path
from curator.model.lineage import draft_metadata, fingerprint, item_id
from curator.model.rule import FieldRule, Shape
from curator.rulebook import LoadedRule
from curator.rulebook.jsonpath import find_all
from curator.rulebook.schemas import validator

_ABSENT = object()
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
) -> Draft:
    """The proposed item of a trace; writes nothing.

    `edits` are the reviewer's changes: path → value, such as `input.region` → `eu`.
    `problems` name every field that the schema refuses, an unknown failure type, and an expectation that only repeats
    the model's own sentence. Raises UsageError for an edit whose path leads nowhere.
    """
    rule = loaded.rule
    document = trace.document()
    origins: list[Origin] = []
    content = {
        "input": _map("input", rule.input, document, origins),
        "expected_output": _map("expected_output", rule.expected_output, document, origins),
    }
    for path, value in (edits or {}).items():
        apply_edit(content, path, value)
        origins = [o for o in origins if not _under(o.path, path)]
        origins.append(Origin(path=path, kind="reviewer"))
    failure_type = failure_type or rule.lineage.default_failure_type
    observation_id = trace.root.id
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
    problems = [
        *validate(content["input"], content["expected_output"], loaded),
        *_lineage_problems(loaded, failure_type),
        *_own_sentence(content["expected_output"], trace),
    ]
    if rule.lineage.source_policy == "metadata-only":
        problems += _copied(content["input"], origins)
    return Draft(
        trace_id=trace.id,
        observation_id=observation_id,
        dataset=rule.dataset.name,
        rule=rule.rule,
        case=case,
        item_id=identity or item_id(rule.dataset.name, trace.id, observation_id, case),
        input=content["input"],
        expected_output=content["expected_output"],
        metadata=metadata,
        origins=tuple(origins),
        problems=tuple(problems),
    )


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
        errors = sorted(validator(schema).iter_errors(value), key=lambda e: (list(map(str, e.path)), e.message))
    except RecursionError:
        remedy = "Flatten the value; a schema must not refer to itself for the same value."
        return [Problem(code="SCHEMA", message=f"{base} cannot be checked to its end", path=base, remedy=remedy)]
    for error in errors:
        path = base
        for step in error.path:
            path = join_path(path, step)
        found.append(
            Problem(code="SCHEMA", message=_in_words(error, path), path=path, remedy="Fill in or mend this field.")
        )
    return found


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


def _map(base: str, shape: Shape, document: dict[str, object], origins: list[Origin]) -> JsonValue:
    content: dict[str, JsonValue] = {}
    for name, field in shape.fields.items():
        value, origin = _field(join_path(base, name), field, document)
        if value is not _ABSENT:
            content[name] = copy.deepcopy(value)  # edits change the content in place, never the rule
        if origin is not None:
            origins.append(origin)
    return content


def _field(path: str, field: FieldRule, document: dict[str, object]) -> tuple[Any, Origin | None]:
    for expression in [field.from_] if isinstance(field.from_, str) else field.from_ or ():
        matches = [value for value in find_all(expression, document) if value is not None]
        if not matches:
            continue
        value: Any = matches[0] if field.collect == "first" else matches
        if field.collect == "all" and field.join is not None:
            value = field.join.join(v if isinstance(v, str) else json.dumps(v, ensure_ascii=False) for v in matches)
        kind: Any = "correction" if expression.startswith("$.correction") else "trace"
        return value, Origin(path=path, kind=kind, source=expression)
    if "value" in field.model_fields_set:
        return field.value, Origin(path=path, kind="constant")
    if "default" in field.model_fields_set:
        return field.default, Origin(path=path, kind="default")
    return _ABSENT, None


def _under(path: str, parent: str) -> bool:
    return path == parent or path.startswith((f"{parent}.", f"{parent}["))


def _lineage_problems(loaded: LoadedRule, failure_type: str | None) -> list[Problem]:
    known = loaded.rule.lineage.failure_types
    if failure_type is None:
        return [
            Problem(
                code="FAILURE_TYPE",
                message="no failure type chosen",
                path="metadata.failure_type",
                remedy=f"Choose one of {', '.join(known)}.",
            )
        ]
    if failure_type not in known:
        return [
            Problem(
                code="FAILURE_TYPE",
                message=f"the rule knows no failure type {failure_type!r}",
                path="metadata.failure_type",
                remedy=f"Choose one of {', '.join(known)}.",
            )
        ]
    return []


def _own_sentence(expected: object, trace: Trace) -> list[Problem]:
    """Warns when the expectation repeats a sentence of the failing output: it protects the bug's wording."""
    recorded = " ".join((trace.root.output or "").split()).casefold()
    correction = "" if trace.correction is None else canonical(trace.correction).casefold()
    found = []
    for path, text in _texts("expected_output", expected):
        folded = " ".join(text.split()).casefold()
        in_recorded = folded in recorded or json.dumps(folded, ensure_ascii=False)[1:-1] in recorded
        if len(folded) >= MIN_SENTENCE and in_recorded and folded not in correction:
            found.append(
                Problem(
                    code="OWN_SENTENCE",
                    message=f"{path} is the model's own sentence, not a behaviour",
                    path=path,
                    remedy="Describe what must and must not be said (outcome, must_mention, must_not_mention).",
                    blocking=False,
                )
            )
    return found


def _copied(input_: object, origins: Sequence[Origin]) -> list[Problem]:
    """Under the policy `metadata-only` no text of the trace may be copied."""
    copied = [o.path for o in origins if o.kind in ("trace", "correction")]
    return [
        Problem(
            code="SOURCE_POLICY",
            message=f"{path} is copied from the trace, but the rule's source policy is metadata-only",
            path=path,
            remedy="Write this field anew, as a minimal synthetic reproduction.",
        )
        for path in copied
        if input_ is not None
    ]


def _texts(path: str, value: object) -> list[tuple[str, str]]:
    if isinstance(value, str):
        return [(path, value)]
    if isinstance(value, dict):
        return [found for key, each in value.items() for found in _texts(join_path(path, key), each)]
    if isinstance(value, list):
        return [found for i, each in enumerate(value) for found in _texts(join_path(path, i), each)]
    return []
