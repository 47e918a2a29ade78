"""What can be done with the ledger."""

from curator.tui.actions.action import Action

LOG: tuple[Action, ...] = (Action("log", "back", "escape", "Back", "Back to the queue.", footer=True),)
