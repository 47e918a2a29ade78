"""The one table of actions: it feeds the key bindings, the footer, the help, the palette and the documentation.

A screen or widget that owns a place implements `action_<name>` for each of the place's rows; nothing else binds keys.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from textual.binding import Binding, BindingType

Place = Literal[
    "app", "list", "text", "queue", "trace", "workbench", "form", "checks", "receipt", "bulk", "datasets", "runs", "log"
]

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
    "runs": "Runs",
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
    footer: bool = False
    twin: str = ""
    """The command that does the same without a terminal."""
    priority: bool = False
    show_as: str = ""
    """How the keys are written, when their names do not say it."""

    @property
    def id(self) -> str:
        """The name under which `keys` in the config file remaps it: `queue.dismiss`."""
        words = [self.name.partition("(")[0].replace("_", "-"), *self._arguments]
        return f"{self.place}.{'-'.join(words)}"

    @property
    def _arguments(self) -> list[str]:
        return re.findall(r"\w+", self.name.partition("(")[2])


ACTIONS: tuple[Action, ...] = (
    # Everywhere
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
    # Lists
    Action("list", "down", "j,down", "Down", "Next row.", show_as="j ↓"),
    Action("list", "up", "k,up", "Up", "Previous row.", show_as="k ↑"),
    Action("list", "first", "g,home", "First", "First row.", show_as="g"),
    Action("list", "last", "G,end", "Last", "Last row.", show_as="G"),
    Action("list", "page_down", "ctrl+d,pagedown", "Half page down", "Half a page down.", show_as="^d"),
    Action("list", "page_up", "ctrl+u,pageup", "Half page up", "Half a page up.", show_as="^u"),
    # Text
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
    # Queue
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
    # Trace
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
    # Workbench
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
    # Receipt
    Action("receipt", "next", "enter,p", "Next failure", "Go to the next open failure.", footer=True, show_as="enter"),
    Action("receipt", "back", "escape", "Back to queue", "Back to the queue.", footer=True),
    Action("receipt", "copy_link", "y", "Copy link", "Copy the item's address in Langfuse."),
    Action("receipt", "browse", "b", "Browser", "Open the item in Langfuse.", footer=True),
    *(
        Action(
            "receipt",
            f"remedy({n})",
            str(n),
            f"Remedy {n}",
            "Apply a remedy by its number.",
            twin="curator promote TRACE --remedy NAME",
            show_as="1–9",
        )
        for n in range(1, 7)
    ),
    # Several at once
    Action("bulk", "start", "p,enter", "Promote all", "Promote every item that is ready.", footer=True, show_as="p"),
    Action("bulk", "back", "escape", "Stop", "Stop, or go back when nothing runs.", footer=True),
    # Datasets, runs, log
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
        "story",
        "s",
        "Story",
        "Tell where the item came from: source, signals, versions, runs.",
        footer=True,
        twin="curator audit DATASET ITEM",
    ),
    Action("datasets", "browse", "b", "Browser", "Open the item in Langfuse."),
    Action("datasets", "copy_link", "Y", "Copy link", "Copy the item's address in Langfuse."),
    Action("datasets", "reveal", "r", "Reveal", "Show personal values, or mask them again."),
    Action("runs", "back", "escape", "Back", "Back to the list.", footer=True),
    Action("log", "back", "escape", "Back", "Back to the queue.", footer=True),
)


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
            show=action.footer,
            key_display=action.show_as or None,
            priority=action.priority,
            tooltip=action.help,
            id=action.id,
        )
        for place in places
        for action in of(place)
    ]


def owns(node: object, place: Place) -> bool:
    """Whether a widget implements the actions of a place."""
    return all(hasattr(node, f"action_{action.name.partition('(')[0]}") for action in of(place))


_KEY_NAMES = {
    "question_mark": "?",
    "slash": "/",
    "asterisk": "*",
    "escape": "esc",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "space": "space",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "backspace": "⌫",
}


def written(keys: str) -> str:
    """Keys as a person reads them: `ctrl+p,f1` → `^p f1`."""
    return " ".join(
        _KEY_NAMES.get(key, key.replace("ctrl+", "^")) for key in (part.strip() for part in keys.split(",")) if key
    )


@dataclass(frozen=True)
class HelpRow:
    """One line of the help: keys and what they do."""

    keys: str
    label: str
    help: str
    twin: str


def help_rows(place: Place, keymap: Mapping[str, str] | None = None) -> list[HelpRow]:
    """What the help says about a place, with the user's own keys; rows with the same sentence are one row."""
    rows: dict[str, HelpRow] = {}
    for action in of(place):
        mine = (keymap or {}).get(action.id)
        keys = written(mine) if mine else action.show_as or written(action.keys)
        if action.help not in rows:
            rows[action.help] = HelpRow(keys, action.label.rstrip(" 0123456789"), action.help, action.twin)
    return list(rows.values())


def unknown_ids(keymap: Iterable[str]) -> list[str]:
    """Ids in a user's key map that no action has: a typo in the config file."""
    known = {action.id for action in ACTIONS}
    return sorted(set(keymap) - known)


def as_markdown() -> str:
    """The table of keys for the documentation."""
    lines = []
    for place, title in PLACES.items():
        rows = help_rows(place)
        lines += [f"### {title}", "", "| key | action | without a terminal |", "|---|---|---|"]
        for row in rows:
            key = row.keys.replace("|", "\\|")
            twin = row.twin.replace("|", "\\|")
            lines.append(f"| `{key}` | {row.help} | {f'`{twin}`' if twin else ''} |")
        lines.append("")
    return "\n".join(lines)
