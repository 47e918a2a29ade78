"""A draft becomes an item that may be written: who approves it, what waited in the inbox, what a dry run says of it.

A rule may ask for several people. Each of them leaves the score `curation-approval` on the failure, for one item. Its
value is the digest of the draft that was approved; a draft that was changed since has another digest, so that everybody
reads it again. Who holds the project's keys can write any name: this guards against haste, not against fraud.
"""

import hashlib
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pydantic import JsonValue

from curator.draft import KnownItem, doubts_of_likeness, known_items, similar_items
from curator.gateway.errors import NotFound
from curator.help import outcomes
from curator.journal import Entry, Journal, now
from curator.model import Check, Draft, Item, Problem, Receipt, ScrubbedDraft, lineage
from curator.model.errors import CuratorError
from curator.promote.bulk import Candidate, promote_all
from curator.promote.content import adapted, losses, require_storable
from curator.promote.job import Job
from curator.promote.one import MAX_ATTEMPTS, planned
from curator.promote.plan import VOLATILE_METADATA
from curator.promote.proposal import Order, Proposal, content_of
from curator.promote.receipts import blank, ended, stopped
from curator.promote.sources import Source
from curator.promote.stops import Stop, stop_of
from curator.queue import APPROVAL_NAME, decisions_in


def approved(job: Job, proposal: Proposal) -> Candidate | Receipt:
    """The item of a draft with what its write needs; the receipt of one that is not complete, or may not be written."""
    try:
        if "adopt" in job.remedies:
            proposal = _adopted(job, proposal)
        approval = job.by.approval(proposal.loaded)
        if waiting := job.by.prepared(proposal.key, proposal.loaded, proposal.order.case):
            approval[lineage.PREPARED_BY] = waiting.prepared_by
        item = _item_of(job, proposal.scrubbed)
        item = item.model_copy(update={"metadata": item.metadata | approval})
    except CuratorError as error:
        receipt = not_begun(job, proposal.key, error, proposal.source, proposal.order)
        return receipt.model_copy(update={"warnings": proposal.warnings})
    known = (*proposal.source.entries, *proposal.source.signals)
    entries = tuple(dict.fromkeys((s.queue_id, s.queue_entry_id) for s in known if s.queue_id and s.queue_entry_id))
    warnings = proposal.warnings
    completes = job.choices.complete_queue or "complete-queue" in job.remedies
    if entries and not completes:
        warnings = (*warnings, _left_open(entries))
    unfixed = any((each.answer, each.verdict) == ("recorded", "fails") for each in proposal.answers)
    return Candidate(item, entries if completes else (), _is_new(job, proposal, item), warnings, unfixed)


def not_begun(
    job: Job, key: str, error: CuratorError, source: Source | None = None, order: Order | None = None
) -> Receipt:
    """The receipt of a failure that does not even become an item; there is nothing to record."""
    assert job.loaded is not None
    dataset, item_id = job.loaded.rule.dataset.name, ""
    if source is not None and source.trace is not None:
        observation = source.observation_id or source.trace.root.id
        item_id = lineage.item_id(dataset, source.trace_id, observation, (order or Order()).case)
    return stopped(blank(job, key, item_id, dataset), stop_of(error))


def as_prepared(job: Job, source: Source, order: Order | None) -> Order:
    """The order of what waits in the inbox for a failure, with what is said now on top of it."""
    assert job.loaded is not None
    order = order or Order()
    waiting = job.by.prepared(source.key, job.loaded, order.case)
    if waiting is None or not waiting.order:
        return order
    before = Order.model_validate(waiting.order)
    both = {name: getattr(before, name) | getattr(order, name) for name in ("edits", "keep", "replace", "despite")}
    return order.model_copy(update=both | {"failure_type": order.failure_type or before.failure_type})


def _adopted(job: Job, proposal: Proposal) -> Proposal:
    """The draft with the content that stands in Langfuse, mapped, checked and scrubbed like any other."""
    stored = job.gateway.item(proposal.draft.item_id)
    if stored is None:
        return proposal
    theirs = {"input": stored.input, "expected_output": stored.expected_output}
    order = proposal.order.model_copy(update={"edits": proposal.order.edits | theirs})
    return job.by.draft(proposal.source, proposal.loaded, order)


def _is_new(job: Job, proposal: Proposal, item: Item) -> bool:
    """Whether nobody can have promoted this before: no decision on the trace, no promotion in the journal."""
    trace = proposal.trace
    derived = lineage.item_id(item.dataset, trace.id, item.source_observation_id, proposal.order.case)
    undecided = not decisions_in(trace.scores)
    return item.id == derived and undecided and not job.journal.promotions.of_item(item.id)


def _item_of(job: Job, scrubbed: ScrubbedDraft) -> Item:
    """The item to write, under the id that an earlier promotion of the same case took. Raises Stop when incomplete."""
    if not scrubbed.writable:
        raise _incomplete(scrubbed)
    if any(each.rule == "not-finite" for each in losses(content_of(scrubbed))):
        require_storable(content_of(scrubbed))  # such numbers have no fingerprint, so lineage cannot even be made
    attempt = _attempt(scrubbed.draft, job.journal)
    return lineage.to_item(scrubbed, reviewer=job.reviewer, approved_at=now(), attempt=attempt)


def _attempt(draft: Draft, journal: Journal) -> int:
    """The attempt whose id the newest proved promotion of the same case used."""
    ids = {
        lineage.item_id(draft.dataset, draft.trace_id, draft.observation_id, draft.case, attempt): attempt
        for attempt in range(2, MAX_ATTEMPTS + 1)
    }
    earlier = [p for p in journal.promotions.of_trace(draft.trace_id, draft.dataset) if p.receipt and p.receipt.ok]
    own = [p.item_id for p in earlier if p.item_id in ids or p.item_id == draft.item_id]
    return ids.get(own[-1], 1) if own else 1


def _incomplete(scrubbed: ScrubbedDraft) -> Stop:
    blocking: Sequence[Problem] = [problem for problem in scrubbed.problems if problem.blocking or problem.confirm]
    undecided = [finding for finding in scrubbed.findings if finding.action == "undecided"]
    words = [problem.message.rstrip(".") for problem in blocking]
    words += [f"the {finding.entity} at {finding.path} is not decided" for finding in undecided]
    more = f" and {len(words) - 3} more problems" if len(words) > 3 else ""
    path = blocking[0].path if blocking else undecided[0].path
    return Stop(outcomes.INCOMPLETE, f"The draft is not complete: {'; '.join(words[:3])}{more}.", path=path)


def _left_open(entries: Sequence[Entry]) -> Problem:
    many = "entry stays" if len(entries) == 1 else "entries stay"
    left = Stop(outcomes.QUEUE_ENTRY_LEFT, f"{len(entries)} annotation-queue {many} open.").problem
    return left.model_copy(update={"blocking": False})


# ── writing, and the dry run of it ──────────────────────────────────────────────────────────────────────────────────
def promote_approved(
    job: Job,
    candidates: Sequence[Candidate],
    stop: threading.Event | None = None,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Receipt]:
    """Promotes items of one rule, as far as enough people approved them; `stop` and `progress` as in `promote_all`."""
    if not candidates:
        return
    assert job.loaded is not None
    try:
        if job.loaded.rule.lineage.approvals > 1:
            _share_approvals(job, candidates)
        if "create-dataset" in job.remedies and job.gateway.dataset(job.loaded.rule.dataset.name) is None:
            job.by.create_dataset(job.loaded)
    except CuratorError as error:
        for each in candidates:
            each.receipt = each.receipt or ended(job, each.item, None, error)
    yield from (each.told() for each in candidates if each.receipt is not None)
    yield from promote_all(job, [each for each in candidates if each.receipt is None], stop=stop, progress=progress)


def preview(job: Job, proposal: Proposal, others: dict[str, Sequence[KnownItem]]) -> Receipt:
    """What a promotion would do, read only; `others` remembers the items of datasets."""
    candidate = approved(job, proposal)
    if isinstance(candidate, Receipt):
        return candidate
    item = candidate.item
    if item.dataset not in others:
        try:
            others[item.dataset] = known_items(job.gateway, item.dataset)
        except NotFound:
            others[item.dataset] = []
    similar = doubts_of_likeness(similar_items(proposal.scrubbed, others[item.dataset]))
    receipt = blank(job, proposal.key, item.id, item.dataset)
    receipt = receipt.model_copy(update={"warnings": (*candidate.warnings, *similar)})
    try:
        item = adapted(item, job.remedies)
        require_storable(item)
        action = planned(job, item, job.gateway.item(item.id)).action
    except CuratorError as error:
        stop = stop_of(error)
        return stopped(receipt, stop, stop.outcome.remedies)
    if action == "none":
        check = Check(name="equal", ok=True, detail="an equal item is there")
        return receipt.model_copy(update={"verdict": "unchanged", "checks": (check,)})
    needed = proposal.loaded.rule.lineage.approvals
    words = f"Dry run: the item would be {action}{f', once {needed} people approved it' if needed > 1 else ''}."
    problem = Stop(outcomes.DRY_RUN, words).problem.model_copy(update={"blocking": False})
    return receipt.model_copy(update={"problem": problem})


# ── several people ──────────────────────────────────────────────────────────────────────────────────────────────────
def _share_approvals(job: Job, candidates: Sequence[Candidate]) -> None:
    """Shares this person's approval of each draft; ends those that too few people approved so far. Raises CuratorError.

    Others' approvals are seen after the server's lag. A few requests for about 400 items.
    """
    assert job.loaded is not None
    rule = job.loaded.rule.lineage
    if "keep-theirs" in job.remedies:
        words = "What somebody changed in Langfuse was approved by nobody, and the rule asks for several people."
        raise Stop(outcomes.NEEDS_ANOTHER, words)
    drafts = [adapted(each.item, job.remedies) for each in candidates]
    job.gateway.put_scores([_score(draft, job.reviewer) for draft in drafts])
    for each, names in zip(candidates, _approved_by(job, drafts, rule.reviewers), strict=True):
        if len(names) < rule.approvals:
            who = ", ".join(names) or "nobody whom the rule names"
            stop = Stop(outcomes.NEEDS_ANOTHER, f"Approved by {who}: {len(names)} of {rule.approvals}.")
            each.receipt = ended(job, each.item, None, stop)
        metadata = each.item.metadata | {lineage.APPROVALS: list[JsonValue](names)}
        each.item = each.item.model_copy(update={"metadata": metadata})


def _approved_by(job: Job, drafts: Sequence[Item], allowed: Sequence[str]) -> Iterator[list[str]]:
    """Who approved each of these very drafts, the reviewer included, once each; if any are named, only they count."""
    traces = list(dict.fromkeys(draft.source_trace_id for draft in drafts if draft.source_trace_id))
    said: dict[tuple[str, object], list[str]] = defaultdict(list)
    # Scores lag by some six seconds, so the reviewer's own, just sent, is not waited for but added below.
    for score in job.gateway.scores(names=[APPROVAL_NAME], trace_ids=traces):
        said[str(score.metadata.get("item_id")), score.value].append(str(score.metadata.get("reviewer") or ""))
    known = {_person(name) for name in allowed}
    for draft in drafts:
        names = (*said[draft.id, draft_digest(draft)], job.reviewer)
        people = {_person(name): " ".join(name.split()) for name in names if _person(name)}
        yield sorted(name for person, name in people.items() if not known or person in known)


def draft_digest(item: Item) -> str:
    """Over everything that people approve: not who does, when, with which curator, and on which signals."""
    kept = {key: value for key, value in item.metadata.items() if key not in VOLATILE_METADATA}
    return lineage.approval_digest(item.model_copy(update={"metadata": kept}))


def _score(item: Item, reviewer: str) -> dict[str, Any]:
    key = f"{item.id} {_person(reviewer)}"
    return {
        "id": f"{APPROVAL_NAME}-{hashlib.sha256(key.encode()).hexdigest()[:32]}",
        "name": APPROVAL_NAME,
        "value": draft_digest(item),
        "data_type": "CATEGORICAL",
        "trace_id": item.source_trace_id,
        "observation_id": lineage.reviewed_observation(item),
        "metadata": {"reviewer": " ".join(reviewer.split()), "item_id": item.id},
    }


def _person(name: str) -> str:
    """Two spellings of one name are one person."""
    return " ".join(name.casefold().split())
