"""What is counted: which labelled values are gone, how much of the other text was touched."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.benchmarks.scrub_texts import Labelled

NAMES = frozenset({"PERSON"})
FREE = frozenset({"CITY", "OTHER"})
"""Labels that may stay or go: places are suggestions."""

Spans = Sequence[tuple[int, int]]


@dataclass
class Measure:
    """Sums over texts. `gone`: every character of the value was covered (blanks aside)."""

    labelled: Counter[str] = field(default_factory=Counter)
    gone: Counter[str] = field(default_factory=Counter)
    other: int = 0
    touched: int = 0

    def add(self, text: Labelled, spans: Spans) -> None:
        """One text and what a tool would remove from it."""
        covered = {i for a, b in spans for i in range(a, b)}
        own: set[int] = set()
        for label, start, end in text.spans:
            own |= set(range(start, end))
            self.labelled[label] += 1
            self.gone[label] += all(i in covered or text.text[i].isspace() for i in range(start, end))
        self.other += len(text.text) - len(own)
        self.touched += len(covered - own)

    def share(self, labels: Iterable[str]) -> float:
        """Share of labelled values that are gone."""
        wanted = [label for label in labels if self.labelled[label]]
        return sum(self.gone[x] for x in wanted) / max(1, sum(self.labelled[x] for x in wanted))

    @property
    def names(self) -> float:
        """Share of names that are gone."""
        return self.share(NAMES)

    @property
    def identifiers(self) -> float:
        """Share of direct identifiers (everything but names and free labels) that are gone."""
        return self.share(set(self.labelled) - NAMES - FREE)

    @property
    def collateral(self) -> float:
        """Share of the other characters that were touched."""
        return self.touched / max(1, self.other)


def left(value: object, text: str) -> bool:
    """Whether a value can still be read in a text."""
    return str(value).casefold() in text.casefold()
