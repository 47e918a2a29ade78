"""A dataset in the shape that another runner reads, with the rule's built-in checks translated where that runner can.

What a runner cannot say is named, never left out in silence. Each format is held against the tool itself in the tests.
"""

import json
import re
import tomllib
from collections.abc import Callable, Collection, Iterable, Sequence
from importlib.resources import files
from string import Template
from typing import Any, Literal, get_args

from curator.dataset.folder import Snapshot
from curator.model import Item, Value
from curator.model.lineage import slug
from curator.model.rule import CheckSpec

Runner = Literal["promptfoo", "pytest", "openai-evals", "hf", "inspect", "deepeval"]
RUNNERS: tuple[str, ...] = get_args(Runner)


class Untranslated(Value):
    """A check that the other runner does not get, and why."""

    check: str
    why: str


class Export(Value):
    """What is to be written: file name → text, and what could not be said."""

    runner: Runner
    files: dict[str, str]
    items: int
    untranslated: tuple[Untranslated, ...] = ()


def export(snapshot: Snapshot, runner: Runner, checks: Sequence[CheckSpec] = ()) -> Export:
    """The active items of a dataset for another runner. `checks` are those of the rule that feeds it."""
    items = [item for _, item in sorted(snapshot.items.items()) if item.status == "ACTIVE"]
    files, untranslated = _WRITERS[runner](slug(snapshot.name), items, checks)
    return Export(runner=runner, files=files, items=len(items), untranslated=tuple(untranslated))


Written = tuple[dict[str, str], Iterable[Untranslated]]


# ── promptfoo: a file for `tests:` of its configuration ─────────────────────────────────────────────────────────────


def _promptfoo(name: str, items: Sequence[Item], checks: Sequence[CheckSpec]) -> Written:
    """`vars.input` (and each key of an object input) feed the prompt; checks become javascript assertions."""
    tests = []
    for item in items:
        vars_: dict[str, Any] = {"input": _as_text(item.input)}
        if isinstance(item.input, dict):
            vars_ |= {key: value for key, value in item.input.items() if key != "input"}
        asserts = [each for check in checks if (each := _javascript(check, item)) is not None]
        tests.append({"description": item.id, "vars": vars_, "assert": asserts, "metadata": {"item": item.id}})
    return {f"{name}.promptfoo.json": _json(tests)}, _no_path(checks, _CAN_JAVASCRIPT, "javascript")


_SCRIPT: dict[str, Any] = tomllib.loads(
    files("curator.dataset").joinpath("javascript.toml").read_text(encoding="utf-8")
)
_OF_TEXT: dict[str, str] = _SCRIPT["of_text"]
_CAN_JAVASCRIPT = _OF_TEXT.keys() | _SCRIPT["of_values"].keys()
"""Check types that another runner can say, too."""


def _javascript(check: CheckSpec, item: Item) -> dict[str, Any] | None:
    wanted = _wanted(check, item)
    if check.type not in _CAN_JAVASCRIPT or wanted is _NOTHING or _steps(_path(check)) is None:
        return None
    of_text = _OF_TEXT.get(check.type)
    body = Template(_SCRIPT["text"] + of_text if of_text else _SCRIPT["of_values"][check.type]).substitute(
        steps=json.dumps(_steps(_path(check))), value=json.dumps(wanted), tolerance=json.dumps(check.tolerance)
    )
    return {"type": "javascript", "value": _SCRIPT["read"] + body, "metric": check.name}


# ── pytest: a file of its own, without curator ──────────────────────────────────────────────────────────────────────


def _pytest(name: str, items: Sequence[Item], checks: Sequence[CheckSpec]) -> Written:
    """`test_NAME.py` and its cases; the answer comes from a fixture `answer` that the team writes in conftest.py."""
    cases = [
        {
            "id": item.id,
            "input": item.input,
            "expected_output": item.expected_output,
            "checks": [each for check in checks if (each := _plain_check(check, item)) is not None],
        }
        for item in items
    ]
    files = {
        f"{name}.cases.json": _json(cases),
        f"test_{name.replace('-', '_')}.py": _template().replace("FILE", json.dumps(f"{name}.cases.json")),
    }
    return files, _no_path(checks, _CAN_JAVASCRIPT, "a plain assertion")


def _template() -> str:
    return files("curator.dataset").joinpath("pytest_cases.py.txt").read_text(encoding="utf-8")


def _plain_check(check: CheckSpec, item: Item) -> dict[str, Any] | None:
    wanted, steps = _wanted(check, item), _steps(_path(check))
    if check.type not in _CAN_JAVASCRIPT or wanted is _NOTHING or steps is None:
        return None
    text = check.type in _OF_TEXT and check.path is None
    found = {"name": check.name, "type": check.type, "steps": steps, "wanted": wanted, "text": text}
    return found | ({"tolerance": check.tolerance} if check.type == "numeric_tolerance" else {})


# ── JSON Lines of other tools: input and expectation; their scorers are chosen there ────────────────────────────────


def _openai_evals(name: str, items: Sequence[Item], checks: Sequence[CheckSpec]) -> Written:
    """Samples of OpenAI evals: `input` as chat messages, `ideal` as text or a list of texts that are all right."""
    rows = [{"id": item.id, "input": _chat(item.input), "ideal": _ideal(item.expected_output)} for item in items]
    return {f"{name}.openai-evals.jsonl": _lines(rows)}, _all(checks, "an eval's class decides how samples are graded")


def _hugging_face(name: str, items: Sequence[Item], checks: Sequence[CheckSpec]) -> Written:
    """Rows for `datasets.load_dataset("json", …)`. JSON stays text: Arrow would merge the keys of different items."""
    rows = [
        {
            "id": item.id,
            "input": json.dumps(item.input, ensure_ascii=False),
            "expected_output": json.dumps(item.expected_output, ensure_ascii=False),
            "metadata": json.dumps(item.metadata, ensure_ascii=False),
        }
        for item in items
    ]
    return {f"{name}.hf.jsonl": _lines(rows)}, _all(checks, "a table of rows holds no checks")


def _inspect(name: str, items: Sequence[Item], checks: Sequence[CheckSpec]) -> Written:
    """`Sample`s for Inspect's `json_dataset`: `input` as text or chat messages, `target`, `metadata`."""
    rows = [
        {
            "id": item.id,
            "input": _chat(item.input) if _is_chat(item.input) else _as_text(item.input),
            "target": _ideal(item.expected_output),
            "metadata": {"expected_output": item.expected_output, "lineage": item.metadata},
        }
        for item in items
    ]
    return {f"{name}.inspect.jsonl": _lines(rows)}, _all(checks, "scorers are part of an Inspect task")


def _deepeval(name: str, items: Sequence[Item], checks: Sequence[CheckSpec]) -> Written:
    """Goldens for DeepEval's `EvaluationDataset.add_goldens_from_json_file`."""
    rows = [
        {
            "input": _as_text(item.input),
            "expected_output": _as_text(item.expected_output),
            "name": item.id,
            "source_file": item.id,
            "additional_metadata": {"item": item.id, "lineage": item.metadata},
        }
        for item in items
    ]
    return {f"{name}.deepeval.json": _json(rows)}, _all(checks, "DeepEval's metrics are chosen in its test file")


_WRITERS: dict[Runner, Callable[[str, Sequence[Item], Sequence[CheckSpec]], Written]] = {
    "promptfoo": _promptfoo,
    "pytest": _pytest,
    "openai-evals": _openai_evals,
    "hf": _hugging_face,
    "inspect": _inspect,
    "deepeval": _deepeval,
}


# ── what the formats share ──────────────────────────────────────────────────────────────────────────────────────────

_NOTHING = object()
_DEFAULTS = {
    "expected_outcome": ("$.outcome", "$.outcome"),
    "required_terms_present": ("$.answer", "$.must_mention"),
    "forbidden_terms_absent": ("$.answer", "$.must_not_mention"),
    "regex": ("$.answer", None),
}
"""Check type → where it looks in the output, and in the expected output; see `curator explain checks`."""


def _path(check: CheckSpec) -> str:
    return check.path or _DEFAULTS.get(check.type, ("$", None))[0]


def _wanted(check: CheckSpec, item: Item) -> Any:
    """What a check wants of this item's output; `_NOTHING` when the item asks nothing of it."""
    if check.type == "regex":
        return check.pattern
    path = check.expected_path or _DEFAULTS.get(check.type, ("$", None))[1]
    if path is None:
        return check.value
    from curator.rulebook import find_all

    found = find_all(path, item.expected_output)
    if not found or (check.type.endswith(("_present", "_absent")) and not found[0]):
        return _NOTHING
    return found[0]


def _steps(path: str) -> list[str | int] | None:
    """The steps of a plain path such as `$.a.b[0]`; None for an expression that other runners cannot follow."""
    if not re.fullmatch(r"\$(\.[A-Za-z_][A-Za-z0-9_]*|\[\d+\])*", path):
        return None
    return [int(step[1:-1]) if step[0] == "[" else step[1:] for step in re.findall(r"\.\w+|\[\d+\]", path)]


def _no_path(checks: Sequence[CheckSpec], can: Collection[str], form: str) -> list[Untranslated]:
    found = []
    for check in checks:
        if check.type not in can:
            found.append(Untranslated(check=check.name, why=f"a check of type {check.type} has no form as {form}"))
        elif _steps(_path(check)) is None:
            found.append(Untranslated(check=check.name, why=f"{_path(check)} is more than a plain path"))
    return found


def _all(checks: Sequence[CheckSpec], why: str) -> list[Untranslated]:
    return [Untranslated(check=check.name, why=why) for check in checks]


def _is_chat(value: object) -> bool:
    rows = value.get("messages") if isinstance(value, dict) else value
    return (
        isinstance(rows, list)
        and bool(rows)
        and all(
            isinstance(row, dict) and isinstance(row.get("role"), str) and isinstance(row.get("content"), str)
            for row in rows
        )
    )


def _chat(value: Any) -> list[dict[str, str]]:
    """Chat messages as both formats read them; an input that is no chat is one message of the user."""
    if not _is_chat(value):
        return [{"role": "user", "content": _as_text(value)}]
    rows = value["messages"] if isinstance(value, dict) else value
    return [{"role": row["role"], "content": row["content"]} for row in rows]


def _ideal(expected: Any) -> str | list[str]:
    """Texts that would be right: those the expectation lists, else its only text, else its JSON."""
    if isinstance(expected, list) and expected and all(isinstance(each, str) for each in expected):
        return list(expected)
    if isinstance(expected, dict) and isinstance(terms := expected.get("must_mention"), list) and terms:
        return [str(term) for term in terms]
    return _as_text(expected)


def _as_text(value: Any) -> str:
    """A text as it is; the only text of an object (a question); else JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and len(value) == 1 and isinstance(only := next(iter(value.values())), str):
        return only
    return json.dumps(value, ensure_ascii=False)


def _json(rows: object) -> str:
    return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"


def _lines(rows: Iterable[object]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
