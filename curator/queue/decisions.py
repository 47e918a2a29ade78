"""Decisions about failures, shared with every reviewer as the categorical score `curation` on the trace or observation.

A failure has one decision: its score has an id derived from its key, so a later decision overwrites an earlier one.
A decision about a whole trace, unless it was promoted, is also one about what was reviewed in it before.
The reason is the score's comment; reviewer, rule, item and the end of a snooze are its metadata. Whoever types a reason
may name a customer in it: `decide` scrubs it before it goes anywhere.
"""

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, get_args

from curator.model.errors import CuratorError
from curator.model.failure import Decision, Failure, Signal, State
from curator.model.rule import ScrubPolicy
from curator.model.trace import Score

if TYPE_CHECKING:
    from curator.gateway import Gateway
    from curator.journal import Journal
    from curator.scrub import Scrubber

SCORE_NAME = "curation"
APPROVAL_NAME = "curation-approval"
"""A person's approval of a draft that is written when others have approved it, too; see `curator.promote.approval`."""
_STATES = frozenset(get_args(State))


def score_id(key: str) -> str:
    """The id of the score that holds a failure's decision, by the failure's key."""
    return f"{SCORE_NAME}-{hashlib.sha256(key.encode()).hexdigest()[:32]}"


def put_decision(gateway: "Gateway", decision: Decision, *, complete_entries: Sequence[Signal] = ()) -> None:
    """Shares a decision as it is, and completes the annotation-queue entries behind the given signals.

    A reason that a person typed goes through `decide`, which scrubs it. A decision `open` makes the entries pending
    again; those that somebody has deleted are passed over. The score is readable after the server's lag (about 6 s).
    Writing twice gives the same. Raises GatewayError.
    """
    gateway.put_score(**_score(decision))
    _move_entries(gateway, complete_entries, reopen=decision.state == "open")


def put_decisions(gateway: "Gateway", decisions: Sequence[Decision]) -> None:
    """Shares many decisions with one request; queue entries stay as they are. Writing twice gives the same.

    Raises GatewayError; then some of them may be shared.
    """
    gateway.put_scores([_score(decision) for decision in decisions])


def share_decision(
    gateway: "Gateway",
    journal: "Journal",
    scrubber: "Scrubber",
    decision: Decision,
    *,
    policy: ScrubPolicy,
    complete_entries: Sequence[Signal] = (),
    batch: str = "",
) -> Decision:
    """Dismisses, snoozes or reopens: scrubs the reason, shares the decision, then notes it in the journal.

    Returns the decision as it was shared: personal values and secrets in its reason are replaced. Until the server
    shows the score, `journal.decisions` is what the queue knows of it. Raises CuratorError when the reason cannot be
    scrubbed, GatewayError when it cannot be shared; then nothing is noted.
    """
    decision = _scrubbed(scrubber, decision, policy)
    put_decision(gateway, decision, complete_entries=complete_entries)
    journal.decide(decision, batch=batch)
    return decision


def _scrubbed(scrubber: "Scrubber", decision: Decision, policy: ScrubPolicy) -> Decision:
    if not decision.reason:
        return decision
    try:
        found = scrubber.scrub_value({"reason": decision.reason}, policy)
    except CuratorError as error:
        raise CuratorError(
            f"The reason could not be scrubbed, so the decision was not shared: {error.message}",
            code=error.code,
            remedy="Give a shorter reason, without names and addresses.",
        ) from None
    value = found.value
    assert isinstance(value, dict)
    return decision.model_copy(update={"reason": str(value["reason"])})


def decisions_in(scores: Iterable[Score]) -> dict[str, Decision]:
    """Key of a failure → its newest decision; scores that are no decisions are passed over."""
    found: list[Decision] = []
    for score in scores:
        if score.name != SCORE_NAME or score.trace_id is None or score.value not in _STATES:
            continue
        found.append(
            Decision.model_validate(
                {
                    "trace_id": score.trace_id,
                    "observation_id": score.observation_id,
                    "state": score.value,
                    "reviewer": str(score.metadata.get("reviewer") or score.author_user_id or ""),
                    "reason": score.comment or "",
                    "rule": _text(score.metadata.get("rule")),
                    "item_id": _text(score.metadata.get("item_id")),
                    "until": _time(score.metadata.get("until")),
                    "at": score.timestamp,
                }
            )
        )
    return newest_decisions(found)


def newest_decisions(decisions: Iterable[Decision]) -> dict[str, Decision]:
    """Key of a failure → the newest of its decisions; of two at the same moment the later one in the list."""
    found: dict[str, Decision] = {}
    for decision in decisions:
        known = found.get(decision.key)
        if known is None or decision.at >= known.at:
            found[decision.key] = decision
    return found


def state_of(decision: Decision | None, signals: Sequence[Signal], *, has_items: bool, now: datetime) -> State:
    """What is to be done about a trace: the decision, unless it has run out or a person has come back to the trace.

    Without a decision, an item that came from the trace counts as `promoted`. A snooze ends at its time. A dismissed or
    snoozed trace is open again when a *person* raises it anew after the decision (an annotation, an annotation-queue
    entry): that is a new question. A new automatic score is not: evaluators score the same behaviour again. A promoted
    trace stays promoted: its case is being tested.
    """
    if decision is None:
        return "promoted" if has_items else "open"
    if decision.state == "snoozed" and decision.until is not None and decision.until <= now:
        return "open"
    if decision.state in ("dismissed", "snoozed") and any(_asks_again(signal, decision) for signal in signals):
        return "open"
    return decision.state


def items_of(failure: Failure) -> tuple[str, ...]:
    """The items that protect against a failure: those that came from it, and the one that covers it by a decision."""
    covering = failure.decision.item_id if failure.decision is not None else None
    return (*failure.items, *([covering] if covering else []))


def _asks_again(signal: Signal, decision: Decision) -> bool:
    by_person = signal.kind in ("annotation", "queue") or signal.source == "ANNOTATION"
    return by_person and signal.timestamp is not None and signal.timestamp > decision.at


def _score(decision: Decision) -> dict[str, Any]:
    """The arguments of `Gateway.put_score` for a decision."""
    metadata = {
        "reviewer": decision.reviewer,
        "rule": decision.rule,
        "item_id": decision.item_id,
        "until": decision.until.isoformat() if decision.until else None,
    }
    return {
        "id": score_id(decision.key),
        "name": SCORE_NAME,
        "value": decision.state,
        "data_type": "CATEGORICAL",
        "trace_id": decision.trace_id,
        "observation_id": decision.observation_id,
        "comment": decision.reason or None,
        "metadata": {key: value for key, value in metadata.items() if value is not None},
    }


def _move_entries(gateway: "Gateway", signals: Sequence[Signal], *, reopen: bool) -> None:
    from curator.gateway import NotFound

    for queue_id, entry_id in dict.fromkeys((s.queue_id, s.queue_entry_id) for s in signals):
        if queue_id is None or entry_id is None:
            continue
        with suppress(NotFound):
            gateway.set_queue_entry(queue_id, entry_id, "PENDING" if reopen else "COMPLETED")


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _time(value: object) -> datetime | None:
    try:
        time = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
