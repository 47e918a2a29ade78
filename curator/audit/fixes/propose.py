"""From findings to proposals; writes nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from curator.audit.checks import CHECKS
from curator.audit.duplicates import exact_duplicates
from curator.audit.fixes.adopt import adopt
from curator.audit.fixes.backfill import backfill
from curator.audit.fixes.rescrub import rescrub
from curator.audit.fixes.values import CODES, Desk, FixName, Proposal, Refusal
from curator.audit.values import Evidence, trace_of
from curator.model import Problem, StoredItem
from curator.model.errors import CuratorError
from curator.promote.reading import Found, read_traces

_REWRITES: dict[FixName, Callable[[Desk, StoredItem, Found | None], Proposal]] = {
    "backfill": backfill,
    "adopt": adopt,
    "rescrub": rescrub,
}


def propose(fix: FixName, evidence: Evidence, desk: Desk, item_ids: Sequence[str] = ()) -> list[Proposal]:
    """What the fix would do to the named items, or to all that the audit found; in the order of their ids.

    One request per item and a few for the source traces. Raises GatewayError.
    """
    found = sorted(
        {
            item_id
            for check in CHECKS
            if check.code in CODES[fix]
            for item_id, _ in check.look(evidence)
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
    rewrite: Callable[[Desk, StoredItem, Found | None], Proposal],
    fix: FixName,
    desk: Desk,
    item: StoredItem,
    source: Found | None,
) -> Proposal:
    try:
        return rewrite(desk, item, source)
    except Refusal as refusal:
        problem = refusal.problem
    except CuratorError as error:
        problem = Problem(code=error.code, message=error.message, remedy=error.remedy)
    return Proposal(item_id=item.id, fix=fix, before=item, problem=problem)


def _archivals(evidence: Evidence, desk: Desk, ids: Sequence[str]) -> Iterator[Proposal]:
    for original, other in exact_duplicates(evidence):
        if other.id not in ids:
            continue
        stored = desk.gateway.item(other.id)
        if stored is None:
            yield _nothing_found("duplicates", other.id)
            continue
        yield Proposal(
            item_id=other.id,
            fix="duplicates",
            changes=(f"archived: it says the same as {original.id}",),
            before=stored,
            item=stored.to_write("ARCHIVED"),
        )


def _sources(desk: Desk, items: Sequence[StoredItem]) -> Mapping[str, Found]:
    traces = sorted({trace for item in items if (trace := trace_of(item))})
    if desk.rule is None or not traces:
        return {}
    return {found.trace_id: found for found in read_traces(desk.gateway, traces, desk.rule.rule)}


def _nothing_found(fix: FixName, item_id: str) -> Proposal:
    codes = ", ".join(CODES[fix])
    problem = Problem(code="FIX_NOTHING_TO_DO", message=f"The audit finds nothing ({codes}) that this would mend.")
    return Proposal(item_id=item_id, fix=fix, problem=problem)
