"""Says when a placeholder has taken the meaning out of a case."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import regex

from curator.model import Draft, Finding, Problem, join_path
from curator.scrub.gate import replaces
from curator.scrub.known import TERMS
from curator.scrub.media import ENTITY as MEDIA
from curator.scrub.placeholders import PLACEHOLDER
from curator.scrub.walk import walk

_WORD = regex.compile(r"[\p{L}]{2,}|\d{2,}")


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
