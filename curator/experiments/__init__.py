"""Experiments: run a task over a dataset, see that the run is whole, compare two runs, decide a release.

What others need of deciding is imported at its first use: `checks` must stay usable without scipy and the SDK.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from curator.experiments.gate import Decision, decide
    from curator.experiments.judges import Judge, measure, proven
    from curator.experiments.remote import find_run, look_again
    from curator.experiments.versions import drift, present

__all__ = ["Decision", "Judge", "decide", "drift", "find_run", "look_again", "measure", "present", "proven"]

_MODULES = {
    "Decision": "gate",
    "Judge": "judges",
    "decide": "gate",
    "drift": "versions",
    "find_run": "remote",
    "look_again": "remote",
    "measure": "judges",
    "present": "versions",
    "proven": "judges",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
