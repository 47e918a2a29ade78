"""What the session answers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from curator.model import Draft, Observation, Queue, ScrubbedDraft, StoredItem, Trace
from curator.model.base import Value
from curator.tui.memory import DraftState

if TYPE_CHECKING:
    from curator.draft.effectiveness import Judgement
    from curator.promote import Proposal
    from curator.rulebook import LoadedRule

Report = Callable[[str, int, int | None], None]
"""Progress: what is being done, how much of it is done, of how much (None when nobody knows)."""


class Look(Value):
    """The queue as the server and this machine know it now."""

    connected: "Connected"
    queue: Queue
    notes: tuple[str, ...] = ()
    """What the reviewer should know: an annotation queue that does not exist, unreadable rows."""


class Around(Value):
    """What surrounds a trace."""

    siblings: tuple[Observation, ...] = ()
    """Root observations of the traces of its session, its own among them."""
    items: tuple[StoredItem, ...] = ()
    """Dataset items that came from it."""


@dataclass(frozen=True)
class Prepared:
    """A draft as it stands, in memory only: it holds the unscrubbed text."""

    order: DraftState
    proposal: "Proposal"

    @property
    def trace(self) -> Trace:
        """Where it came from."""
        return self.proposal.trace

    @property
    def loaded(self) -> "LoadedRule":
        """The rule that shaped it."""
        return self.proposal.loaded

    @property
    def draft(self) -> Draft:
        """Before the scrub."""
        return self.proposal.draft

    @property
    def scrubbed(self) -> ScrubbedDraft:
        """After the scrub."""
        return self.proposal.scrubbed

    @property
    def judged(self) -> "tuple[Judgement, ...]":
        """What the rule's checks say of the recorded answer and of its correction."""
        return self.proposal.judged


class Connected(Value):
    """What is known of the other side after the first contact."""

    project: str
    project_id: str
    version: str
