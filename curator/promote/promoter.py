"""The one way from a failure to a stored item: front ends, Python API and other rooms call this and nothing below.

A `Promoter` is made once, from connection, journal, scrub and settings. It drafts, says what may be done, writes and
proves, takes back, verifies, finishes what was interrupted.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

from pydantic import JsonValue

from curator.config import Settings
from curator.draft import KnownItem, Novelty, novelty_of
from curator.help import outcomes
from curator.journal import PREPARED, Journal, SavedDraft, now
from curator.model import (
    Decision,
    Failure,
    Item,
    Receipt,
    ScrubPolicy,
    StoredItem,
    Trace,
    lineage,
    split_key,
)
from curator.model.errors import CuratorError, UsageError
from curator.promote.approval import approved, as_prepared, not_begun, preview, promote_approved
from curator.promote.bulk import Candidate
from curator.promote.job import Choices, Job, Pace, Patience, PersonalFinder, Via
from curator.promote.one import edited, ever_approved, promote_one
from curator.promote.plan import plan
from curator.promote.proposal import Order, Proposal, propose
from curator.promote.receipts import ended
from curator.promote.resume import Resumed, resume
from curator.promote.seed import DatasetAction, ensure_dataset
from curator.promote.sources import Source, read_traces, source_of
from curator.promote.stops import Stop
from curator.promote.undo import Undone, archive_item, undo
from curator.promote.verify import Verified, verify
from curator.queue import share_decision
from curator.rulebook import LoadedRule, find_rule, load_rules, rule_feeding

if TYPE_CHECKING:
    from curator.gateway import Gateway
    from curator.scrub import Scrubber

PLAIN = Choices()


@dataclass(frozen=True)
class Promoter:
    """See the module. Thread-safe."""

    gateway: "Gateway"
    journal: Journal
    scrubber: PersonalFinder
    """Drafts and decisions need a whole `Scrubber`, writes only what looks for personal values."""
    settings: Settings = field(default_factory=Settings)
    """The team's scrub defaults, whether rules may run Python, where the rules are, who the reviewer is."""
    reviewer: str = ""
    """Who approves; the settings' reviewer when empty."""
    via: Via = "script"
    """How approvals come about here; at a terminal a person approves, else only whom config or environment name."""
    patience: Patience = field(default_factory=Patience)
    pace: Pace = field(default_factory=Pace)
    named: bool = field(init=False, default=False)
    """Whether somebody said who the reviewer is; a login name says nothing of the kind."""

    @classmethod
    @contextmanager
    def opened(cls, settings: Settings, via: Via = "script") -> Iterator["Promoter"]:
        """A promoter for one command, with connection, journal and scrub of its own. Raises ConfigError."""
        from curator.gateway import Gateway
        from curator.scrub import Scrubber

        connection = settings.connection()
        with Gateway(connection) as gateway, Journal.of(connection) as journal, Scrubber() as scrubber:
            yield cls(gateway, journal, scrubber, settings, via=via)

    def __post_init__(self) -> None:
        object.__setattr__(self, "named", bool(self.reviewer or self.settings.reviewer))
        if not self.reviewer:
            object.__setattr__(self, "reviewer", self.settings.reviewer_name())

    # ── rules ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def policy(self, loaded: LoadedRule | None) -> ScrubPolicy:
        """How a rule treats personal values, on top of the team's defaults."""
        return self.settings.policy(loaded.rule if loaded is not None else None)

    def policy_of(self, dataset: str, rule: str | None = None) -> ScrubPolicy:
        """The policy of the named rule, else of the only one that feeds a dataset, else the team's; or UsageError."""
        if rule is not None:
            return self.policy(find_rule(rule, self.settings))
        return self.policy(rule_feeding(dataset, load_rules(self.settings)))

    @cached_property
    def _policies(self) -> Mapping[str, ScrubPolicy]:
        try:
            return {each.rule.rule: self.policy(each) for each in load_rules(self.settings)}
        except UsageError:
            return {}  # a malformed rule must not keep a crash from being cleaned up: then the strict defaults count

    def job(self, loaded: LoadedRule | None = None, choices: Choices = PLAIN) -> Job:
        """This promoter at work by a rule."""
        return Job(self, self.policy(loaded), loaded.rule.rule if loaded is not None else "", choices, loaded)

    # ── drafts ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def read(self, keys: Sequence[str], loaded: LoadedRule, *, entries: bool = False) -> Iterator[Source]:
        """The failures behind the keys, and why a rule counts them; see `read_traces`. Raises GatewayError."""
        return read_traces(self.gateway, keys, loaded.rule, entries=entries)

    def source(self, failure: Failure, loaded: LoadedRule, trace: Trace) -> Source:
        """A failure that the queue knows already, with its trace; see `read`. Raises GatewayError."""
        return source_of(self.gateway, failure, loaded.rule, trace)

    def draft(self, source: Source, loaded: LoadedRule, order: Order | None = None) -> Proposal:
        """The proposed item of a failure, written nowhere. Raises CuratorError, also when its source is gone."""
        python = self.settings.allow_python
        scrubber = cast("Scrubber", self.scrubber)
        return propose(source, loaded, order or Order(), scrubber, self.policy(loaded), allow_python=python)

    def approval(self, loaded: LoadedRule | None = None) -> dict[str, JsonValue]:
        """What lineage says of an approval given here and now. Raises Stop when the rule wants a person's."""
        person = self.via == "terminal" or self.named
        asked = loaded is not None and (loaded.rule.lineage.approval == "person" or loaded.rule.lineage.approvals > 1)
        if loaded is not None and asked and not person:
            words = f"The rule {loaded.rule.rule} takes only what a person approves, and this is a script."
            raise Stop(outcomes.NEEDS_PERSON, words)
        who: dict[str, JsonValue] = {lineage.APPROVED_BY: self.reviewer} if person else {}
        return who | {lineage.APPROVED_VIA: self.via}

    def save(self, proposal: Proposal, prepared_by: str = "") -> SavedDraft:
        """Puts a finished draft into this machine's inbox, for a person to approve; the server is asked for nothing.

        Raises CuratorError when something is missing in it.
        """
        scrubbed, draft = proposal.scrubbed, proposal.draft
        if not proposal.complete:
            raise Stop(outcomes.INCOMPLETE, "The draft is not complete, so it cannot be approved.")
        item = lineage.to_item(scrubbed, reviewer="", approved_at=now())
        left = {key: value for key, value in item.metadata.items() if key not in ("reviewer", "approved_at")}
        item = item.model_copy(update={"metadata": left | {lineage.PREPARED_BY: prepared_by or self.reviewer}})
        saved = SavedDraft.of_item(item, rule=draft.rule, reason=PREPARED)
        saved = saved.model_copy(update={"order": proposal.order_to_keep.model_dump(mode="json")})
        self.journal.drafts.save(saved)
        return saved

    def prepared(self, key: str, loaded: LoadedRule, case: str = "1") -> SavedDraft | None:
        """What waits in the inbox for a failure, rule and case."""
        saved = self.journal.drafts.get(key, loaded.rule.rule, case)
        return saved if saved is not None and saved.prepared_by else None

    def compare(
        self, proposal: Proposal, items: Sequence[StoredItem] | None = None, *, dataset_exists: bool = True
    ) -> Novelty:
        """What the dataset holds of a draft, under its id and like it; `items`: those known. Raises GatewayError."""
        return novelty_of(self.gateway, proposal.scrubbed, items, dataset_exists=dataset_exists)

    # ── what may be done ────────────────────────────────────────────────────────────────────────────────────────────
    def remedies(self, receipt: Receipt) -> tuple[tuple[str, str], ...]:
        """What curator can do about a receipt: names for `Choices.remedies`, with their words."""
        return outcomes.offered(receipt.remedies)

    def create_dataset(self, loaded: LoadedRule) -> DatasetAction:
        """Creates the dataset of a rule with its schemas, or brings the schemas up to date; see `ensure_dataset`."""
        spec = loaded.rule.dataset
        wanted: dict[str, object] = {"description": spec.description, "metadata": dict(spec.metadata)}
        wanted |= {"input_schema": loaded.input_schema, "expected_output_schema": loaded.expected_output_schema}
        return self.ensure_dataset(spec.name, wanted, loaded)

    ensure_dataset = ensure_dataset

    # ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────────
    def promote(self, proposal: Proposal, choices: Choices = PLAIN) -> Receipt:
        """Writes the item of a draft and reads it back; the receipt says what is true. Never raises for the server."""
        return next(self.promote_many([proposal], choices))

    def promote_many(
        self,
        proposals: Iterable[Proposal],
        choices: Choices = PLAIN,
        *,
        stop: threading.Event | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Iterator[Receipt]:
        """Promotes drafts, of several rules too; yields a receipt for each, as they are proved.

        `stop` and `progress` as in `promote_all`.
        """
        by_rule: dict[str, tuple[Job, list[Candidate]]] = {}
        drafts = list(proposals)
        gone = self._gone(drafts)
        for proposal in drafts:
            loaded = proposal.loaded
            job, candidates = by_rule.setdefault(loaded.rule.rule, (self.job(loaded, choices), []))
            lost = gone.get(proposal.trace.id)
            outcome = not_begun(job, proposal.key, lost, proposal.source) if lost else approved(job, proposal)
            if isinstance(outcome, Receipt):
                yield outcome
            else:
                candidates.append(outcome)
        done = 0
        for job, candidates in by_rule.values():
            tell = None if progress is None else (lambda each, before=done: progress(before + each))
            yield from promote_approved(job, candidates, stop, tell)
            done += len(candidates)

    def _gone(self, drafts: Sequence[Proposal]) -> dict[str, CuratorError]:
        """Trace id → why a draft of some age is not written: an erasure or retention has taken its trace meanwhile.

        One request for some 400 of them; whether a trace is there that cannot be read, nobody knows either.
        """
        then = now() - timedelta(seconds=self.patience.draft)
        left = dict.fromkeys(each.trace.id for each in drafts if each.made_at < then)
        why: CuratorError = Stop(outcomes.SOURCE_GONE, "Langfuse holds the trace of this draft no more.")
        try:
            for one in self.gateway.observations(trace_ids=list(left)) if left else ():
                left.pop(one.trace_id, None)
        except CuratorError as error:
            why = error
        return dict.fromkeys(left, why)

    def promote_traces(
        self,
        keys: Sequence[str],
        loaded: LoadedRule,
        order: Order | None = None,
        choices: Choices = PLAIN,
        *,
        dry_run: bool = False,
        stop: threading.Event | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Iterator[Receipt]:
        """Reads, drafts and promotes failures by a rule; yields one receipt per failure, as they are proved.

        `dry_run` writes nothing: what would be done is the problem DRY_RUN, and items with the same or nearly the same
        input are named. Raises GatewayError when the traces cannot be read, UsageError for an edit or a policy that
        fits no trace at all.
        """
        job, candidates = self.job(loaded, choices), list[Candidate]()
        others: dict[str, Sequence[KnownItem]] = {}
        left = dict.fromkeys(keys)
        for source in self.read(keys, loaded, entries=choices.complete_queue):
            if stop is not None and stop.is_set():
                break
            left.pop(source.asked, None)
            try:
                proposal = self.draft(source, loaded, as_prepared(job, source, order))
            except UsageError:
                raise
            except CuratorError as error:
                yield not_begun(job, source.key, error, source, order)
                continue
            outcome = preview(job, proposal, others) if dry_run else approved(job, proposal)
            if isinstance(outcome, Receipt):
                yield outcome
            else:
                candidates.append(outcome)
        for key in left:
            words = "The command was interrupted before this trace was read."
            yield not_begun(job, key, Stop(outcomes.INTERRUPTED, words))
        yield from promote_approved(job, candidates, stop, progress)

    def cover(
        self, receipt: Receipt, keys: Sequence[str], loaded: LoadedRule, *, batch: str = ""
    ) -> Iterator[Decision]:
        """Decides that failures are covered by the item of a receipt: dismissals that every reviewer sees.

        With the batch of the promotion an undo takes all of it back. Raises CuratorError at the first that cannot be
        shared.
        """
        scrubber, policy = cast("Scrubber", self.scrubber), self.policy(loaded)
        for key in keys:
            trace_id, observation_id = split_key(key)
            decision = Decision(
                trace_id=trace_id,
                observation_id=observation_id,
                state="dismissed",
                reviewer=self.reviewer,
                reason=f"covered by {receipt.item_id}",
                rule=loaded.rule.rule,
                item_id=receipt.item_id,
                at=now(),
            )
            yield share_decision(self.gateway, self.journal, scrubber, decision, policy=policy, batch=batch)

    def promote_item(self, item: Item, loaded: LoadedRule | None = None, choices: Choices = PLAIN) -> Receipt:
        """Writes an item that came by another way than a draft (a seed item, a file, an audit's fix), as provably."""
        return promote_one(self.job(loaded, choices), item)

    def archive(self, stored: StoredItem, choices: Choices = PLAIN) -> Receipt:
        """Archives an item that still is as `stored`, provably and undoably. Never raises for the server."""
        return archive_item(Job(self, self.settings.scrub, "", choices, shares=False), stored)

    def amend(
        self,
        dataset: str,
        item_id: str,
        changes: Mapping[str, JsonValue],
        loaded: LoadedRule | None = None,
        *,
        batch: str = "",
    ) -> Receipt:
        """Changes metadata of a stored item provably: new digest, journal, read-back, undo. None takes a key away.

        Content and the trace's decision stay. Refused (ITEM_MISSING, ITEM_EDITED …) when the item is not there as it
        was approved, or nobody approved it (ITEM_NO_LINEAGE). Never raises for the server.
        """
        rule, choices = loaded.rule.rule if loaded else "", Choices(batch=batch)
        job = Job(self, self.policy(loaded), rule, choices, loaded, shares=False)
        item = Item(id=item_id, dataset=dataset, input=None, expected_output=None, metadata={})
        try:
            stored = self.gateway.item(item_id)
            if stored is None:
                raise Stop(outcomes.MISSING, f"Langfuse has no item {item_id}.")
            item = stored.to_write().model_copy(update={"dataset": dataset})
            edit = edited(job, item, stored)
            if edit is not None and not ever_approved(job, stored):
                words = f"Nobody approved the item {item_id} with curator: it has neither lineage nor a receipt here."
                raise Stop(outcomes.NO_LINEAGE, words)
            plan(item, stored, (), edit)
        except CuratorError as error:
            return ended(job, item, None, error)
        metadata = item.metadata if isinstance(item.metadata, dict) else {}
        merged = {key: value for key, value in (metadata | dict(changes)).items() if value is not None}
        return promote_one(job, item.model_copy(update={"metadata": merged}))

    # ── later ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def undo(
        self, count: int = 1, *, receipt: Receipt | None = None, whole_batch: bool = False, delete: bool = False
    ) -> Iterator[Undone]:
        """Takes back the newest `count` entries of the ledger, or what `receipt` says was done; see `undo`."""
        return undo(self.job(), count, receipt=receipt, whole_batch=whole_batch, delete=delete)

    def verify(
        self, dataset: str, item_ids: Sequence[str] = (), *, rule: str | None = None, ledger: Path | None = None
    ) -> Iterator[Verified]:
        """Reads items back and holds them against what was approved; see `verify`. Raises UsageError, GatewayError."""
        job = Job(self, self.policy_of(dataset, rule))
        return verify(job, dataset, item_ids, ledger=ledger)

    def interrupted(self) -> bool:
        """Whether anything waits for `resume`."""
        journal = self.journal
        return bool(journal.promotions.unfinished() or journal.promotions.unshared() or journal.ledger.half_undone())

    def resume(self) -> Iterator[Resumed]:
        """Finishes what a crash or an interrupt left unfinished; see `resume`. Raises GatewayError."""

        def job_of(rule: str, choices: Choices) -> Job:
            return Job(self, self._policies.get(rule, ScrubPolicy()), rule, choices)

        return resume(job_of, self.journal)
