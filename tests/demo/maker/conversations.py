"""Workflow 3: chats of several turns; a session is scored as a whole, and some end with a person."""

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

from tests.demo.maker.people import Person, ReviewDesk, fill, person
from tests.demo.maker.recorder import Recorded, Recorder
from tests.demo.maker.steps import Step, Unit, chat, reply, texts
from tests.demo.truth import Planted

NAME = "support-conversation"

_SYSTEM = (
    "You are the support assistant of Kestrel & Pine. Help with orders, returns, repairs and warranty. Hand over to a "
    "colleague when the customer asks for it or when you cannot help."
)


@dataclass(frozen=True)
class Turn:
    """One message of the customer and the assistant's reply: one trace."""

    says: str
    replies: str
    outcome: Literal["answer", "clarify", "escalate"] = "answer"
    thumbs: bool | None = None


@dataclass(frozen=True)
class Conversation:
    """One chat: a session of Langfuse whose traces are its turns."""

    who: str
    channel: Literal["web", "whatsapp", "email"]
    topic: str
    turns: tuple[Turn, ...]
    resolution: Literal["resolved", "escalated", "abandoned"]
    """The session's score."""
    csat: int | None = None
    """The customer's rating of the session, 1 to 5."""
    summary: str | None = None
    """What the handover told the colleague."""
    must: tuple[str, ...] = ()
    """What a reviewer says that the last reply must mention; a correction on the last turn when given."""
    must_not: tuple[str, ...] = ()
    note: str | None = None
    """A reviewer's comment on the session."""


CONVERSATIONS = tuple(
    Conversation(**{**chat, "turns": tuple(Turn(**turn) for turn in chat["turns"])})
    for chat in texts("conversations")["conversations"]
)


def units(recorder: Recorder, desk: ReviewDesk) -> list[Unit]:
    """One unit per chat."""
    return [
        Unit(NAME, each.resolution != "resolved", partial(_write, recorder, desk, each, str(index)))
        for index, each in enumerate(CONVERSATIONS)
    ]


def session_id(who: Person, channel: str, key: str) -> str:
    """The app's session id; on WhatsApp it holds the customer's number, as such ids do."""
    return f"whatsapp:{re.sub('[^0-9+]', '', who.phone)}" if channel == "whatsapp" else f"{channel}-{key}"


def _write(recorder: Recorder, desk: ReviewDesk, chat_: Conversation, key: str, at: datetime) -> list[Planted]:
    who = person(chat_.who)
    extra = {"ref": f"ORDER-{recorder.random('conversation', key).randint(20_000, 89_999)}"}
    session = session_id(who, chat_.channel, recorder.hex_id(10, "session", key))
    messages: list[dict[str, str]] = []
    planted, recorded = [], None
    for number, turn in enumerate(chat_.turns):
        last = number == len(chat_.turns) - 1
        handover = last and chat_.resolution != "resolved"
        messages = [*messages, {"role": "user", "content": fill(turn.says, who, **extra)}]
        answer = fill(turn.replies, who, **extra)
        steps = [
            Step(
                "GENERATION",
                "reply",
                chat(_SYSTEM, *((m["role"], m["content"]) for m in messages)),
                reply(answer),
                model="gpt-4.1",
                prompt="support",
            )
        ]
        if handover and chat_.summary is not None:
            summary = {"topic": chat_.topic, "summary": fill(chat_.summary, who, **extra)}
            steps.append(Step("TOOL", "hand_over", summary, {"queue": "support-team", "position": 4}))
        recorded = recorder.trace(
            NAME,
            f"{key}/{number}",
            at,
            input={"messages": messages, "channel": chat_.channel},
            output={"reply": answer, "outcome": turn.outcome},
            steps=steps,
            user_id=f"cust_{recorder.hex_id(6, 'user', who.name)}",
            session_id=session,
            tags=("support", chat_.channel, *(("last-turn",) if last else ())),
            metadata={"workflow": NAME, "topic": chat_.topic, "turn": str(number + 1)},
        )
        if turn.thumbs is not None:
            desk.score(recorded, "user_feedback", turn.thumbs, "API", timedelta(seconds=50))
        messages = [*messages, {"role": "assistant", "content": answer}]
        failure = handover or turn.thumbs is False
        planted.append(Planted(recorded.trace_id, NAME, chat_.resolution if last else "turn", failure))
        at = recorded.ended + timedelta(seconds=recorder.random("pause", key, str(number)).randint(35, 240))
    assert recorded is not None
    _review(recorder, desk, recorded, chat_)
    return planted


def _review(recorder: Recorder, desk: ReviewDesk, last: Recorded, chat_: Conversation) -> None:
    subject = {"kind": "session", "id": last.session_id}
    author = desk.reviewer(last)
    desk.score(last, "resolution", chat_.resolution, "EVAL", timedelta(minutes=15), subject=subject)
    if chat_.csat is not None:
        desk.score(last, "csat", chat_.csat, "API", timedelta(minutes=40), subject=subject)
    if chat_.must:
        correction = {"outcome": "escalate", "must_mention": chat_.must, "must_not_mention": chat_.must_not}
        desk.correct(last, json.dumps(correction, ensure_ascii=False), timedelta(hours=5), author=author)
    if chat_.note is not None and last.session_id is not None:
        recorder.comment("SESSION", last.session_id, chat_.note, author=author, at=last.ended + timedelta(hours=5))
