"""Names of a room's face that are imported at their first use, so that a command pays only for what it does."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def at_first_use(room: str, files: Mapping[str, tuple[str, ...]]) -> Callable[[str], Any]:
    """The `__getattr__` of a room (its `__name__`): file below it → the names that it holds.

    The room imports the same names under TYPE_CHECKING, for who reads or checks types.
    """
    homes = {name: file for file, names in files.items() for name in names}

    def find(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        return getattr(import_module(f"{room}.{homes[name]}"), name)

    return find
