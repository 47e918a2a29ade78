"""What can be done with experiment runs, and with two of them compared."""

from curator.tui.actions.action import Action

_COMPARE = "curator compare BASELINE CANDIDATE"

RUNS: tuple[Action, ...] = (
    Action(
        "runs", "compare", "c", "Compare", "Compare two marked runs, or the marked one with this one.", footer=True,
        twin=_COMPARE,
    ),
    Action("runs", "mark", "space", "Mark", "Mark a run to compare it, or unmark it; at most two are marked.",
           footer=True),
    Action("runs", "open", "enter", "Read", "Read on about the run.", footer=True, twin="curator runs"),
    Action("runs", "clear", "escape", "Back", "Back to the list; then drop the marks; then to the queue.",
           footer=True),
    Action("runs", "next_pane", "l,right,tab", "Next pane", "Go to the text beside the list.", show_as="l →"),
    Action("runs", "previous_pane", "h,left,shift+tab", "Previous pane", "Back to the list.", show_as="h ←"),
    Action("runs", "reveal", "r", "Reveal", "Show personal values, or mask them again."),
    Action("runs", "copy_name", "y", "Copy name", "Copy the run's name, as `curator compare` and `gate` take it."),
)  # fmt: skip

COMPARE: tuple[Action, ...] = (
    Action("compare", "open", "enter", "Outputs", "Read what both runs answered to the item.", footer=True),
    Action("compare", "back", "escape", "Back", "Back to the list of items, then to the runs.", footer=True),
    Action("compare", "swap", "x", "Swap", "Take the other run as the baseline.", footer=True, twin=_COMPARE),
    Action("compare", "next_repeat", "right_square_bracket", "Next repeat", "What the runs answered the next time.",
           show_as="]"),
    Action("compare", "previous_repeat", "left_square_bracket", "Previous repeat",
           "What the runs answered the time before.", show_as="["),
    Action("compare", "other_view", "v", "Chat/JSON", "Show conversations, or the JSON as it is.", footer=True),
    Action("compare", "reveal", "r", "Reveal", "Show personal values, or mask them again.", footer=True),
    Action("compare", "next_pane", "l,right,tab", "Next pane", "Go to the next pane.", show_as="l →"),
    Action("compare", "previous_pane", "h,left,shift+tab", "Previous pane", "Go to the pane before.", show_as="h ←"),
    Action("compare", "browse", "b", "Browser", "Open the trace of the candidate's answer in Langfuse."),
)  # fmt: skip
