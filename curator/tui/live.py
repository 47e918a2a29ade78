"""The remarks beside a draft that is being edited: what is wrong, whether it protects anything, whether it is new."""

from collections.abc import Sequence
from typing import Literal

from curator.draft import effectiveness, likeness
from curator.model import Problem
from curator.model.base import Value

Sign = Literal["good", "warn", "bad", "info"]


class LiveCheck(Value):
    """One remark beside the draft."""

    sign: Sign
    title: str
    detail: str = ""
    """May hold text from outside."""
    path: str | None = None


_PROTECTION: dict[tuple[str, str], Sign] = {
    ("recorded", "fails"): "good",
    ("recorded", "passes"): "warn",
    ("recorded", "unclear"): "warn",
    ("correction", "passes"): "good",
    ("correction", "fails"): "bad",
}
_STANDING: dict[str, Sign] = {"new": "good", "archived": "warn", "elsewhere": "bad"}


def problem_checks(problems: Sequence[Problem]) -> list[LiveCheck]:
    """What is wrong or doubtful about the draft, the blocking first; what it protects is said elsewhere."""
    mine = [p for p in problems if p.code not in effectiveness.CODES]
    return [problem_check(p) for p in sorted(mine, key=lambda p: not p.blocking)]


def problem_check(problem: Problem) -> LiveCheck:
    """One problem as a remark."""
    sign: Sign = "bad" if problem.blocking else "warn"
    return LiveCheck(sign=sign, title=problem.message, detail=problem.remedy, path=problem.path)


def protection_checks(judged: Sequence[effectiveness.Judgement], problems: Sequence[Problem]) -> list[LiveCheck]:
    """Whether the rule's checks catch the recorded failure, and whether a correction would pass them."""
    found = []
    for each in judged:
        words = effectiveness.in_words(each)
        problem = next((p for p in problems if p.message == words), None)
        sign = _PROTECTION.get((each.answer, each.verdict), "info")
        if problem is not None and problem.blocking is False:
            sign = "warn"
        detail = " ".join(part for part in (each.detail, problem.remedy if problem else "") if part)
        found.append(LiveCheck(sign=sign, title=words, detail=detail))
    return found


def standing_checks(new: likeness.Novelty) -> list[LiveCheck]:
    """How the draft stands to what the server holds."""
    found = []
    if not new.dataset_exists:
        found.append(LiveCheck(sign="info", title="the dataset does not exist yet", detail="p offers to create it"))
    state = new.standing.state
    detail = {
        "changed": "v shows what would change",
        "elsewhere": new.standing.stored.dataset if new.standing.stored else "",
    }
    found.append(
        LiveCheck(sign=_STANDING.get(state, "info"), title=likeness.STANDING[state], detail=detail.get(state, ""))
    )
    return found + [problem_check(problem) for problem in likeness.doubts(new.similar)]


def doubts_of(problems: Sequence[Problem], new: likeness.Novelty | None) -> list[Problem]:
    """What the reviewer is asked about before the item is written: weak cases, contradictions, doubles."""
    weak = [p for p in problems if p.code in (effectiveness.WEAK, effectiveness.CORRECTION_FAILS)]
    like = [] if new is None else [s for s in new.similar if s.relation != "near"]
    return weak + likeness.doubts(like)
