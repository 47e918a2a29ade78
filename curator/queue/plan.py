"""Which scores to ask the server for, so that all rules together cost few requests.

Conditions go to the server where its API can express them; equal ones of several rules and names share a request. What
comes back is a superset, `counts` decides.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from curator.model.rule import Rule, SignalRule


@dataclass(frozen=True)
class ScoreQuery:
    """One list of scores; the fields are parameters of `Gateway.scores`."""

    names: tuple[str, ...] | None = None
    source: str | None = None
    data_type: str | None = None
    value: str | None = None
    value_min: float | None = None
    value_max: float | None = None

    def parameters(self) -> dict[str, Any]:
        """The parameters that are set."""
        return {key: value for key, value in vars(self).items() if value is not None}


def score_queries(rules: Sequence[Rule]) -> list[ScoreQuery]:
    """The lists of scores that together hold every score that counts for one of the rules."""
    conditions = [signal for rule in rules for signal in rule.queue.signals]
    queries = []
    if any(signal.annotation for signal in conditions):
        queries.append(ScoreQuery(source="ANNOTATION"))
        # These come with that list already.
        conditions = [signal for signal in conditions if signal.source != "ANNOTATION"]
    wanted: dict[tuple[str, str], _Wanted] = {}
    for signal in conditions:
        if signal.score is not None:
            kind = _kind(signal)
            wanted.setdefault((kind, signal.score), _Wanted(kind, signal.score)).add(signal)
    shared: dict[ScoreQuery, list[str]] = defaultdict(list)
    for one in wanted.values():
        shared[one.query()].append(one.name)
    for query, names in shared.items():
        # A name with a comma cannot stand in a list of names; alone it costs only itself.
        odd = [name for name in names if "," in name]
        plain = [name for name in names if "," not in name]
        queries += [_named(query, [name]) for name in odd]
        queries += [_named(query, plain)] if plain else []
    return queries


@dataclass
class _Wanted:
    """What all rules together want of one score in one respect: the widest bound, all categories, both booleans."""

    kind: str
    name: str
    sources: set[str | None] = field(default_factory=set)
    bounds: list[float] = field(default_factory=list)
    categories: set[str] = field(default_factory=set)
    booleans: set[bool] = field(default_factory=set)

    def add(self, signal: SignalRule) -> None:
        self.sources.add(signal.source)
        self.bounds += [b for b in (signal.below, signal.at_most, signal.above, signal.at_least) if b is not None]
        self.categories |= set(signal.in_ or ())
        if signal.is_ is not None:
            self.booleans.add(signal.is_)

    def query(self) -> ScoreQuery:
        """The query without its name."""
        source = next(iter(self.sources)) if len(self.sources) == 1 else None
        match self.kind:
            case "upper":
                return ScoreQuery(source=source, data_type="NUMERIC", value_max=max(self.bounds))
            case "lower":
                return ScoreQuery(source=source, data_type="NUMERIC", value_min=min(self.bounds))
            case "boolean":
                value = str(next(iter(self.booleans))).lower() if len(self.booleans) == 1 else None
                return ScoreQuery(source=source, data_type="BOOLEAN", value=value)
        listed = None if any("," in one for one in self.categories) else ",".join(sorted(self.categories))
        return ScoreQuery(source=source, data_type="CATEGORICAL", value=listed or None)


def _kind(signal: SignalRule) -> str:
    if signal.in_ is not None:
        return "category"
    if signal.is_ is not None:
        return "boolean"
    return "upper" if signal.below is not None or signal.at_most is not None else "lower"


def _named(query: ScoreQuery, names: Sequence[str]) -> ScoreQuery:
    return ScoreQuery(**(query.parameters() | {"names": tuple(names)}))
