"""The queue: signals become failures, with their trace, their decision and the items that came from them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING

from curator.model.failure import Decision, Failure, Queue, Signal, State, key_of
from curator.model.item import StoredItem
from curator.model.rule import Rule
from curator.model.trace import Observation
from curator.queue.decisions import APPROVAL_NAME, SCORE_NAME, decisions_in, newest_decisions, state_of
from curator.queue.gather import Gathered, Hears, Subject, gather
from curator.queue.notes import NOTE_NAME, notes_in
from curator.queue.signals import in_order
from curator.queue.sources import Sources
from curator.queue.window import Window

if TYPE_CHECKING:
    from curator.gateway import Gateway

# A trace's time is that of the traced program's clock, an item's that of the server.
CLOCKS = timedelta(days=1)
ITEMS_PAGE = 100
MANY = 300
"""Traces for which their roots are asked for before all signals are known: about as many as a request takes."""
SILENT = Hears()


def find_failures(
    gateway: "Gateway",
    rules: Sequence[Rule],
    window: Window,
    *,
    state: State | None = "open",
    decisions: Sequence[Decision] = (),
    hears: Hears = SILENT,
    limit: int | None = None,
    now: datetime | None = None,
) -> Queue:
    """What needs a decision by the rules, newest first, each with all its signals.

    A trace is one failure, and so is each observation of it that was reviewed by itself; a session's signal is one
    failure together with those of its traces. A signal belongs to the window by its own time: a score's timestamp, an
    observation's start, the moment when an object was put into an annotation queue. `state` None shows every state.
    `decisions` are known here but perhaps not yet on the server; the newest of a failure wins. `limit` stops the fetch
    of each source at that many traces, and the result.

    Requests: pages of 100 scores and 1,000 observations, one batch of about 290 traces each; never one per trace.
    Raises GatewayError.
    """
    now = now or datetime.now(UTC)
    before, unreadable = gateway.requests, gateway.unreadable
    found = Gathered()
    sources = Sources(gateway, rules, found)
    told = set[str]()

    def page() -> None:
        """Tells of the failures that the pages so far give, once there are enough for a request."""
        new = {trace_id for trace_id, _ in found.by_subject} - told
        if hears.arrived is None or not new or (told and len(new) < MANY):
            return
        told.update(new)
        sources.fetch(new, rootless=False)
        known, arrived = newest_decisions(decisions), list[Failure]()
        for subject, signals in sources.folded(found.by_subject).items():
            kept = (
                sources.passing(subject, _within(signals, window)) if subject[0] in new & sources.roots.keys() else ()
            )
            if kept:
                arrived.append(_decided(sources.failure(subject, in_order(kept)), known, (), now))
        if arrived:
            hears.arrived(tuple(arrived))

    gather(gateway, rules, window, found, limit=limit, hears=hears, page=page)
    sources.fetch_sessions()
    inside = {subject: kept for subject, all_ in found.by_subject.items() if (kept := _within(all_, window))}
    hears.progress(f"{len(inside) + len(found.by_session)} traces")
    sources.fetch({trace_id for trace_id, _ in inside})
    inside = sources.folded(inside)
    total = {*sources.folded(found.by_subject), *inside}
    shown = {subject: kept for subject, all_ in inside.items() if (kept := sources.passing(subject, all_))}
    for session_id, signals in found.by_session.items():
        subject, kept = sources.of_session(session_id, _within(signals, window), shown)
        total.add(subject)
        if kept:
            shown[subject] = [*shown.get(subject, ()), *kept]
    traces = list(dict.fromkeys(trace_id for trace_id, _ in shown))
    said = list(gateway.scores(names=[SCORE_NAME, NOTE_NAME, APPROVAL_NAME], trace_ids=traces))
    decided, notes = newest_decisions([*decisions_in(said).values(), *decisions]), notes_in(said)
    items = _items(gateway, rules, shown, sources.roots)
    failures = [
        _decided(sources.failure(subject, in_order(signals)), decided, items.get(subject, ()), now)
        for subject, signals in shown.items()
    ]
    failures = [one for one in failures if state is None or one.state == state]
    approved: dict[str, list[str]] = defaultdict(list)
    for score in said:
        if score.name == APPROVAL_NAME and score.trace_id is not None:
            approved[key_of(score.trace_id, score.observation_id)].append(str(score.metadata.get("reviewer") or ""))
    failures = [
        one.model_copy(update={"notes": notes.get(one.key, ()), "approved_by": tuple(sorted(set(approved[one.key])))})
        if one.key in notes or (one.state == "open" and approved[one.key])
        else one
        for one in failures
    ]
    failures.sort(key=lambda one: (one.timestamp or now, one.key), reverse=True)
    truncated = found.truncated or (limit is not None and len(failures) > limit)
    failures = failures[:limit]
    if unread := gateway.unreadable - unreadable:
        hears.note(f"{unread} rows of the server could not be read and are left out.")
    return Queue(
        failures=tuple(failures),
        fetched=len({*(sources.subject(*each) for each in found.looked_at), *total}),
        total=len(total),
        hidden=len(total) - len(failures),
        matched=len(shown),
        unreadable=unread,
        requests=gateway.requests - before,
        truncated=truncated,
    )


def _decided(one: Failure, decided: Mapping[str, Decision], items: Iterable[str], now: datetime) -> Failure:
    """The failure in the state that decisions and items give it."""
    made, own = _decision_of(one, decided), tuple(items)
    state = state_of(made, one.signals, has_items=bool(own), now=now)
    return one.model_copy(update={"state": state, "decision": made, "items": own})


def _within(signals: Iterable[Signal], window: Window) -> list[Signal]:
    return [one for one in signals if one.timestamp is None or window.since <= one.timestamp < window.until]


def _decision_of(failure: Failure, decided: Mapping[str, Decision]) -> Decision | None:
    """A failure's own decision or a later one about its whole trace; an item of the trace is none of an observation."""
    whole = decided.get(failure.trace_id)
    usable = whole if whole is not None and (whole.state != "promoted" or not failure.reviewed) else None
    both = [each for each in (decided.get(failure.key), usable) if each is not None]
    return max(both, key=lambda each: each.at, default=None)


def _items(
    gateway: "Gateway",
    rules: Sequence[Rule],
    shown: Mapping[Subject, Sequence[Signal]],
    roots: Mapping[str, Observation],
) -> dict[Subject, list[str]]:
    """Ids of the items in the rules' datasets that came from each trace or reviewed observation.

    An item of an observation that nobody reviewed by itself counts for its trace.
    """
    concerned: dict[str, list[datetime]] = defaultdict(list)
    datasets = {rule.rule: rule.dataset.name for rule in rules}
    for (trace_id, _), signals in shown.items():
        root = roots.get(trace_id)
        began = [root.start_time] if root else [one.timestamp for one in signals if one.timestamp]
        for dataset in {datasets[signal.rule] for signal in signals}:
            concerned[dataset] += began
    found: dict[Subject, list[str]] = defaultdict(list)
    for item in _young_items(gateway, {name: min(times) - CLOCKS for name, times in concerned.items() if times}):
        if item.dataset in concerned:
            trace_id, observation_id = item.source_trace_id or "", item.source_observation_id
            own = (trace_id, observation_id)
            found[own if observation_id is not None and own in shown else (trace_id, None)].append(item.id)
    return found


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
