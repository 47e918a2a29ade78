"""The one table of actions (`actions.csv`): key bindings, footer, help, palette and documentation are made of it.

A screen or widget that owns a place implements `action_<name>` for each of its rows; nothing else binds keys.
"""

import csv
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast

from textual.binding import Binding, BindingType

Place = Literal[
    "app", "list", "text", "queue", "trace", "workbench", "form", "checks", "receipt", "bulk", "trial", "datasets",
    "lineage", "runs", "compare", "log",
]  # fmt: skip
_NAMES = tomllib.loads(Path(__file__).with_name("actions.toml").read_text(encoding="utf-8"))
PLACES: dict[Place, str] = _NAMES["places"]
"""Every place by the name that a person reads."""
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


NUMBERED = re.compile(r"(\w+)\((\d)-(\d)\)")


def _read() -> Iterator[Action]:
    """The rows of `actions.csv`; one named `choose(1-9)` is an action for each of these digits."""
    table = Path(__file__).with_name("actions.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(table.splitlines()):
        place, rank = cast("Place", row["place"]), int(row["rank"] or 0)
        action = Action(**(row | {"place": place, "rank": rank}))  # type: ignore[arg-type]
        numbered = NUMBERED.fullmatch(action.name)
        if numbered is None:
            yield action
            continue
        name, first, last = numbered.groups()
        for digit in range(int(first), int(last) + 1):
            yield replace(action, name=f"{name}({digit})", keys=str(digit), label=f"{action.label} {digit}")


ACTIONS: tuple[Action, ...] = tuple(_read())


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


def written(keys: str) -> str:
    """Keys as a person reads them: `ctrl+p,f1` → `^p f1`."""
    named = (key.strip() for key in keys.split(","))
    return " ".join(_NAMES["keys"].get(key, key.replace("ctrl+", "^")) for key in named if key)


def help_rows(place: Place) -> list[Action]:
    """The actions that the help names: of several with the same sentence one, by a label without its number."""
    rows = {action.help: action for action in reversed(of(place))}
    return [replace(each, label=each.label.rstrip(" 0123456789")) for each in reversed(rows.values())]


def keys_of(action: Action, keymap: Mapping[str, str] | None = None) -> str:
    """The keys of an action as they are written, the user's own when there are some."""
    mine = (keymap or {}).get(action.id)
    return written(mine) if mine else action.show_as or written(action.keys)
