"""Workflow 1: the order-status agent, with thumbs, an LLM judge, annotations, corrections and a review queue."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

from curator.sandbox.demo import agent
from tests.demo.maker.people import CARDS, PEOPLE, SUPPORT_REVIEW, Person, ReviewDesk, fill, person
from tests.demo.maker.recorder import Recorded, Recorder
from tests.demo.maker.steps import Step, Unit, chat, reply, texts
from tests.demo.truth import EXPECTED, Planted

NAME = "order-status"

_JUDGE = {
    "delayed": ("The record says delayed; the answer does not.", "Customer asks for a date and gets none."),
    "marked_delivered": ("Leaves the customer alone with a lost parcel.",),
    "refund": ("Promises money that nobody approved.", "Claims an action that the agent has no tool for."),
    "which_order": ("Picks one of two orders without asking.",),
    "address": ("Says the address was changed; no tool was called.",),
    "card": ("Repeats payment data in the answer.",),
    "customs": ("Answers with the wording for US orders.",),
    "human": ("Ignores the wish for a person.",),
}
_SYSTEM = (
    "You are the order-status assistant of Kestrel & Pine, an outdoor shop. Be brief and friendly. Reassure the "
    "customer. Use the order record."
)
_TOOL_FAILED = "No answer to the question: the order system was down."


@dataclass(frozen=True)
class OrderCase:
    """One request. `{…}` in texts is filled from the customer (see `people.Person.values`), `{ref}` and `{card}`."""

    who: str
    query: str
    thumbs: bool | None = None
    """The customer's thumb; `says` is what they typed beside it."""
    says: str | None = None
    review: str | None = None
    """An annotator's category (score `review`), with `note` as its comment."""
    note: str | None = None
    right: bool = False
    """The annotator also said what the outcome should have been (score `right_outcome`)."""
    fix: Literal["expectation", "output", "text"] | None = None
    """A human correction: the expected behaviour, a corrected output, or only a sentence."""
    queued: Literal["PENDING", "COMPLETED"] | None = None
    """In the annotation queue for order-status answers."""
    comment: str | None = None
    """A colleague's comment on the trace."""
    fail: bool = False
    """The order system timed out."""


CASES = tuple(OrderCase(**case) for case in texts(NAME.replace("-", "_"))["cases"])


@dataclass(frozen=True)
class Played:
    """A case with its customer, the request that came in, and what the live agent did with it."""

    case: OrderCase
    who: Person
    request: dict[str, str]
    run: agent.Run
    facts: dict[str, str]

    @property
    def wrong(self) -> bool:
        """Whether the answer misses the behaviour that `EXPECTED` asks for."""
        expected, text = EXPECTED[self.run.situation], self.run.output["answer"].lower()
        return (
            self.case.fail
            or self.run.output["outcome"] != expected["outcome"]
            or any(term.lower() not in text for term in expected["must_mention"])
            or any(term.lower() in text for term in expected["must_not_mention"])
        )

    @property
    def failure(self) -> bool:
        """Whether somebody calls this answer a failure: it is wrong, or the customer was not happy with it."""
        return self.wrong or self.case.thumbs is False


def units(recorder: Recorder, desk: ReviewDesk) -> list[Unit]:
    """One unit per case."""
    played = [_play(recorder, case, index) for index, case in enumerate(CASES)]
    return [
        Unit(NAME, each.failure, partial(_write, recorder, desk, each, str(index))) for index, each in enumerate(played)
    ]


def _play(recorder: Recorder, case: OrderCase, index: int) -> Played:
    who = person(case.who)
    reference = f"ORDER-{recorder.random('order', str(index)).randint(20_000, 89_999)}"
    facts = {"ref": reference, "card": CARDS[index % len(CARDS)]}
    request = {
        "query": fill(case.query, who, **facts),
        "region": who.region,
        "order_reference": reference,
        "prompt_label": "production",
    }
    customer = {"name": who.name, "email": who.email, "phone": who.phone, "ship_to": who.address}
    run = agent.answer(request, "production", {"customer": customer}, fail=case.fail)
    return Played(case, who, request, run, facts)


def _write(recorder: Recorder, desk: ReviewDesk, played: Played, key: str, at: datetime) -> list[Planted]:
    case, who, run = played.case, played.who, played.run
    random = recorder.random("order-context", key)
    number = PEOPLE.index(who)
    recorded = recorder.trace(
        NAME,
        key,
        at,
        input=played.request,
        output=run.output,
        steps=_steps(played),
        # Some teams use the mail address as user id: personal values hide in ids, too.
        user_id=who.email if number % 5 == 0 else f"cust_{48_000 + number * 37}",
        session_id=f"chat-{recorder.hex_id(10, 'chat', key)}",
        tags=("order-status", who.region),
        metadata={"workflow": NAME, "prompt_label": "production", "channel": random.choice(("web", "app", "email"))},
        environment="production" if played.failure or random.random() > 0.15 else "staging",
        level="ERROR" if case.fail else "DEFAULT",
        status="order service unavailable" if case.fail else None,
    )
    _feedback(recorder, desk, recorded, case, who)
    _judge(recorder, desk, recorded, played)
    _review(recorder, desk, recorded, played)
    return [Planted(recorded.trace_id, NAME, "tool failure" if case.fail else run.situation, played.failure)]


def _steps(played: Played) -> tuple[Step, ...]:
    """What the agent did on the way to its answer."""
    query, run = played.request["query"], played.run
    timeout = {"level": "ERROR", "status": "order service did not answer within 8 s (attempt 3 of 3)", "seconds": 8.0}
    record = json.dumps(run.record, ensure_ascii=False)
    return (
        Step(
            "GENERATION",
            "classify-request",
            chat("Name the customer's concern in one word.", ("user", query)),
            reply(run.situation),
            model="gpt-4.1-mini",
        ),
        Step(
            "TOOL",
            "get_order",
            {"order_reference": played.request["order_reference"]},
            run.record,
            **(timeout if run.record is None else {}),
        ),
        Step(
            "GENERATION",
            "compose-answer",
            chat(_SYSTEM, ("user", query), ("tool", record)),
            reply(run.output["answer"]),
            model="gpt-4.1",
            prompt="order-status",
        ),
    )


def _feedback(recorder: Recorder, desk: ReviewDesk, of: Recorded, case: OrderCase, who: Person) -> None:
    if case.thumbs is not None:
        comment = None if case.says is None else fill(case.says, who)
        desk.score(of, "user_feedback", case.thumbs, "API", timedelta(minutes=4), comment=comment)


def _judge(recorder: Recorder, desk: ReviewDesk, of: Recorded, played: Played) -> None:
    """The judge samples; a wrong answer that nobody else noticed is always among the sampled ones."""
    case, wrong = played.case, played.wrong
    random = recorder.random("judge", of.trace_id)
    noticed = case.thumbs is False or case.review is not None or case.queued == "PENDING"
    if random.random() > 0.65 and (noticed or not wrong):
        return
    low, high = (0.08, 0.42) if wrong else (0.74, 0.98)
    reasons = (_TOOL_FAILED,) if case.fail else _JUDGE.get(played.run.situation, ())
    desk.score(
        of,
        "helpfulness",
        round(random.uniform(low, high), 2),
        "EVAL",
        timedelta(minutes=2),
        comment=random.choice(reasons) if wrong and reasons else None,
        metadata={"judge": "helpfulness-v3", "model": "claude-sonnet-4-5"},
    )


def _review(recorder: Recorder, desk: ReviewDesk, of: Recorded, played: Played) -> None:
    case, run = played.case, played.run
    author = desk.reviewer(of)
    queue = desk.queues[SUPPORT_REVIEW]
    reviewed = timedelta(hours=6)
    if case.review is not None:
        desk.score(
            of,
            "review",
            case.review,
            "ANNOTATION",
            reviewed,
            comment=case.note,
            author=author,
            queue=queue if case.queued == "COMPLETED" else None,
        )
    if case.right:
        desk.score(
            of,
            "right_outcome",
            EXPECTED[run.situation]["outcome"],
            "ANNOTATION",
            reviewed + timedelta(minutes=1),
            author=author,
        )
    if case.fix is not None:
        desk.correct(
            of,
            _correction(played),
            reviewed + timedelta(minutes=3),
            author=author,
            subject={"kind": "observation", "id": of.root_id, "traceId": of.trace_id},
        )
    if case.queued is not None:
        recorder.enqueue(queue, "TRACE", of.trace_id, case.queued, at=of.ended + timedelta(minutes=20))
    if case.comment is not None:
        recorder.comment(
            "TRACE", of.trace_id, fill(case.comment, played.who), author=author, at=of.ended + timedelta(hours=7)
        )


def _correction(played: Played) -> str:
    """What the reviewer typed: the expected behaviour, a corrected output, or only a better sentence."""
    expected = EXPECTED[played.run.situation]
    if played.case.fix == "expectation":
        return json.dumps(expected, ensure_ascii=False)
    better = agent.candidate(played.request)["answer"]
    if played.case.fix == "output":
        return json.dumps({"answer": better, "outcome": expected["outcome"]}, ensure_ascii=False)
    return better
