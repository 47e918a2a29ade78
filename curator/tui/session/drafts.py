"""Drafts: made from a trace, a rule and the reviewer's decisions; compared with what the server holds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from curator.model import Draft, Failure, ScrubbedDraft, Signal, Trace, split_key
from curator.model.errors import CuratorError, UsageError
from curator.tui.fields import Field, fields_of
from curator.tui.memory import DraftState
from curator.tui.session.failures import Failures
from curator.tui.session.items import Items
from curator.tui.session.rooms import Rooms
from curator.tui.session.traces import Traces

if TYPE_CHECKING:
    from curator.draft import CheckedAnswer, Novelty
    from curator.journal import SavedDraft
    from curator.promote import Proposal, Source
    from curator.rulebook import LoadedRule

TypeFrom = Literal["reviewer", "prepared", "review", "default", ""]
"""Who said what kind of failure it is: the reviewer here, who prepared the draft, a reviewer's category in Langfuse,
the default, nobody."""


@dataclass(frozen=True)
class Prepared:
    """A draft as it stands, in memory only: it holds the unscrubbed text."""

    order: DraftState
    proposal: "Proposal"
    type_from: TypeFrom = ""

    @property
    def trace(self) -> Trace:
        """Where it came from."""
        return self.proposal.trace

    @property
    def loaded(self) -> "LoadedRule":
        """The rule that shaped it."""
        return self.proposal.loaded

    @property
    def draft(self) -> Draft:
        """Before the scrub."""
        return self.proposal.draft

    @property
    def scrubbed(self) -> ScrubbedDraft:
        """After the scrub."""
        return self.proposal.scrubbed

    @property
    def answers(self) -> "tuple[CheckedAnswer, ...]":
        """What the rule's checks say of the recorded answer and of its correction."""
        return self.proposal.answers

    @property
    def fields(self) -> list[Field]:
        """The item as a form. What is expected stands first: that has to be judged, the input is what was recorded."""
        scrubbed = self.scrubbed
        return fields_of(
            {"expected_output": self.loaded.expected_output_schema, "input": self.loaded.input_schema},
            {"input": scrubbed.input, "expected_output": scrubbed.expected_output},
            self.draft.origins,
            scrubbed.problems,
        )

    @property
    def failure_type(self) -> str | None:
        """What kind of failure the item will say that it is."""
        chosen = self.draft.metadata.get("failure_type")
        return str(chosen) if chosen else None

    @property
    def type_open(self) -> bool:
        """Whether nobody has said yet what kind of failure it is: a default is no decision."""
        return self.type_from in ("default", "")


class Drafts:
    """What is made of traces, before it is written."""

    def __init__(self, rooms: Rooms, failures: Failures, traces: Traces, items: Items) -> None:
        self._rooms, self._failures, self._traces, self._items = rooms, failures, traces, items
        self.inbox: dict[str, SavedDraft] = {}
        """Key of a failure → the newest draft of it that somebody prepared and nobody has approved or declined."""

    def read_inbox(self) -> None:
        """Reads from this machine's journal what was prepared. Raises ConfigError."""
        self.inbox = {draft.key: draft for draft in reversed(self._rooms.journal.drafts.prepared())}

    def prepared(self) -> list[Failure]:
        """The failures that drafts were prepared of, newest first; one that the queue does not list by its draft."""
        return [self._failures.get(key) or _stand_in(draft) for key, draft in reversed(self.inbox.items())]

    def decline(self, key: str) -> None:
        """Drops what was prepared of a failure; the failure stays as it is. Raises ConfigError."""
        if (draft := self.inbox.pop(key, None)) is not None:
            self._rooms.journal.drafts.drop(key, draft.rule, draft.case)
            self._rooms.memory.forget_draft(key)

    def order(self, key: str) -> DraftState:
        """The draft that was left unwritten, else what waits in the inbox, else a new one. Raises UsageError."""
        rules = self._rooms.named
        if (kept := self._rooms.memory.draft(key)) and kept.rule in rules:
            return kept
        waiting = self.inbox.get(key)
        if waiting is not None and waiting.rule in rules:
            return DraftState.model_validate({**waiting.order, "trace_id": key, "rule": waiting.rule})
        failure = self._failures.get(key)
        rule = self._failures.rule_of(failure) if failure else self._rooms.last_place.rule or next(iter(rules))
        if rule not in rules:
            found_by = "This failure was found by plain defaults; a rule says what its item is made of."
            raise UsageError(found_by, code="RULES_NONE", remedy="`N` in the queue, or `curator init`, makes one.")
        return DraftState(trace_id=key, rule=rule)

    def prepare(self, order: DraftState) -> Prepared:
        """The draft as it stands: mapped, scrubbed, held against the rule's checks. Raises CuratorError."""
        from curator.promote import Order, reviewed_type

        loaded = self._rooms.named[order.rule]
        found = self._found(order.trace_id, loaded)
        reviewed = reviewed_type(found.signals, loaded.rule.lineage.failure_types)
        wanted = Order.model_validate(order.model_dump(exclude={"trace_id", "rule"}))
        proposal = self._rooms.promoter.draft(found, loaded, wanted)
        said: TypeFrom = "reviewer" if order.failure_type else "review" if reviewed else "default"
        waiting = self.inbox.get(order.trace_id)
        if said == "reviewer" and waiting is not None and waiting.order.get("failure_type") == order.failure_type:
            said = "prepared"
        return Prepared(order, proposal, said if proposal.draft.metadata.get("failure_type") else "")

    def prepare_many(
        self, failures: Sequence[Failure], each: Callable[[Failure, Prepared | CuratorError], None]
    ) -> None:
        """Prepares the drafts of many failures, with what was kept of each; `each` hears of every one."""
        for failure in failures:
            try:
                each(failure, self.prepare(self.order(failure.key)))
            except CuratorError as error:
                each(failure, error)

    def _found(self, key: str, loaded: "LoadedRule") -> "Source":
        """The failure with the reasons why a rule counts it; asked for when the queue does not list it."""
        failure = self._failures.get(key)
        if failure is None:
            return next(self._rooms.promoter.read([key], loaded))
        return self._rooms.promoter.source(failure, loaded, self._traces.get(failure.trace_id))

    def compare(self, prepared: Prepared) -> "Novelty":
        """How a draft stands to what the server holds. Raises GatewayError."""
        items = self._items.lately(prepared.draft.dataset)
        return self._rooms.promoter.compare(prepared.proposal, items, dataset_exists=items is not None)

    def teach(self, prepared: Prepared, finding: str, always: bool) -> str:
        """Writes beside the rule that a finding's text is always, or never, personal; a diff. Raises UsageError."""
        from curator.scrub import values_of

        policy = self._rooms.promoter.policy(prepared.loaded)
        text = values_of(prepared.draft, prepared.scrubbed.findings, policy)[finding]
        return self._rooms.teach(prepared.order.rule, **{"always" if always else "never": [text]})

    def keep(self, order: DraftState, prepared: Prepared | None) -> None:
        """Keeps a draft for later, with what was typed as it is after the scrub."""
        if prepared is not None and prepared.order == order:
            typed = prepared.proposal.order_to_keep.model_dump(include={"edits", "keep", "replace"})
            self._rooms.memory.keep_draft(order.model_copy(update=typed))


def _stand_in(draft: "SavedDraft") -> Failure:
    """A failure that the queue does not list, as far as its draft tells."""
    trace_id, observation_id = split_key(draft.key)
    waits = Signal(kind="queue", name="prepared draft", rule=draft.rule, timestamp=draft.saved_at)
    return Failure(
        trace_id=trace_id,
        observation_id=observation_id,
        reviewed=observation_id is not None,
        timestamp=draft.saved_at,
        name=draft.dataset,
        session_id=None,
        environment=None,
        signals=(waits,),
    )
