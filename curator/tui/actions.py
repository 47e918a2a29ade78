"""The one table of actions: it feeds the key bindings, the footer, the help, the palette and the documentation.

A screen or widget that owns a place implements `action_<name>` for each of its rows; nothing else binds keys.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from textual.binding import Binding, BindingType

Place = Literal[
    "app", "list", "text", "queue", "trace", "workbench", "form", "checks", "receipt", "bulk", "datasets", "lineage",
    "runs", "compare", "log",
]  # fmt: skip
PLACES: dict[Place, str] = {
    "app": "Everywhere",
    "list": "Lists",
    "text": "Text and JSON",
    "queue": "Queue",
    "trace": "Trace",
    "workbench": "Workbench",
    "form": "Workbench: item",
    "checks": "Workbench: checks",
    "receipt": "Receipt",
    "bulk": "Several at once",
    "datasets": "Datasets",
    "lineage": "Lineage of an item",
    "runs": "Runs",
    "compare": "Two runs compared",
    "log": "Log",
}
ON_SCREEN: tuple[Place, ...] = ("form", "checks")
"""Places that are panes whose actions the screen carries out, because they change the draft."""


@dataclass(frozen=True)
class Action:
    """One thing that a user can do in one place."""

    place: Place
    name: str
    """The method `action_<name>`, with arguments if any: `mark`, `choose(1)`."""
    keys: str
    """Default keys, comma-separated, as Textual names them."""
    label: str
    """Short, for the footer and the palette."""
    help: str
    """One sentence for the help screen and the documentation."""
    rank: int = 0
    """In the footer, 1 stands first; as many stand there as its width takes. 0 never stands there."""
    twin: str = ""
    """The command that does the same without a terminal."""
    show_as: str = ""
    """How the keys are written, when their names do not say it."""

    @property
    def id(self) -> str:
        """The name under which `keys` in the config file remaps it: `queue.dismiss-failure`."""
        name, _, arguments = self.name.partition("(")
        words = [name.replace("_", "-"), *re.findall(r"\w+", arguments)]
        return f"{self.place}.{'-'.join(words)}"


_SHOW, _PROMOTE, _COMPARE = "curator show TRACE", "curator promote TRACE", "curator compare BASELINE CANDIDATE"
_DISMISS, _SNOOZE = "curator dismiss TRACE… --reason TEXT", "curator snooze TRACE… --reason TEXT"
_REVEAL = "Show personal values, or mask them again."
_PANES = (
    ("next_pane", "l,right", "Next pane", "Go to the pane on the right.", "l →"),
    ("previous_pane", "h,left", "Previous pane", "Go to the pane on the left.", "h ←"),
)


def _panes(place: Place) -> tuple[Action, ...]:
    return tuple(Action(place, name, keys, label, said, show_as=shown) for name, keys, label, said, shown in _PANES)


ACTIONS: tuple[Action, ...] = (
    Action("app", "help", "question_mark,f1", "Help", "Show what can be done here; enter does it.", 99),
    Action("app", "command_palette", "ctrl+p", "Palette",
           "Find any action, trace, item, run, rule or page by its name.", 90),
    Action("app", "command", "colon", "Command", "Type a command by its name on the command line.", show_as=":"),
    Action("app", "go('queue')", "Q", "Queue", "Go to the failures that need a decision.", twin="curator queue"),
    Action("app", "go('datasets')", "D", "Datasets", "Go to the datasets and their items."),
    Action("app", "go('runs')", "R", "Runs", "Go to the experiment runs.", twin="curator runs"),
    Action("app", "go('log')", "L", "Log", "Go to the ledger of what was done.", twin="curator log"),
    Action("app", "undo", "u", "Undo", "Take back the last action; asks when it was not made here.", 60,
           "curator undo"),
    Action("app", "redo", "U", "Redo", "Do again what was taken back."),
    Action("app", "copy", "y", "Copy", "Choose what to copy: the text as shown, an id, a link, a command.", 70),
    Action("app", "zoom", "f", "Zoom", "Give this pane the whole screen, or give it back.", 80),
    Action("app", "jump", "semicolon", "Jump", "Go to any pane or row in sight by its letters.", 85, show_as=";"),
    Action("app", "refresh", "ctrl+r,f5", "Refresh", "Ask the server again; also after an error."),
    Action("app", "cycle_theme", "ctrl+t", "Theme", "Switch to the next theme."),
    Action("app", "screenshot", "ctrl+s", "Screenshot", "Save a picture of the screen; personal values stay masked."),
    Action("app", "suspend_process", "ctrl+z", "Suspend", "Back to the shell; `fg` returns."),
    Action("app", "quit", "q,ctrl+q", "Quit", "Leave curator. Drafts, filter and place are kept."),

    Action("list", "down", "j,down", "Down", "Next row.", show_as="j ↓"),
    Action("list", "up", "k,up", "Up", "Previous row.", show_as="k ↑"),
    Action("list", "first", "g,home", "First", "First row.", show_as="g"),
    Action("list", "last", "G,end", "Last", "Last row.", show_as="G"),
    Action("list", "page_down", "ctrl+d,pagedown", "Half page down", "Half a page down.", show_as="^d"),
    Action("list", "page_up", "ctrl+u,pageup", "Half page up", "Half a page up.", show_as="^u"),

    Action("text", "down", "j,down", "Down", "One line down.", show_as="j ↓"),
    Action("text", "up", "k,up", "Up", "One line up.", show_as="k ↑"),
    Action("text", "first", "g,home", "Top", "To the top.", show_as="g"),
    Action("text", "last", "G,end", "Bottom", "To the bottom.", show_as="G"),
    Action("text", "page_down", "ctrl+d,pagedown", "Half page down", "Half a page down.", show_as="^d"),
    Action("text", "page_up", "ctrl+u,pageup", "Half page up", "Half a page up.", show_as="^u"),
    Action("text", "search", "slash", "Search", "Search in this text.", show_as="/"),
    Action("text", "next_hit", "n", "Next hit", "Next place that matches the search."),
    Action("text", "previous_hit", "N", "Previous hit", "Previous place that matches the search."),

    Action("queue", "open", "enter", "Open", "Open the trace.", 1, _SHOW),
    Action("queue", "promote", "p", "Promote", "Make a dataset item of it, or of every marked failure.", 2,
           "curator promote TRACE… --rules R"),
    Action("queue", "dismiss_failure", "d", "Dismiss", "Decide that it is not worth a case, with a reason.", 3,
           _DISMISS),
    Action("queue", "snooze", "z", "Snooze", "Put it off until later.", 4, _SNOOZE),
    Action("queue", "mark", "space", "Mark", "Mark or unmark; promote, dismiss and snooze then act on all marked.", 5),
    Action("queue", "mark_range", "v", "Mark to here", "Mark every row from the last mark to the cursor.", 8),
    Action("queue", "mark_all", "asterisk", "Mark all", "Mark everything listed, or unmark it.", 9, show_as="*"),
    Action("queue", "filter", "slash", "Filter", "Narrow the list by words and by conditions.", 6, show_as="/"),
    Action("queue", "sort", "S", "Sort", "Sort the list by a column; the same one again turns it round.", 7),
    Action("queue", "fold", "x", "Fold", "Show the failures of a session or group as one row, or each of them.", 10),
    Action("queue", "columns", "c", "Columns", "Choose the columns of the list.", 12),
    Action("queue", "reopen", "o", "Reopen", "Take a decision back.", 11, "curator reopen TRACE…"),
    Action("queue", "clear", "escape", "Clear", "Drop the filter, then the marks."),
    Action("queue", "next_state", "s", "State", "Show open, promoted, dismissed, snoozed or all failures.", 13,
           "curator queue --state S"),
    Action("queue", "window", "t", "Time", "Choose how far back to look.", 14, "curator queue --since 7d"),
    Action("queue", "rules", "w", "Workflow", "Look at one rule or at all.", 15, "curator queue --rules R"),
    Action("queue", "focus_preview", "l,right,tab", "Preview", "Go into the preview; `h` or `esc` comes back.", 16,
           show_as="l →"),
    Action("queue", "focus_list", "h,left,shift+tab", "List", "Back to the list.", show_as="h ←"),
    Action("queue", "reveal", "r", "Reveal", _REVEAL, 17),
    Action("queue", "browse", "b", "Browser", "Open the trace in Langfuse.", 18),
    Action("queue", "new_rule", "N", "New rule",
           "Propose a rule from this project's own traces; it is written once you have read it.", 19, "curator init"),

    Action("trace", "back", "escape", "Back", "Back to where you came from.", 1),
    Action("trace", "promote", "p", "Promote", "Make a dataset item of this trace.", 2,
           "curator draft TRACE --rules R"),
    Action("trace", "open", "enter", "Open", "Read the step; on another trace of the session, go there.", 7),
    Action("trace", "dismiss_failure", "d", "Dismiss", "Decide that it is not worth a case.", 3, _DISMISS),
    Action("trace", "snooze", "z", "Snooze", "Put it off until later.", 8, _SNOOZE),
    Action("trace", "other_view", "v", "Chat/JSON", "Show the conversation, or the JSON as it is.", 4),
    Action("trace", "reveal", "r", "Reveal", _REVEAL, 5),
    Action("trace", "next", "right_square_bracket", "Next", "Next failure of the queue.", 6, show_as="]"),
    Action("trace", "previous", "left_square_bracket", "Previous", "Previous failure of the queue.", 9, show_as="["),
    Action("trace", "next_pane", "l,right,tab", "Next pane", "Go to the pane on the right.", show_as="l →"),
    Action("trace", "previous_pane", "h,left,shift+tab", "Previous pane", "Go to the pane on the left.",
           show_as="h ←"),
    Action("trace", "browse", "b", "Browser", "Open the trace in Langfuse.", 10),

    Action("workbench", "back", "escape", "Back", "Back; the draft is kept.", 9),
    Action("workbench", "write", "p", "Promote", "Write the item, read it back, show the receipt.", 1,
           "curator promote TRACE --rules R"),
    Action("workbench", "next_point", "tab", "Next open point", "Go to the next thing that needs a decision.", 2),
    Action("workbench", "previous_point", "shift+tab", "Open point before", "Go to the open point before."),
    Action("workbench", "dismiss_failure", "d", "Dismiss", "Decide that it is not worth a case.", 5, _DISMISS),
    Action("workbench", "editor", "e", "Editor", "Edit input and expected output as JSON in $EDITOR.", 4,
           "curator promote TRACE --set PATH=VALUE"),
    Action("workbench", "reveal", "r", "Reveal", _REVEAL, 7),
    Action("workbench", "other_view", "v", "View",
           "Show the form, the item as JSON, or its difference to the answer and to the stored item.", 6),
    Action("workbench", "rule", "w", "Rule", "Shape the item by another rule.", 10, "curator draft TRACE --rules R"),
    Action("workbench", "case", "c", "Case", "Give the case another name, to take several items from one trace.", 11,
           "curator promote TRACE --case C"),
    Action("workbench", "terms", "t", "Terms", "Pick the terms that an answer must mention from the correction.", 8),
    Action("workbench", "reset", "ctrl+x", "Drop draft", "Drop every edit and decision of this draft; asks first.",
           12),
    *_panes("workbench"),
    *(Action("workbench", f"choose({n})", str(n), f"Failure type {n}", "Choose the failure type by its number.",
             twin=f"{_PROMOTE} --failure-type TYPE", show_as="1–9") for n in range(1, 10)),
    Action("form", "edit", "enter,i", "Edit", "Edit the field.", 3, "curator promote TRACE --set PATH=VALUE", "enter"),
    Action("form", "restore", "backspace,delete", "Restore", "Take back the edit of this field.", 13, show_as="⌫"),
    Action("checks", "accept", "a,enter", "Replace", "Replace the value of this finding.", 3, show_as="a"),
    Action("checks", "keep", "x", "Keep", "Keep the value of this finding, with a reason.", 3,
           "curator promote TRACE --keep FINDING=REASON"),

    Action("receipt", "next", "enter", "Next failure", "Go to the next open failure.", 1),
    Action("receipt", "back", "escape", "Back", "Back to the queue, or to the draft when nothing was written.", 2),
    Action("receipt", "explain", "e", "Explain", "Read what went wrong, and what to do.", 3, "curator explain CODE"),
    Action("receipt", "prove", "t", "Prove",
           "Run the item on production and on a candidate: does it fail there and pass here?", 4,
           "curator prove ITEM --rules R --production SPEC --candidate SPEC"),
    Action("receipt", "browse", "b", "Browser", "Open the item in Langfuse.", 5),
    *(Action("receipt", f"remedy({n})", str(n), f"Remedy {n}", "Apply a remedy by its number.",
             twin=f"{_PROMOTE} --remedy NAME", show_as="1–9") for n in range(1, 7)),

    Action("bulk", "start", "p", "Promote all", "Promote every item that is ready, after one question.", 1,
           "curator promote TRACE… --rules R"),
    Action("bulk", "open", "enter", "Open", "Open the draft of this row; esc comes back.", 2,
           "curator draft TRACE --rules R"),
    Action("bulk", "leave_out", "space", "Leave out", "Leave this row out, or take it in again.", 3),
    Action("bulk", "back", "escape", "Stop", "Stop, or go back when nothing runs.", 4),

    Action("datasets", "open", "enter,l,right", "Items", "Show the items of the dataset, then one item.", 1,
           show_as="enter"),
    Action("datasets", "back", "escape,h,left", "Back", "Back to the list.", 2, show_as="esc"),
    Action("datasets", "verify", "v", "Verify", "Read the item back and hold it against its receipt.", 3,
           "curator verify DATASET ITEM"),
    Action("datasets", "source", "t", "Source trace", "Open the trace that the item came from.", 4, _SHOW),
    Action("datasets", "audit", "a", "Audit", "Audit the lineage of the whole dataset.", 5, "curator audit DATASET"),
    Action("datasets", "lineage", "s", "Lineage",
           "Show where the item came from: source, signals, decisions, versions, runs.", 6,
           "curator audit DATASET ITEM"),
    Action("datasets", "browse", "b", "Browser", "Open the item in Langfuse.", 8),
    Action("datasets", "reveal", "r", "Reveal", _REVEAL, 7),

    Action("lineage", "back", "escape,h,left", "Back", "Back to the list.", 1, show_as="esc"),
    Action("lineage", "source", "t", "Source trace", "Open the trace that the item came from.", 2, _SHOW),
    Action("lineage", "reveal", "r", "Reveal", _REVEAL, 3),
    Action("lineage", "browse", "b", "Browser", "Open the item in Langfuse.", 4),

    Action("runs", "compare", "c", "Compare", "Compare two marked runs, or the marked one with this one.", 1,
           _COMPARE),
    Action("runs", "mark", "space", "Mark", "Mark a run to compare it, or unmark it; at most two are marked.", 2),
    Action("runs", "open", "enter", "Read", "Read on about the run.", 3, "curator runs"),
    Action("runs", "clear", "escape", "Back", "Back to the list; then drop the marks; then to the queue.", 4),
    Action("runs", "next_pane", "l,right,tab", "Next pane", "Go to the text beside the list.", show_as="l →"),
    Action("runs", "previous_pane", "h,left,shift+tab", "Previous pane", "Back to the list.", show_as="h ←"),
    Action("runs", "reveal", "r", "Reveal", _REVEAL, 5),

    Action("compare", "open", "enter", "Outputs", "Read what both runs answered to the item.", 1),
    Action("compare", "back", "escape", "Back", "Back to the list of items, then to the runs.", 2),
    Action("compare", "swap", "x", "Swap", "Take the other run as the baseline.", 3, _COMPARE),
    Action("compare", "next_repeat", "right_square_bracket", "Next repeat", "What the runs answered the next time.", 6,
           show_as="]"),
    Action("compare", "previous_repeat", "left_square_bracket", "Previous repeat",
           "What the runs answered the time before.", show_as="["),
    Action("compare", "other_view", "v", "Chat/JSON", "Show conversations, or the JSON as it is.", 4),
    Action("compare", "reveal", "r", "Reveal", _REVEAL, 5),
    Action("compare", "next_pane", "l,right,tab", "Next pane", "Go to the next pane.", show_as="l →"),
    Action("compare", "previous_pane", "h,left,shift+tab", "Previous pane", "Go to the pane before.", show_as="h ←"),
    Action("compare", "browse", "b", "Browser", "Open the trace of the candidate's answer in Langfuse.", 7),

    Action("log", "open", "enter", "Trace", "Open the trace of this line.", 1, _SHOW),
    Action("log", "filter", "slash", "Filter", "Narrow the log: words over action, outcome, item, rule, reviewer.", 2,
           show_as="/"),
    Action("log", "explain", "e", "Explain", "Read what went wrong, and what to do.", 3, "curator explain CODE"),
    Action("log", "resume", "p", "Finish", "Finish what an interrupted promotion left.", 4,
           "curator promote --resume"),
    Action("log", "back", "escape", "Back", "Drop the filter, then back to the queue.", 5),
)  # fmt: skip


def of(place: Place) -> tuple[Action, ...]:
    """The actions of one place, in the order of the table."""
    return tuple(action for action in ACTIONS if action.place == place)


def bindings(*places: Place) -> list[BindingType]:
    """The bindings of these places, for a class's `BINDINGS`."""
    return [
        Binding(
            action.keys,
            f"screen.{action.name}" if place in ON_SCREEN else action.name,
            action.label,
            show=bool(action.rank),
            key_display=action.show_as or None,
            tooltip=action.help,
            id=action.id,
        )
        for place in places
        for action in of(place)
    ]


BY_ID = {action.id: action for action in ACTIONS}


def owns(node: object, place: Place) -> bool:
    """Whether a widget implements the actions of a place."""
    return all(hasattr(node, f"action_{action.name.partition('(')[0]}") for action in of(place))


def unknown_ids(keymap: Iterable[str]) -> list[str]:
    """Ids in a user's key map that no action has: a typo in the config file."""
    return sorted(set(keymap) - BY_ID.keys())


_KEY_NAMES = {
    "question_mark": "?", "slash": "/", "asterisk": "*", "colon": ":", "semicolon": ";", "escape": "esc",
    "left_square_bracket": "[", "right_square_bracket": "]", "up": "↑", "down": "↓", "left": "←", "right": "→",
    "backspace": "⌫",
}  # fmt: skip


def written(keys: str) -> str:
    """Keys as a person reads them: `ctrl+p,f1` → `^p f1`."""
    named = (key.strip() for key in keys.split(","))
    return " ".join(_KEY_NAMES.get(key, key.replace("ctrl+", "^")) for key in named if key)


@dataclass(frozen=True)
class HelpRow:
    """One line of the help: keys and what they do."""

    action: Action
    keys: str
    label: str
    help: str
    twin: str


def help_rows(place: Place, keymap: Mapping[str, str] | None = None) -> list[HelpRow]:
    """What the help says about a place, with the user's own keys; rows with the same sentence are one row."""
    rows: dict[str, HelpRow] = {}
    for action in of(place):
        if action.help not in rows:
            label = action.label.rstrip(" 0123456789")
            rows[action.help] = HelpRow(action, keys_of(action, keymap), label, action.help, action.twin)
    return list(rows.values())


def keys_of(action: Action, keymap: Mapping[str, str] | None = None) -> str:
    """The keys of an action as they are written, the user's own when there are some."""
    mine = (keymap or {}).get(action.id)
    return written(mine) if mine else action.show_as or written(action.keys)


def as_markdown() -> str:
    """The table of keys for the documentation."""
    lines = []
    for place, title in PLACES.items():
        lines += [f"### {title}", "", "| key | action | without a terminal |", "|---|---|---|"]
        for row in help_rows(place):
            key, twin = row.keys.replace("|", "\\|"), row.twin.replace("|", "\\|")
            lines.append(f"| `{key}` | {row.help} | {f'`{twin}`' if twin else ''} |")
        lines.append("")
    return "\n".join(lines)
