"""Proposes a first rule from a project's own traces and scores: a file to edit, with every line explained."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from curator.conversation import Conversation, conversation_of, messages_in, several_roots
from curator.draft.directions import SeenScore, failure_types, seen_scores
from curator.gateway import Gateway
from curator.model import Observation, Trace, Value, parse_text
from curator.model.errors import CuratorError
from curator.model.lineage import slug
from curator.model.safe import visible
from curator.model.trace import EXPERIMENT_ENVIRONMENT, main_root
from curator.rulebook import LoadedRule
from curator.rulebook.check import check_text
from curator.rulebook.paths import path_error

LOOK_BACK = timedelta(days=14)
SAMPLE = 20
"""Traces whose inputs and outputs are looked at."""
LISTED = 1000
"""Observations that are listed to learn the names of traces: one page."""
SCORES = 500
COMMON = 0.8
"""A key that this share of the samples has is taken as part of the shape."""
_PLUMBING = """
stream reset images additional_args max_steps max_turns max_iterations config callbacks run_id tools tool_choice
model model_settings temperature top_p max_tokens metadata agent self tags args kwargs include_outputs_from
remaining_steps llm client settings options context_wrapper deps usage usage_limits message_history request_id
trace_id run_manager verbose memory hooks run_config session session_id thread_id user_id conversation_id system
instructions jump_to llm_input_messages structured_response intermediate_steps chat_history history messages
contents api_key timeout
"""
PLUMBING = frozenset(_PLUMBING.split())
"""Keys of an input that belong to a framework or to the settings of a call, not to what was asked."""
Kind = Literal["object", "messages", "query", "whole"]


class Option(Value):
    """A shape that an input may take."""

    kind: Kind
    shape: str
    """As one reads it: `{query}`, `{messages}`, `{question, context}`."""
    why: str
    fits: int
    """Traces of the sample that fill it."""


class Look(Value):
    """What was seen: shapes and counts, never values."""

    traces: int
    name: str | None
    """The trace name that the rule is for."""
    names: dict[str, int]
    options: tuple[Option, ...]
    """Shapes that fit, the chosen one first."""
    input_keys: dict[str, tuple[str, float]] = {}
    """Key of the root input, without plumbing → (JSON type, share of samples that have it)."""
    answer_key: str | None = None
    """Key of the output that holds the answer's text; None when the output is the text, or holds no text of its own."""
    answers: Literal["text", "object"] = "text"
    corrected_keys: tuple[str, ...] = ()
    """Keys of the output that corrections give."""
    outcome: bool = False
    scores: dict[str, SeenScore] = {}
    annotated: bool = False
    corrected: bool = False
    queues: tuple[str, ...] = ()
    failure_types: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    several_roots: int = 0
    """Traces of the sample that have more than one root."""


def look(gateway: Gateway, *, now: datetime, name: str | None = None) -> tuple[Look, tuple[Trace, ...]]:
    """Looks at the newest traces (of that name; none of experiments) and scores: of two weeks, else of any time.

    Gives what was seen, and the traces of the sample, those with scores first. A handful of requests.
    Raises GatewayError; CuratorError (INIT_NO_TRACES) when there is nothing to look at.
    """
    since: datetime | None = now - LOOK_BACK
    named = _named(gateway, since, name)
    if not named:
        since = None  # a project that rests: its newest traces, however old
        named = _named(gateway, since, name)
    if not named:
        raise CuratorError(
            "The project holds no trace" + (" of that name." if name else "."),
            code="INIT_NO_TRACES",
            remedy="Check the project with `curator doctor`, or start from a shipped rule: `curator rules new NAME`.",
        )
    names = Counter(named.values())
    chosen = name or names.most_common(1)[0][0]
    mine = [trace_id for trace_id, each in named.items() if each == chosen]
    scores = list(islice(gateway.scores(from_=since), SCORES))
    scored = {score.trace_id for score in scores}
    sample = sorted(mine, key=lambda trace_id: trace_id not in scored)[:SAMPLE]
    traces = tuple(gateway.traces(sample).values())
    sessions = {trace.root.session_id for trace in traces if trace.root.session_id}
    of_mine = [s for s in scores if s.trace_id in set(mine) or s.session_id in sessions]
    queues = tuple(sorted(queue.name for queue in gateway.annotation_queues()))
    return seen_in(traces, chosen or None, dict(names.most_common(10)), of_mine or scores, queues), traces


def seen_in(
    traces: Sequence[Trace], name: str | None, names: dict[str, int], scores: Sequence[Any], queues: tuple[str, ...]
) -> Look:
    """What a sample of traces shows."""
    found = [conversation_of(trace) for trace in traces]
    inputs = [parse_text(trace.root.input) for trace in traces]
    outputs = [parse_text(trace.root.output) for trace in traces]
    keys = _keys(inputs)
    corrections = [trace.correction for trace in traces if trace.correction is not None]
    objects = sum(isinstance(one.answer, dict) for one in found)
    answered = [each for each in outputs if isinstance(each, dict)]
    return Look(
        traces=len(traces),
        name=name,
        names=names,
        options=_options(found, inputs, keys, sessions=_sessions(traces)),
        input_keys=keys,
        answer_key=_answer_key(found, outputs),
        answers="object" if objects * 2 > len(found) else "text",
        corrected_keys=tuple(
            key
            for key in (answered[0] if answered else {})
            if any(isinstance(c, dict) and key in c for c in corrections)
        ),
        outcome=any("outcome" in each for each in answered),
        scores=seen_scores(scores),
        annotated=any(score.source == "ANNOTATION" and score.data_type != "CORRECTION" for score in scores),
        corrected=bool(corrections) or any(score.data_type == "CORRECTION" for score in scores),
        queues=queues,
        failure_types=failure_types(scores),
        tools=tuple(dict.fromkeys(call.name for one in found for call in one.tool_calls))[:8],
        several_roots=sum(bool(several_roots(trace)) for trace in traces),
    )


def loaded_text(text: str) -> LoadedRule:
    """The proposed text as a rule, before there is a file. Raises ValueError when it does not load: our own fault."""
    problems, loaded = check_text(text, Path("proposed.yaml"), allow_python=False)
    if loaded is None:
        raise ValueError("; ".join(map(str, problems)))
    return loaded


def _named(gateway: Gateway, since: datetime | None, name: str | None) -> dict[str, str]:
    """Trace id → name of the trace, newest first; traces, not roots, and also those whose root never arrived."""
    none_of: dict[str, Any] = {
        "type": "stringOptions", "column": "environment", "operator": "none of", "value": [EXPERIMENT_ENVIRONMENT],
    }  # fmt: skip
    filters = [none_of]
    if name:
        filters.append({"type": "string", "column": "traceName", "operator": "=", "value": name})
    listed = list(gateway.observations(roots_only=True, from_=since, filters=filters, limit=LISTED))
    if not listed:
        # A remote parent that never arrives leaves traces without a root, and the name stands on roots alone.
        listed = list(gateway.observations(from_=since, filters=[none_of], limit=LISTED))
    by_trace: dict[str, list[Observation]] = defaultdict(list)
    for one in listed:
        by_trace[one.trace_id].append(one)
    found = {}
    for trace_id, observations in by_trace.items():
        # The server shows a root without a trace name under its own: a name that was given is another one.
        given = next((one.trace_name for one in observations if one.trace_name not in (None, one.name)), None)
        root = main_root(observations)
        found[trace_id] = given or root.trace_name or root.name or ""
    return {trace_id: each for trace_id, each in found.items() if name is None or each == name}


def _sessions(traces: Sequence[Trace]) -> int:
    """How many sessions have more than one of the traces: there, every trace is a turn."""
    counts = Counter(trace.root.session_id for trace in traces if trace.root.session_id)
    return sum(count > 1 for count in counts.values())


def _options(
    found: Sequence[Conversation], inputs: Sequence[Any], keys: dict[str, tuple[str, float]], *, sessions: int = 0
) -> tuple[Option, ...]:
    asked = [one for one in found if one.user_message]
    several = [one for one in asked if sum(each.role == "user" for each in one.asked) > 1]
    own = [
        value
        for value, one in zip(inputs, found, strict=True)
        if isinstance(value, dict) and (not one.user_message or _holds(value, keys, one.user_message))
    ]
    shares = [key for key, (_, share) in keys.items() if share >= COMMON]
    options = []
    if own and shares and len(own) * 2 > len(found):
        why = "the program's own input is an object that holds what the user said"
        options.append(Option(kind="object", shape=f"{{{', '.join(shares)}}}", why=why, fits=len(own)))
    messages = Option(
        kind="messages",
        shape="{messages}",
        why="conversations of several turns: what the user meant stands in the turns before"
        + (", here in earlier traces of the session" if sessions else ""),
        fits=len(asked),
    )
    query = Option(kind="query", shape="{query}", why="the user says one thing, and nothing before it", fits=len(asked))
    if asked:
        options += [messages, query] if several or sessions else [query, messages]
    if not options:
        why = "no message of a user was recognised: the input as it is"
        options.append(Option(kind="whole", shape="the input as it is", why=why, fits=len(inputs) - inputs.count(None)))
    return tuple(options)


def _holds(value: dict[str, Any], keys: dict[str, tuple[str, float]], text: str) -> bool:
    """Whether the own keys of an input hold what the user said, and nothing of a framework below them."""
    own = [value[key] for key in keys if key in value]
    return any(text in _texts(each) for each in own) and not any(map(_framed, own))


def _texts(value: Any) -> list[str]:
    if isinstance(value, (dict, list)):
        return [text for each in (value.values() if isinstance(value, dict) else value) for text in _texts(each)]
    return [value] if isinstance(value, str) else []


def _framed(value: Any) -> bool:
    if isinstance(value, dict):
        return bool(PLUMBING & value.keys()) or messages_in(value) is not None or any(map(_framed, value.values()))
    return isinstance(value, list) and (messages_in(value) is not None or any(map(_framed, value)))


def _answer_key(found: Sequence[Conversation], outputs: Sequence[Any]) -> str | None:
    """The key of the output under which the answer's text stands, most of the time."""
    keys = Counter(
        next((key for key, value in output.items() if isinstance(value, str) and value == one.answer), None)
        for one, output in zip(found, outputs, strict=True)
        if isinstance(output, dict) and isinstance(one.answer, str) and "role" not in output
    )
    return keys.most_common(1)[0][0] if keys else None


def rule_text(seen: Look, rule_name: str, kind: Kind | None = None) -> str:
    """The YAML of the proposed rule; it loads as it is, and says on every line why it is there.

    `kind`: one of the shapes that fit, the first one unless given.
    """
    dataset = f"{slug(seen.name or rule_name)}-regression"
    option = next((each for each in seen.options if each.kind == kind), seen.options[0])
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
    if seen.several_roots:
        lines += [
            "",
            f"# {seen.several_roots} of these traces have several roots: the one that holds the content counts.",
        ]
    lines += ["", *_input_lines(seen, option), "", *_expected_lines(seen)]
    types = seen.failure_types or ("wrong_answer", "missing_context", "policy_violation")
    whence = "from your annotations" if seen.failure_types else "your own words for what went wrong"
    lines += [
        "",
        "lineage:",
        f"  failure_types: [{', '.join(map(_quoted, types))}]   # {whence}",
        f"  default_failure_type: {_quoted(types[0])}",
        f"  rubric: {rule_name}-v1   # name of the review guideline; part of every item's lineage",
        "",
        "# Personal values and secrets are found and replaced without any setting; see `curator explain privacy`.",
        "scrub:",
        "  allow: []   # texts that are never personal, such as product names",
        "",
        *_check_lines(seen),
    ]
    return "\n".join(lines) + "\n"


def _signal_lines(seen: Look) -> list[str]:
    lines, doubtful = [], []
    for name, score in sorted(seen.scores.items()):
        session = ", on: session" if score.on_session else ""
        condition = score.condition()
        text = f"score: {_quoted(name)}, {condition}{session}" if condition else f"score: {_quoted(name)}"
        if condition and score.bad is not None:
            lines.append(f"    - {{{text}}}   # {score.why()}")
        else:
            doubtful.append(f"    # - {{{text}}}   # {score.why()}")
    lines += doubtful
    active = [line for line in lines if not line.lstrip().startswith("#")]
    if seen.corrected or (seen.annotated and not active) or not active:
        why = "corrections included" if seen.corrected else "any score that a person gave in Langfuse"
        lines.append(f"    - annotation: true   # {why}")
    lines += [f"    - annotation_queue: {_quoted(name)}   # its open entries" for name in seen.queues]
    lines.append("    - level: ERROR   # any observation that failed")
    return lines


def _input_lines(seen: Look, option: Option) -> list[str]:
    others = [f"{each.shape} ({each.why})" for each in seen.options if each.kind != option.kind]
    lines = [
        "# The shape that your regression runner reads. `curator explain rules` lists what the paths can say.",
        "input:",
    ]
    lines.append(f"  # {_comment(option.shape)}: {option.why}; {option.fits} of {seen.traces} traces fill it.")
    lines += [f"  # It could also be {_comment(each, 110)}." for each in others]
    if option.kind == "object":
        required = [key for key, (_, share) in seen.input_keys.items() if share >= COMMON]
        lines += [
            "  schema:",
            "    type: object",
            f"    required: [{', '.join(map(_quoted, required))}]",
            "    properties:",
            *(f"      {_quoted(key)}: {_schema_of(kind)}" for key, (kind, _) in seen.input_keys.items()),
            "  fields:",
        ]
        for key, (_, share) in seen.input_keys.items():
            optional = "" if share >= COMMON else ", required: false"
            lines.append(
                f"    {_quoted(key)}: {{from: {_quoted(_path(key))}{optional}}}   # in {share:.0%} of the traces"
            )
        return lines
    if option.kind == "whole":
        return [*lines, "  schema: {}", "  from: $.input"]
    if option.kind == "messages":
        message = (
            "{type: object, required: [role, content], properties: {role: {type: string}, content: {type: string}}}"
        )
        return [
            *lines,
            "  schema:",
            "    type: object",
            "    required: [messages]",
            "    properties:",
            "      messages:",
            "        type: array",
            "        minItems: 1",
            f"        items: {message}",
            "  fields:",
            "    messages: {from: $.messages}   # user and assistant, up to the last thing that the user said",
        ]
    return [
        *lines,
        "  schema:",
        "    type: object",
        "    required: [query]",
        "    properties: {query: {type: string, minLength: 1}}",
        "  fields:",
        "    query: {from: $.user_message}   # the last thing that the user said, whatever framework wrote it",
    ]


def _schema_of(kind: str) -> str:
    return "{}" if kind == "any" else f"{{type: {kind}}}"


def _expected_lines(seen: Look) -> list[str]:
    lines = [
        "# The behaviour to protect, never the sentence that the model happened to produce.",
        "# A human correction in Langfuse, where there is one, fills it in; else the reviewer does.",
        "expected_output:",
    ]
    if _by_field(seen):
        properties = ", ".join(f"{_quoted(key)}: {{}}" for key in seen.corrected_keys)
        lines += ["  schema:", "    type: object", f"    properties: {{{properties}}}", "  fields:"]
        return lines + [
            f"    {_quoted(key)}: {{from: {_quoted(_path(key, '$.correction'))}, required: false}}"
            for key in seen.corrected_keys
        ]
    outcome = seen.outcome
    return [
        *lines,
        "  schema:",
        "    type: object",
        f"    required: [{'outcome, ' if outcome else ''}must_mention, must_not_mention]",
        "    properties:",
        *(["      outcome: {type: string}"] if outcome else []),
        "      must_mention: {type: array, items: {type: string}}",
        "      must_not_mention: {type: array, items: {type: string}}",
        "  fields:",
        *(["    outcome: {from: $.correction.outcome}"] if outcome else []),
        "    # A correction in plain text offers the terms that it adds; the reviewer chooses among them.",
        "    must_mention: {from: [$.correction.must_mention, $.correction_terms], default: []}",
        "    must_not_mention: {from: $.correction.must_not_mention, default: []}",
    ]


def _check_lines(seen: Look) -> list[str]:
    lines = ["# What a run is held against, and what a release must reach.", "checks:"]
    if _by_field(seen):
        paths = [(f"{slug(key)}_equals", _path(key, "$")) for key in seen.corrected_keys]
        lines += [
            f"  - {{name: {name}, type: jsonpath_equals, path: {_quoted(path)}, expected_path: {_quoted(path)}}}"
            for name, path in paths
        ]
        return [*lines, "gate:", "  required:", *(f"    - {{name: {name}, at_least: 1.0}}" for name, _ in paths)]
    where = ""
    if seen.answers == "object":
        where = ', path: "$.`str()`"'  # terms are looked for in the whole object
    elif seen.answer_key not in (None, "answer"):
        where = f", path: {_quoted(_path(str(seen.answer_key), '$'))}"
    if seen.outcome:
        lines.append("  - {name: expected_outcome, type: expected_outcome}")
    lines += [
        f"  - {{name: required_terms_present, type: required_terms_present{where}}}",
        f"  - {{name: forbidden_terms_absent, type: forbidden_terms_absent{where}}}",
    ]
    if seen.tools:
        lines += [
            f"  # The agent calls {_comment(', '.join(seen.tools), 90)}. With must_call in expected_output and",
            "  # tool_calls in what your task returns, this holds it to its tools:",
            "  # - {name: tools_called, type: tools_called}",
        ]
    return [
        *lines,
        "gate:",
        "  required:",
        "    - {name: required_terms_present, at_least: 1.0}",
        "    - {name: forbidden_terms_absent, at_least: 1.0, safety: true}",
    ]


def _by_field(seen: Look) -> bool:
    """Whether corrections say what single fields of the output should be."""
    return seen.answers == "object" and bool(seen.corrected_keys)


def _path(key: str, base: str = "$.input") -> str:
    if key.isidentifier():
        return f"{base}.{key}"
    return f'{base}["{key}"]' if "'" in key else f"{base}['{key}']"


_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}


def _keys(values: Iterable[object]) -> dict[str, tuple[str, float]]:
    objects = [value for value in values if isinstance(value, dict)]
    counts: Counter[str] = Counter()
    types: dict[str, Counter[str]] = {}
    for each in objects:
        for key, value in each.items():
            if value is not None and key not in PLUMBING and len(key) <= 60 and path_error(_path(key)) is None:
                counts[key] += 1
                types.setdefault(key, Counter())[_TYPES[type(value)]] += 1
    found = {}
    for key, count in counts.most_common(20):
        kinds = set(types[key])
        kind = next(iter(kinds)) if len(kinds) == 1 else "number" if kinds == {"integer", "number"} else "any"
        found[key] = (kind, count / len(objects))
    return dict(sorted(found.items(), key=lambda pair: -pair[1][1]))


def _quoted(text: str) -> str:
    """A YAML scalar that is safe whatever the text holds. JSON's escapes are YAML's, except for pairs of surrogates."""
    if text.isidentifier() and text.isascii() and text.lower() not in _RESERVED:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in quoted)


_RESERVED = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


def _comment(text: str, limit: int = 60) -> str:
    return visible(text, limit=limit)
