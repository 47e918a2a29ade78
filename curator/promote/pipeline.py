"""From trace ids to receipts: read, reshape, scrub, make the item, promote. Every front end walks this way."""

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from pydantic import JsonValue, ValidationError

from curator.config import Settings
from curator.draft import effectiveness, likeness
from curator.draft.mapping import reshape
from curator.gateway.errors import GatewayError, NotFound
from curator.help import outcomes
from curator.journal import Entry, Journal
from curator.journal.database import now
from curator.model import (
    Check,
    Draft,
    Item,
    Problem,
    Receipt,
    ScrubbedDraft,
    ScrubPolicy,
    Signal,
    StoredItem,
    Trace,
    lineage,
)
from curator.model.base import Value
from curator.model.errors import CuratorError, UsageError
from curator.promote.bulk import promote_many
from curator.promote.content import CONTENT_CODES, adapted, check_content, content_problem, losses
from curator.promote.job import Finder, Patience
from curator.promote.one import MAX_ATTEMPTS
from curator.promote.plan import plan
from curator.promote.reading import Found, problem_of, read_traces
from curator.promote.stops import Stop
from curator.queue import decisions
from curator.rulebook import LoadedRule

if TYPE_CHECKING:
    from curator.gateway import Gateway
    from curator.scrub import Choice


class Scrubs(Finder, Protocol):
    """What the pipeline needs of the scrub."""

    def scrub(
        self,
        draft: Draft,
        policy: ScrubPolicy,
        choices: "Mapping[str, Choice] | None" = None,
        *,
        review: bool = False,
    ) -> ScrubbedDraft:
        """The draft with every finding treated. Raises CuratorError when it cannot be scrubbed."""
        ...


class Order(Value):
    """What the reviewer wants of every trace that is promoted together."""

    edits: dict[str, JsonValue] = {}
    """Path → value, such as `input.region` → `eu`."""
    case: str = "1"
    keep: dict[str, str] = {}
    """Finding id → why it is kept."""
    failure_type: str | None = None
    despite: frozenset[str] = frozenset()
    """Codes of `OVERRIDABLE` problems that do not block."""


OVERRIDABLE = frozenset({effectiveness.CORRECTION_FAILS})
"""Problems that a reviewer may overrule: the correction may be what is wrong."""


def policy_for(team: ScrubPolicy, rule: ScrubPolicy) -> ScrubPolicy:
    """The scrub policy of a rule on top of the team's defaults."""
    from curator.scrub.policy import merged

    return merged(team, rule)


def policy_of_dataset(settings: Settings, dataset: str, rule: str | None = None) -> ScrubPolicy:
    """The policy of the named rule, else of the rule that feeds the dataset, else the team's. Raises UsageError."""
    from curator.rulebook import find_rule, load_rules

    if rule is not None:
        return policy_for(settings.scrub, find_rule(rule, settings).rule.scrub)
    feeding = [each.rule.scrub for each in load_rules(settings) if each.rule.dataset.name == dataset]
    return policy_for(settings.scrub, feeding[0]) if len(feeding) == 1 else settings.scrub


def draft_of(
    trace: Trace,
    loaded: LoadedRule,
    scrubber: Scrubs,
    policy: ScrubPolicy,
    order: Order,
    signals: Sequence[Signal],
    *,
    allow_python: bool = False,
) -> ScrubbedDraft:
    """The proposed item of a trace, scrubbed, held against the rule's checks; written nowhere. Raises CuratorError.

    What Langfuse would lose of it is a problem that does not block: remedies may put it right at the write.

    `allow_python` (Settings.allow_python) also runs the rule's checks of type python on the recorded output.
    """
    from curator.scrub import Choice

    try:
        draft = reshape(
            trace,
            loaded,
            signals=signals,
            edits=order.edits,
            case=order.case,
            failure_type=order.failure_type,
        )
    except ValidationError:  # pydantic takes no value deeper than some 250 levels
        raise CuratorError(
            "A value of this trace is nested too deep for a dataset item.",
            code=outcomes.TOO_DEEP.code,
            remedy=outcomes.TOO_DEEP.remedy,
        ) from None
    found = effectiveness.judgements(trace, draft, loaded, allow_python=allow_python)
    weak = [_overruled(problem, order) for problem in effectiveness.doubts(draft, found)]
    draft = draft.model_copy(update={"problems": (*draft.problems, *weak)})
    choices = {finding: Choice(action="keep", reason=reason) for finding, reason in order.keep.items()}
    scrubbed = scrubber.scrub(draft, policy, choices)
    lost = content_problem(_unfinished(scrubbed))
    return scrubbed if lost is None else scrubbed.model_copy(update={"problems": (*scrubbed.problems, lost)})


def _overruled(problem: Problem, order: Order) -> Problem:
    overruled = problem.code in OVERRIDABLE & order.despite
    return problem.model_copy(update={"blocking": False}) if overruled else problem


def item_of(scrubbed: ScrubbedDraft, journal: Journal, *, reviewer: str, at: datetime) -> Item:
    """The item to write, under the id that an earlier promotion of the same case took. Raises Stop when incomplete."""
    if not scrubbed.writable:
        raise _incomplete(scrubbed)
    if any(each.rule == "not-finite" for each in losses(_unfinished(scrubbed))):
        check_content(_unfinished(scrubbed))  # such numbers have no fingerprint, so lineage cannot even be made
    item = lineage.to_item(scrubbed, reviewer=reviewer, approved_at=at)
    attempt = _attempt(scrubbed.draft, journal)
    return item if attempt == 1 else lineage.to_item(scrubbed, reviewer=reviewer, approved_at=at, attempt=attempt)


def promote_traces(
    gateway: "Gateway",
    journal: Journal,
    scrubber: Scrubs,
    loaded: LoadedRule,
    trace_ids: Sequence[str],
    *,
    order: Order | None = None,
    policy: ScrubPolicy | None = None,
    reviewer: str,
    remedies: Collection[str] = (),
    complete_queue: bool = False,
    dry_run: bool = False,
    allow_python: bool = False,
    patience: Patience | None = None,
    batch: str = "",
    stop: threading.Event | None = None,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Receipt]:
    """Promotes traces by a rule; yields one receipt per trace, as they are proved.

    `policy` defaults to the rule's. `complete_queue` also completes the traces' open annotation-queue entries.
    `dry_run` looks and writes nothing: what would be done is the problem DRY_RUN; it also names items with the same or
    nearly the same input. `allow_python` as in `draft_of`, `stop` and `progress` as in `promote_many`. Raises
    GatewayError when the traces cannot be read.
    """
    order, policy = order or Order(), policy or loaded.rule.scrub
    items: list[Item] = []
    others: list[StoredItem] | None = None
    entries: dict[str, Sequence[Entry]] = {}
    warnings: dict[str, list[Problem]] = {}
    new_ids: set[str] = set()
    left = list(dict.fromkeys(trace_ids))
    for found in read_traces(gateway, trace_ids, loaded.rule, entries=complete_queue):
        if stop is not None and stop.is_set():
            break
        left.remove(found.trace_id)
        try:
            scrubbed = _scrubbed(found, loaded, scrubber, policy, order, allow_python)
            warnings[found.trace_id] = [
                problem for problem in scrubbed.problems if not problem.blocking and problem.code not in CONTENT_CODES
            ]
            item = item_of(scrubbed, journal, reviewer=reviewer, at=now())
        except Stop as reason:
            refused = _refused(found, loaded, order, reviewer, reason.problem)
            yield _warned(refused, warnings)
            continue
        except UsageError:
            raise  # an edit or a policy that fits no trace at all
        except CuratorError as error:
            yield _refused(found, loaded, order, reviewer, problem_of(error))
            continue
        if dry_run:
            others = _items_of(gateway, item.dataset) if others is None else others
            warnings[found.trace_id] += likeness.doubts(likeness.similar(scrubbed, others))
            yield _warned(_would_do(gateway, item, loaded, reviewer, remedies), warnings)
            continue
        items.append(item)
        if complete_queue:
            entries[item.id] = [
                (e.queue_id, e.queue_entry_id) for e in found.entries if e.queue_id and e.queue_entry_id
            ]
        if found.trace is not None and _is_new(found.trace, item, journal):
            new_ids.add(item.id)
    for trace_id in left:
        interrupted = Stop(outcomes.INTERRUPTED, "The command was interrupted before this trace was looked at.")
        yield _with_problem(_receipt(trace_id, "", loaded, reviewer), interrupted.problem)
    for receipt in promote_many(
        gateway,
        journal,
        scrubber,
        items,
        policy=policy,
        rule=loaded.rule.rule,
        reviewer=reviewer,
        remedies=remedies,
        entries=entries,
        patience=patience,
        batch=batch,
        new_ids=new_ids,
        stop=stop,
        progress=progress,
    ):
        yield _warned(receipt, warnings)


def _warned(receipt: Receipt, warnings: Mapping[str, Sequence[Problem]]) -> Receipt:
    return receipt.model_copy(update={"warnings": tuple(warnings.get(receipt.trace_id, ()))})


def _items_of(gateway: "Gateway", dataset: str) -> list[StoredItem]:
    """What the dataset holds; nothing when it does not exist yet."""
    try:
        return list(gateway.items(dataset))
    except NotFound:
        return []


def _scrubbed(
    found: Found, loaded: LoadedRule, scrubber: Scrubs, policy: ScrubPolicy, order: Order, allow_python: bool
) -> ScrubbedDraft:
    if found.trace is None:
        problem = found.problem
        assert problem is not None
        raise CuratorError(problem.message, code=problem.code, remedy=problem.remedy)
    return draft_of(found.trace, loaded, scrubber, policy, order, found.signals, allow_python=allow_python)


def _is_new(trace: Trace, item: Item, journal: Journal) -> bool:
    """Whether nobody can have promoted this before: no decision on the trace, no promotion in the journal."""
    derived = lineage.item_id(item.dataset, trace.id, item.source_observation_id, str(item.metadata["case"]))
    return item.id == derived and not decisions.from_scores(trace.scores) and not journal.promotions.of_item(item.id)


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
    blocking = [problem for problem in scrubbed.problems if problem.blocking]
    undecided = [finding for finding in scrubbed.findings if finding.action == "undecided"]
    words = [problem.message.rstrip(".") for problem in blocking]
    words += [f"the {finding.entity} at {finding.path} is not decided" for finding in undecided]
    more = f" and {len(words) - 3} more problems" if len(words) > 3 else ""
    path = blocking[0].path if blocking else undecided[0].path
    return Stop(outcomes.INCOMPLETE, f"The draft is not complete: {'; '.join(words[:3])}{more}.", path=path)


def _unfinished(scrubbed: ScrubbedDraft) -> Item:
    """The content of a draft in the shape of an item, for the checks of content alone."""
    return Item(
        id=scrubbed.draft.item_id,
        dataset=scrubbed.draft.dataset,
        input=scrubbed.input,
        expected_output=scrubbed.expected_output,
        metadata=scrubbed.metadata,
    )


def _would_do(gateway: "Gateway", item: Item, loaded: LoadedRule, reviewer: str, remedies: Collection[str]) -> Receipt:
    receipt = _receipt(item.source_trace_id or "", item.id, loaded, reviewer)
    try:
        ready = adapted(item, remedies)
        check_content(ready)
        action = plan(ready, gateway.item(ready.id), remedies).action
    except Stop as reason:
        return _with_problem(receipt, reason.problem, reason.outcome.remedies)
    except GatewayError as error:
        return _with_problem(receipt, problem_of(error))
    if action == "none":
        check = Check(name="equal", ok=True, detail="an equal item is there")
        return receipt.model_copy(update={"verdict": "unchanged", "checks": (check,)})
    message = f"Dry run: the item would be {action}."
    problem = Problem(code=outcomes.DRY_RUN.code, message=message, remedy=outcomes.DRY_RUN.remedy, blocking=False)
    return receipt.model_copy(update={"problem": problem})


def _refused(found: Found, loaded: LoadedRule, order: Order, reviewer: str, problem: Problem) -> Receipt:
    """The receipt of a trace that does not even become an item; there is nothing to record."""
    item_id = ""
    if found.trace is not None:
        item_id = lineage.item_id(loaded.rule.dataset.name, found.trace_id, found.trace.root.id, order.case)
    return _with_problem(_receipt(found.trace_id, item_id, loaded, reviewer), problem)


def _receipt(trace_id: str, item_id: str, loaded: LoadedRule, reviewer: str) -> Receipt:
    return Receipt(
        trace_id=trace_id,
        item_id=item_id,
        dataset=loaded.rule.dataset.name,
        action="none",
        verdict="refused",
        at=now(),
        reviewer=reviewer,
        rule=loaded.rule.rule,
    )


def _with_problem(receipt: Receipt, problem: Problem, remedies: Sequence[str] = ()) -> Receipt:
    check = Check(name=problem.code, ok=False, detail=problem.message)
    return receipt.model_copy(update={"problem": problem, "checks": (check,), "remedies": tuple(remedies)})
