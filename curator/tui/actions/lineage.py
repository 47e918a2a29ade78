"""What can be done where the lineage of one item is read."""

from curator.tui.actions.action import Action

LINEAGE: tuple[Action, ...] = (
    Action("lineage", "back", "escape,h,left", "Back", "Back to the list.", footer=True, show_as="esc"),
    Action(
        "lineage",
        "source",
        "t",
        "Source trace",
        "Open the trace that the item came from.",
        footer=True,
        twin="curator show TRACE",
    ),
    Action("lineage", "reveal", "r", "Reveal", "Show personal values, or mask them again.", footer=True),
    Action("lineage", "browse", "b", "Browser", "Open the item in Langfuse."),
    Action("lineage", "copy_link", "Y", "Copy link", "Copy the item's address in Langfuse."),
)
