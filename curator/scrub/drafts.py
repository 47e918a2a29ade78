"""From a draft to a scrubbed draft, and what a placeholder took the meaning out of."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, cast, get_args

import regex

from curator.model import Draft, Finding, Problem, ScrubbedDraft, ScrubPolicy, join_path
from curator.model.failure import SOURCES
from curator.model.rule import CodeEntity
from curator.scrub import languages
from curator.scrub.gate import Choices, replaces, summary
from curator.scrub.items import Steps, path_of, walk
from curator.scrub.known import TERMS
from curator.scrub.locate import Located
from curator.scrub.media import ENTITY as MEDIA
from curator.scrub.pipeline import Pipeline
from curator.scrub.placeholders import PLACEHOLDER
from curator.scrub.places import finding_id, hidden_keys
from curator.scrub.policy import compiled, pruned

_WORD = regex.compile(r"[\p{L}]{2,}|\d{2,}")
_PLACED = PLACEHOLDER.fullmatch
_ARGUMENT = regex.compile(r"(?<!\p{L})(?:arguments|args|kwargs|tool_input|parameters)(?!\p{L})")


def problems(draft: Draft, scrubbed: Mapping[str, Any], findings: Sequence[Finding]) -> Iterable[Problem]:
    """What is wrong with a scrubbed item: media without a decision, an emptied input, and terms that no output can
    mention any more."""
    changed = [f for f in findings if replaces(f.action)]
    if not changed:
        return
    for f in changed:
        if f.entity == MEDIA and f.action == "undecided":
            yield Problem(
                code="PII_MEDIA",
                message=f"{f.path} holds a medium that nobody has looked into: {f.recognizer}.",
                path=f.path,
                remedy=f"Look at it. Then `--set {f.path}=…` or `--replace {f.id}=DESCRIPTION` takes it out, "
                f"`--keep {f.id}=REASON` keeps it; a rule's `scrub.paths` decides for every trace.",
            )
    lost = [f for f in changed if f.action in ("replace", "undecided") and _looked_up(f)]
    if lost:
        codes = ", ".join(sorted({f.entity for f in lost} & set(get_args(CodeEntity))))
        yield Problem(
            code="PII_IDENTIFIER",
            message=f"tools cannot look up {', '.join(dict.fromkeys(str(f.replacement) for f in lost))}: "
            "the case may not be reproduced as it is.",
            path="input",
            remedy=f"`scrub: {{surrogates: [{codes}]}}` in the rule keeps their form, alike in input and tool results."
            if codes
            else "Keep them with a reason, or give their fields a surrogate in the rule.",
            blocking=False,
        )
    text = "\n".join(leaf.text for leaf in walk(scrubbed.get("input")) if not leaf.in_key)
    if any(f.path.startswith("input") for f in changed) and not _WORD.search(PLACEHOLDER.sub(" ", text)):
        yield Problem(
            code="PII_INPUT_EMPTIED",
            message="the input holds nothing but placeholders.",
            path="input",
            remedy="Keep the value with a reason, give the field a surrogate in the rule, or rewrite the input.",
            blocking=False,
        )
    before = "\n".join(leaf.text for leaf in walk(draft.input)).casefold()
    for path, old, new in _terms(draft.expected_output, scrubbed.get("expected_output"), "expected_output"):
        missing = [m.group() for m in PLACEHOLDER.finditer(new) if m.group() not in text]
        if missing:
            yield Problem(
                code="PII_TERM_UNKNOWN",
                message=f"the expectation names {', '.join(missing)}, which the input does not hold.",
                path=path,
                remedy="Describe the behaviour instead of the value, or keep the value with a reason.",
                blocking=False,
            )
        elif old == new and old.casefold() in before and old.casefold() not in text.casefold():
            yield Problem(
                code="PII_TERM_LOST",
                message="the expectation names a part of a value that was replaced in the input.",
                path=path,
                remedy="Use the placeholder instead.",
                blocking=False,
            )


def _looked_up(finding: Finding) -> bool:
    """Whether a finding is what tools look up: an argument of a recorded call, or a user id that the input names."""
    if not finding.path.startswith(("input", "metadata.tool_results")) or not _PLACED(finding.replacement or ""):
        return False
    return finding.entity == "USER_ID" or _ARGUMENT.search(finding.path) is not None


def _terms(old: object, new: object, path: str) -> Iterable[tuple[str, str, str]]:
    """`(path, before, after)` of every term that a check looks for."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key, child in old.items():
            if key in TERMS and isinstance(child, list) and isinstance(new.get(key), list):
                for i, (a, b) in enumerate(zip(child, new[key], strict=False)):
                    if isinstance(a, str) and isinstance(b, str):
                        yield join_path(join_path(path, key), i), a, b
            elif key in new:
                yield from _terms(child, new[key], join_path(path, key))


def scrub_draft(
    pipeline: Pipeline, draft: Draft, policy: ScrubPolicy, choices: Choices, *, review: bool
) -> ScrubbedDraft:
    """Scrubs input, expected output and metadata as one item: the same value has one placeholder in all three.

    Raises NotScrubbed; never returns a draft that was read in part.
    """
    own = frozenset(x for x in (draft.trace_id, draft.observation_id, draft.item_id, draft.dataset) if x)
    # A name model takes the lone word ANNOTATION for a company.
    result = pipeline.scrub(
        _root(draft),
        policy,
        choices=choices,
        review=review,
        draft=True,
        earlier=draft.replaced,
        untouched=own | SOURCES,
    )
    value = cast("dict[str, Any]", result.value)
    added = [*problems(draft, value, result.findings), *languages.problems(draft, policy)]
    stale = sorted(set(choices) - {f.id for f in result.findings})
    if stale:
        added.append(
            Problem(
                code="PII_UNKNOWN_FINDING",
                message=f"there is no finding {', '.join(stale)}.",
                remedy="List the findings again: an edit of the text moves them.",
            )
        )
    return ScrubbedDraft(
        draft=draft,
        input=value.get("input"),
        expected_output=value.get("expected_output"),
        metadata=value.get("metadata") or {},
        findings=result.findings,
        summary=summary(result.findings, pipeline.engine.model),
        problems=(*draft.problems, *added),
    )


def values_of(draft: Draft, findings: Sequence[Finding], policy: ScrubPolicy) -> dict[str, str]:
    """Finding id → the text that was found, for a reviewer who asks to see it. Keep it in memory only."""
    return texts_at(_root(draft), findings, policy)


def texts_at(root: object, findings: Sequence[Finding], policy: ScrubPolicy) -> dict[str, str]:
    """Finding id → its text in the value that was scrubbed or searched."""
    leaves = list(walk(pruned(root, compiled(policy), (), [])))
    texts: dict[str, str] = {}

    def match(index: int, candidates: Iterable[Finding], hidden: Mapping[Steps, str]) -> bool:
        text = leaves[index].text
        ids = {
            f.id: text[f.start : f.end]
            for f in candidates
            if f.id == finding_id(leaves, index, Located(f.start, f.end, f.entity, f.score, ""), hidden)
        }
        texts.update(ids)
        return bool(ids)

    in_keys = [f for f in findings if f.in_key]
    hidden = hidden_keys(leaves, [i for i, leaf in enumerate(leaves) if leaf.in_key and match(i, in_keys, {})])
    at: dict[str, list[Finding]] = {}
    for f in findings:
        if not f.in_key:
            at.setdefault(f.path, []).append(f)
    for i, leaf in enumerate(leaves):
        if not leaf.in_key:
            below = any(leaf.steps[:n] in hidden for n in range(1, len(leaf.steps) + 1)) if hidden else False
            match(i, chain(*at.values()) if below else at.get(path_of(leaf.steps), ()), hidden)
    return texts


def _root(draft: Draft) -> dict[str, Any]:
    return {"input": draft.input, "expected_output": draft.expected_output, "metadata": dict(draft.metadata)}
