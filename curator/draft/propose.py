"""Proposes a first rule from a project's own traces and scores: a file to edit, with every line explained."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Literal

from curator.conversation import Conversation, conversation_of, messages_in, several_roots, snake, words
from curator.draft.directions import SeenScore, failure_types, seen_scores
from curator.gateway import Gateway
from curator.model import Observation, Trace, Value, parse_text
from curator.model.errors import CuratorError
from curator.model.trace import EXPERIMENT_ENVIRONMENT, is_named, main_root
from curator.rulebook import path_error

LOOK_BACK = timedelta(days=14)
SAMPLE = 20
"""Traces whose inputs and outputs are read."""
LISTED = 1000
"""Observations that are listed to learn the names of traces: one page."""
SCORES = 500
COMMON = 0.8
"""A key that this share of the samples has is taken as part of the shape."""
PLUMBING, ENVELOPE = map(frozenset, words("plumbing").values())
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<![a-z0-9])[0-9a-f]*\d[0-9a-f]*(?![a-z0-9])|\d+", re.IGNORECASE)
Kind = Literal["object", "messages", "query", "whole"]


class Option(Value):
    """A shape that an input may take."""

    kind: Kind
    shape: str
    """As one reads it: `{query}`, `{messages}`, `{question, context}`."""
    why: str
    fits: int
    """Traces of the sample that fill it."""


class Shapes(Value):
    """What was seen: shapes and counts, never values."""

    traces: int
    name: str | None
    """The trace name that the rule is for."""
    names: dict[str, int]
    options: tuple[Option, ...]
    """Shapes that fit, the chosen one first."""
    input_keys: dict[str, tuple[str, float]] = {}
    """Key of the root input, without plumbing → (JSON type, share of samples that have it)."""
    inputs_at: str = "$.input"
    """Where these keys stand."""
    answer_key: str | None = None
    """Key of the output that holds the answer's text; None when the output is the text, or holds no text of its own."""
    answers: Literal["text", "object"] = "text"
    corrected_keys: tuple[str, ...] = ()
    """Keys of the output that corrections give, beside that of the answer's text."""
    outcome: bool = False
    scores: dict[str, SeenScore] = {}
    annotated: bool = False
    corrected: bool = False
    queues: tuple[str, ...] = ()
    failure_types: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    recovered: int = 0
    """Traces of the sample that hold a failed step below their root, and an answer all the same."""
    several_roots: int = 0
    """Traces of the sample that have more than one root."""


def sample_traces(gateway: Gateway, *, now: datetime, name: str | None = None) -> tuple[Shapes, tuple[Trace, ...]]:
    """Reads the newest traces (of that name; none of experiments) and scores: of two weeks, else of any time.

    Gives what was seen, and the traces of the sample, those with scores first. A handful of requests.
    Raises GatewayError; CuratorError (INIT_NO_TRACES) when there is no trace.
    """
    since: datetime | None = now - LOOK_BACK
    named = _named(gateway, since, name)
    if not named:
        since = None  # a project that rests: its newest traces, however old
        named = _named(gateway, since, name)
    if not named:
        raise CuratorError("The project holds no trace" + (" of that name." if name else "."), code="INIT_NO_TRACES")
    names = Counter(named.values())
    if name is None:
        names = by_workflow(names)
    chosen = name or names.most_common(1)[0][0]
    mine = [trace_id for trace_id, each in named.items() if is_named(each, [chosen])]
    scores = list(islice(gateway.scores(from_=since), SCORES))
    scored = {score.trace_id for score in scores}
    sample = sorted(mine, key=lambda trace_id: trace_id not in scored)[:SAMPLE]
    traces = tuple(gateway.traces(sample).values())
    sessions = {trace.root.session_id for trace in traces if trace.root.session_id}
    of_mine = [s for s in scores if s.trace_id in set(mine) or s.session_id in sessions]
    queues = tuple(sorted(queue.name for queue in gateway.annotation_queues()))
    seen = shapes_of(traces, chosen or None, dict(names.most_common(10)), of_mine or scores, queues)
    configs = gateway.score_configs() if seen.scores else []
    return seen.model_copy(update={"scores": seen_scores(of_mine or scores, configs)}), traces


def shapes_of(
    traces: Sequence[Trace], name: str | None, names: dict[str, int], scores: Sequence[Any], queues: tuple[str, ...]
) -> Shapes:
    """What a sample of traces shows."""
    found = [conversation_of(trace) for trace in traces]
    inputs: list[Any] = [parse_text(trace.root.input) for trace in traces]
    # A function under `@observe` that is called with named arguments: those are its input.
    called = [_named_arguments(each) for each in inputs]
    if by_name := sum(map(bool, called)) * 2 > len(inputs):
        inputs = [arguments or each for arguments, each in zip(called, inputs, strict=True)]
    outputs = [parse_text(trace.root.output) for trace in traces]
    keys = _keys(inputs)
    corrections = [trace.correction for trace in traces if trace.correction is not None]
    objects = sum(isinstance(one.answer, dict) for one in found)
    answered = [each for each in outputs if isinstance(each, dict)]
    answer_key = _answer_key(found, outputs)
    return Shapes(
        traces=len(traces),
        name=name,
        names=names,
        options=_options(found, inputs, keys, sessions=_sessions(traces)),
        input_keys=keys,
        inputs_at="$.input.kwargs" if by_name else "$.input",
        answer_key=answer_key,
        answers="object" if objects * 2 > len(found) else "text",
        corrected_keys=tuple(
            key
            for key in (answered[0] if answered else {})
            if key != answer_key and any(isinstance(c, dict) and key in c for c in corrections)
        ),
        outcome=any("outcome" in each for each in answered),
        scores=seen_scores(scores),
        annotated=any(score.source == "ANNOTATION" and score.data_type != "CORRECTION" for score in scores),
        corrected=bool(corrections) or any(score.data_type == "CORRECTION" for score in scores),
        queues=queues,
        failure_types=failure_types(scores),
        tools=tuple(dict.fromkeys(call.name for one in found for call in one.tool_calls))[:8],
        recovered=sum(
            one.answer is not None
            and trace.root.level != "ERROR"
            and any(each.level == "ERROR" for each in trace.observations)
            for one, trace in zip(found, traces, strict=True)
        ),
        several_roots=sum(bool(several_roots(trace)) for trace in traces),
    )


def _named(gateway: Gateway, since: datetime | None, name: str | None) -> dict[str, str]:
    """Trace id → name of the trace, newest first; traces, not roots, and also those whose root never arrived."""
    none_of: dict[str, Any] = {
        "type": "stringOptions", "column": "environment", "operator": "none of", "value": [EXPERIMENT_ENVIRONMENT],
    }  # fmt: skip
    filters = [none_of]
    if name and "*" not in name:
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
    return {trace_id: each for trace_id, each in found.items() if name is None or is_named(each, [name])}


def by_workflow(names: Mapping[str, int]) -> Counter[str]:
    """Counts of trace names as counts of workflows: names that hold the id of a request become one, such as `order-*`.

    Names that differ in digits and ids only are of one workflow when most of them stand on a
    single trace; `step-1` and `step-2` of many traces each are two.
    """
    alike: dict[str, list[str]] = defaultdict(list)
    for name in names:
        alike[_ID.sub("*", name.replace("*", "_"))].append(name)
    found: Counter[str] = Counter()
    for pattern, those in alike.items():
        single = len(those) > 2 and pattern.strip("*") and len(those) * 2 > sum(names[name] for name in those)
        found.update({pattern: sum(names[name] for name in those)} if single else {name: names[name] for name in those})
    return found


def _named_arguments(value: Any) -> Any:
    alone = isinstance(value, dict) and set(value) == {"args", "kwargs"} and not value["args"]
    return value["kwargs"] if alone else None


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
    if len(several) * 2 > len(found) or sessions:
        # An object without the history loses the turns before.
        options.sort(key=lambda option: option.kind != "messages")
    elif sum(map(_enveloped, own)) * 2 > len(own) and asked:
        options.sort(key=lambda option: option.kind == "object")
    if not options:
        why = "no message of a user was recognised: the input as it is"
        options.append(Option(kind="whole", shape="the input as it is", why=why, fits=len(inputs) - inputs.count(None)))
    return tuple(options)


def _enveloped(value: Any) -> bool:
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return (isinstance(value, dict) and any(snake(key) in ENVELOPE for key in value)) or any(map(_enveloped, below))


def _holds(value: dict[str, Any], keys: dict[str, tuple[str, float]], text: str) -> bool:
    """Whether the own keys of an input hold what the user said, and nothing of a framework below them."""
    own = [value[key] for key in keys if key in value]
    # A question that stands under several keys is wired to a pipeline's components.
    return "role" not in value and _texts(own).count(text) == 1 and not any(map(_framed, own))


def _texts(value: Any) -> list[str]:
    if isinstance(value, (dict, list)):
        return [text for each in (value.values() if isinstance(value, dict) else value) for text in _texts(each)]
    return [value] if isinstance(value, str) else []


def _plumbing(key: str) -> bool:
    return snake(key) in PLUMBING or key.startswith("sys.")


def _framed(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_plumbing, value)) or messages_in(value) is not None or any(map(_framed, value.values()))
    return isinstance(value, list) and (messages_in(value) is not None or any(map(_framed, value)))


def _answer_key(found: Sequence[Conversation], outputs: Sequence[Any]) -> str | None:
    """The key of the output under which the answer's text stands, most of the time."""
    keys = Counter(
        next((key for key, value in output.items() if isinstance(value, str) and value == one.answer), None)
        for one, output in zip(found, outputs, strict=True)
        if isinstance(output, dict) and isinstance(one.answer, str) and "role" not in output
    )
    return keys.most_common(1)[0][0] if keys else None


def path_of(key: str, base: str = "$.input") -> str:
    """The path of a key, in quotes when it is no plain word."""
    if key.isascii() and key.isidentifier():
        return f"{base}.{key}"
    return f'{base}["{key}"]' if "'" in key else f"{base}['{key}']"


_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}


def _keys(values: Iterable[object]) -> dict[str, tuple[str, float]]:
    objects = [value for value in values if isinstance(value, dict)]
    counts: Counter[str] = Counter()
    types: dict[str, Counter[str]] = {}
    for each in objects:
        for key, value in each.items():
            if value is not None and not _plumbing(key) and len(key) <= 60 and path_error(path_of(key)) is None:
                counts[key] += 1
                types.setdefault(key, Counter())[_TYPES[type(value)]] += 1
    found = {}
    for key, count in counts.most_common(20):
        kinds = set(types[key])
        kind = next(iter(kinds)) if len(kinds) == 1 else "number" if kinds == {"integer", "number"} else "any"
        found[key] = (kind, count / len(objects))
    return dict(sorted(found.items(), key=lambda pair: -pair[1][1]))
