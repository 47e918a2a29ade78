"""Replaces what the scrub of today finds in an item; the content is approved anew by whoever does it."""

from collections import Counter

from curator.audit.fixes.lineage import metadata_of, prints
from curator.audit.fixes.values import Desk, Proposal, Refusal
from curator.model import Item, StoredItem
from curator.promote.content import OWN_LINEAGE, leftovers

RESCRUBBED = "rescrubbed_at"
"""When values were replaced after the approval; who did it, the ledger knows."""


def rescrub(desk: Desk, item: StoredItem, _: object) -> Proposal:
    """The item with every finding replaced. Raises Refusal, CuratorError."""
    old = metadata_of(item)
    found = leftovers(item, desk.scrubber, desk.policy)
    if not found:
        raise Refusal("FIX_NOTHING_TO_DO", "The scrub of today finds nothing in it.")
    recorded = old.get("scrub")
    scrub = recorded if isinstance(recorded, dict) else {}
    if scrub.get("kept"):
        raise Refusal(
            "FIX_KEPT_FINDINGS",
            "A reviewer kept some findings with a reason, and nobody can tell them from the others now.",
            "Promote the trace again and decide about each finding.",
        )
    texts = {
        "input": item.input,
        "expected_output": item.expected_output,
        "metadata": {key: value for key, value in old.items() if key not in OWN_LINEAGE},
    }
    # A surrogate that stands there is one of an earlier scrub already.
    paths = tuple(path for path in desk.policy.paths if path.action != "surrogate")
    clean = desk.scrubber.scrub_value(texts, desk.policy.model_copy(update={"paths": paths})).value
    metadata = {**{key: value for key, value in old.items() if key in OWN_LINEAGE}, **clean["metadata"]}
    if "fingerprints" in old:
        metadata["fingerprints"] = prints(clean["input"], clean["expected_output"])
    if "scrub" in old:
        replaced = Counter({k: v for k, v in (scrub.get("replaced") or {}).items() if isinstance(v, int)})
        replaced.update(each.entity for each in found)
        metadata["scrub"] = {**scrub, "replaced": dict(sorted(replaced.items()))}
        metadata[RESCRUBBED] = desk.at.isoformat(timespec="seconds")
    return Proposal(
        item_id=item.id,
        fix="rescrub",
        changes=tuple(dict.fromkeys(f"{each.path}: {each.entity} is replaced" for each in found)),
        before=item,
        item=Item(
            id=item.id,
            dataset=item.dataset,
            input=clean["input"],
            expected_output=clean["expected_output"],
            metadata=metadata,
            source_trace_id=item.source_trace_id,
            source_observation_id=item.source_observation_id,
        ),
    )
