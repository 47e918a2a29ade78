"""What can be done on the workbench, in its form and with its checks."""

from curator.tui.actions.action import Action

WORKBENCH: tuple[Action, ...] = (
    Action("workbench", "back", "escape", "Back", "Back; the draft is kept.", footer=True),
    Action(
        "workbench",
        "write",
        "p",
        "Promote",
        "Write the item, read it back, show the receipt.",
        footer=True,
        twin="curator promote TRACE --rules R",
    ),
    Action(
        "workbench",
        "dismiss_failure",
        "d",
        "Dismiss",
        "Decide that it is not worth a case.",
        twin="curator dismiss TRACE… --reason TEXT",
    ),
    Action(
        "workbench",
        "editor",
        "e",
        "Editor",
        "Edit input and expected output as JSON in $EDITOR.",
        footer=True,
        twin="curator promote TRACE --set PATH=VALUE",
    ),
    Action("workbench", "reveal", "r", "Reveal", "Show personal values, or mask them again.", footer=True),
    Action(
        "workbench",
        "other_view",
        "v",
        "View",
        "Show the form, the item as JSON, or its difference to the stored item.",
        footer=True,
    ),
    Action("workbench", "rule", "w", "Rule", "Shape the item by another rule.", twin="curator draft TRACE --rules R"),
    Action(
        "workbench",
        "case",
        "c",
        "Case",
        "Give the case another name, to take several items from one trace.",
        twin="curator promote TRACE --case C",
    ),
    Action("workbench", "reset", "ctrl+z", "Reset", "Drop every edit and decision of this draft."),
    Action("workbench", "next_pane", "l,right,tab", "Next pane", "Go to the pane on the right.", show_as="l →"),
    Action(
        "workbench", "previous_pane", "h,left,shift+tab", "Previous pane", "Go to the pane on the left.", show_as="h ←"
    ),
    *(
        Action(
            "workbench",
            f"choose({n})",
            str(n),
            f"Failure type {n}",
            "Choose the failure type by its number.",
            show_as="1–9",
        )
        for n in range(1, 10)
    ),
)

FORM: tuple[Action, ...] = (
    Action(
        "form",
        "edit",
        "enter,i",
        "Edit",
        "Edit the field.",
        footer=True,
        twin="curator promote TRACE --set PATH=VALUE",
        show_as="enter",
    ),
    Action("form", "restore", "backspace,delete", "Restore", "Take back the edit of this field.", show_as="⌫"),
)

CHECKS: tuple[Action, ...] = (
    Action("checks", "accept", "a,enter", "Replace", "Replace the value of this finding.", footer=True, show_as="a"),
    Action(
        "checks",
        "keep",
        "x",
        "Keep",
        "Keep the value of this finding, with a reason.",
        footer=True,
        twin="curator promote TRACE --keep FINDING=REASON",
    ),
)
