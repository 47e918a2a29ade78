"""Experiments: run a task over a dataset, see that the run is whole, compare two runs, decide a release.

What others need of deciding is imported at its first use: `checks` must stay usable without scipy and the SDK.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from curator.experiments.gate import Decision, decide
    from curator.experiments.judges import Judge, measure, proven
    from curator.experiments.remote import Listed, find_run, find_runs, look_again, look_at, runs
    from curator.experiments.results import Run
    from curator.experiments.versions import drift, present

__all__ = [
    "Decision", "Judge", "Listed", "Run", "decide", "drift", "find_run", "find_runs", "look_again", "look_at",
    "measure", "present", "proven", "runs",
]  # fmt: skip

_BEHIND = {
    "gate": ("Decision", "decide"),
    "judges": ("Judge", "measure", "proven"),
    "remote": ("Listed", "find_run", "find_runs", "look_again", "look_at", "runs"),
    "results": ("Run",),
    "versions": ("drift", "present"),
}
_MODULES = {name: module for module, names in _BEHIND.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
