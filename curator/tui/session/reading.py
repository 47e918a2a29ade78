"""Traces and what stands around them; personal values in what is shown; addresses in the web app."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING

from curator.config import Settings
from curator.model import Finding, Observation, Trace
from curator.tui.masks import shorten
from curator.tui.session.rooms import Rooms
from curator.tui.session.values import Around

if TYPE_CHECKING:
    from curator.scrub.scrubber import Scrubber

MOST_SIBLINGS = 200
LOOKED_THROUGH = 200_000
"""Characters of what is shown that are looked through for personal values; the rest stays masked until asked for."""
KEPT_TRACES = 32
"""Traces and previews that stay in memory."""


class Reading(Rooms):
    """What is looked at."""

    def __init__(self, settings: Settings, scrubber: "Scrubber | None" = None) -> None:
        super().__init__(settings, scrubber)
        self._roots: OrderedDict[str, Observation | None] = OrderedDict()
        self._traces: OrderedDict[str, Trace] = OrderedDict()

    def trace(self, trace_id: str, *, fresh: bool = False) -> Trace:
        """The whole trace; from memory unless `fresh`. Raises NotFound, GatewayError."""
        with self._lock:
            if trace_id in self._traces and not fresh:
                self._traces.move_to_end(trace_id)
                return self._traces[trace_id]
        trace = self.gateway.trace(trace_id)
        with self._lock:
            self._traces[trace_id] = trace
            while len(self._traces) > KEPT_TRACES:
                self._traces.popitem(last=False)
        return trace

    def around(self, trace: Trace) -> Around:
        """Other traces of the session, and the items that came from the trace. Raises GatewayError."""
        session_id = trace.root.session_id
        siblings = (
            tuple(self.gateway.observations(session_id=session_id, roots_only=True, limit=MOST_SIBLINGS))
            if session_id
            else ()
        )
        items = tuple(self.gateway.items(source_trace_id=trace.id))
        return Around(siblings=siblings, items=items)

    def root(self, trace_id: str) -> Observation | None:
        """The root observation with input and output; None when the source is gone. Raises GatewayError."""
        with self._lock:
            if trace_id in self._roots:
                self._roots.move_to_end(trace_id)
                return self._roots[trace_id]
        roots = sorted(
            self.gateway.observations(trace_ids=[trace_id], roots_only=True, io=True), key=lambda o: o.start_time
        )
        with self._lock:
            self._roots[trace_id] = roots[0] if roots else None
            while len(self._roots) > KEPT_TRACES:
                self._roots.popitem(last=False)
            return self._roots[trace_id]

    def values_in(self, value: Mapping[str, object], rule: str | None) -> tuple[Finding, ...]:
        """The personal values in foreign text, by the policy of a rule. Raises CuratorError.

        A text of which only the beginning was looked through has its rest as one finding, so that it stays masked.
        """
        shortened, rest = shorten(value, LOOKED_THROUGH)
        # The rule's paths are paths of the item, not of what is shown here.
        policy = self.policy(rule).model_copy(update={"paths": (), "strict": False})
        found = self.scrubber.find(shortened, policy)
        return (*(f for f in found if f.action != "suggest"), *rest)

    def trace_url(self, trace_id: str) -> str:
        """Where a trace stands in Langfuse's web app. Raises GatewayError."""
        return self.gateway.trace_url(trace_id)

    def item_url(self, dataset: str, item_id: str) -> str:
        """Where an item stands in Langfuse's web app. Raises NotFound, GatewayError."""
        found = self.gateway.item(item_id)
        known = found.dataset_id if found is not None else None
        if known is None:
            named = self.gateway.dataset(dataset)
            known = named.id if named is not None else dataset
        return self.gateway.item_url(known, item_id)
