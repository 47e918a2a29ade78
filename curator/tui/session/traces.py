"""Traces and what stands around them; personal values in what is shown; addresses in the web app."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from curator.model import Failure, Finding, Observation, StoredItem, Trace, parse_text
from curator.model.base import Value
from curator.tui.masks import Masks, shorten
from curator.tui.session.rooms import Rooms
from curator.tui.text import Piece

T = TypeVar("T")
MOST_SIBLINGS = 200
LOOKED_THROUGH = 200_000
"""Characters of what is shown that are looked through for personal values; the rest stays masked until asked for."""
KEPT_TRACES = 32
"""Traces and previews that stay in memory."""
KEPT_EXCERPTS = 4000
EXCERPT = 240
"""Characters of a message that a row may need."""
Excerpt = tuple[Piece, ...]
"""A user's message in one line, masked; empty when there is none."""


class Around(Value):
    """What surrounds a trace."""

    siblings: tuple[Observation, ...] = ()
    """Root observations of the traces of its session, its own among them."""
    items: tuple[StoredItem, ...] = ()
    """Dataset items that came from it."""


class Traces:
    """What is looked at."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._seen: OrderedDict[str, Trace | None] = OrderedDict()
        self._traces: OrderedDict[str, Trace] = OrderedDict()
        self.excerpts: OrderedDict[str, Excerpt] = OrderedDict()
        """Key of a failure → the user's message; what `read_excerpts` has read so far."""

    def get(self, trace_id: str, *, fresh: bool = False) -> Trace:
        """The whole trace; from memory unless `fresh`. Raises NotFound, GatewayError."""
        with self._rooms.lock:
            if trace_id in self._traces and not fresh:
                self._traces.move_to_end(trace_id)
                return self._traces[trace_id]
        trace = self._rooms.gateway.trace(trace_id)
        self._keep(self._traces, trace_id, trace, KEPT_TRACES)
        return trace

    def _keep(self, kept: "OrderedDict[str, T]", key: str, value: T, most: int) -> None:
        with self._rooms.lock:
            kept[key] = value
            while len(kept) > most:
                kept.popitem(last=False)

    def around(self, trace: Trace) -> Around:
        """Other traces of the session, and the items that came from the trace. Raises GatewayError."""
        gateway, session_id = self._rooms.gateway, trace.root.session_id
        siblings = (
            tuple(gateway.observations(session_ids=[session_id], roots_only=True, limit=MOST_SIBLINGS))
            if session_id
            else ()
        )
        return Around(siblings=siblings, items=tuple(gateway.items(source_trace_id=trace.id)))

    def seen(self, trace_id: str) -> Trace | None:
        """A trace without its comments, for a glance; None when the source is gone. Raises GatewayError."""
        with self._rooms.lock:
            for kept in (self._traces, self._seen):
                if trace_id in kept:
                    kept.move_to_end(trace_id)
                    return kept[trace_id]
        found = self._rooms.gateway.traces([trace_id], comments=False).get(trace_id)
        self._keep(self._seen, trace_id, found, KEPT_TRACES)
        return found

    def _read_roots(self, trace_ids: Sequence[str]) -> dict[str, Observation]:
        """Trace id → its earliest root, with input and output."""
        roots = self._rooms.gateway.observations(trace_ids=trace_ids, roots_only=True, io=True)
        found: dict[str, Observation] = {}
        for one in sorted(roots, key=lambda o: o.start_time):
            found.setdefault(one.trace_id, one)
        return found

    def read_excerpts(self, failures: Iterable[Failure]) -> None:
        """Reads the users' messages of failures that are not known yet into `excerpts`, masked; one request for all.

        Raises GatewayError, NotScrubbed.
        """
        wanted = [f for f in failures if f.key not in self.excerpts and not f.source_gone]
        if not wanted:
            return
        roots = self._read_roots(list(dict.fromkeys(f.trace_id for f in wanted)))
        asked = {f.key: asked_in(parse_text(roots[f.trace_id].input)) if f.trace_id in roots else "" for f in wanted}
        for key, pieces in self.excerpts_of(asked).items():
            self._keep(self.excerpts, key, pieces, KEPT_EXCERPTS)

    def excerpts_of(self, texts: Mapping[str, str]) -> dict[str, Excerpt]:
        """The beginning of each text in one line, masked, under the same keys. Raises NotScrubbed."""
        # By short names of their own: a key holds a slash, which a path would quote, and a mask would miss its text.
        names = {key: f"m{number}" for number, key in enumerate(texts)}
        lines = {names[key]: " ".join(text[: EXCERPT * 4].split())[:EXCERPT] for key, text in texts.items()}
        masks = Masks(self.values_in(lines, None))
        return {key: tuple(masks.pieces(name, lines[name], "text")) for key, name in names.items()}

    def values_in(self, value: Mapping[str, object], rule: str | None) -> tuple[Finding, ...]:
        """The personal values in foreign text, by the policy of a rule. Raises CuratorError.

        A text of which only the beginning was looked through has its rest as one finding, so that it stays masked.
        """
        shortened, rest = shorten(value, LOOKED_THROUGH)
        # The rule's paths are paths of the item, not of what is shown here.
        policy = self._rooms.policy(rule).model_copy(update={"paths": (), "strict": False})
        found = self._rooms.scrubber.find(shortened, policy)
        return (*(f for f in found if f.action != "suggest"), *rest)


def asked_in(value: object) -> str:
    """What the user said last, by the normal form of an input; empty when nobody can tell."""
    from curator.conversation import last_user, messages_in, question_in

    messages = messages_in(value)
    said = last_user(messages) if messages else None
    return said.text if said is not None and said.text else question_in(value) or ""
