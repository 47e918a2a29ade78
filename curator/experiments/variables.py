"""What differs between two runs besides chance: the declared variables, the task, its code, the environment."""

from pydantic import JsonValue

from curator.experiments.results import Run
from curator.model.base import Value


class Change(Value):
    """One variable that differs."""

    name: str
    baseline: JsonValue
    candidate: JsonValue


def changed(baseline: Run, candidate: Run) -> tuple[Change, ...]:
    """Every variable that differs, by name. Declared variables first, then what was observed of the task.

    A different task with the same code behind it is how a declared variable (a prompt label, say) is usually switched:
    it counts on its own only when nothing declared differs.
    """
    names = sorted(baseline.variables.keys() | candidate.variables.keys())
    pairs = [(name, baseline.variables.get(name), candidate.variables.get(name)) for name in names]
    found = [Change(name=name, baseline=left, candidate=right) for name, left, right in pairs if left != right]
    left_task, right_task = baseline.task, candidate.task
    if left_task is not None and right_task is not None:
        if left_task.fingerprint != right_task.fingerprint:
            found.append(
                Change(name="task code", baseline=left_task.fingerprint[:12], candidate=right_task.fingerprint[:12])
            )
        elif left_task.name != right_task.name and not found:
            found.append(Change(name="task", baseline=left_task.name, candidate=right_task.name))
    return tuple(found)
