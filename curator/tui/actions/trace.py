"""What can be done with a trace."""

from curator.tui.actions.action import Action

TRACE: tuple[Action, ...] = (
    Action("trace", "back", "escape", "Back", "Back to where you came from.", footer=True),
    Action(
        "trace",
        "promote",
        "p",
        "Promote",
        "Make a dataset item of this trace.",
        footer=True,
        twin="curator draft TRACE --rules R",
    ),
    Action("trace", "open", "enter", "Open", "Read the step; on another trace of the session, go there."),
    Action(
        "trace",
        "dismiss_failure",
        "d",
        "Dismiss",
        "Decide that it is not worth a case.",
        footer=True,
        twin="curator dismiss TRACE… --reason TEXT",
    ),
    Action("trace", "snooze", "z", "Snooze", "Put it off until later.", twin="curator snooze TRACE… --reason TEXT"),
    Action("trace", "other_view", "v", "Chat/JSON", "Show the conversation, or the JSON as it is.", footer=True),
    Action("trace", "reveal", "r", "Reveal", "Show personal values, or mask them again.", footer=True),
    Action("trace", "next", "right_square_bracket", "Next", "Next failure of the queue.", show_as="]"),
    Action("trace", "previous", "left_square_bracket", "Previous", "Previous failure of the queue.", show_as="["),
    Action("trace", "next_pane", "l,right,tab", "Next pane", "Go to the pane on the right.", show_as="l →"),
    Action("trace", "previous_pane", "h,left,shift+tab", "Previous pane", "Go to the pane on the left.", show_as="h ←"),
    Action("trace", "copy_link", "Y", "Copy link", "Copy the trace's address in Langfuse."),
    Action("trace", "browse", "b", "Browser", "Open the trace in Langfuse."),
)
