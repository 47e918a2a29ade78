"""What is said beside a draft: what is open, whether it protects anything, whether it is new, what it expects."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from curator.draft import (
    ANSWER_CODES,
    CORRECTION_FAILS,
    NOVELTY_STATES,
    WEAK,
    CheckedAnswer,
    Novelty,
    answer_in_words,
    doubts_of_likeness,
)
from curator.model import Problem
from curator.model.base import Value
from curator.tui.session import Prepared
from curator.tui.text import Piece
from curator.tui.words import plural, sentences, signs, tables

Sign = Literal["good", "warn", "bad", "info"]


class LiveCheck(Value):
    """One remark beside the draft."""

    sign: Sign
    title: str
    detail: str = ""
    """May hold text from outside."""
    key: str = ""
    """Where `enter` leads: the path of a field."""


@dataclass(frozen=True)
class Point:
    """Something that must be decided before the item can be written."""

    kind: Literal["type", "field", "finding", "item"]
    key: str
    """Of a field its path, of a finding its id."""
    words: str


_STANDING: dict[str, Sign] = {"new": "good", "archived": "warn", "elsewhere": "bad"}


def open_points(prepared: Prepared, overruled: Sequence[Problem] = ()) -> list[Point]:
    """What must be decided, in the order in which one would: the type, fields, personal values.

    `overruled`: problems about which the reviewer is asked when the item is written.
    """
    points: list[Point] = []
    problems = [p for p in prepared.scrubbed.problems if p.blocking and p not in overruled]
    if prepared.type_open or any(p.path == "metadata.failure_type" for p in problems):
        points.append(Point("type", "", "choose the failure type by its number"))
    for problem in problems:
        if problem.path != "metadata.failure_type":
            points.append(Point("field" if problem.path else "item", problem.path or "", problem.message))
    for finding in prepared.scrubbed.findings:
        if finding.action == "undecided":
            points.append(Point("finding", finding.id, f"{finding.entity} in {finding.path}: a replaces, x keeps it"))
    return points


def problem_checks(problems: Sequence[Problem]) -> list[LiveCheck]:
    """What is wrong or doubtful about the draft, the blocking first; what it protects is said elsewhere."""
    mine = [p for p in problems if p.code not in ANSWER_CODES]
    return [problem_check(p) for p in sorted(mine, key=lambda p: not p.blocking)]


def problem_check(problem: Problem) -> LiveCheck:
    """One problem as a remark."""
    sign: Sign = "bad" if problem.blocking else "warn"
    return LiveCheck(sign=sign, title=problem.message, detail=problem.remedy, key=problem.path or "")


def protection_checks(answers: Sequence[CheckedAnswer], problems: Sequence[Problem]) -> list[LiveCheck]:
    """Whether the rule's checks catch the recorded failure, and whether a correction would pass them."""
    found = []
    for each in answers:
        words = answer_in_words(each)
        problem = next((p for p in problems if p.message == words), None)
        sign: Sign = tables()["protection"][each.answer].get(each.verdict, "info")
        if problem is not None and problem.blocking is False:
            sign = "warn"
        detail = " ".join(part for part in (each.detail, problem.remedy if problem else "") if part)
        found.append(LiveCheck(sign=sign, title=words, detail=detail))
    return found


def protection_words(answers: Sequence[CheckedAnswer], checks: int) -> tuple[Sign, str]:
    """The verdict in a few words: `it protects: fails 2 of 3 checks`. `checks`: how many the rule has."""
    recorded = next((each for each in answers if each.answer == "recorded"), None)
    correction = next((each for each in answers if each.answer == "correction"), None)
    if recorded is None:
        return "info", "nobody knows whether it protects"
    if correction is not None and correction.verdict == "fails":
        return "bad", f"it contradicts itself: the correction fails {', '.join(correction.checks)}"
    if recorded.verdict == "fails":
        also = ", the correction passes" if correction is not None and correction.verdict == "passes" else ""
        return "good", f"it protects: fails {len(recorded.checks)} of {plural(checks, 'check')}{also}"
    if recorded.verdict == "passes":
        return "warn", f"it protects nothing: passes {'the check' if checks == 1 else f'all {checks} checks'}"
    if recorded.verdict == "unchecked":
        return "warn", "no check can say here whether it protects"
    return "warn", f"open whether it protects: {', '.join(recorded.checks)} cannot say"


def expectation_words(value: object) -> str:
    """What is expected, in one line: `outcome delayed · must_mention refund, 3 days · must_not_mention –`."""
    if not isinstance(value, dict):
        return _short(value)
    return " · ".join(f"{name} {_short(each)}" for name, each in value.items())


def _short(value: object) -> str:
    if value is None or value in ("", [], {}):
        return "–"
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    return json.dumps(value, ensure_ascii=False)


def under_id_checks(new: Novelty) -> list[LiveCheck]:
    """How the draft stands to what the server holds."""
    found = []
    if not new.dataset_exists:
        found.append(LiveCheck(sign="info", title="the dataset does not exist yet", detail="p offers to create it"))
    state = new.under_id.state
    detail = {
        "changed": "v shows what would change",
        "elsewhere": new.under_id.stored.dataset if new.under_id.stored else "",
    }
    found.append(
        LiveCheck(sign=_STANDING.get(state, "info"), title=NOVELTY_STATES[state], detail=detail.get(state, ""))
    )
    return found + [problem_check(problem) for problem in doubts_of_likeness(new.similar)]


def doubts_of(problems: Sequence[Problem], new: Novelty | None) -> list[Problem]:
    """What the reviewer is asked about before the item is written: weak cases, contradictions, doubles."""
    weak = [p for p in problems if p.code in (WEAK, CORRECTION_FAILS)]
    like = [] if new is None else [s for s in new.similar if s.relation in ("duplicate", "contradiction")]
    return weak + doubts_of_likeness(like)


def decision_rows(
    prepared: Prepared,
    points: Sequence[Point],
    doubts: int,
    new: Novelty | None,
    types: Mapping[str, int] | None = None,
) -> list[list[Piece]]:
    """The rows over a draft that say all that must be judged: verdict, type, expectation, what is open.

    `types`: failure types of items of its group, with how many have each.
    """
    return [
        list(_verdict(prepared, new)),
        list(_types(prepared, types or {})),
        [("dim", "expects   "), ("text", expectation_words(prepared.scrubbed.expected_output))],
        list(_open(prepared, points, doubts)),
    ]


def _verdict(prepared: Prepared, new: Novelty | None) -> Iterator[Piece]:
    able = [check for check in prepared.loaded.rule.checks if not check.judge]
    sign, words = protection_words(prepared.answers, len(able))
    role, mark = signs("remark")[sign]
    yield role, f"{mark} "
    yield "strong", words
    if new is not None:
        state = new.under_id.state
        said = {"new": "new", "same": "stored already", "changed": "updates the stored one", "archived": "archived"}
        words = said.get(state, "its id is another dataset's")
        yield ("dim" if state == "new" else "warn"), f"  · {words}{'' if new.dataset_exists else ', new dataset'}"


def _types(prepared: Prepared, earlier: Mapping[str, int]) -> Iterator[Piece]:
    chosen = None if prepared.type_open else prepared.failure_type
    yield ("bad", "✕ type?   ") if chosen is None else ("dim", "type      ")
    if chosen is not None:
        yield "strong", chosen
        yield "dim", f" {sentences('type').get(prepared.type_from, '')}"
    for number, name in enumerate(prepared.loaded.rule.lineage.failure_types[:9], 1):
        if name == chosen:
            continue
        default = chosen is None and name == prepared.failure_type
        # A number stays with its name when the row is wrapped.
        yield "accent", f"  {number}\u00a0"
        said = [f"{earlier[name]}\u00a0in\u00a0its\u00a0group"] if name in earlier else []
        said += ["default"] if default else []
        yield "dim" if chosen is not None else "text", name + (f"\u00a0({', '.join(said)})" if said else "")


def _open(prepared: Prepared, points: Sequence[Point], doubts: int) -> Iterator[Piece]:
    findings = prepared.scrubbed.findings
    replaced = sum(f.action in ("replace", "surrogate", "constant", "drop") for f in findings)
    kept = sum(f.action == "keep" for f in findings)
    if points:
        yield "bad", f"✕ {plural(len(points), 'open point')}  "
        yield "text", points[0].words
        yield "accent", "  tab"
        yield "dim", " goes there"
    else:
        yield "good", "✓ ready   "
        yield "accent", "p"
        yield "dim", " writes it"
    if doubts:
        yield "warn", f"  ▲ {plural(doubts, 'doubt')}"
    if replaced:
        yield "mask", f"  → {replaced} replaced"
    if kept:
        yield "warn", f"  = {kept} kept"
