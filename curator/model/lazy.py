"""Names of a room's face that are imported at their first use, so that a command pays only for what it does."""

import ast
import sys
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any


def at_first_use(room: str) -> Callable[[str], Any]:
    """The `__getattr__` of a room (its `__name__`): what it imports under TYPE_CHECKING, for who reads or checks types,
    is imported for everybody else when it is asked for."""

    @cache
    def homes() -> dict[str, str]:
        # The loader knows the text of a module in a folder, a wheel or a zip file alike.
        text: str = sys.modules[room].__loader__.get_source(room)  # type: ignore[union-attr]
        blocks = (node.body for node in ast.parse(text).body if isinstance(node, ast.If))
        imports = (node for block in blocks for node in block if isinstance(node, ast.ImportFrom))
        return {each.name: str(node.module) for node in imports for each in node.names}

    def find(name: str) -> Any:
        if name.startswith("__") or name not in homes():
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        return getattr(import_module(homes()[name]), name)

    return find
