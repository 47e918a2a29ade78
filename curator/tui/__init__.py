"""The reviewer's terminal: a thin front end over the same functions that the command line calls."""

from typing import TYPE_CHECKING

from curator.model.lazy import at_first_use

if TYPE_CHECKING:
    from curator.tui.app import CuratorApp
    from curator.tui.fields import Field, fields_of
    from curator.tui.memory import DraftState, Memory
    from curator.tui.session import Prepared, Session

__getattr__ = at_first_use(__name__)
