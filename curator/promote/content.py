"""What is required of an item before it is sent: a safe id, no loss on the way in, its size, a second scrub."""

import re
from collections.abc import Collection, Sequence
from typing import Any

from pydantic import JsonValue

from curator.draft import value_at
from curator.help import outcomes
from curator.help.outcomes import Outcome
from curator.model import Finding, Item, Json, Problem, ScrubPolicy, StoredItem, lineage
from curator.model.item import MEDIA_TOKEN
from curator.promote.job import PersonalFinder
from curator.promote.rewrites import (
    MAX_BYTES,
    Rewrite,
    Rule,
    body_bytes,
    rewrites,
    with_numbers_as_stored,
    with_numbers_as_text,
    without_control_characters,
)
from curator.promote.stops import Stop

_CONTENT = ("input", "expected_output", "metadata")
_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,255}")

_IN_WORDS: dict[Rule, tuple[Outcome, str]] = {
    "control": (outcomes.CONTROL, "holds control characters ({}) that Langfuse would silently remove"),
    "number": (outcomes.NUMBER, "is a number that Langfuse would round"),
    "not-finite": (outcomes.NOT_FINITE, "is not a number that JSON can hold"),
    "too-deep": (outcomes.TOO_DEEP, "is nested too deep ({}): Langfuse fails, or stores nothing"),
    "unstorable": (outcomes.UNSTORABLE, "holds text that Langfuse cannot store: {}"),
    "key-dropped": (outcomes.KEY_DROPPED, "is a key that Langfuse would drop"),
    "parsed": (outcomes.PARSED, "is a string that Langfuse would store as a {}"),
    "emptied": (outcomes.PARSED, "is an empty string, which Langfuse would store as null"),
}

CONTENT_CODES = frozenset(
    {outcomes.BAD_ID.code, outcomes.TOO_LARGE.code, outcomes.PARSED.code, *(way.code for way, _ in _IN_WORDS.values())}
)
"""Codes of what `require_storable` refuses."""

# Lineage that curator itself writes: ids, digests, versions and the reviewer's chosen name are no leak.
OWN_LINEAGE = frozenset({
    lineage.SOURCE_TRACE_ID, "rule_version", "reviewer",
    lineage.PREPARED_BY, lineage.APPROVED_BY, lineage.APPROVED_VIA, lineage.APPROVALS, "copied_from", "approved_at",
    "scrub", "fingerprints", "schema_fingerprint", "curator_version", "source_policy", "id_attempt", lineage.DIGEST,
})  # fmt: skip


def losses(item: Item) -> list[Rewrite]:
    """Everything that Langfuse would lose of an item: what the front ends show before the write."""
    return [each for name in _CONTENT for each in rewrites(getattr(item, name), name) if each.lossy]


def require_storable(item: Item) -> None:
    """Refuses what would not arrive as it is. Raises Stop."""
    if not _SAFE_ID.fullmatch(item.id) or item.id in (".", ".."):
        raise Stop(outcomes.BAD_ID, "This item id cannot stand in an address, so the item could never be read back.")
    found = losses(item)
    if found:
        first = found[0]
        way, words = _IN_WORDS[first.rule]
        more = f" ({len(found) - 1} more such places)" if len(found) > 1 else ""
        raise Stop(way, f"{first.path} {words.format(first.detail)}{more}.", path=first.path)
    size = body_bytes(item.model_dump(mode="json"))
    if size > MAX_BYTES:
        raise Stop(
            outcomes.TOO_LARGE, f"The item has {size / 2**20:.1f} MiB; Langfuse takes {MAX_BYTES / 2**20:.1f} MiB."
        )


def content_problem(item: Item) -> Problem | None:
    """What `require_storable` would refuse. It does not block a draft: a remedy may put it right at the write."""
    try:
        require_storable(item)
    except Stop as stop:
        return stop.problem.model_copy(update={"blocking": False})
    return None


def adapted(item: Item, remedies: Collection[str]) -> Item:
    """The item as it is to be sent: numbers spelled as they will come back, `strip` and `as-text` applied if asked for.

    Fingerprints in lineage are brought up to date.
    """
    if any(each.rule == "too-deep" for each in losses(item)):
        return item
    steps = [with_numbers_as_stored]
    if "strip" in remedies:
        steps.append(without_control_characters)
    if "as-text" in remedies:
        steps.append(with_numbers_as_text)
    fields: dict[str, Any] = {name: getattr(item, name) for name in _CONTENT}
    for step in steps:
        fields = {name: step(value) for name, value in fields.items()}
    changed = repr(fields["input"]) != repr(item.input) or repr(fields["expected_output"]) != repr(item.expected_output)
    if changed and "fingerprints" in item.metadata:
        fields["metadata"]["fingerprints"] = lineage.fingerprints(fields["input"], fields["expected_output"])
    return item.model_copy(update=fields)


def looked_at(item: Item | StoredItem) -> dict[str, Json]:
    """What a second scrub reads: content, lineage that is not curator's own, ids that no machine drew."""
    ids = {"source_trace_id": item.source_trace_id, "source_observation_id": item.source_observation_id}
    ids["id"] = item.id.removeprefix(lineage.slug(item.dataset))
    return {
        "input": item.input,
        "expected_output": item.expected_output,
        "metadata": {key: each for key, each in _metadata(item).items() if key not in OWN_LINEAGE},
        **{name: each for name, each in ids.items() if each and not lineage.RANDOM_ID.fullmatch(each)},
    }


def _metadata(item: Item | StoredItem) -> dict[str, Any]:
    return item.metadata if isinstance(item.metadata, dict) else {"metadata": item.metadata}


def leftovers(
    item: Item | StoredItem, scrubber: PersonalFinder, policy: ScrubPolicy, *, by_digest: bool = False
) -> list[Finding]:
    """Personal values that nobody decided to keep. Raises CuratorError when the scrub cannot tell.

    Let through are findings where lineage says that they were kept (items of older versions: as many of an entity),
    those that the policy keeps, and the surrogates that the scrub itself put there. `by_digest`: an item whose digest
    no longer fits is not believed what it says about kept findings.
    """
    metadata, value = _metadata(item), looked_at(item)
    sealed = by_digest and lineage.DIGEST in metadata
    trusted = not sealed or lineage.approval_digest(item) == metadata[lineage.DIGEST]
    allowed, surrogates = _kept(metadata) if trusted else {}, _surrogates(value, policy)
    places = _kept_at(metadata) if trusted else None
    found = []
    for finding in scrubber.find(value, policy):
        if finding.action in ("keep", "suggest") or (surrogates and _text(value, finding) in surrogates):
            continue
        here = allowed if places is None else places.get(finding.path, {})
        if here.get(finding.entity, 0) > 0:
            here[finding.entity] -= 1
            continue
        found.append(finding)
    return found


def unlinked(item: StoredItem) -> set[str]:
    """Media whose token is a whole field, which Langfuse links to the item, and has not; none when it does not say."""
    from curator.scrub import walk

    found = (MEDIA_TOKEN.fullmatch(leaf.text) for leaf in walk([getattr(item, name) for name in _CONTENT]))
    return {m["id"] for m in found if m and m[0] not in item.media} if item.media is not None else set()


def in_words(found: Sequence[Finding]) -> str:
    """Findings by entity and path, never by value."""
    places = ", ".join(dict.fromkeys(f"{each.entity} at {each.path}" for each in found[:5]))
    return places + (f" and {len(found) - 5} more" if len(found) > 5 else "")


def require_scrubbed(item: Item, scrubber: PersonalFinder, policy: ScrubPolicy) -> None:
    """Refuses an item that still holds personal values. Raises Stop, CuratorError."""
    if found := leftovers(item, scrubber, policy):
        raise Stop(
            outcomes.NOT_SCRUBBED,
            f"The item still holds personal values or secrets: {in_words(found)}.",
            path=found[0].path,
        )


def _kept(metadata: dict[str, JsonValue]) -> dict[str, int]:
    scrub = metadata.get("scrub")
    kept = scrub.get("kept") if isinstance(scrub, dict) else None
    if not isinstance(kept, dict):
        return {}
    return {entity: count for entity, count in kept.items() if isinstance(count, int)}


def _kept_at(metadata: dict[str, JsonValue]) -> dict[str, dict[str, int]] | None:
    """Path → entity → how many were kept there; None for items that say only how many."""
    scrub = metadata.get("scrub")
    places = scrub.get("kept_at") if isinstance(scrub, dict) else None
    if not isinstance(places, dict):
        return None
    return {
        path: {entity: count for entity, count in counts.items() if isinstance(count, int)}
        for path, counts in places.items()
        if isinstance(counts, dict)
    }


def _surrogates(value: Json, policy: ScrubPolicy) -> set[str]:
    """The texts of the fields that the policy fills with surrogates."""
    if not any(each.action == "surrogate" for each in policy.paths):
        return set()
    from curator.scrub import compiled, walk

    ready = compiled(policy)
    texts = (leaf for leaf in walk(value) if not leaf.in_key and not leaf.number)
    return {leaf.text for leaf in texts if (rule := ready.exactly_at(leaf.steps)) and rule.action == "surrogate"}


def _text(value: Json, finding: Finding) -> str | None:
    """The text of a finding; None when its path leads to no string."""
    node = value_at(value, finding.path)
    return node[finding.start : finding.end] if isinstance(node, str) else None
