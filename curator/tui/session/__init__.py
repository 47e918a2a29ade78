"""One reviewer at one Langfuse project: what the screens ask for, and nothing about screens.

A session is made of parts, each over the same rooms: the failures of the queue, traces, drafts, what was done, items,
runs. Every method blocks and may be called from several threads; the screens call them in workers. Each is one call
into the rooms below, the same that the command line makes. Heavy rooms (SDK, presidio) are imported at first use.
"""

from typing import TYPE_CHECKING

from curator.config import Settings
from curator.tui.session.acts import Act, Acts, says_of
from curator.tui.session.drafts import Drafts, Prepared
from curator.tui.session.failures import Failures, QueueRead
from curator.tui.session.groups import Groups
from curator.tui.session.items import Items
from curator.tui.session.rooms import Connected, Report, Rooms
from curator.tui.session.runs import Runs, TwoRuns
from curator.tui.session.traces import Around, Excerpt, Traces

if TYPE_CHECKING:
    from curator.scrub import Scrubber


class Session:
    """The parts of one project that is open; `close` ends what they started."""

    def __init__(self, settings: Settings, scrubber: "Scrubber | None" = None) -> None:
        """`scrubber`: one that already runs and that somebody else closes."""
        self.rooms = Rooms(settings, scrubber)
        self.items = Items(self.rooms)
        self.traces = Traces(self.rooms)
        self.queue = Failures(self.rooms)
        self.groups = Groups(self.rooms, self.queue)
        self.drafts = Drafts(self.rooms, self.queue, self.traces, self.items)
        self.acts = Acts(self.rooms, self.queue, self.drafts, self.items)
        self.runs = Runs(self.rooms)

    @property
    def settings(self) -> Settings:
        """What is configured."""
        return self.rooms.settings

    def close(self) -> None:
        """Ends the connection, the scrub's process and the journal; where the reviewer stood is kept."""
        self.rooms.close()
