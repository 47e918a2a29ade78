"""The kinds of personal values and secrets: which are looked for, which block, which wins when two overlap."""

import tomllib
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Literal, Self

Kind = Literal["secret", "direct", "name", "suggestion"]


@dataclass(frozen=True, slots=True)
class Entity:
    """One kind of finding. A lower `rank` wins an overlap; a suggestion neither blocks nor is replaced by itself."""

    name: str
    kind: Kind
    rank: int
    default: bool = True
    least: float = 0.0
    """Own threshold, for a recognizer that is sure of itself too early; the rule's `thresholds` override it."""
    says: str = ""


_DATA = files("curator.scrub").joinpath("data", "entities.toml").read_text("utf-8")
ENTITIES = {row["name"]: Entity(**row) for row in tomllib.loads(_DATA)["entity"]}
DEFAULT_ENTITIES = frozenset(e.name for e in ENTITIES.values() if e.default)
SUGGESTIONS = frozenset(e.name for e in ENTITIES.values() if e.kind == "suggestion")


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
