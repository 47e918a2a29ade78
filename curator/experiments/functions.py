"""Functions by import path (`package.module:function`): found, checked, fingerprinted. This runs the user's code."""

import hashlib
import importlib
import inspect
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from curator.model.errors import UsageError


def load(path: str) -> Callable[..., Any]:
    """The function at `package.module:function`; modules of the current folder are found too, as with `python -m`.

    Raises UsageError: PYTHON_PATH when it is malformed, is not there, or fails to import.
    """
    module_name, _, attribute = path.partition(":")
    if not module_name or not attribute:
        raise UsageError(
            f"{path!r} is no import path.", code="PYTHON_PATH", remedy="Write it as package.module:function."
        )
    here = os.getcwd()
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found: Any = importlib.import_module(module_name)
        for step in attribute.split("."):
            found = getattr(found, step)
    except ModuleNotFoundError as error:
        raise _not_loaded(path, f"there is no module {error.name}") from None
    except AttributeError:
        raise _not_loaded(path, f"{module_name} has no {attribute}") from None
    except Exception as error:
        raise _not_loaded(path, f"importing it raised {type(error).__name__}") from error
    if not callable(found):
        raise _not_loaded(path, "it is no function")
    return found  # type: ignore[no-any-return]


def _not_loaded(path: str, why: str) -> UsageError:
    return UsageError(
        f"{path} cannot be used: {why}.",
        code="PYTHON_PATH",
        remedy="Run curator in the environment and folder where `python -c 'import …'` of that module works.",
    )


def fingerprint(function: Callable[..., Any]) -> str:
    """sha256 (hex) of the source file that holds `function`, so that changed code shows; of its name without source."""
    target = inspect.unwrap(function)
    target = target if inspect.isroutine(target) or inspect.isclass(target) else type(target)
    try:
        source = Path(inspect.getsourcefile(target) or "").read_bytes()
    except (OSError, TypeError):
        source = f"{getattr(target, '__module__', '')}:{getattr(target, '__qualname__', '')}".encode()
    return hashlib.sha256(source).hexdigest()


def wants(function: Callable[..., Any], parameter: str) -> bool:
    """Whether `function` names this parameter. Unknown signatures (builtins) name nothing."""
    try:
        return parameter in inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False
