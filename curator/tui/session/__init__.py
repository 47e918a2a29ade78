"""One reviewer at one Langfuse project: what the screens ask for, and nothing about screens.

Every method blocks and may be called from several threads; the screens call them in workers. Each is one call into the
rooms below, the same that the command line makes. Heavy rooms (SDK, presidio) are imported at their first use.
"""

from curator.tui.session.looking import Looking
from curator.tui.session.running import Running, TwoRuns
from curator.tui.session.values import Around, Connected, Look, Prepared, Report
from curator.tui.session.writing import Writing

__all__ = ["Around", "Connected", "Look", "Prepared", "Report", "Session", "TwoRuns"]


class Session(Writing, Looking, Running):
    """See the module's text."""
