"""Bare `curator`: the terminal UI on the configured Langfuse."""

import sys

from curator.config import Settings, load_settings
from curator.errors import UsageError


def open_tui(settings: Settings | None = None) -> None:
    """Opens the terminal UI and returns when the user leaves it. Raises ConfigError without keys, UsageError without a
    terminal."""
    settings = settings or load_settings()
    settings.connection()
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "The terminal UI needs a terminal.",
            code="NO_TERMINAL",
            remedy="Every action has a command, such as `curator queue --json`; `curator --help` lists them.",
        )
    from curator.tui.app import CuratorApp
    from curator.tui.session import Session

    session = Session(settings)
    try:
        CuratorApp(session).run()
    finally:
        session.close()
