"""x."""

from curator.tui.screens.place import Place


class LogScreen(Place):
    """x."""
