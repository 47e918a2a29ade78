"""The one table of actions: the rows of every place, and the bindings that follow from them."""

from collections.abc import Iterable

from textual.binding import Binding, BindingType

from curator.tui.actions.action import ON_SCREEN, Action, Place
from curator.tui.actions.datasets import DATASETS
from curator.tui.actions.everywhere import EVERYWHERE, LISTS, TEXT
from curator.tui.actions.lineage import LINEAGE
from curator.tui.actions.log import LOG
from curator.tui.actions.queue import QUEUE, SEVERAL
from curator.tui.actions.receipt import RECEIPT
from curator.tui.actions.runs import COMPARE, RUNS
from curator.tui.actions.trace import TRACE
from curator.tui.actions.workbench import CHECKS, FORM, WORKBENCH

ACTIONS: tuple[Action, ...] = (
    *EVERYWHERE,
    *LISTS,
    *TEXT,
    *QUEUE,
    *TRACE,
    *WORKBENCH,
    *FORM,
    *CHECKS,
    *RECEIPT,
    *SEVERAL,
    *DATASETS,
    *LINEAGE,
    *RUNS,
    *COMPARE,
    *LOG,
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


def unknown_ids(keymap: Iterable[str]) -> list[str]:
    """Ids in a user's key map that no action has: a typo in the config file."""
    known = {action.id for action in ACTIONS}
    return sorted(set(keymap) - known)
