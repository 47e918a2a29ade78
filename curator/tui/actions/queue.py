"""What can be done with the queue, and with several failures at once."""

from curator.tui.actions.action import Action

QUEUE: tuple[Action, ...] = (
    Action("queue", "open", "enter", "Open", "Open the trace.", footer=True, twin="curator show TRACE"),
    Action(
        "queue",
        "promote",
        "p",
        "Promote",
        "Make a dataset item of it, or of every marked failure.",
        footer=True,
        twin="curator promote TRACE… --rules R",
    ),
    Action(
        "queue",
        "dismiss_failure",
        "d",
        "Dismiss",
        "Decide that it is not worth a case, with a reason.",
        footer=True,
        twin="curator dismiss TRACE… --reason TEXT",
    ),
    Action(
        "queue",
        "snooze",
        "z",
        "Snooze",
        "Put it off until later.",
        footer=True,
        twin="curator snooze TRACE… --reason TEXT",
    ),
    Action("queue", "reopen", "o", "Reopen", "Take a decision back.", twin="curator reopen TRACE…"),
    Action(
        "queue",
        "mark",
        "space",
        "Mark",
        "Mark or unmark; promote, dismiss and snooze then act on all marked.",
        footer=True,
    ),
    Action("queue", "mark_all", "asterisk", "Mark all", "Mark everything listed, or unmark it.", show_as="*"),
    Action(
        "queue",
        "filter",
        "slash",
        "Filter",
        "Narrow the list: words over name, signal, rule, tag, session, id.",
        footer=True,
        show_as="/",
    ),
    Action("queue", "clear", "escape", "Clear", "Drop the filter, then the marks."),
    Action(
        "queue",
        "next_state",
        "s",
        "State",
        "Show open, promoted, dismissed, snoozed or all failures.",
        twin="curator queue --state S",
    ),
    Action("queue", "window", "t", "Time", "Choose how far back to look.", twin="curator queue --since 7d"),
    Action("queue", "rules", "w", "Workflow", "Look at one rule or at all.", twin="curator queue --rules R"),
    Action(
        "queue",
        "focus_preview",
        "l,right,tab",
        "Preview",
        "Go into the preview; `h` or `esc` comes back.",
        show_as="l →",
    ),
    Action("queue", "focus_list", "h,left,shift+tab", "List", "Back to the list.", show_as="h ←"),
    Action("queue", "reveal", "r", "Reveal", "Show personal values, or mask them again."),
    Action("queue", "copy_link", "y", "Copy link", "Copy the trace's address in Langfuse."),
    Action("queue", "browse", "b", "Browser", "Open the trace in Langfuse."),
)

SEVERAL: tuple[Action, ...] = (
    Action("bulk", "start", "p,enter", "Promote all", "Promote every item that is ready.", footer=True, show_as="p"),
    Action("bulk", "back", "escape", "Stop", "Stop, or go back when nothing runs.", footer=True),
)
