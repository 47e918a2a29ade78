"""x."""

from curator.tui.screens.place import Place


class DatasetsScreen(Place):
    """x."""
