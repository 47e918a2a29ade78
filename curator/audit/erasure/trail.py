"""Finds what came from a trace, a session or a user: items of all datasets, drafts, receipts, run traces."""

import re
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

from curator.audit.erasure.results import result_files
from curator.audit.gather import SINCE
from curator.audit.values import Progress, silent, trace_of
from curator.gateway import Gateway
from curator.journal import Journal
from curator.model import StoredItem, Value
from curator.model.lineage import SOURCE_SESSION_ID, SOURCE_TRACE_ID, item_id
from curator.queue import SCORE_NAME, decisions_in

Kind = Literal["trace", "session", "user"]
DERIVED_LOOKS = 40
"""Ids that are derived and looked up one by one, for archived items that no list shows."""


class Subject(Value):
    """Whose data: ids of traces, of sessions or of users."""

    kind: Kind
    ids: tuple[str, ...]


class Kept(Value):
    """An item that came from the subject."""

    item_id: str
    dataset: str
    status: str
    found_by: str
    """How it was found: `source trace`, `session`, `receipt`, `decision` or `derived id`."""
    media: tuple[str, ...] = ()
    """Media that Langfuse has linked to it."""


class DraftKey(NamedTuple):
    """What names a draft in the journal."""

    trace_id: str
    rule: str
    case: str


class Trail(Value):
    """Everything that came from a subject, as far as anybody can tell."""

    subject: Subject
    traces: tuple[str, ...]
    """Ids of the traces that the subject stands for; some may be gone."""
    items: tuple[Kept, ...] = ()
    known_items: tuple[str, ...] = ()
    """Ids of these items, and of such as are gone from Langfuse: files of this machine may hold them still."""
    possible: tuple[str, ...] = ()
    """Items of sessions whose id the scrub has replaced: one of them may be the subject's."""
    drafts: tuple[DraftKey, ...] = ()
    edited: tuple[str, ...] = ()
    """Traces of which the terminal keeps what a reviewer changed in a draft that was not written."""
    receipts: tuple[str, ...] = ()
    """Ids of promotions in this machine's journal."""
    run_traces: tuple[str, ...] = ()
    """Traces of experiments that ran the items: they hold the items' content, and curator cannot delete traces."""
    result_files: tuple[str, ...] = ()
    """Files of this machine's runs that hold texts of the items, in the folder `runs` of the state folder."""
    notes: tuple[str, ...] = ()
    """What could not be looked at, in words."""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to erase."""
        return not (self.items or self.drafts or self.edited or self.receipts)


class Terminal(Protocol):
    """What the terminal remembers of drafts; `curator.tui.memory.Memory` is that."""

    def has_draft(self, trace_id: str) -> bool:
        """Whether something is kept of a trace."""
        ...

    def forget_draft(self, trace_id: str) -> None:
        """Drops it."""
        ...


def find_trail(
    gateway: Gateway,
    journal: Journal,
    subject: Subject,
    *,
    at: datetime,
    earlier_traces: Collection[str] = (),
    terminal: Terminal | None = None,
    progress: Progress = silent,
) -> Trail:
    """Everything that came from the subject; writes nothing.

    `earlier_traces` are traces that an earlier erasure of the same subject found; `terminal` is what the terminal
    remembers of drafts. Reads every dataset's list (one request per 100 items), because lineage can be searched in no
    other way. Raises GatewayError.
    """
    traces = {*_traces(gateway, subject), *earlier_traces}
    seen = list(_all_items(gateway, progress))
    if subject.kind == "session":
        traces |= {trace for each in seen if each.says(SOURCE_SESSION_ID) in subject.ids for trace in _traces_of(each)}
    found = {each.id: _kept(each, how) for each in seen if (how := _how(each, subject, traces))}
    listed, known = {each.id for each in seen}, set(found)
    for identity, how in _unlisted(gateway, journal, traces, {each.dataset for each in seen}):
        if identity not in found and identity not in listed:
            stored = gateway.item(identity)
            if stored is None:
                known.add(identity)
            elif traces & _traces_of(stored):
                found[identity] = _kept(stored, how)
    known |= set(found)
    receipts = _receipts(journal, traces, found)
    runs = [row.trace_id for identity in found for row in gateway.experiment_items(from_=at - SINCE, item_id=identity)]
    return Trail(
        subject=subject,
        traces=tuple(sorted(traces)),
        items=tuple(sorted(found.values(), key=lambda kept: (kept.dataset, kept.item_id))),
        known_items=tuple(sorted(known)),
        possible=_possible(subject, seen, found),
        drafts=_drafts(journal, subject, traces),
        edited=tuple(sorted(trace for trace in traces if terminal is not None and terminal.has_draft(trace))),
        receipts=receipts,
        run_traces=tuple(sorted(set(runs))),
        result_files=result_files(known),
        notes=tuple(_notes(subject, any(each.media for each in found.values()))),
    )


def _traces(gateway: Gateway, subject: Subject) -> Iterator[str]:
    """The subject's traces as far as Langfuse still has them; a trace id is one, whether or not it is there."""
    if subject.kind == "trace":
        yield from subject.ids
    elif subject.kind == "session":
        yield from (each.trace_id for each in gateway.observations(session_ids=subject.ids))
    else:
        for user in subject.ids:
            condition = {"type": "string", "column": "userId", "operator": "=", "value": user}
            yield from (each.trace_id for each in gateway.observations(filters=[condition]))


def _all_items(gateway: Gateway, progress: Progress) -> Iterator[StoredItem]:
    """Every listed item, without its content."""
    datasets = gateway.datasets()
    for position, dataset in enumerate(datasets):
        progress("datasets", position, len(datasets))
        for item in gateway.items(dataset.name):
            yield item.model_copy(update={"input": None, "expected_output": None})
    progress("datasets", len(datasets), len(datasets))


def _traces_of(item: StoredItem) -> set[str]:
    """Every trace that an item names, in Langfuse's own field or in its lineage."""
    return {each for each in (trace_of(item), item.says(SOURCE_TRACE_ID)) if each is not None}


def _kept(item: StoredItem, how: str) -> Kept:
    media = tuple(item.media or ())
    return Kept(item_id=item.id, dataset=item.dataset, status=item.status, found_by=how, media=media)


def _how(seen: StoredItem, subject: Subject, traces: Collection[str]) -> str | None:
    if _traces_of(seen) & set(traces):
        return "source trace"
    return "session" if subject.kind == "session" and seen.says(SOURCE_SESSION_ID) in subject.ids else None


def _unlisted(
    gateway: Gateway, journal: Journal, traces: Collection[str], datasets: Collection[str]
) -> Iterator[tuple[str, str]]:
    """(id, how it is known) of items that may exist though no list shows them: archived ones."""
    if not traces:
        return
    for entry in journal.ledger.entries():
        if entry.trace_id in traces and entry.item_id:
            yield entry.item_id, "receipt"
    scores = gateway.scores(trace_ids=sorted(traces), names=[SCORE_NAME])
    for decision in decisions_in(scores).values():
        if decision.item_id:
            yield decision.item_id, "decision"
    roots = [(root.trace_id, root.id) for root in gateway.observations(trace_ids=sorted(traces), roots_only=True)]
    for trace, root in roots if len(roots) * len(datasets) <= DERIVED_LOOKS else ():
        for dataset in sorted(datasets):
            yield item_id(dataset, trace, root), "derived id"


def _receipts(journal: Journal, traces: Collection[str], items: Collection[str]) -> tuple[str, ...]:
    found = {promotion.id for item in items for promotion in journal.promotions.of_item(item)}
    for recorded in journal.ledger.recorded():
        known = recorded.entry.trace_id in traces or recorded.entry.item_id in items
        if known and recorded.restore.promotion and journal.promotions.get(recorded.restore.promotion) is not None:
            found.add(recorded.restore.promotion)
    found |= {promotion.id for promotion in journal.promotions.unfinished() if promotion.trace_id in traces}
    return tuple(sorted(found))


def _drafts(journal: Journal, subject: Subject, traces: Collection[str]) -> tuple[DraftKey, ...]:
    return tuple(
        sorted(
            DraftKey(draft.key, draft.rule, draft.case)
            for draft in journal.drafts.all()
            if draft.trace_id in traces
            or (subject.kind == "session" and draft.metadata.get(SOURCE_SESSION_ID) in subject.ids)
        )
    )


def _possible(subject: Subject, seen: Collection[StoredItem], found: Collection[str]) -> tuple[str, ...]:
    """Items whose recorded session id is the subject's with its personal values replaced, or could be."""
    if subject.kind != "session":
        return ()
    return tuple(
        sorted(
            each.id
            for each in seen
            if each.id not in found
            and any(_could_be(each.says(SOURCE_SESSION_ID) or "", session) for session in subject.ids)
        )
    )


def _could_be(recorded: str, session: str) -> bool:
    """Whether a recorded session id with placeholders, such as `whatsapp:<PHONE_NUMBER_1>`, may stand for this one."""
    parts = re.split(r"<[A-Z][A-Z_]*_\d+>", recorded)
    return len(parts) > 1 and re.fullmatch(".+".join(map(re.escape, parts)), session, re.DOTALL) is not None


def _notes(subject: Subject, media: bool) -> Iterator[str]:
    if media:
        yield (
            "Items refer to pictures, sound or files, which stay in Langfuse though the trace is gone: see there that "
            "they go, too. Items that are only archived still refer to them."
        )
    if subject.kind == "user":
        yield (
            "Lineage holds no user ids: of traces that are deleted already nobody can tell whose they were. Name their "
            "trace or session ids too."
        )
    yield "Archived items that only another reviewer's machine knows are in no list: erase there, too."
