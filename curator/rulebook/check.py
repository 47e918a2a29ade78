"""Validates the text of a rule file: what is wrong, on which line, under which key."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from curator.model.base import Value
from curator.model.errors import UsageError
from curator.model.rule import Rule, ScrubPolicy, Shape
from curator.rulebook.checks import wrong_in
from curator.rulebook.paths import path_error
from curator.rulebook.schemas import SchemaProblem, resolve_schema

MAX_NODES = 100_000


class RuleProblem(Value):
    """One thing that is wrong in a rule file; `line` counts from 1."""

    file: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.key + ': ' if self.key else ''}{self.message}"


class LoadedRule(Value):
    """A valid rule with its file and its schemas resolved."""

    rule: Rule
    path: Path
    input_schema: dict[str, Any]
    expected_output_schema: dict[str, Any]


def check_text(text: str, path: Path, allow_python: bool) -> tuple[list[RuleProblem], LoadedRule | None]:
    """Every problem of a rule's text in the order of its lines, and the rule when there is none."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError
    from ruamel.yaml.reader import ReaderError

    def problem(line: int, key: str, message: str) -> RuleProblem:
        return RuleProblem(file=str(path), line=line, key=key, message=message)

    try:
        document = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return [problem(mark.line + 1 if mark else 1, "", f"not valid YAML: {error.problem or error.context}")], None
    except ReaderError as error:
        what = f"not valid YAML: it holds the character U+{ord(text[error.position]):04X}"
        return [problem(text.count("\n", 0, error.position) + 1, "", what)], None
    except RecursionError:
        return [problem(1, "", "not valid YAML: it is nested too deep")], None
    except (YAMLError, ValueError):
        return [problem(1, "", "not valid YAML")], None
    if not isinstance(document, Mapping):
        return [problem(1, "", "a rule is a mapping that starts with `rule: NAME`")], None
    try:
        plain = _plain(document, [MAX_NODES])
    except OverflowError:
        return [problem(1, "", "the aliases of this file expand to more than 100,000 values")], None
    except RecursionError:
        return [problem(1, "", "an alias of this file stands inside of what it names")], None
    except ValueError as error:
        return [problem(1, "", str(error))], None
    try:
        rule = Rule.model_validate(plain)
    except ValidationError as error:
        return _sorted(_explain(error, document, problem)), None
    problems: list[RuleProblem] = []
    schemas: dict[str, dict[str, Any]] = {}
    for key, shape in (("input", rule.input), ("expected_output", rule.expected_output)):
        try:
            schemas[key] = resolve_schema(shape, path, allow_python)
        except SchemaProblem as error:
            problems.append(problem(_line(document, (key, error.key)), f"{key}.{error.key}", error.message))
            continue
        problems += [
            problem(_line(document, where), ".".join(where), what) for where, what in _fields(key, shape, schemas[key])
        ]
    problems += [problem(_line(document, where), ".".join(map(str, where)), what) for where, what in _checks(rule)]
    problems += [problem(_line(document, ["scrub"]), "scrub", what) for what in _scrub(rule)]
    if problems:
        return _sorted(problems), None
    loaded = LoadedRule(
        rule=rule, path=path, input_schema=schemas["input"], expected_output_schema=schemas["expected_output"]
    )
    return [], loaded


def _sorted(problems: list[RuleProblem]) -> list[RuleProblem]:
    return sorted(problems, key=lambda p: (p.line, p.key))


def _plain(node: Any, budget: list[int]) -> Any:
    """Plain dicts, lists and scalars; counts nodes so that aliases cannot explode."""
    budget[0] -= 1
    if budget[0] < 0:
        raise OverflowError
    if isinstance(node, Mapping):
        for key in node:
            if not isinstance(key, str):
                raise ValueError(f"keys must be text, not {key!r}: put it in quotes")
        return {str(key): _plain(value, budget) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value, budget) for value in node]
    if isinstance(node, bool) or node is None:
        return node
    for kind in (str, int, float):
        if isinstance(node, kind):
            return kind(node)
    return str(node)


def _line(node: Any, steps: Sequence[str | int]) -> int:
    """Line (from 1) of the deepest step that the file really holds."""
    line = 1
    for step in steps:
        try:
            line = (node.lc.key(step)[0] if isinstance(step, str) else node.lc.item(step)[0]) + 1
            node = node[step]
        except (KeyError, IndexError, AttributeError, TypeError):
            break
    return line


def _explain(error: ValidationError, document: Any, problem: Any) -> list[RuleProblem]:
    errors = error.errors(include_input=False, include_url=False)
    typed_wrong: set[tuple[str | int, ...]] = set()
    found: list[RuleProblem] = []
    for each in errors:
        if each["type"] == "extra_forbidden":
            *parents, key = each["loc"]
            close = _closest(str(key), _known_keys(parents))
            typed_wrong.update({(*parents, close)} if close else ())
            where, hint = ".".join(map(str, each["loc"])), f" (did you mean {close}?)" if close else ""
            found.append(problem(_line(document, each["loc"]), where, f"unknown key{hint}"))
    for each in errors:
        steps = each["loc"]
        if each["type"] == "extra_forbidden" or (each["type"] == "missing" and steps in typed_wrong):
            continue
        message = "missing" if each["type"] == "missing" else each["msg"].removeprefix("Value error, ")
        found.append(problem(_line(document, steps), ".".join(map(str, steps)), message))
    return found


def _known_keys(steps: Sequence[str | int]) -> list[str]:
    """The keys that the rule model knows at that place."""
    model: Any = Rule
    for step in steps:
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            return []
        field = next((f for name, f in model.model_fields.items() if step in (name, f.alias)), None)
        if field is not None:
            model = _model_in(field.annotation)
    if isinstance(model, type) and issubclass(model, BaseModel):
        return [field.alias or name for name, field in model.model_fields.items()]
    return []


def _model_in(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for arg in get_args(annotation) if (found := _model_in(arg)) is not None), None)


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """` (did you mean …?)` for a near miss, else nothing."""
    close = _closest(word, known)
    return f" (did you mean {close}?)" if close else ""


def _closest(word: str, known: Sequence[str]) -> str | None:
    return next(iter(difflib.get_close_matches(word, known, n=1, cutoff=0.6)), None)


def _fields(key: str, shape: Shape, schema: dict[str, Any]) -> Iterator[tuple[list[str], str]]:
    for steps, field in shape.leaves():
        where = [part for step in steps for part in ("fields", step)]
        for expression in field.expressions:
            if (error := path_error(expression)) is not None:
                yield [key, *where, "from"], error
    if shape.whole:
        return
    properties = schema.get("properties", {})
    for name in shape.fields:
        if properties and name not in properties and schema.get("additionalProperties") is False:
            yield [key, "fields", name], f"the schema allows no such field{did_you_mean(name, list(properties))}"
    for name in schema.get("required", ()):
        if name not in shape.fields:
            yield [key, "fields"], f"no mapping for {name}, which the schema requires"


def _checks(rule: Rule) -> Iterator[tuple[list[str | int], str]]:
    for index, check in enumerate(rule.checks):
        for wrong in wrong_in(check):
            yield ["checks", index, *([wrong.key] if wrong.key else [])], wrong.message


def _scrub(rule: Rule) -> Iterator[str]:
    if rule.scrub == ScrubPolicy():
        return
    from curator.scrub import compiled

    try:
        compiled(rule.scrub)
    except UsageError as error:
        yield f"{error.message} {error.remedy}"
