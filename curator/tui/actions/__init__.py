"""The one table of actions: it feeds the key bindings, the footer, the help, the palette and the documentation.

One file per place holds its rows. A screen or widget that owns a place implements `action_<name>` for each of them;
nothing else binds keys.
"""

from curator.tui.actions.action import ON_SCREEN, PLACES, Action, Place
from curator.tui.actions.table import ACTIONS, bindings, of, owns, unknown_ids
from curator.tui.actions.written import HelpRow, as_markdown, help_rows, written

__all__ = [
    "ACTIONS",
    "ON_SCREEN",
    "PLACES",
    "Action",
    "HelpRow",
    "Place",
    "as_markdown",
    "bindings",
    "help_rows",
    "of",
    "owns",
    "unknown_ids",
    "written",
]
