"""Collects signals from scores, levels and annotation queues, each source asked once for all rules.

Conditions on scores go to the server where its API can express them; equal ones of several rules and names share a
request. What comes back is a superset, `signals.counts` decides.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from curator.model.failure import Failure, Signal, split_key
from curator.model.rule import Rule, SignalRule
from curator.model.trace import Observation
from curator.queue.signals import of_entry, of_levels, of_score
from curator.queue.window import Window

if TYPE_CHECKING:
    from curator.gateway import Gateway

Say = Callable[[str], None]


def silent(*_: object) -> None:
    """Hears nothing."""


@dataclass(frozen=True)
class Hears:
    """Who hears what while failures are looked for, in the thread that looks."""

    progress: Say = silent
    """What is being fetched."""
    note: Say = silent
    """What the reviewer should know about: a queue that does not exist, unreadable rows."""
    arrived: "Callable[[tuple[Failure, ...]], None] | None" = None
    """Failures that were found since it was called last, the first after two requests; shared decisions, items and
    signals of other sources are not known yet. Costs at most one request more for 300 failures."""


Subject = tuple[str, str | None]
"""Trace id, and the id of an observation that was reviewed by itself."""


@dataclass
class Gathered:
    """Signals by what they are about."""

    looked_at: set[Subject] = field(default_factory=set)
    """Everything that was looked at, whether it counts or not."""
    by_subject: dict[Subject, list[Signal]] = field(default_factory=lambda: defaultdict(list))
    by_session: dict[str, list[Signal]] = field(default_factory=lambda: defaultdict(list))
    observations: dict[str, Observation] = field(default_factory=dict)
    """Reviewed observations, by their ids."""
    truncated: bool = False


def gather(
    gateway: "Gateway",
    rules: Sequence[Rule],
    window: Window,
    found: Gathered,
    *,
    limit: int | None,
    hears: Hears,
    page: Callable[[], None] = silent,
) -> None:
    """Adds all signals of the rules in the window to `found`. With `limit`, each source stops at that many.

    Annotation-queue entries come whatever their age: the server cannot select them by time. `page` is called when more
    of the scores is known. Raises GatewayError.
    """
    _from_scores(gateway, rules, window, found, limit, hears.progress, page)
    _from_levels(gateway, rules, window, found, limit, hears.progress)
    queued = _from_entries(gateway, rules, found, hears.progress, hears.note)
    _add_observations(gateway, found, queued)
    found.looked_at |= found.by_subject.keys()


def _from_scores(
    gateway: "Gateway",
    rules: Sequence[Rule],
    window: Window,
    found: Gathered,
    limit: int | None,
    progress: Say,
    page: Callable[[], None],
) -> None:
    done: set[tuple[str, str]] = set()
    for query in score_queries(rules):
        matched: set[str] = set()
        scores = gateway.scores(from_=window.since, to=window.until, **query.parameters())
        for number, score in enumerate(scores, 1):
            if score.trace_id is not None:
                found.looked_at.add((score.trace_id, score.observation_id))
            for signal in of_score(score, rules):
                # Queries overlap: one score is one reason of a rule.
                if (signal.rule, score.id) in done:
                    continue
                done.add((signal.rule, score.id))
                matched.add(score.trace_id or score.session_id or "")
                if score.trace_id is not None:
                    found.by_subject[score.trace_id, score.observation_id].append(signal)
                elif score.session_id is not None:
                    found.by_session[score.session_id].append(signal)
            if limit is not None and len(matched) >= limit:
                found.truncated = True
                break
            if number % 100 == 0:
                progress(f"{number} scores")
                page()
        page()


def _from_levels(
    gateway: "Gateway", rules: Sequence[Rule], window: Window, found: Gathered, limit: int | None, progress: Say
) -> None:
    levels = sorted({s.level for rule in rules for s in rule.queue.signals if s.level is not None})
    traces: set[str] = set()

    def marked() -> Iterator[Observation]:
        for number, one in enumerate(gateway.observations(levels=levels, from_=window.since, to=window.until), 1):
            if number % 1000 == 0:
                progress(f"{number} observations")
            if limit is not None and one.trace_id not in traces and len(traces) >= limit:
                found.truncated = True
                return
            traces.add(one.trace_id)
            found.looked_at.add((one.trace_id, None))
            by_id[one.id] = one
            yield one

    by_id: dict[str, Observation] = {}
    for signal in of_levels(marked(), rules) if levels else ():
        found.by_subject[by_id[signal.observation_id or ""].trace_id, None].append(signal)


def _from_entries(
    gateway: "Gateway", rules: Sequence[Rule], found: Gathered, progress: Say, note: Say
) -> dict[str, list[Signal]]:
    """Signals of traces and sessions go to their place; those of observations are returned, by observation id."""
    wanted: dict[str, list[str]] = defaultdict(list)
    queued: dict[str, list[Signal]] = defaultdict(list)
    for rule in rules:
        for condition in rule.queue.signals:
            if condition.annotation_queue is not None and rule.rule not in wanted[condition.annotation_queue]:
                wanted[condition.annotation_queue].append(rule.rule)
    if not wanted:
        return queued
    progress("annotation queues")
    queues = [queue for queue in gateway.annotation_queues() if queue.name in wanted]
    for name in wanted.keys() - {queue.name for queue in queues}:
        note(f"Rule {', '.join(wanted[name])} names the annotation queue {name!r}, which this project does not have.")
    for queue in queues:
        for entry in gateway.queue_entries(queue):
            for rule_name in wanted[queue.name]:
                if entry.object_type == "OBSERVATION":
                    queued[entry.object_id].append(of_entry(entry, rule_name, entry.object_id))
                elif entry.object_type == "SESSION":
                    found.by_session[entry.object_id].append(of_entry(entry, rule_name))
                else:
                    found.by_subject[entry.object_id, None].append(of_entry(entry, rule_name))
    return queued


def _add_observations(gateway: "Gateway", found: Gathered, queued: dict[str, list[Signal]]) -> None:
    """Fetches what was reviewed by itself; a queued observation that is gone stands for a trace of its own."""
    scored = {observation for _, observation in found.by_subject if observation is not None}
    found.observations |= observations_of(gateway, sorted(scored | queued.keys()))
    for observation_id, signals in queued.items():
        one = found.observations.get(observation_id)
        found.by_subject[(one.trace_id, one.id) if one else (observation_id, None)] += signals


# ── which scores to ask for, so that all rules together cost few requests ───────────────────────────────────────────


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


# ── open entries of annotation queues ───────────────────────────────────────────────────────────────────────────────


def observations_of(gateway: "Gateway", observation_ids: Sequence[str]) -> dict[str, Observation]:
    """Observation id → observation without content, for those that still exist. Raises GatewayError."""
    return {one.id: one for one in gateway.observations(ids=observation_ids)}


def entries_of(gateway: "Gateway", trace_ids: Collection[str], *, status: str = "PENDING") -> dict[str, list[Signal]]:
    """Trace id → its entries with that status in any annotation queue, of the trace itself or of its observations.

    Entries of sessions are left out: they are about more than the trace. Raises GatewayError.
    """
    entries = [one for queue in gateway.annotation_queues() for one in gateway.queue_entries(queue, status)]
    observed = [one.object_id for one in entries if one.object_type == "OBSERVATION"]
    known = observations_of(gateway, observed)
    found: dict[str, list[Signal]] = {trace_id: [] for trace_id in trace_ids}
    for entry in entries:
        if entry.object_type == "TRACE" and entry.object_id in found:
            found[entry.object_id].append(of_entry(entry, ""))
        elif entry.object_type == "OBSERVATION":
            one = known.get(entry.object_id)
            if (trace_id := one.trace_id if one else entry.object_id) in found:
                found[trace_id].append(of_entry(entry, "", entry.object_id))
    return found


def require_traces(gateway: "Gateway", keys: Sequence[str]) -> list[tuple[str, str | None]]:
    """Trace and reviewed observation of each key, as Langfuse knows them: by an observation, a score or an entry.

    A trace that retention deleted may live on in its scores and annotation-queue entries, and can still be decided.
    Raises NotFound (TRACE_NOT_FOUND) when it knows nothing of one.
    """
    known, unknown = set[str | None](), list(keys)
    looks: list[Callable[[list[str]], Iterable[str | None]]] = [
        lambda ids: (one.trace_id for one in gateway.observations(trace_ids=ids, roots_only=True)),
        lambda ids: (one.trace_id for one in gateway.observations(trace_ids=ids)),
        lambda ids: (one.trace_id for one in gateway.scores(trace_ids=ids)),
        lambda ids: (trace_id for trace_id, entries in entries_of(gateway, ids).items() if entries),
    ]
    for look in looks:
        known |= set(look([trace_id for key in unknown for trace_id in (key, split_key(key)[0])]))
        unknown = [key for key in keys if not known & {key, split_key(key)[0]}]
        if not unknown:
            return [(key, None) if key in known else split_key(key) for key in keys]
    from curator.gateway import NotFound

    which = "this trace" if len(keys) == 1 else f"{len(unknown)} of these {len(keys)} traces"
    raise NotFound(
        f"Langfuse knows nothing of {which}.", code="TRACE_NOT_FOUND", remedy="Check the ids and the project."
    )
