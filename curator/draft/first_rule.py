"""The text of a first rule: what was seen of a project, written down as a file to edit, every line explained."""

import json
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from curator.draft.propose import COMMON, Kind, Shapes, path_of
from curator.model.lineage import slug
from curator.model.safe import visible
from curator.rulebook import LoadedRule, check_text


class _Sheet(Template):
    """A text with gaps. Paths of rules begin with a dollar sign, so gaps begin with another one."""

    delimiter = "%"


@cache
def _texts() -> dict[str, Any]:
    return tomllib.loads(files("curator.draft").joinpath("first_rule.toml").read_text("utf-8"))


def _filled(text: str, **values: object) -> str:
    return _Sheet(text.removesuffix("\n")).substitute(values)


def loaded_text(text: str) -> LoadedRule:
    """The proposed text as a rule, before there is a file. Raises ValueError when it does not load: our own fault."""
    problems, loaded = check_text(text, Path("proposed.yaml"), allow_python=False)
    if loaded is None:
        raise ValueError("; ".join(map(str, problems)))
    return loaded


def rule_text(seen: Shapes, rule_name: str, kind: Kind | None = None) -> str:
    """The YAML of the proposed rule; it loads as it is, and says on every line why it is there.

    `kind`: one of the shapes that fit, the first one unless given.
    """
    texts = _texts()
    option = next((each for each in seen.options if each.kind == kind), seen.options[0])
    types = seen.failure_types or ("wrong_answer", "missing_context", "policy_violation")
    others = [f"{each.shape} ({each.why})" for each in seen.options if each.kind != option.kind]
    expected, checks, gate = _expectation(seen)
    return (
        _filled(
            texts["rule"],
            traces=seen.traces,
            rule=rule_name,
            workflow=_comment(seen.name or "this workflow"),
            dataset=_quoted(f"{slug(seen.name or rule_name)}-regression"),
            signals="\n".join(_signal_lines(seen)),
            filters="".join(f"{line}\n" for line in _filter_lines(seen)),
            shape=_comment(option.shape),
            why=option.why,
            fits=option.fits,
            others="".join(f"  # It could also be {_comment(each, 110)}.\n" for each in others),
            input=_input(seen, option.kind),
            expected=expected,
            types=", ".join(map(_quoted, types)),
            whence="from your annotations" if seen.failure_types else "your own words for what went wrong",
            default=_quoted(types[0]),
            checks=checks,
            gate=gate,
        )
        + "\n"
    )


def _filter_lines(seen: Shapes) -> list[str]:
    lines = []
    if seen.name:
        others = ", ".join(_comment(name) for name in seen.names if name and name != seen.name)
        why = f"also seen: {others}" if others else "the only trace name seen"
        lines += ["  filters:", f"    names: [{_quoted(seen.name)}]   # {why}"]
    if seen.several_roots:
        several = f"# {seen.several_roots} of these traces have several roots: the one that holds the content counts."
        lines += ["", several]
    return lines


def _signal_lines(seen: Shapes) -> list[str]:
    lines, doubtful = [], []
    for name, score in sorted(seen.scores.items()):
        session = ", on: session" if score.on_session else ""
        condition = score.condition()
        text = f"score: {_quoted(name)}, {condition}{session}" if condition else f"score: {_quoted(name)}"
        if score.data_type == "TEXT":
            why = f"{_comment(name)} holds people's own words; this counts every score that a person gave"
            doubtful.append(f"    # - annotation: true   # {why}")
        elif condition and score.bad is not None:
            lines.append(f"    - {{{text}}}   # {score.why()}")
        else:
            doubtful.append(f"    # - {{{text}}}   # {score.why()}")
    lines += doubtful
    active = [line for line in lines if not line.lstrip().startswith("#")]
    if seen.corrected or not active:
        why = "corrections included" if seen.corrected else "any score that a person gave in Langfuse"
        lines.append(f"    - annotation: true   # {why}")
    lines += [f"    - annotation_queue: {_quoted(name)}   # its open entries" for name in seen.queues]
    if seen.recovered * 2 > seen.traces > 2:
        many = f"{seen.recovered} of {seen.traces} traces hold a failed step and an answer all the same: retries?"
        lines.append(f"    # - level: ERROR   # {many}")
    else:
        lines.append("    - level: ERROR   # any observation that failed")
    return lines


def _input(seen: Shapes, kind: Kind) -> str:
    fields = [
        f"    {_quoted(key)}: {{from: {_quoted(path_of(key, seen.inputs_at))}"
        f"{'' if share >= COMMON else ', required: false'}}}   # in {share:.0%} of the traces"
        for key, (_, share) in seen.input_keys.items()
    ]
    types = {key: "{}" if kind == "any" else f"{{type: {kind}}}" for key, (kind, _) in seen.input_keys.items()}
    return _filled(
        _texts()["input"][kind],
        required=", ".join(_quoted(key) for key, (_, share) in seen.input_keys.items() if share >= COMMON),
        properties="\n".join(f"      {_quoted(key)}: {schema}" for key, schema in types.items()),
        fields="\n".join(fields),
    )


def _expectation(seen: Shapes) -> tuple[str, str, str]:
    """What is expected, the checks that hold a run against it, and what the gate requires."""
    expected, checks = _texts()["expected"], _texts()["checks"]
    where = ""
    if seen.answers == "object":
        where = ', path: "$.`str()`"'  # terms are looked for in the whole object
    elif seen.answer_key not in (None, "answer"):
        where = f", path: {_quoted(path_of(str(seen.answer_key), '$'))}"
    lines = [_filled(checks["terms"], where=where)]
    if (keys := seen.corrected_keys) and not seen.outcome:  # corrections say what single fields should be
        fields = "".join(f"\n    {_quoted(k)}: {{from: {_quoted(path_of(k, '$.correction'))}}}" for k in keys)
        properties = [f"{_quoted(key)}: {{}}" for key in keys]
        paths = [(f"{slug(key)}_equals", _quoted(path_of(key, "$"))) for key in keys]
        equal = [f"  - {{name: {name}, type: jsonpath_equals, path: {p}, expected_path: {p}}}" for name, p in paths]
        gate = [f"    - {{name: {name}, at_least: 1.0}}" for name, _ in paths]
        if seen.answers == "object":
            of_object = _filled(expected["fields"], properties=", ".join(properties), fields=fields)
            return of_object, "\n".join(equal), "\n".join(gate)
        own = "".join(f"\n      {each}" for each in properties)
        both = _filled(expected["terms"], required="", properties=own, fields=fields)
        return both, "\n".join([*equal, *lines]), "\n".join([*gate, _filled(checks["gate"])])
    if seen.outcome:
        lines.insert(0, _filled(checks["outcome"]))
    if seen.tools:
        lines.append(_filled(checks["tools"], tools=_comment(", ".join(seen.tools), 90)))
    text = _filled(
        expected["terms"],
        required="outcome, " * seen.outcome,
        properties="\n      outcome: {type: string}" * seen.outcome,
        fields="\n    outcome: {from: $.correction.outcome}" * seen.outcome,
    )
    return text, "\n".join(lines), _filled(checks["gate"])


def _quoted(text: str) -> str:
    """A YAML scalar that is safe whatever the text holds. JSON's escapes are YAML's, except for pairs of surrogates."""
    if text.isidentifier() and text.isascii() and text.lower() not in _RESERVED:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in quoted)


_RESERVED = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


def _comment(text: str, limit: int = 60) -> str:
    return visible(text, limit=limit)
