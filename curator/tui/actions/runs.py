"""What can be done with experiment runs."""

from curator.tui.actions.action import Action

RUNS: tuple[Action, ...] = (Action("runs", "back", "escape", "Back", "Back to the list.", footer=True),)
