"""curator: turns reviewed LLM failures from Langfuse into regression tests.

`from curator import …` gives the public Python API (`curator explain python`), which `curator.api` lists. It is
imported when its first name is used: `import curator` itself costs nothing.
"""

import importlib
import importlib.util
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from curator.api import *  # noqa: F403  # one list of names, and it is there

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """A name of the API. The rooms (`curator.promote`) are found by the import system, which asks here first."""
    hidden = name.startswith("_") and name != "__all__"
    if hidden or importlib.util.find_spec(f"{__name__}.{name}"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module("curator.api"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *importlib.import_module("curator.api").__all__})
