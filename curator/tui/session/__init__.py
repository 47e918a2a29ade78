"""One reviewer at one Langfuse project: what the screens ask for, and nothing about screens.

Every method blocks and may be called from several threads; the screens call them in workers. Each is one call into the
rooms below, the same that the command line makes. Heavy rooms (SDK, presidio) are imported at their first use.
"""

from curator.tui.session.drafting import Drafting, value_at
from curator.tui.session.values import Around, Compared, Connected, Look, Prepared, Report

__all__ = ["Around", "Compared", "Connected", "Look", "Prepared", "Report", "Session", "value_at"]


class Session(Drafting):
    """See the module's text."""
