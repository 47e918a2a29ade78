"""What a reviewer wants of a failure, and what comes of it: mapped, held against the rule's checks, scrubbed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import JsonValue, ValidationError

from curator.draft import effectiveness
from curator.draft.effectiveness import Judgement
from curator.draft.mapping import reshape
from curator.help import outcomes
from curator.journal import Journal
from curator.model import Draft, Item, Problem, ScrubbedDraft, ScrubPolicy, Signal, Trace, lineage
from curator.model.base import Value
from curator.model.errors import CuratorError
from curator.promote.content import CONTENT_CODES, check_content, content_problem, losses
from curator.promote.one import MAX_ATTEMPTS
from curator.promote.reading import Found
from curator.promote.stops import Stop
from curator.rulebook import LoadedRule

if TYPE_CHECKING:
    from curator.scrub import Scrubber


class Order(Value):
    """What the reviewer wants of every failure that is promoted together."""

    edits: dict[str, JsonValue] = {}
    """Path → value, such as `input.region` → `eu`."""
    case: str = "1"
    keep: dict[str, str] = {}
    """Finding id → why it is kept."""
    replace: dict[str, str] = {}
    """Finding id → what takes its place, such as a description of a picture."""
    failure_type: str | None = None
    despite: frozenset[str] = frozenset()
    """Codes of `OVERRIDABLE` problems that do not block."""


OVERRIDABLE = frozenset({effectiveness.CORRECTION_FAILS})
"""Problems that a reviewer may overrule: the correction may be what is wrong."""


@dataclass(frozen=True)
class Proposal:
    """A draft as it stands, written nowhere. In memory only: it holds the unscrubbed text."""

    found: Found
    """The failure as it was read, with the reasons why it is one and its open annotation-queue entries."""
    loaded: LoadedRule
    order: Order
    scrubbed: ScrubbedDraft
    judged: tuple[Judgement, ...]
    """What the rule's checks say of the recorded answer and of its correction."""

    @property
    def key(self) -> str:
        """Key of the failure."""
        return self.found.key

    @property
    def trace(self) -> Trace:
        """Where it came from."""
        assert self.found.trace is not None
        return self.found.trace

    @property
    def draft(self) -> Draft:
        """The draft before the scrub."""
        return self.scrubbed.draft

    @property
    def complete(self) -> bool:
        """Whether nothing is missing: it would be written without a remedy once a person confirmed what needs it."""
        return self.scrubbed.complete and not any(self.stops(problem) for problem in self.scrubbed.problems)

    @property
    def writable(self) -> bool:
        """Whether it would be written as it is, without a remedy."""
        return self.complete and self.scrubbed.writable

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What is doubtful about it though it may be written; what Langfuse would lose is said by the write itself."""
        problems = self.scrubbed.problems
        return tuple(each for each in problems if not each.blocking and each.code not in CONTENT_CODES)

    @staticmethod
    def stops(problem: Problem) -> bool:
        """Whether a problem of the draft keeps it from being written without a remedy."""
        return problem.blocking or problem.code in CONTENT_CODES


def propose(
    found: Found, loaded: LoadedRule, order: Order, scrubber: "Scrubber", policy: ScrubPolicy, *, allow_python: bool
) -> Proposal:
    """The proposed item of a failure: mapped, checked once, scrubbed. Raises CuratorError, also for a gone source.

    What Langfuse would lose of it is a problem that does not block: remedies may put it right at the write.
    `allow_python` (Settings.allow_python) also runs the rule's checks of type python on the recorded output.
    """
    from curator.scrub import Choice, refuse_personal

    if found.trace is None:
        assert found.problem is not None
        raise CuratorError(found.problem.message, code=found.problem.code, remedy=found.problem.remedy)
    refuse_personal(scrubber, {"The case's name": order.case}, policy)
    try:
        draft = reshape(
            found.trace,
            loaded,
            signals=found.signals,
            edits=order.edits,
            case=order.case,
            failure_type=order.failure_type or reviewed_type(found.signals, loaded.rule.lineage.failure_types),
            observation_id=found.observation_id,
            earlier=found.earlier,
        )
    except ValidationError:  # pydantic takes no value deeper than some 250 levels
        raise Stop(outcomes.TOO_DEEP, "A value of this trace is nested too deep for a dataset item.") from None
    judged = effectiveness.judgements(found.trace, draft, loaded, allow_python=allow_python)
    weak = [_overruled(problem, order) for problem in effectiveness.doubts(draft, judged)]
    draft = draft.model_copy(update={"problems": (*draft.problems, *weak)})
    choices = {finding: Choice(action="keep", reason=reason) for finding, reason in order.keep.items()}
    choices |= {finding: Choice(action="replace", text=text) for finding, text in order.replace.items()}
    scrubbed = scrubber.scrub(draft, policy, choices)
    lost = content_problem(_unfinished(scrubbed))
    if lost is not None:
        scrubbed = scrubbed.model_copy(update={"problems": (*scrubbed.problems, lost)})
    return Proposal(found, loaded, order, scrubbed, judged)


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


def _unfinished(scrubbed: ScrubbedDraft) -> Item:
    """The content of a draft in the shape of an item, for the checks of content alone."""
    return Item(
        id=scrubbed.draft.item_id,
        dataset=scrubbed.draft.dataset,
        input=scrubbed.input,
        expected_output=scrubbed.expected_output,
        metadata=scrubbed.metadata,
    )


def reviewed_type(signals: Sequence[Signal], types: Sequence[str]) -> str | None:
    """The rule's failure type that a reviewer gave in Langfuse as a category, the latest; None without one.

    A category that is no type stands for the only type that has all of its words: `missing_context` for
    `missing_order_status_context`.
    """
    found = None
    for signal in signals:
        if signal.source == "ANNOTATION" and isinstance(signal.value, str):
            words = set(re.findall(r"[a-z0-9]+", signal.value.lower()))
            near = [each for each in types if words and words <= set(re.findall(r"[a-z0-9]+", each.lower()))]
            exact = [each for each in types if each == signal.value]
            found = exact[0] if exact else near[0] if len(near) == 1 else found
    return found
