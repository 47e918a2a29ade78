"""From a trace to a proposed item: mapping by a rule, edits, whether it protects anything, whether it is new.

What others need is imported at its first use: mapping and likeness load what a list of failures can do without.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from curator.draft.alike import ALIKE, Texts
    from curator.draft.edits import value_at
    from curator.draft.likeness import KnownItem, Novelty, ago, forget_items, known_items, text_of

__all__ = [
    "ALIKE", "KnownItem", "Novelty", "Texts", "ago", "forget_items", "known_items", "text_of", "value_at",
]  # fmt: skip

_BEHIND = {
    "alike": ("ALIKE", "Texts"),
    "edits": ("value_at",),
    "likeness": ("KnownItem", "Novelty", "ago", "forget_items", "known_items", "text_of"),
}
_MODULES = {name: module for module, names in _BEHIND.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
