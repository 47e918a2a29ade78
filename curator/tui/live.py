"""What the workbench says about a draft while it is being edited: does it protect anything, is it new, is it ready.

No widget and no terminal here.
"""

from collections.abc import Sequence
from typing import Literal

from curator.model import Draft, Problem, ScrubbedDraft, StoredItem, Trace, canonical, parse_text
from curator.model.base import Value
from curator.rulebook import LoadedRule

NEAREST = 3
"""Similar items that are named."""


class LiveCheck(Value):
    """One remark beside the draft."""

    sign: Literal["good", "warn", "bad", "info"]
    title: str
    detail: str = ""
    """May hold text from outside."""
    path: str | None = None


class Similar(Value):
    """An item of the dataset whose input is alike."""

    item_id: str
    ratio: float
    """0 to 100; 100 is the same text."""


def problem_checks(problems: Sequence[Problem]) -> list[LiveCheck]:
    """What is wrong or doubtful about the draft, the blocking first."""
    ordered = sorted(problems, key=lambda p: not p.blocking)
    return [
        LiveCheck(sign="bad" if p.blocking else "warn", title=p.message, detail=p.remedy, path=p.path) for p in ordered
    ]


def protection_checks(trace: Trace, draft: Draft, loaded: LoadedRule, *, allow_python: bool) -> list[LiveCheck]:
    """Whether the rule's checks catch the recorded failure, and whether a correction would pass them."""
    if not loaded.rule.checks:
        return [LiveCheck(sign="info", title="the rule has no checks", detail="so nothing proves that the case bites")]
    recorded = parse_text(trace.root.output)
    found = [_recorded(loaded, draft, recorded, allow_python=allow_python)]
    if trace.correction is not None:
        found.append(_correction(loaded, draft, trace.correction, recorded, allow_python=allow_python))
    return found


def _recorded(loaded: LoadedRule, draft: Draft, output: object, *, allow_python: bool) -> LiveCheck:
    from curator.experiments.checks import evaluate

    results = evaluate(
        loaded.rule, draft.input, output, draft.expected_output, draft.metadata, allow_python=allow_python
    )
    failed = [r.name for r in results if r.passed is False]
    silent = [r.name for r in results if r.passed is None]
    if failed:
        return LiveCheck(sign="good", title="the recorded answer fails these checks", detail=", ".join(failed))
    if len(silent) == len(results):
        why = next((r.error or r.comment for r in results if r.error or r.comment), "")
        return LiveCheck(sign="warn", title="no check can judge the recorded answer", detail=why)
    return LiveCheck(
        sign="warn",
        title="the recorded answer passes every check: this case protects nothing",
        detail="sharpen the expected output",
        path="expected_output",
    )


def _correction(
    loaded: LoadedRule, draft: Draft, correction: object, recorded: object, *, allow_python: bool
) -> LiveCheck:
    """A correction may be a whole output, or only the text that the output should have held."""
    from curator.experiments.checks import evaluate

    properties = loaded.expected_output_schema.get("properties", {})
    if isinstance(correction, dict) and set(correction) <= set(properties):
        return LiveCheck(sign="info", title="the correction says what is expected, so there is no answer to check")
    output = correction
    if isinstance(recorded, dict) and isinstance(correction, dict):
        output = recorded | correction
    results = evaluate(
        loaded.rule, draft.input, output, draft.expected_output, draft.metadata, allow_python=allow_python
    )
    failed = [r.name for r in results if r.passed is False]
    if failed:
        return LiveCheck(
            sign="warn",
            title="the reviewer's own correction fails the checks",
            detail=", ".join(failed),
            path="expected_output",
        )
    if any(r.passed for r in results):
        return LiveCheck(sign="good", title="the correction passes them")
    return LiveCheck(sign="info", title="no check can judge the correction")


def similar_items(input_: object, item_id: str, items: Sequence[StoredItem]) -> list[Similar]:
    """The items whose input is nearly the same, nearest first, without the item itself."""
    from rapidfuzz import fuzz, process

    from curator.audit.similar import NEAR

    others = [item for item in items if item.id != item_id]
    texts = [canonical(item.input) for item in others]
    near = process.extract(canonical(input_), texts, scorer=fuzz.ratio, score_cutoff=NEAR, limit=NEAREST)
    return [Similar(item_id=others[index].id, ratio=ratio) for _, ratio, index in near]


def standing_checks(
    scrubbed: ScrubbedDraft, stored: StoredItem | None, similar: Sequence[Similar], *, dataset_exists: bool
) -> list[LiveCheck]:
    """How the draft stands to what the server holds."""
    found = []
    if not dataset_exists:
        found.append(LiveCheck(sign="info", title="the dataset does not exist yet", detail="p offers to create it"))
    if stored is None:
        found.append(LiveCheck(sign="good", title="the id is new"))
    elif stored.dataset != scrubbed.draft.dataset:
        found.append(LiveCheck(sign="bad", title="the id belongs to another dataset", detail=stored.dataset))
    elif stored.status != "ACTIVE":
        found.append(LiveCheck(sign="warn", title="the stored item is archived", detail=stored.id))
    elif same_content(scrubbed, stored):
        found.append(LiveCheck(sign="info", title="the same item is stored already", detail="nothing would change"))
    else:
        found.append(LiveCheck(sign="info", title="an item is stored already", detail="v shows what would change"))
    for each in similar:
        title = "the same input stands in" if each.ratio >= 100 else f"{each.ratio:.0f} % like the input of"
        found.append(LiveCheck(sign="warn", title=title, detail=each.item_id))
    return found


def same_content(scrubbed: ScrubbedDraft, stored: StoredItem) -> bool:
    """Whether the stored item already holds this input and expected output."""
    mine = canonical([scrubbed.input, scrubbed.expected_output])
    return mine == canonical([stored.input, stored.expected_output])
