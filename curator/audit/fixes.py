"""What an audit finds and curator can mend: proposed first, then written like a promotion, verified, undoable.

`backfill` completes lineage from the source trace, `adopt` takes responsibility for an item that somebody made by hand,
`rescrub` replaces what the scrub of today finds, `duplicates` archives all but the first of equal items.
"""

import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, get_args

from pydantic import JsonValue

from curator import __version__
from curator.audit.checks import CHECKS
from curator.audit.checks.together import exact_duplicates
from curator.audit.values import BACKFILLED, RESCRUBBED, Evidence, trace_of
from curator.draft import schema_fingerprint, validate
from curator.gateway import Gateway
from curator.journal import Journal
from curator.model import Item, Problem, Receipt, ScrubPolicy, StoredItem, Value, lineage
from curator.model.errors import CuratorError
from curator.model.lineage import REQUIRED_KEYS, SOURCE
from curator.promote import (
    OWN_LINEAGE,
    Choices,
    Job,
    Promoter,
    Source,
    Stop,
    archive_item,
    ended,
    leftovers,
    promote_one,
    read_traces,
    receipt_of,
    require_unchanged,
)
from curator.rulebook import LoadedRule

if TYPE_CHECKING:
    from curator.scrub import Scrubber

FixName = Literal["backfill", "adopt", "rescrub", "duplicates"]
FIXES: tuple[FixName, ...] = get_args(FixName)
CODES: dict[FixName, tuple[str, ...]] = {
    "backfill": ("LIN002",),
    "adopt": ("LIN001",),
    "rescrub": ("PII001", "PII002"),
    "duplicates": ("DUP001",),
}
"""The findings that each fix mends."""


@dataclass(frozen=True)
class Desk:
    """What all fixes of one command share."""

    gateway: Gateway
    scrubber: "Scrubber"
    policy: ScrubPolicy
    rule: LoadedRule | None
    reviewer: str
    at: datetime
    failure_type: str | None = None
    """What the reviewer says where lineage does not."""


class ProposedFix(Value):
    """What a fix would do to one item. Safe to print: it holds paths, lineage and counts, never text of the item."""

    item_id: str
    fix: FixName
    changes: tuple[str, ...] = ()
    """In words, one line each."""
    before: StoredItem | None = None
    """The item as it is."""
    item: Item | None = None
    """The item as it would be; None when there is a problem."""
    problem: Problem | None = None
    """Why it cannot be done."""


class Refusal(Exception):
    """A fix cannot be made; caught by `propose`, which says why."""

    def __init__(self, code: str, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.problem = Problem(code=code, message=message, remedy=remedy)


# ── proposing: from findings to proposals; writes nothing ───────────────────────────────────────────────────────────


def propose_fixes(fix: FixName, evidence: Evidence, desk: Desk, item_ids: Sequence[str] = ()) -> list[ProposedFix]:
    """What the fix would do to the named items, or to all that the audit found; in the order of their ids.

    One request per item and a few for the source traces. Raises GatewayError.
    """
    found = sorted(
        {
            item_id
            for check in CHECKS
            if check.code in CODES[fix]
            for item_id, _ in check.find(evidence)
            if item_id is not None
        }
    )
    wanted = list(dict.fromkeys(item_ids)) or found
    proposals = [_nothing_found(fix, item_id) for item_id in wanted if item_id not in found]
    ids = [item_id for item_id in wanted if item_id in found]
    if fix == "duplicates":
        return [*proposals, *_archivals(evidence, desk, ids)]
    stored = {item_id: desk.gateway.item(item_id) for item_id in ids}
    sources = _sources(desk, [item for item in stored.values() if item is not None]) if fix != "rescrub" else {}
    for item_id, item in stored.items():
        if item is None:
            proposals.append(_nothing_found(fix, item_id))
            continue
        proposals.append(_guarded(_REWRITES[fix], fix, desk, item, sources.get(trace_of(item) or "")))
    return proposals


def _guarded(
    rewrite: Callable[[Desk, StoredItem, Source | None], ProposedFix],
    fix: FixName,
    desk: Desk,
    item: StoredItem,
    source: Source | None,
) -> ProposedFix:
    try:
        return rewrite(desk, item, source)
    except Refusal as refusal:
        problem = refusal.problem
    except CuratorError as error:
        problem = Problem(code=error.code, message=error.message, remedy=error.remedy)
    return ProposedFix(item_id=item.id, fix=fix, before=item, problem=problem)


def _archivals(evidence: Evidence, desk: Desk, ids: Sequence[str]) -> Iterator[ProposedFix]:
    for original, other in exact_duplicates(evidence):
        if other.id not in ids:
            continue
        stored = desk.gateway.item(other.id)
        if stored is None:
            yield _nothing_found("duplicates", other.id)
            continue
        yield ProposedFix(
            item_id=other.id,
            fix="duplicates",
            changes=(f"archived: it says the same as {original.id}",),
            before=stored,
            item=stored.to_write("ARCHIVED"),
        )


def _sources(desk: Desk, items: Sequence[StoredItem]) -> Mapping[str, Source]:
    traces = sorted({trace for item in items if (trace := trace_of(item))})
    if desk.rule is None or not traces:
        return {}
    return {found.trace_id: found for found in read_traces(desk.gateway, traces, desk.rule.rule)}


def _nothing_found(fix: FixName, item_id: str) -> ProposedFix:
    codes = ", ".join(CODES[fix])
    problem = Problem(code="FIX_NOTHING_TO_DO", message=f"The audit finds nothing ({codes}) that this would mend.")
    return ProposedFix(item_id=item_id, fix=fix, problem=problem)


def backfill(desk: Desk, item: StoredItem, source: Source | None) -> ProposedFix:
    """What is recorded stays; what is missing is filled in, and lineage names it. Raises Refusal, CuratorError."""
    recorded = {key: value for key, value in dict(item.metadata or {}).items() if value is not None}
    missing = [key for key in REQUIRED_KEYS if key not in recorded]
    today = made_now(desk, item, source)
    filled = {key: value for key, value in today.items() if key not in recorded}
    still = [key for key in missing if key not in filled]
    if still == missing:
        raise Refusal(
            "FIX_NOTHING_LEFT",
            f"Its source trace is gone, so {', '.join(still)} cannot be recovered.",
            "Promote the case anew from another trace, or archive it.",
        )
    before = recorded.get(BACKFILLED)
    noted = sorted({*(before if isinstance(before, list) else []), *(key for key in missing if key in filled)})
    metadata = {**recorded, **filled, BACKFILLED: noted}
    changes = added(metadata, recorded)
    changes += [f"metadata.{key}: cannot be recovered, the source trace is gone" for key in still]
    return ProposedFix(
        item_id=item.id, fix="backfill", changes=tuple(changes), before=item, item=with_metadata(item, metadata)
    )


ADOPTED = "adopted"
"""The value of `source` on adopted items: no review made them, one took them over."""


def adopt(desk: Desk, item: StoredItem, source: Source | None) -> ProposedFix:
    """Lineage of today, with what the metadata held before. Raises Refusal, CuratorError."""
    old = metadata_of(item)
    metadata = {**old, **made_now(desk, item, source), SOURCE: ADOPTED}
    return ProposedFix(
        item_id=item.id,
        fix="adopt",
        changes=tuple(added(metadata, old)),
        before=item,
        item=with_metadata(item, metadata),
    )


def rescrub(desk: Desk, item: StoredItem, _: object) -> ProposedFix:
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
    clean: Any = desk.scrubber.scrub_value(texts, desk.policy.model_copy(update={"paths": paths})).value
    metadata = {**{key: value for key, value in old.items() if key in OWN_LINEAGE}, **clean["metadata"]}
    if "fingerprints" in old:
        metadata["fingerprints"] = lineage.fingerprints(clean["input"], clean["expected_output"])
    if "scrub" in old:
        replaced = Counter({k: v for k, v in (scrub.get("replaced") or {}).items() if isinstance(v, int)})
        replaced.update(each.entity for each in found)
        metadata["scrub"] = {**scrub, "replaced": dict(sorted(replaced.items()))}
        metadata[RESCRUBBED] = desk.at.isoformat(timespec="seconds")
    return ProposedFix(
        item_id=item.id,
        fix="rescrub",
        changes=tuple(dict.fromkeys(f"{each.path}: {each.entity} is replaced" for each in found)),
        before=item,
        item=item.to_write("ACTIVE").model_copy(update={**clean, "metadata": metadata}),
    )


_REWRITES: dict[FixName, Callable[[Desk, StoredItem, Source | None], ProposedFix]] = {
    "backfill": backfill,
    "adopt": adopt,
    "rescrub": rescrub,
}


# ── lineage that is made afterwards: from the source trace, the rule, and whoever takes responsibility now ──────────


def made_now(desk: Desk, item: StoredItem, source: Source | None) -> dict[str, JsonValue]:
    """Complete lineage as of today, scrubbed; without signals when the source is gone. Raises Refusal."""
    rule = _rule(desk)
    require_clean(desk, item)
    problems = validate(item.input, item.expected_output, rule)
    if problems:
        halves = " and ".join(dict.fromkeys(str(problem.path).partition(".")[0] for problem in problems))
        raise Refusal("SCHEMA", f"It violates the rule's schema: {halves}.", "Mend it first (SCH001, SCH002).")
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
    cleaned: Any = desk.scrubber.scrub_value({"metadata": drafted}, desk.policy).value
    found: dict[str, JsonValue] = {
        **cleaned["metadata"],
        lineage.SOURCE_TRACE_ID: trace_of(item),
        "case": "1",
        "reviewer": desk.reviewer,
        "approved_at": desk.at.isoformat(timespec="seconds"),
        "scrub": {"replaced": {}, "kept": {}, "reasons": [], "model": desk.scrubber.start().result()},
        "fingerprints": lineage.fingerprints(item.input, item.expected_output),
        "curator_version": __version__,
    }
    if trace is None:
        del found["signals"]
    return {key: value for key, value in found.items() if value is not None}


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
    return item.to_write("ACTIVE").model_copy(update={"metadata": metadata})


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
    recorded = item.lineage.get(lineage.FAILURE_TYPE)
    chosen = recorded or desk.failure_type or rule.rule.lineage.default_failure_type
    known = rule.rule.lineage.failure_types
    if chosen is None or (recorded is None and chosen not in known):
        raise Refusal("FAILURE_TYPE", "Nobody has said what failed here.", f"--failure-type {'|'.join(known)}")
    return str(chosen)


# ── writing: through the verified write of a promotion ──────────────────────────────────────────────────────────────


def apply_fixes(proposals: Sequence[ProposedFix], desk: Desk, journal: Journal) -> Iterator[Receipt]:
    """Does what was proposed, one item after the other; a receipt for each. All of it is one batch for `curator undo`.

    Proposals with a problem are passed over. An item that was changed since the proposal is refused.
    """
    batch = uuid.uuid4().hex
    for proposal in proposals:
        if proposal.item is None or proposal.before is None:
            continue
        promoter = Promoter(desk.gateway, journal, desk.scrubber, reviewer=desk.reviewer)
        # What somebody edited is what a fix is for; the preview showed it, and it must not have changed since.
        choices = Choices(remedies=frozenset({"overwrite"}), batch=batch)
        job = Job(promoter, desk.policy, desk.rule.rule.rule if desk.rule is not None else "", choices)
        if proposal.fix == "duplicates":
            yield archive_item(job, proposal.before)
        else:
            yield _rewrite(job, proposal.item, proposal.before, adopted=proposal.fix == "adopt")


def _rewrite(job: Job, item: Item, before: StoredItem, *, adopted: bool) -> Receipt:
    try:
        require_unchanged(job, before)
    except Stop as stop:
        return ended(replace(job, shares=False), item, None, stop)
    if item.source_trace_id and not adopted:
        # Its failure has long been promoted: this, and not an open failure, is what an undo goes back to.
        before_it = receipt_of(job, item).model_copy(update={"reviewer": str(item.metadata.get("reviewer", ""))})
        job.journal.decisions.remember(before_it.decision)
    return promote_one(job, item)
