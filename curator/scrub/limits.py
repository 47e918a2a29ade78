"""How much the scrub takes on: beyond it an item is refused in words, never passed on unread."""

from curator.model import Value


class Limits(Value):
    """Hard limits. Sizes are checked before reading; the worker is killed when an item takes longer than `seconds`."""

    string_chars: int = 1_000_000
    """Characters of one string; spaCy itself refuses more."""
    item_chars: int = 4_000_000
    """Characters of all strings of one item."""
    leaves: int = 200_000
    """Strings, numbers and keys of one item."""
    seconds: float = 60.0
    """Wall time for one item, measured by the caller."""
    start_seconds: float = 90.0
    """Wall time for the worker to load its engine."""
