"""One row of the table of actions, and the places that have rows."""

import re
from dataclasses import dataclass
from typing import Literal

Place = Literal[
    "app",
    "list",
    "text",
    "queue",
    "trace",
    "workbench",
    "form",
    "checks",
    "receipt",
    "bulk",
    "datasets",
    "lineage",
    "runs",
    "compare",
    "log",
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
