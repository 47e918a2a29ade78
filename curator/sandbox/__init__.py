"""The embedded Langfuse-compatible server: for trying, testing and teaching, never for production."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from curator.sandbox.demo import seed_demo
    from curator.sandbox.demo.data import DEMO_RULE, demo_receipts
    from curator.sandbox.errors import SandboxProblem
    from curator.sandbox.faults import KINDS, check_fault
    from curator.sandbox.gate import MEASURED_LAG, Lag
    from curator.sandbox.load import LoadReport, load_files
    from curator.sandbox.server import SandboxServer

_MODULES = {
    "DEMO_RULE": "demo.data",
    "KINDS": "faults",
    "MEASURED_LAG": "gate",
    "Lag": "gate",
    "LoadReport": "load",
    "SandboxProblem": "errors",
    "SandboxServer": "server",
    "check_fault": "faults",
    "demo_receipts": "demo.data",
    "load_files": "load",
    "seed_demo": "demo",
}
"""Imported at their first use: the agents of the demo run without the server."""


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
