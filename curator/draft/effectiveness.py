"""Does a case protect anything? The rule's checks must catch the failure that was recorded, and pass its correction."""

from collections.abc import Sequence
from typing import Literal

from curator.conversation import answer_in, conversation_of
from curator.model import Draft, Problem, Trace, parse_text
from curator.model.base import Value
from curator.rulebook import LoadedRule

WEAK = "EXP002"
"""The audit's code for the same thing in a stored item."""
CORRECTION_FAILS = "CORRECTION_FAILS"
NOT_JUDGED = "NOT_JUDGED"
ANSWER_CODES = frozenset({WEAK, CORRECTION_FAILS, NOT_JUDGED})
"""Codes of the problems that say whether a draft protects anything."""


Answer = Literal["recorded", "correction"]


class CheckedAnswer(Value):
    """What the rule's checks say of one answer."""

    answer: Answer
    """The failing output of the trace, or what a person said it should have been."""
    verdict: Literal["fails", "passes", "unclear", "unchecked", "expectation"]
    """`unclear`: no check fails it, and some cannot say anything. `unchecked`: no check can be made here (a judge, or
    Python that may not run). `expectation`: the correction says what to expect, and is no answer."""
    checks: tuple[str, ...] = ()
    """The checks behind the verdict: those it fails, those it passes, or those that cannot say anything."""
    detail: str = ""
    """Why a check cannot say anything; may hold text from outside."""

    @property
    def good(self) -> bool:
        """Whether it speaks for the case."""
        return (self.answer, self.verdict) in (("recorded", "fails"), ("correction", "passes"))


def apply_checks(
    loaded: LoadedRule,
    answer: Answer,
    output: object,
    input: object,
    expected_output: object,
    metadata: object,
    *,
    allow_python: bool = False,
) -> CheckedAnswer:
    """Holds one output against the rule's deterministic checks; judges cost money and change their minds."""
    able = tuple(c for c in loaded.rule.checks if not c.judge and (allow_python or c.type != "python"))
    if not able:
        return CheckedAnswer(answer=answer, verdict="unchecked")
    from curator.experiments import evaluate

    rule = loaded.rule.model_copy(update={"checks": able})
    results = evaluate(rule, input, output, expected_output, metadata, allow_python=allow_python)
    silent = [r for r in results if r.passed is None]
    if failed := tuple(r.name for r in results if r.passed is False):
        return CheckedAnswer(answer=answer, verdict="fails", checks=failed)
    if silent:
        why = next((r.error or r.comment for r in silent if r.error or r.comment), "")
        return CheckedAnswer(answer=answer, verdict="unclear", checks=tuple(r.name for r in silent), detail=why)
    return CheckedAnswer(answer=answer, verdict="passes", checks=tuple(r.name for r in results))


def checked_answers(
    trace: Trace, draft: Draft, loaded: LoadedRule, *, allow_python: bool = False
) -> tuple[CheckedAnswer, ...]:
    """What the checks say of the recorded output, and of the correction where there is one. The draft is unscrubbed.

    Both are those of the observation that the draft promotes.
    """

    def checked(answer: Answer, output: object) -> CheckedAnswer:
        return apply_checks(
            loaded, answer, output, draft.input, draft.expected_output, draft.metadata, allow_python=allow_python
        )

    focus = None if draft.observation_id in (None, trace.root.id) else draft.observation_id
    outputs = recorded_outputs(trace, focus)
    first, recorded = _clear([(output, checked("recorded", output)) for output in outputs])
    correction = trace.correction_of(focus)
    if correction is None:
        return (recorded,)
    if isinstance(correction, dict) and set(correction) <= set(loaded.expected_output_schema.get("properties", {})):
        return (recorded, CheckedAnswer(answer="correction", verdict="expectation"))
    return (recorded, checked("correction", _corrected(first, correction)))


def recorded_outputs(trace: Trace, observation_id: str | None = None) -> list[object]:
    """The recorded output in the forms in which a task might return it: as it is, its text, its text and tool calls.

    Checks read what the task returns, and a framework's trace holds that in the framework's own wrapping.
    """
    focus = trace.root if observation_id is None else trace.observation(observation_id)
    raw, found = parse_text(focus.output), conversation_of(trace, observation_id)
    called = found.document()["tool_calls"]
    forms = [raw, found.answer, {"answer": found.answer, "tool_calls": called}]
    if isinstance(raw, dict) and "tool_calls" not in raw:
        forms.append(raw | {"tool_calls": called})
    return [
        form for at, form in enumerate(forms) if (at == 0 and form is not None) or (found.answer is not None and at)
    ]


def _clear(found: Sequence[tuple[object, CheckedAnswer]]) -> tuple[object, CheckedAnswer]:
    """The first output of which every check could say something, else the first."""
    if not found:
        return None, CheckedAnswer(answer="recorded", verdict="unclear", detail="nothing was recorded")
    return next((each for each in found if each[1].verdict != "unclear"), found[0])


def _corrected(recorded: object, correction: object) -> object:
    """The corrected output: a correction may be a part of it only, or the text in place of the answer's."""
    if isinstance(recorded, dict) and isinstance(correction, dict):
        return recorded | correction
    if isinstance(recorded, dict) and isinstance(correction, str):
        answer = answer_in(recorded)
        where = next((key for key, each in recorded.items() if isinstance(each, str) and each == answer), "answer")
        return recorded | {where: correction}
    return correction


def answer_in_words(found: CheckedAnswer) -> str:
    """What the checks say of an answer, as one line."""
    names = ", ".join(found.checks)
    match found.answer, found.verdict:
        case "recorded", "fails":
            return f"the recorded answer fails {names}"
        case "recorded", "passes":
            return "the recorded answer passes every check: this case protects nothing"
        case "recorded", "unchecked":
            return "the rule has no check that can be made here: nothing shows that the case protects anything"
        case "correction", "fails":
            return f"the reviewer's own correction fails {names}"
        case "correction", "passes":
            return "the correction passes every check"
        case "correction", "expectation":
            return "the correction says what to expect, so it is no answer to check"
        case "correction", "unchecked":
            return "the correction was not checked"
    what = "recorded answer fails" if found.answer == "recorded" else "correction passes"
    return f"whether the {what} is open: {f'{names} cannot decide it' if names else found.detail}"


def doubts_of_answers(draft: Draft, found: Sequence[CheckedAnswer]) -> list[Problem]:
    """What the checks say against a draft. A correction that fails blocks: the two contradict each other."""
    return [problem for each in found if (problem := _doubt(draft, each)) is not None]


def _doubt(draft: Draft, found: CheckedAnswer) -> Problem | None:
    match found.answer, found.verdict:
        case "correction", "fails":
            code, remedy = CORRECTION_FAILS, "Change the expectation until the correction passes, or withdraw it."
        case "recorded", "passes":
            code, remedy = WEAK, "Sharpen the expectation until the recorded answer fails it."
        case "recorded", "unclear" if not any(p.blocking for p in draft.problems):
            code, remedy = NOT_JUDGED, "Look at what the check reads; a run would count no score here."
        case _:
            return None
    return Problem(
        code=code,
        message=answer_in_words(found),
        path="expected_output",
        remedy=remedy,
        blocking=code == CORRECTION_FAILS,
    )
