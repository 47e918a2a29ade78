"""What can be done with the ledger."""

from curator.tui.actions.action import Action

LOG: tuple[Action, ...] = (
    Action("log", "open", "enter", "Trace", "Open the trace of this line.", footer=True, twin="curator show TRACE"),
    Action("log", "explain", "e", "Explain", "Read what went wrong, and what to do.", twin="curator explain CODE"),
    Action("log", "back", "escape", "Back", "Back to the queue.", footer=True),
)
