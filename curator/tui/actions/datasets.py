"""What can be done with datasets and their items."""

from curator.tui.actions.action import Action

DATASETS: tuple[Action, ...] = (
    Action(
        "datasets",
        "open",
        "enter,l,right",
        "Items",
        "Show the items of the dataset, then one item.",
        footer=True,
        show_as="enter",
    ),
    Action("datasets", "back", "escape,h,left", "Back", "Back to the list.", footer=True, show_as="esc"),
    Action(
        "datasets",
        "verify",
        "v",
        "Verify",
        "Read the item back and hold it against its receipt.",
        footer=True,
        twin="curator verify DATASET ITEM",
    ),
    Action(
        "datasets",
        "source",
        "t",
        "Source trace",
        "Open the trace that the item came from.",
        footer=True,
        twin="curator show TRACE",
    ),
    Action(
        "datasets",
        "audit",
        "a",
        "Audit",
        "Audit the lineage of the whole dataset.",
        footer=True,
        twin="curator audit DATASET",
    ),
    Action(
        "datasets",
        "lineage",
        "s",
        "Lineage",
        "Show where the item came from: source, signals, decisions, versions, runs.",
        footer=True,
        twin="curator audit DATASET ITEM",
    ),
    Action("datasets", "browse", "b", "Browser", "Open the item in Langfuse."),
    Action("datasets", "copy_link", "Y", "Copy link", "Copy the item's address in Langfuse."),
    Action("datasets", "reveal", "r", "Reveal", "Show personal values, or mask them again."),
)
