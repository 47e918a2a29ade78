"""Workflow 2: questions to the help centre, answered with retrieval and judged by three LLM judges."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

from tests.demo.maker.people import SUPPORT_REVIEW, Person, ReviewDesk, fill, person
from tests.demo.maker.recorder import Recorded, Recorder
from tests.demo.maker.steps import Step, Unit, chat, reply, texts
from tests.demo.truth import Planted

NAME = "help-centre-rag"

_NOBODY = Person("Guest", "", "", "", "eu")
_REASONS = {
    "faithfulness": {1: "Contradicts the first passage.", 2: "Half of the answer is not in the passages."},
    "relevance": {1: "Answers another question.", 2: "Touches the topic, does not answer."},
    "precision": {0: "None of the passages holds the answer."},
}


@dataclass(frozen=True)
class RagCase:
    """One question. `judged` is (faithfulness 1–5, relevance 1–5, precision 0 or 1), as LLM judges gave them."""

    question: str
    found: tuple[str, ...]
    """Ids of the retrieved passages (without `kb/`); empty when nothing passed the score threshold."""
    answer: str
    judged: tuple[int, int, int]
    who: str | None = None
    gold: str | None = None
    """A reviewer's reference answer."""
    must: tuple[str, ...] = ()
    """What the reviewer says that an answer must mention."""
    source: str | None = None
    """The passage that holds the answer, when the reviewer named it (score `right_source`)."""
    as_json: bool = True
    """False: the correction is only a sentence."""
    thumbs: bool | None = None
    says: str | None = None
    queued: Literal["PENDING", "COMPLETED"] | None = None


_TEXTS = texts("help_centre")
CASES = tuple(RagCase(**case) for case in _TEXTS["cases"])


def units(recorder: Recorder, desk: ReviewDesk) -> list[Unit]:
    """One unit per question."""
    return [
        Unit(NAME, is_failure(case), partial(_write, recorder, desk, case, str(index)))
        for index, case in enumerate(CASES)
    ]


def is_failure(case: RagCase) -> bool:
    """Whether a judge, a reviewer or the user calls this answer a failure."""
    faithfulness, relevance, precision = case.judged
    return min(faithfulness, relevance) < 3 or precision == 0 or case.thumbs is False


def _write(recorder: Recorder, desk: ReviewDesk, case: RagCase, key: str, at: datetime) -> list[Planted]:
    random = recorder.random("rag", key)
    who = person(case.who) if case.who else _NOBODY
    question = fill(case.question, who)
    found = [
        {"id": f"kb/{name}", "score": round(0.83 - 0.07 * rank - random.random() * 0.05, 3), "text": text}
        for rank, name in enumerate(case.found)
        if (text := _TEXTS["passages"][f"kb/{name}"])
    ]
    passages = "\n\n".join(f"[{each['id']}] {each['text']}" for each in found)
    recorded = recorder.trace(
        NAME,
        key,
        at,
        type="CHAIN",
        input={"question": question},
        output={
            "answer": case.answer,
            "outcome": "answer" if found else "unknown",
            "sources": [each["id"] for each in found],
        },
        steps=(
            Step(
                "CHAIN",
                "retrieve",
                question,
                [each["id"] for each in found],
                children=(
                    Step("EMBEDDING", "embed-question", question, None, model="text-embedding-3-small"),
                    Step(
                        "RETRIEVER",
                        "search-help-centre",
                        {"question": question, "top_k": 3, "min_score": 0.6},
                        found,
                        level="DEFAULT" if found else "WARNING",
                        status=None if found else "no passage above the score threshold",
                    ),
                ),
            ),
            Step(
                "GENERATION",
                "write-answer",
                chat(_TEXTS["prompt"], ("user", f"{passages}\n\nQuestion: {question}")),
                reply(case.answer),
                model="claude-sonnet-4-5",
                prompt="help-centre",
            ),
        ),
        user_id=None if who is _NOBODY else f"cust_{recorder.hex_id(6, 'user', who.name)}",
        session_id=f"help-{recorder.hex_id(10, 'help', key)}",
        tags=("help-centre", "rag"),
        metadata={"workflow": NAME, "index": "help-centre-2026-11"},
    )
    _judge(recorder, desk, recorded, case)
    _review(recorder, desk, recorded, case, who)
    return [Planted(recorded.trace_id, NAME, _what(case), is_failure(case))]


def _what(case: RagCase) -> str:
    if not is_failure(case):
        return "good answer"
    return "retrieval miss" if case.judged[2] == 0 else "unfaithful answer"


def _judge(recorder: Recorder, desk: ReviewDesk, of: Recorded, case: RagCase) -> None:
    for seconds, (name, value) in enumerate(
        zip(("faithfulness", "relevance", "precision"), case.judged, strict=True), start=40
    ):
        desk.score(
            of,
            name,
            value,
            "EVAL",
            timedelta(seconds=seconds),
            comment=_REASONS[name].get(value),
            metadata={"judge": f"{name}-v2", "model": "gpt-4.1"},
        )


def _review(recorder: Recorder, desk: ReviewDesk, of: Recorded, case: RagCase, who: Person) -> None:
    author = desk.reviewer(of)
    if case.thumbs is not None:
        comment = None if case.says is None else fill(case.says, who)
        desk.score(of, "user_feedback", case.thumbs, "API", timedelta(minutes=3), comment=comment)
    if case.gold is not None:
        desk.correct(of, _correction(case), timedelta(hours=9), author=author)
    if case.source is not None:
        desk.score(of, "right_source", f"kb/{case.source}", "ANNOTATION", timedelta(hours=9, minutes=1), author=author)
    if case.queued is not None:
        recorder.enqueue(
            desk.queues[SUPPORT_REVIEW], "TRACE", of.trace_id, case.queued, at=of.ended + timedelta(hours=1)
        )


def _correction(case: RagCase) -> str:
    if not case.as_json:
        return case.gold or ""
    correction: dict[str, object] = {"outcome": "answer", "answer": case.gold}
    if case.must:
        correction["must_mention"] = list(case.must)
    if case.source is not None:
        correction["sources"] = [f"kb/{case.source}"]
    return json.dumps(correction, ensure_ascii=False)
