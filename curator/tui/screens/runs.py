"""x."""

from curator.tui.screens.place import Place


class RunsScreen(Place):
    """x."""
