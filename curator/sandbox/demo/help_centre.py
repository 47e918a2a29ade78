"""Workflow 2: questions to the help centre, answered with retrieval and judged by three LLM judges."""

import json
from datetime import datetime, timedelta
from functools import partial

from curator.sandbox.demo.people import Person, person
from curator.sandbox.demo.rag_cases import CASES, RagCase
from curator.sandbox.demo.rag_texts import HELP_CENTRE, SYSTEM_PROMPT
from curator.sandbox.demo.recorder import Recorded, Recorder
from curator.sandbox.demo.reviews import REVIEWERS, SUPPORT_REVIEW, ReviewDesk
from curator.sandbox.demo.steps import Step, chat, reply
from curator.sandbox.demo.unit import Planted, Unit, fill

NAME = "help-centre-rag"

_NOBODY = Person("Guest", "", "", "", "eu")
_REASONS = {
    "faithfulness": {1: "Contradicts the first passage.", 2: "Half of the answer is not in the passages."},
    "relevance": {1: "Answers another question.", 2: "Touches the topic, does not answer."},
    "precision": {0: "None of the passages holds the answer."},
}


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
        if (text := HELP_CENTRE[f"kb/{name}"])
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
                chat(SYSTEM_PROMPT, ("user", f"{passages}\n\nQuestion: {question}")),
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
        recorder.score(
            of,
            name,
            value,
            "NUMERIC",
            "EVAL",
            after=timedelta(seconds=seconds),
            comment=_REASONS[name].get(value),
            config=desk.configs[name],
            metadata={"judge": f"{name}-v2", "model": "gpt-4.1"},
        )


def _review(recorder: Recorder, desk: ReviewDesk, of: Recorded, case: RagCase, who: Person) -> None:
    author = recorder.random("author", of.trace_id).choice(REVIEWERS)
    if case.thumbs is not None:
        comment = None if case.says is None else fill(case.says, who)
        config = desk.configs["user_feedback"]
        recorder.score(
            of,
            "user_feedback",
            case.thumbs,
            "BOOLEAN",
            "API",
            after=timedelta(minutes=3),
            comment=comment,
            config=config,
        )
    if case.gold is not None:
        recorder.score(
            of, "output", _correction(case), "CORRECTION", "ANNOTATION", after=timedelta(hours=9), author=author
        )
    if case.source is not None:
        recorder.score(
            of,
            "right_source",
            f"kb/{case.source}",
            "TEXT",
            "ANNOTATION",
            after=timedelta(hours=9, minutes=1),
            author=author,
            config=desk.configs["right_source"],
        )
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
