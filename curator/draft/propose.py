"""Proposes a first rule from a look at a project's own traces and scores: a file to edit, with every line explained."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from curator.gateway import Gateway
from curator.model import Score, Value, parse_text
from curator.model.errors import CuratorError
from curator.model.lineage import slug
from curator.model.safe import visible
from curator.model.trace import EXPERIMENT_ENVIRONMENT
from curator.rulebook.paths import path_error

LOOK_BACK = timedelta(days=14)
SAMPLE = 50
"""Traces whose inputs and outputs are looked at; scores come in full pages."""
SCORES = 500
COMMON = 0.8
"""A key that this share of the samples has is taken as part of the shape."""


class Look(Value):
    """What was seen: shapes and counts, never values."""

    traces: int
    name: str | None
    """The most frequent trace name."""
    names: dict[str, int]
    input_keys: dict[str, tuple[str, float]]
    """Key of the root input → (JSON type, share of samples that have it); empty when inputs are no objects."""
    input_kind: str
    """object, messages, text or none."""
    output_keys: dict[str, tuple[str, float]]
    scores: dict[str, "SeenScore"]
    annotated: bool
    queues: tuple[str, ...]


class SeenScore(Value):
    """One score's name as it was seen."""

    data_type: str
    count: int
    low: float | None = None
    high: float | None = None
    categories: tuple[str, ...] = ()
    on_session: bool = False


def look(gateway: Gateway, *, now: datetime, name: str | None = None) -> Look:
    """Looks at the newest traces (of that name; none of experiments) and scores of the last two weeks, in a handful of
    requests.

    Raises GatewayError; CuratorError (INIT_NO_TRACES) when there is nothing to look at.
    """
    since = now - LOOK_BACK
    filters: list[dict[str, Any]] = [
        {"type": "stringOptions", "column": "environment", "operator": "none of", "value": [EXPERIMENT_ENVIRONMENT]}
    ]
    if name:
        filters.append({"type": "string", "column": "traceName", "operator": "=", "value": name})
    roots = list(gateway.observations(roots_only=True, from_=since, io=True, filters=filters, limit=SAMPLE))
    if not roots:
        raise CuratorError(
            "The project holds no trace of the last two weeks" + (" of that name." if name else "."),
            code="INIT_NO_TRACES",
            remedy="Check the project with `curator doctor`, or start from a shipped rule: `curator rules new NAME`.",
        )
    names = Counter(root.trace_name or root.name or "" for root in roots)
    chosen = name or names.most_common(1)[0][0] or None
    mine = [root for root in roots if (root.trace_name or root.name) == chosen] or roots
    inputs = [parse_text(root.input) for root in mine]
    outputs = [parse_text(root.output) for root in mine]
    scores = list(islice(gateway.scores(from_=since), SCORES))
    ids, sessions = {root.trace_id for root in mine}, {root.session_id for root in mine if root.session_id}
    scores = [s for s in scores if s.trace_id in ids or s.session_id in sessions] or scores
    return Look(
        traces=len(mine),
        name=chosen,
        names=dict(names.most_common(10)),
        input_keys=_keys(inputs),
        input_kind=_kind(inputs),
        output_keys=_keys(outputs),
        scores=_scores(scores),
        annotated=any(score.source == "ANNOTATION" and score.data_type != "CORRECTION" for score in scores),
        queues=tuple(sorted(queue.name for queue in gateway.annotation_queues())),
    )


def rule_text(seen: Look, rule_name: str) -> str:
    """The YAML of the proposed rule; it loads as it is, and says on every line why it is there."""
    dataset = f"{slug(seen.name or rule_name)}-regression"
    lines = [
        f"# Proposed by `curator init` from {seen.traces} traces. Every line is a proposal: read it, then change it.",
        "# `curator rules check` says what is wrong; `curator explain rules` describes every section.",
        f"rule: {rule_name}",
        "version: 1   # count up when you change what the rule means",
        "description: >-",
        f"  Reviewed failures of {_comment(seen.name or 'this workflow')}.",
        "",
        "dataset:",
        f"  name: {_quoted(dataset)}   # created by `curator seed`, with the schemas below",
        "",
        "# Which traces need a decision. One of these is enough; all signals of a trace are shown together.",
        "queue:",
        "  signals:",
        *_signal_lines(seen),
    ]
    if seen.name:
        others = ", ".join(_comment(name) for name in seen.names if name and name != seen.name)
        lines += [
            "  filters:",
            f"    names: [{_quoted(seen.name)}]   # "
            + (f"also seen: {others}" if others else "the only trace name seen"),
        ]
    lines += ["", *_input_lines(seen), "", *_expected_lines(seen)]
    lines += [
        "",
        "lineage:",
        "  failure_types: [wrong_answer, missing_context, policy_violation]   # your own words for what went wrong",
        "  default_failure_type: wrong_answer",
        f"  rubric: {rule_name}-v1   # name of the review guideline; part of every item's lineage",
        "",
        "# Personal values and secrets are found and replaced without any setting; see `curator explain privacy`.",
        "scrub:",
        "  allow: []   # texts that are never personal, such as product names",
        "",
        "# What a run is held against, and what a release must reach.",
        "checks:",
        *([] if not _has_outcome(seen) else ["  - {name: expected_outcome, type: expected_outcome}"]),
        "  - {name: required_terms_present, type: required_terms_present}",
        "  - {name: forbidden_terms_absent, type: forbidden_terms_absent}",
        "gate:",
        "  required:",
        "    - {name: required_terms_present, at_least: 1.0}",
        "    - {name: forbidden_terms_absent, at_least: 1.0, safety: true}",
    ]
    return "\n".join(lines) + "\n"


def _signal_lines(seen: Look) -> list[str]:
    lines = []
    for name, score in sorted(seen.scores.items()):
        head = f"    - score: {_quoted(name)}"
        session = ["      on: session"] if score.on_session else []
        if score.data_type == "NUMERIC" and score.low is not None and score.high is not None:
            limit = _threshold(score.low, score.high)
            why = f"seen {score.count} times, from {score.low:g} to {score.high:g}"
            lines += [f"{head}   # {why}", f"      below: {limit:g}", *session]
        elif score.data_type == "BOOLEAN":
            lines += [f"{head}   # a boolean, seen {score.count} times", "      is: false", *session]
        elif score.data_type == "CATEGORICAL" and score.categories:
            listed = ", ".join(_quoted(each) for each in score.categories)
            lines += [f"{head}   # keep only the categories that mean a failure", f"      in: [{listed}]", *session]
    if seen.annotated or not lines:
        lines.append("    - annotation: true   # any score that a person gave in Langfuse")
    lines += [f"    - annotation_queue: {_quoted(name)}   # its open entries" for name in seen.queues]
    lines.append("    - level: ERROR   # any observation that failed")
    return lines


def _input_lines(seen: Look) -> list[str]:
    lines = ["# The shape that your regression runner reads. Fields come from the trace by JSONPath.", "input:"]
    if seen.input_kind == "object":
        required = [key for key, (_, share) in seen.input_keys.items() if share >= COMMON]
        lines += [
            "  schema:",
            "    type: object",
            f"    required: [{', '.join(map(_quoted, required))}]",
            "    properties:",
        ]
        lines += [f"      {_quoted(key)}: {{type: {kind}}}" for key, (kind, _) in seen.input_keys.items()]
        lines.append("  fields:")
        for key, (_, share) in seen.input_keys.items():
            optional = "" if share >= COMMON else ", required: false"
            path = _path(key)
            lines.append(f"    {_quoted(key)}: {{from: {_quoted(path)}{optional}}}   # in {share:.0%} of the traces")
        return lines
    source, why = {
        "messages": ("$.input[*].content", "the inputs are lists of chat messages"),
        "text": ("$.input", "the inputs are plain text"),
    }.get(seen.input_kind, ("$.input", "the inputs looked at were empty"))
    kind = "{type: array, minItems: 1}" if seen.input_kind == "messages" else "{type: string, minLength: 1}"
    field = "messages" if seen.input_kind == "messages" else "query"
    collect = ", collect: all" if seen.input_kind == "messages" else ""
    lines += ["  schema:", "    type: object", f"    required: [{field}]", f"    properties: {{{field}: {kind}}}"]
    return [*lines, "  fields:", f"    {field}: {{from: {_quoted(source)}{collect}}}   # {why}"]


def _expected_lines(seen: Look) -> list[str]:
    outcome = _has_outcome(seen)
    return [
        "# The behaviour to protect, never the sentence that the model happened to produce.",
        "# A human correction in Langfuse, where there is one, fills it in; else the reviewer does.",
        "expected_output:",
        "  schema:",
        "    type: object",
        f"    required: [{'outcome, ' if outcome else ''}must_mention, must_not_mention]",
        "    properties:",
        *(["      outcome: {type: string}"] if outcome else []),
        "      must_mention: {type: array, items: {type: string}}",
        "      must_not_mention: {type: array, items: {type: string}}",
        "  fields:",
        *(["    outcome: {from: $.correction.outcome}"] if outcome else []),
        "    must_mention: {from: $.correction.must_mention, default: []}",
        "    must_not_mention: {from: $.correction.must_not_mention, default: []}",
    ]


def _path(key: str) -> str:
    if key.isidentifier():
        return f"$.input.{key}"
    return f'$.input["{key}"]' if "'" in key else f"$.input['{key}']"


def _has_outcome(seen: Look) -> bool:
    return "outcome" in seen.output_keys


def _threshold(low: float, high: float) -> float:
    """The middle of the scale that the values suggest: 0–1, 1–5, 0–10, 0–100."""
    for bottom, top in ((0.0, 1.0), (1.0, 5.0), (0.0, 10.0), (0.0, 100.0)):
        if bottom <= low and high <= top:
            return (bottom + top) / 2
    return (low + high) / 2


def _kind(values: Sequence[object]) -> str:
    kinds = Counter(
        "object"
        if isinstance(value, dict)
        else "messages"
        if isinstance(value, list) and value and isinstance(value[0], dict) and "content" in value[0]
        else "text"
        if isinstance(value, str) and value
        else "none"
        for value in values
    )
    return kinds.most_common(1)[0][0]


_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}


def _keys(values: Iterable[object]) -> dict[str, tuple[str, float]]:
    objects = [value for value in values if isinstance(value, dict)]
    counts: Counter[str] = Counter()
    types: dict[str, Counter[str]] = {}
    for each in objects:
        for key, value in each.items():
            if value is not None and len(key) <= 60 and path_error(_path(key)) is None:
                counts[key] += 1
                types.setdefault(key, Counter())[_TYPES[type(value)]] += 1
    found = {}
    for key, count in counts.most_common(20):
        kinds = types[key]
        kind = "number" if set(kinds) == {"integer", "number"} else kinds.most_common(1)[0][0]
        found[key] = (kind, count / len(objects))
    return dict(sorted(found.items(), key=lambda pair: -pair[1][1]))


def _scores(scores: Sequence[Score]) -> dict[str, SeenScore]:
    by_name: dict[str, list[Score]] = {}
    for score in scores:
        if score.data_type in ("NUMERIC", "BOOLEAN", "CATEGORICAL") and score.name != "curation":
            by_name.setdefault(score.name, []).append(score)
    found = {}
    for name, group in by_name.items():
        numbers = [float(s.value) for s in group if isinstance(s.value, (int, float))]
        found[name] = SeenScore(
            data_type=group[0].data_type,
            count=len(group),
            low=min(numbers, default=None),
            high=max(numbers, default=None),
            categories=tuple(sorted({str(s.value) for s in group}))[:12],
            on_session=all(s.subject == "session" for s in group),
        )
    return found


def _quoted(text: str) -> str:
    """A YAML scalar that is safe whatever the text holds: JSON strings are YAML."""
    return text if text.isidentifier() and text.lower() not in _RESERVED else json.dumps(text)


_RESERVED = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


def _comment(text: str) -> str:
    return visible(text)[:60]
