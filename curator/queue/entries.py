"""Open entries of annotation queues, as signals."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from curator.model.failure import Signal
from curator.model.trace import Observation
from curator.queue.signals import of_entry

if TYPE_CHECKING:
    from curator.gateway import Gateway


def observations_of(gateway: "Gateway", observation_ids: Sequence[str]) -> dict[str, Observation]:
    """Observation id → observation without content, for those that still exist. Raises GatewayError."""
    return {one.id: one for one in gateway.observations(ids=observation_ids)}


def entries_of(gateway: "Gateway", trace_ids: Collection[str], *, status: str = "PENDING") -> dict[str, list[Signal]]:
    """Trace id → its entries with that status in any annotation queue, of the trace itself or of its observations.

    Entries of sessions are left out: they are about more than the trace. Raises GatewayError.
    """
    entries = [one for queue in gateway.annotation_queues() for one in gateway.queue_entries(queue, status)]
    observed = [one.object_id for one in entries if one.object_type == "OBSERVATION"]
    known = observations_of(gateway, observed)
    found: dict[str, list[Signal]] = {trace_id: [] for trace_id in trace_ids}
    for entry in entries:
        if entry.object_type == "TRACE" and entry.object_id in found:
            found[entry.object_id].append(of_entry(entry, ""))
        elif entry.object_type == "OBSERVATION":
            one = known.get(entry.object_id)
            if (trace_id := one.trace_id if one else entry.object_id) in found:
                found[trace_id].append(of_entry(entry, "", entry.object_id))
    return found


def require_traces(gateway: "Gateway", trace_ids: Sequence[str]) -> None:
    """Raises NotFound (TRACE_NOT_FOUND) unless Langfuse knows every trace: by an observation, a score or an entry.

    A trace that retention deleted may live on in its scores and annotation-queue entries, and can still be decided.
    """
    unknown = dict.fromkeys(trace_ids)
    looks: list[Callable[[], Iterable[str | None]]] = [
        lambda: (one.trace_id for one in gateway.observations(trace_ids=list(unknown), roots_only=True)),
        lambda: (one.trace_id for one in gateway.observations(trace_ids=list(unknown))),
        lambda: (one.trace_id for one in gateway.scores(trace_ids=list(unknown))),
        lambda: (trace_id for trace_id, entries in entries_of(gateway, list(unknown)).items() if entries),
    ]
    for look in looks:
        for trace_id in list(look()):
            unknown.pop(trace_id or "", None)
        if not unknown:
            return
    from curator.gateway import NotFound

    which = "this trace" if len(trace_ids) == 1 else f"{len(unknown)} of these {len(trace_ids)} traces"
    raise NotFound(
        f"Langfuse knows nothing of {which}.", code="TRACE_NOT_FOUND", remedy="Check the ids and the project."
    )
