"""Bare `curator`: the terminal UI on the configured Langfuse."""

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from curator.model.errors import UsageError

if TYPE_CHECKING:
    from curator.config import Settings
    from curator.tui.session import Session


def open_tui(settings: "Callable[[], Settings] | None" = None) -> None:
    """Opens the terminal UI and returns when the user leaves it.

    `settings` is called after the first paint; the configured ones without it. Raises UsageError without a terminal or
    with a malformed config file, ConfigError without keys.
    """
    in_browser = "TEXTUAL_DRIVER" in os.environ  # textual-serve talks to the app through pipes
    if not in_browser and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "The terminal UI needs a terminal.",
            code="NO_TERMINAL",
            remedy="Every action has a command, such as `curator queue --json`; `curator --help` lists them.",
        )
    from curator.tui.app import CuratorApp

    opened: list[Session] = []

    def session() -> "Session":
        from curator.config import load_settings
        from curator.tui.session import Session

        chosen = (settings or load_settings)()
        chosen.connection()
        opened.append(Session(chosen))
        return opened[0]

    try:
        error = CuratorApp(session).run()
    finally:
        for each in opened:
            each.close()
    if error is not None:
        raise error
