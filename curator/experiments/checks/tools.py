"""Checks of the tools that an agent called: which, which not, in which order, with which arguments.

Each gives what is wrong, or None. They read the tool calls that the output lists: `tool_calls: [{name, arguments}]` as
a task returns them, or the messages of any framework (`curator explain checks`).
"""

from typing import Any

from curator.conversation import ToolCall, tool_calls_in
from curator.experiments.checks.base import MISSING, Case, CheckFailed, ShapeWrong, find, in_output, json_equal
from curator.model.rule import CheckSpec


def called(spec: CheckSpec, case: Case) -> str | None:
    """Every tool of `$.must_call` was called; else those that were not are named."""
    names = {call.name for call in calls_of(spec, case)}
    missing = [name for name in _names(spec, case, "$.must_call") if name not in names]
    return f"not_called={','.join(missing)}" if missing else None


def not_called(spec: CheckSpec, case: Case) -> str | None:
    """No tool of `$.must_not_call` was called; else those that were are named."""
    names = {call.name for call in calls_of(spec, case)}
    called = [name for name in _names(spec, case, "$.must_not_call") if name in names]
    return f"called={','.join(called)}" if called else None


def in_order(spec: CheckSpec, case: Case) -> str | None:
    """The tools of `$.must_call` were called in that order; others may stand between them."""
    called = iter([call.name for call in calls_of(spec, case)])
    for name in _names(spec, case, "$.must_call"):
        if name not in called:  # consumes up to the first that is equal
            return f"not_in_order={name}"
    return None


def arguments(spec: CheckSpec, case: Case) -> str | None:
    """Every call of `$.tool_calls` (a list of `{name, arguments}`) was made with at least those arguments."""
    left = list(calls_of(spec, case))
    for wanted in _wanted(spec, case):
        made = next(
            (call for call in left if call.name == wanted.name and holds(call.arguments, wanted.arguments)), None
        )
        if made is None:
            return f"no_such_call={wanted.name}"
        left.remove(made)
    return None


def calls_of(spec: CheckSpec, case: Case) -> tuple[ToolCall, ...]:
    """The tool calls at `path` of the output (default: those that the whole output lists). Raises ShapeWrong."""
    value = in_output(case, spec.path) if spec.path else case.output
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return tuple(ToolCall(name=each) for each in value)
    found = tool_calls_in({"tool_calls": value} if spec.path and isinstance(value, list) else value)
    if found is None:
        raise ShapeWrong("the output lists no tool calls (tool_calls: [{name, arguments}])")
    return found


def holds(given: Any, wanted: Any) -> bool:
    """Whether a value holds at least what is wanted: keys of objects at any depth; everything else is equal."""
    if isinstance(wanted, dict):
        return isinstance(given, dict) and all(key in given and holds(given[key], each) for key, each in wanted.items())
    return wanted is None or json_equal(given, wanted)


def _expected(spec: CheckSpec, case: Case, default: str) -> Any:
    if spec.value is not None:
        return spec.value
    found = find(case.expected_output, spec.expected_path or default)
    return [] if found is MISSING or found is None else found


def _names(spec: CheckSpec, case: Case, default: str) -> list[str]:
    names = _expected(spec, case, default)
    names = [names] if isinstance(names, str) else names
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise CheckFailed(f"the item's {spec.expected_path or default} is no list of tool names")
    return names


def _wanted(spec: CheckSpec, case: Case) -> list[ToolCall]:
    wanted = _expected(spec, case, "$.tool_calls")
    if not isinstance(wanted, list) or not all(
        isinstance(each, dict) and isinstance(each.get("name"), str) for each in wanted
    ):
        raise CheckFailed(f"the item's {spec.expected_path or '$.tool_calls'} is no list of {{name, arguments}}")
    return [ToolCall(name=each["name"], arguments=each.get("arguments")) for each in wanted]
