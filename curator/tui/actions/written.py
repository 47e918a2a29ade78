"""The table of actions as people read it: keys, lines of help, the documentation."""

from collections.abc import Mapping
from dataclasses import dataclass

from curator.tui.actions.action import PLACES, Place
from curator.tui.actions.table import of

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
