"""What can be done on every screen, in every list and in every text."""

from curator.tui.actions.action import Action

EVERYWHERE: tuple[Action, ...] = (
    Action("app", "help", "question_mark,f1", "Help", "Show the keys of this screen.", footer=True),
    Action("app", "command_palette", "ctrl+p", "Palette", "Find any action by name."),
    Action("app", "go('queue')", "Q", "Queue", "Go to the failures that need a decision.", twin="curator queue"),
    Action("app", "go('datasets')", "D", "Datasets", "Go to the datasets and their items."),
    Action("app", "go('runs')", "R", "Runs", "Go to the experiment runs."),
    Action("app", "go('log')", "L", "Log", "Go to the ledger of what was done.", twin="curator log"),
    Action("app", "undo", "u", "Undo", "Take back the last action.", twin="curator undo"),
    Action("app", "refresh", "ctrl+r,f5", "Refresh", "Ask the server again; also after an error."),
    Action(
        "app", "cycle_theme", "ctrl+t", "Theme", "Switch between the dark, the light and the terminal's own colours."
    ),
    Action("app", "screenshot", "ctrl+s", "Screenshot", "Save a picture of the screen; personal values stay masked."),
    Action("app", "quit", "q,ctrl+q", "Quit", "Leave curator. Drafts, filter and place are kept."),
)

LISTS: tuple[Action, ...] = (
    Action("list", "down", "j,down", "Down", "Next row.", show_as="j ↓"),
    Action("list", "up", "k,up", "Up", "Previous row.", show_as="k ↑"),
    Action("list", "first", "g,home", "First", "First row.", show_as="g"),
    Action("list", "last", "G,end", "Last", "Last row.", show_as="G"),
    Action("list", "page_down", "ctrl+d,pagedown", "Half page down", "Half a page down.", show_as="^d"),
    Action("list", "page_up", "ctrl+u,pageup", "Half page up", "Half a page up.", show_as="^u"),
)

TEXT: tuple[Action, ...] = (
    Action("text", "down", "j,down", "Down", "One line down.", show_as="j ↓"),
    Action("text", "up", "k,up", "Up", "One line up.", show_as="k ↑"),
    Action("text", "first", "g,home", "Top", "To the top.", show_as="g"),
    Action("text", "last", "G,end", "Bottom", "To the bottom.", show_as="G"),
    Action("text", "page_down", "ctrl+d,pagedown", "Half page down", "Half a page down.", show_as="^d"),
    Action("text", "page_up", "ctrl+u,pageup", "Half page up", "Half a page up.", show_as="^u"),
    Action("text", "search", "slash", "Search", "Search in this text.", show_as="/"),
    Action("text", "next_hit", "n", "Next hit", "Next place that matches the search."),
    Action("text", "previous_hit", "N", "Previous hit", "Previous place that matches the search."),
    Action(
        "text", "copy", "y", "Copy", "Copy this text as JSON, with everything odd escaped; masked values stay masked."
    ),
)
