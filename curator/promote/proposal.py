"""What a reviewer wants of a failure, and what comes of it: mapped, held against the rule's checks, scrubbed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import JsonValue, ValidationError

from curator.draft import CORRECTION_FAILS, CheckedAnswer, checked_answers, doubts_of_answers, reshape, value_at
from curator.help import outcomes
from curator.journal import now
from curator.model import Draft, Item, Problem, ScrubbedDraft, ScrubPolicy, Signal, Trace
from curator.model.base import Value
from curator.model.errors import CuratorError
from curator.promote.content import CONTENT_CODES, content_problem
from curator.promote.sources import Source
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


OVERRIDABLE = frozenset({CORRECTION_FAILS})
"""Problems that a reviewer may overrule: the correction may be what is wrong."""


@dataclass(frozen=True)
class Proposal:
    """A draft as it stands, written nowhere. In memory only: it holds the unscrubbed text."""

    source: Source
    """The failure as it was read, with the reasons why it is one and its open annotation-queue entries."""
    loaded: LoadedRule
    order: Order
    scrubbed: ScrubbedDraft
    answers: tuple[CheckedAnswer, ...]
    """What the rule's checks say of the recorded answer and of its correction."""
    made_at: datetime = field(default_factory=now)

    @property
    def key(self) -> str:
        """Key of the failure."""
        return self.source.key

    @property
    def trace(self) -> Trace:
        """Where it came from."""
        assert self.source.trace is not None
        return self.source.trace

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

    @property
    def order_to_keep(self) -> Order:
        """The order with what somebody typed as it is after the scrub: no personal value rests on the disk."""
        content = {"input": self.scrubbed.input, "expected_output": self.scrubbed.expected_output}
        found, order = self.scrubbed.findings, self.order
        changes = {
            "edits": {path: value_at(content, path) for path in order.edits},
            "keep": {each.id: each.reason or "" for each in found if each.id in order.keep},
            "replace": {each.id: each.replacement or "" for each in found if each.id in order.replace},
        }
        return order.model_copy(update=changes)

    @staticmethod
    def stops(problem: Problem) -> bool:
        """Whether a problem of the draft keeps it from being written without a remedy."""
        return problem.blocking or problem.code in CONTENT_CODES


def propose(
    source: Source, loaded: LoadedRule, order: Order, scrubber: "Scrubber", policy: ScrubPolicy, *, allow_python: bool
) -> Proposal:
    """The proposed item of a failure: mapped, checked once, scrubbed. Raises CuratorError, also for a gone source.

    What Langfuse would lose of it is a problem that does not block: remedies may put it right at the write.
    `allow_python` (Settings.allow_python) also runs the rule's checks of type python on the recorded output.
    """
    from curator.scrub import Choice, refuse_personal

    if source.trace is None:
        assert source.problem is not None
        raise CuratorError(source.problem.message, code=source.problem.code, remedy=source.problem.remedy)
    refuse_personal(scrubber, {"The case's name": order.case}, policy)
    try:
        draft = reshape(
            source.trace,
            loaded,
            signals=source.signals,
            edits=order.edits,
            case=order.case,
            failure_type=order.failure_type or reviewed_type(source.signals, loaded.rule.lineage.failure_types),
            observation_id=source.observation_id,
            earlier=source.earlier,
        )
    except ValidationError:  # pydantic takes no value deeper than some 250 levels
        raise Stop(outcomes.TOO_DEEP, "A value of this trace is nested too deep for a dataset item.") from None
    answers = checked_answers(source.trace, draft, loaded, allow_python=allow_python)
    weak = [_overruled(problem, order) for problem in doubts_of_answers(draft, answers)]
    draft = draft.model_copy(update={"problems": (*draft.problems, *weak)})
    choices = {finding: Choice(action="keep", reason=reason) for finding, reason in order.keep.items()}
    choices |= {finding: Choice(action="replace", text=text) for finding, text in order.replace.items()}
    scrubbed = scrubber.scrub(draft, policy, choices)
    lost = content_problem(content_of(scrubbed))
    if lost is not None:
        scrubbed = scrubbed.model_copy(update={"problems": (*scrubbed.problems, lost)})
    return Proposal(source, loaded, order, scrubbed, answers)


def _overruled(problem: Problem, order: Order) -> Problem:
    overruled = problem.code in OVERRIDABLE & order.despite
    return problem.model_copy(update={"blocking": False}) if overruled else problem


def content_of(scrubbed: ScrubbedDraft) -> Item:
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
