"""The embedded Langfuse-compatible server: for trying, testing and teaching, never for production."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from curator.sandbox.faults import KINDS, check_fault
    from curator.sandbox.gate import MEASURED_LAG, Lag
    from curator.sandbox.server import SandboxServer

__all__ = ["KINDS", "MEASURED_LAG", "Lag", "SandboxServer", "check_fault"]

_MODULES = {
    "KINDS": "faults",
    "MEASURED_LAG": "gate",
    "Lag": "gate",
    "SandboxServer": "server",
    "check_fault": "faults",
}
"""Imported at their first use: the agents of the demo run without the server."""


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
