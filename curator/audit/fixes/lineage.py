"""Lineage that is made afterwards: from the source trace, from the rule, and from whoever takes responsibility now."""

from typing import Any

from pydantic import JsonValue

from curator import __version__
from curator.audit.fixes.values import Desk, Refusal
from curator.audit.values import trace_of
from curator.draft.mapping import schema_fingerprint, validate
from curator.model import Item, StoredItem, lineage
from curator.promote.content import leftovers
from curator.promote.reading import Found
from curator.rulebook import LoadedRule

BACKFILLED = "backfilled"
"""Names the keys that were not recorded when the item was approved."""


def made_now(desk: Desk, item: StoredItem, source: Found | None) -> dict[str, JsonValue]:
    """Complete lineage as of today, scrubbed; without signals when the source is gone. Raises Refusal."""
    rule = _rule(desk)
    require_clean(desk, item)
    problems = validate(item.input, item.expected_output, rule)
    if problems:
        raise Refusal(
            "SCHEMA", f"It violates the rule's schema: {_halves(problems)}.", "Mend it first (SCH001, SCH002)."
        )
    trace = source.trace if source is not None else None
    drafted = lineage.draft_metadata(
        rule.rule,
        trace_id=trace_of(item) or "",
        session_id=trace.root.session_id if trace is not None else None,
        environment=trace.root.environment if trace is not None else None,
        signals=source.signals if source is not None else (),
        failure_type=_failure_type(desk, item, rule),
        schema_fingerprint=schema_fingerprint(rule),
    )
    cleaned = desk.scrubber.scrub_value({"metadata": drafted}, desk.policy).value["metadata"]
    found: dict[str, JsonValue] = {
        **cleaned,
        lineage.SOURCE_TRACE_ID: trace_of(item),
        "case": "1",
        "reviewer": desk.reviewer,
        "approved_at": desk.at.isoformat(timespec="seconds"),
        "scrub": {"replaced": {}, "kept": {}, "reasons": [], "model": desk.scrubber.start().result()},
        "fingerprints": prints(item.input, item.expected_output),
        "curator_version": __version__,
    }
    if trace is None:
        del found["signals"]
    return {key: value for key, value in found.items() if value is not None}


def prints(input: Any, expected_output: Any) -> dict[str, JsonValue]:
    """The fingerprints of what is approved."""
    return {"input": lineage.fingerprint(input), "expected_output": lineage.fingerprint(expected_output)}


def require_clean(desk: Desk, item: StoredItem) -> None:
    """Nobody takes responsibility for an item that still holds personal values. Raises Refusal, CuratorError."""
    found = leftovers(item, desk.scrubber, desk.policy)
    if found:
        entities = ", ".join(sorted({each.entity for each in found}))
        raise Refusal("ITEM_NOT_SCRUBBED", f"It holds {entities}.", "Re-scrub it first (--fix rescrub).")


def metadata_of(item: StoredItem) -> dict[str, Any]:
    """The item's metadata as an object: what somebody put there as text or list becomes a note."""
    if item.metadata is None or isinstance(item.metadata, dict):
        return dict(item.metadata or {})
    return {"note": item.metadata}


def with_metadata(item: StoredItem, metadata: dict[str, Any]) -> Item:
    """The item to write: the same content with other metadata."""
    return Item(
        id=item.id,
        dataset=item.dataset,
        input=item.input,
        expected_output=item.expected_output,
        metadata=metadata,
        source_trace_id=item.source_trace_id,
        source_observation_id=item.source_observation_id,
    )


def added(new: dict[str, Any], old: dict[str, Any]) -> list[str]:
    """What lineage would say that it did not, in words."""
    return [f"metadata.{key}: {_in_words(key, new[key])}" for key in sorted(new) if new[key] != old.get(key)]


def _in_words(key: str, value: Any) -> str:
    if key == "signals" and isinstance(value, list):
        return ", ".join(str(each.get("name")) for each in value if isinstance(each, dict)) or "none"
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    return "…" if isinstance(value, (dict, list)) else str(value)


def _rule(desk: Desk) -> LoadedRule:
    if desk.rule is None:
        raise Refusal("FIX_NEEDS_RULE", "Lineage names a rule, and none was given.", "Name it with --rules RULE.")
    return desk.rule


def _failure_type(desk: Desk, item: StoredItem, rule: LoadedRule) -> str:
    recorded = item.metadata.get(lineage.FAILURE_TYPE) if isinstance(item.metadata, dict) else None
    chosen = recorded or desk.failure_type or rule.rule.lineage.default_failure_type
    known = rule.rule.lineage.failure_types
    if chosen is None or (recorded is None and chosen not in known):
        raise Refusal("FAILURE_TYPE", "Nobody has said what failed here.", f"--failure-type {'|'.join(known)}")
    return str(chosen)


def _halves(problems: list[Any]) -> str:
    return " and ".join(dict.fromkeys(str(problem.path).partition(".")[0] for problem in problems))
