"""The queue: signals become failures, with their trace, their decision and the items that came from them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING

from curator.model.failure import Decision, Failure, Queue, Signal, State
from curator.model.item import StoredItem
from curator.model.rule import Filters, Rule
from curator.model.trace import EXPERIMENT_ENVIRONMENT, Observation
from curator.queue.decisions import SCORE_NAME, from_scores, newest, state_of
from curator.queue.gather import Gathered, Say, gather
from curator.queue.window import Window

if TYPE_CHECKING:
    from curator.gateway import Gateway

# A trace's time is that of the traced program's clock, an item's that of the server.
CLOCKS = timedelta(days=1)
ITEMS_PAGE = 100


def find_failures(
    gateway: "Gateway",
    rules: Sequence[Rule],
    window: Window,
    *,
    state: State | None = "open",
    decisions: Sequence[Decision] = (),
    progress: Say | None = None,
    note: Say | None = None,
    limit: int | None = None,
    now: datetime | None = None,
) -> Queue:
    """The traces that need a decision by the rules, newest first, each with all its signals.

    A signal belongs to the window by its own time: a score's timestamp, an observation's start, the moment when an
    object was put into an annotation queue. `state` None shows every state. `decisions` are known here but perhaps not
    yet on the server; the newest of a trace wins. `limit` stops the fetch of each source at that many traces, and the
    result. `progress` hears what is being fetched, `note` hears what the reviewer should know about (a queue that does
    not exist, unreadable rows).

    Requests: pages of 100 scores and 1,000 observations, one batch of about 290 traces each; never one per trace.
    Raises GatewayError.
    """
    now = now or datetime.now(UTC)
    progress, note = progress or _silent, note or _silent
    before, unreadable = gateway.requests, gateway.unreadable
    found = gather(gateway, rules, window, limit=limit, progress=progress, note=note)
    inside = {trace_id: kept for trace_id, all_ in found.by_trace.items() if (kept := _within(all_, window))}
    progress(f"{len(inside)} traces")
    roots = _roots(gateway, inside, found)
    looked_at = {rule.rule: rule.queue.filters for rule in rules}
    shown: dict[str, list[Signal]] = {}
    for trace_id, signals in inside.items():
        kept = [signal for signal in signals if _passes(looked_at[signal.rule], roots.get(trace_id))]
        if kept:
            shown[trace_id] = sorted(kept, key=lambda signal: (signal.timestamp or now, signal.name))
    decided = _decisions(gateway, shown, decisions)
    items = _items(gateway, rules, shown, roots)
    failures = [
        _failure(trace_id, signals, roots.get(trace_id), decided.get(trace_id), items.get(trace_id, ()), now)
        for trace_id, signals in shown.items()
    ]
    failures = [one for one in failures if state is None or one.state == state]
    failures.sort(key=lambda one: (one.timestamp or now, one.trace_id), reverse=True)
    truncated = found.truncated or (limit is not None and len(failures) > limit)
    failures = failures[:limit]
    if gateway.unreadable > unreadable:
        note(f"{gateway.unreadable - unreadable} rows of the server could not be read and are left out.")
    return Queue(
        failures=tuple(failures),
        fetched=len(found.candidates),
        total=len(found.by_trace),
        hidden=len(found.by_trace) - len(failures),
        requests=gateway.requests - before,
        truncated=truncated,
    )


def _silent(_: str) -> None:
    pass


def _within(signals: Iterable[Signal], window: Window) -> list[Signal]:
    return [one for one in signals if one.timestamp is None or window.since <= one.timestamp < window.until]


def _roots(gateway: "Gateway", traces: Collection[str], found: Gathered) -> dict[str, Observation]:
    """Trace id → its earliest root, or its earliest observation when no root is there. Without: the source is gone."""
    roots = dict(found.roots)
    for roots_only in (True, False):
        missing = [trace_id for trace_id in traces if trace_id not in roots]
        for one in gateway.observations(trace_ids=missing, roots_only=roots_only):
            known = roots.get(one.trace_id)
            if known is None or (one.start_time, one.id) < (known.start_time, known.id):
                roots[one.trace_id] = one
    return roots


def _passes(filters: Filters, root: Observation | None) -> bool:
    """Whether a rule looks at the trace; at one of an experiment only when the rule names that environment.

    A trace whose source is gone is shown: nobody can tell any more.
    """
    if root is None:
        return True
    if root.environment == EXPERIMENT_ENVIRONMENT and not filters.environments:
        return False
    return (
        (not filters.names or bool({root.trace_name, root.name} & set(filters.names)))
        and (not filters.tags or bool(set(root.tags) & set(filters.tags)))
        and (not filters.environments or root.environment in filters.environments)
        and (not filters.user_ids or root.user_id in filters.user_ids)
        and (not filters.session_ids or root.session_id in filters.session_ids)
    )


def _decisions(gateway: "Gateway", traces: Mapping[str, object], local: Sequence[Decision]) -> dict[str, Decision]:
    shared = from_scores(gateway.scores(names=[SCORE_NAME], trace_ids=list(traces)))
    return newest([*shared.values(), *local])


def _items(
    gateway: "Gateway",
    rules: Sequence[Rule],
    shown: Mapping[str, Sequence[Signal]],
    roots: Mapping[str, Observation],
) -> dict[str, tuple[str, ...]]:
    """Trace id → ids of the items in the rules' datasets that came from it."""
    concerned: dict[str, list[datetime]] = defaultdict(list)
    datasets = {rule.rule: rule.dataset.name for rule in rules}
    for trace_id, signals in shown.items():
        root = roots.get(trace_id)
        began = [root.start_time] if root else [one.timestamp for one in signals if one.timestamp]
        for dataset in {datasets[signal.rule] for signal in signals}:
            concerned[dataset] += began
    found: dict[str, list[str]] = defaultdict(list)
    for item in _young_items(gateway, {name: min(times) - CLOCKS for name, times in concerned.items() if times}):
        if item.source_trace_id in shown and item.dataset in concerned:
            found[item.source_trace_id or ""].append(item.id)
    return {trace_id: tuple(ids) for trace_id, ids in found.items()}


def _young_items(gateway: "Gateway", oldest: Mapping[str, datetime]) -> Iterator[StoredItem]:
    """Items of the datasets that are not older than the time beside the dataset's name.

    Lists are newest first, and an item is younger than its trace, so nobody reads a dataset's whole history. Several
    datasets share the project's list, unless that is so long that a list for each costs less.
    """
    from curator.gateway import NotFound

    if not oldest:
        return
    if len(oldest) > 1 and (whole := gateway.items()).total_items <= ITEMS_PAGE * len(oldest):
        yield from _since(whole, min(oldest.values()))
        return
    for dataset, time in oldest.items():
        with suppress(NotFound):
            yield from _since(gateway.items(dataset), time)


def _since(items: Iterable[StoredItem], time: datetime) -> Iterator[StoredItem]:
    return takewhile(lambda item: item.created_at >= time, items)


def _failure(
    trace_id: str,
    signals: Sequence[Signal],
    root: Observation | None,
    decision: Decision | None,
    items: tuple[str, ...],
    now: datetime,
) -> Failure:
    state = state_of(decision, signals, has_items=bool(items), now=now)
    facts = {"trace_id": trace_id, "signals": tuple(signals), "state": state, "decision": decision, "items": items}
    if root is None:
        first = min((one.timestamp for one in signals if one.timestamp), default=None)
        return Failure.model_validate(
            facts
            | {"observation_id": None, "timestamp": first, "name": None, "session_id": None, "environment": None}
            | {"source_gone": True}
        )
    return Failure.model_validate(
        facts
        | {
            "observation_id": root.id,
            "timestamp": root.start_time,
            "name": root.trace_name or root.name,
            "session_id": root.session_id,
            "user_id": root.user_id,
            "environment": root.environment,
            "tags": root.tags,
            "latency": root.latency,
        }
    )
