"""What the engine finds in one text."""

from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class Span:
    """A raw finding in one text, before any policy."""

    start: int
    end: int
    entity: str
    score: float
    recognizer: str

    def moved(self, by: int) -> Self:
        """The same finding, further on."""
        return replace(self, start=self.start + by, end=self.end + by)
