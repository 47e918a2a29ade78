"""What one item's content says by itself: the CPU work of an audit, done by any worker, without the server."""

from collections.abc import Mapping, Sequence
from typing import Any

from curator.audit.values import ItemFacts
from curator.lineage import fingerprint
from curator.model import StoredItem
from curator.reshape import validate
from curator.rulebook import LoadedRule


def is_empty(expected: object) -> bool:
    """Whether an expectation demands nothing: null, or only empty texts, lists and objects."""
    if isinstance(expected, dict):
        return all(is_empty(value) for value in expected.values())
    if isinstance(expected, list):
        return all(is_empty(value) for value in expected)
    return expected is None or (isinstance(expected, str) and not expected.strip())


def text_of(value: object) -> str:
    """All texts and numbers of a JSON value in one line, in key order; what near-duplicates are told by."""
    if isinstance(value, dict):
        return " ".join(text_of(value[key]) for key in sorted(value))
    if isinstance(value, list):
        return " ".join(text_of(each) for each in value)
    return "" if value is None else " ".join(str(value).split())


def examine(item: StoredItem, rule: LoadedRule | None, recorded_output: object, *, has_recorded: bool) -> ItemFacts:
    """Fingerprints, schema problems, and whether the recorded failing output passes the rule's checks."""
    problems = validate(item.input, item.expected_output, rule) if rule is not None else []
    passes: bool | None = None
    if rule is not None and rule.rule.checks and has_recorded:
        passes = recorded_passes(rule, item, recorded_output)
    return ItemFacts(
        item_id=item.id,
        input_fingerprint=fingerprint(item.input),
        expected_fingerprint=fingerprint(item.expected_output),
        input_text=text_of(item.input),
        schema_problems=tuple(problem.message for problem in problems),
        empty_expectation=is_empty(item.expected_output),
        recorded_passes=passes,
    )


def recorded_passes(rule: LoadedRule, item: StoredItem, output: object) -> bool | None:
    """Whether an output passes every deterministic check of the rule; None when no check could be made."""
    from curator.experiments.checks import evaluate

    results = evaluate(
        rule.rule.model_copy(
            update={"checks": tuple(c for c in rule.rule.checks if c.type != "python" and not c.judge)}
        ),
        input=item.input,
        output=output,
        expected_output=item.expected_output,
        metadata=item.metadata if isinstance(item.metadata, dict) else {},
    )
    return all(result.passed for result in results) if results else None


def examine_many(items: Sequence[StoredItem], rule: LoadedRule | None, recorded: Mapping[str, Any]) -> list[ItemFacts]:
    """`examine` for a chunk of items; `recorded` maps item ids to recorded outputs. Runs in any process."""
    return [examine(item, rule, recorded.get(item.id), has_recorded=item.id in recorded) for item in items]
