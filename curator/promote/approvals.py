"""Approvals by several people: the score `curation-approval` on a failure, one of each person for one item.

Its value is the digest of the draft that was approved; a draft that was changed since has another digest, so that
everybody looks again. Who holds the project's keys can write any name: this guards against haste, not against fraud.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from curator.model import Item, lineage
from curator.promote.plan import VOLATILE_METADATA
from curator.queue import decisions

if TYPE_CHECKING:
    from curator.gateway import Gateway


def draft_digest(item: Item) -> str:
    """Over everything that people approve: not who does, when, with which curator, and on which signals."""
    kept = {key: value for key, value in item.metadata.items() if key not in VOLATILE_METADATA}
    return lineage.approval_digest(item.model_copy(update={"metadata": kept}))


def approve(gateway: "Gateway", items: Sequence[Item], reviewer: str) -> None:
    """Shares that somebody approves these drafts, in place of their last approval of each. Raises GatewayError."""
    gateway.put_scores([_score(item, reviewer) for item in items])


def _score(item: Item, reviewer: str) -> dict[str, Any]:
    key = f"{item.id} {_person(reviewer)}"
    return {
        "id": f"{decisions.APPROVAL_NAME}-{hashlib.sha256(key.encode()).hexdigest()[:32]}",
        "name": decisions.APPROVAL_NAME,
        "value": draft_digest(item),
        "data_type": "CATEGORICAL",
        "trace_id": item.source_trace_id,
        "observation_id": lineage.reviewed_observation(item),
        "metadata": {"reviewer": " ".join(reviewer.split()), "item_id": item.id},
    }


def approvals(gateway: "Gateway", items: Sequence[Item], own: str, allowed: Sequence[str]) -> dict[str, list[str]]:
    """Item id → who approved this very draft, with `own`, each person once; only the `allowed` count, if any are named.

    One request for about 400 items. Others' approvals are seen after the server's lag. Raises GatewayError.
    """
    traces = list(dict.fromkeys(item.source_trace_id for item in items if item.source_trace_id))
    said: dict[tuple[str, object], list[str]] = defaultdict(list)
    for score in gateway.scores(names=[decisions.APPROVAL_NAME], trace_ids=traces):
        said[str(score.metadata.get("item_id")), score.value].append(str(score.metadata.get("reviewer") or ""))
    found = {}
    for item in items:
        people = {
            _person(name): " ".join(name.split()) for name in (*said[item.id, draft_digest(item)], own) if _person(name)
        }
        known = {_person(name) for name in allowed}
        found[item.id] = sorted(name for person, name in people.items() if not known or person in known)
    return found


def _person(name: str) -> str:
    """Two spellings of one name are one person."""
    return " ".join(name.casefold().split())
