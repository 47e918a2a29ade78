"""Bare `curator` and `curator serve`: the terminal UI on the configured Langfuse, here or in a browser."""

import os
import shlex
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from curator.cli.output import LOOPBACK, say
from curator.model.errors import UsageError

if TYPE_CHECKING:
    from curator.config import Settings
    from curator.tui import Session


def open_tui(settings: "Callable[[], Settings] | None" = None) -> None:
    """Opens the terminal UI and returns when the user leaves it.

    `settings` is called after the first paint; the configured ones without it. Raises UsageError without a terminal or
    with a malformed config file, ConfigError without keys.
    """
    in_browser = "TEXTUAL_DRIVER" in os.environ  # textual-serve talks to the app through pipes
    if not in_browser and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("The terminal UI needs a terminal.", code="NO_TERMINAL")
    from curator.tui import CuratorApp

    opened: list[Session] = []

    def session() -> "Session":
        from curator.config import load_settings
        from curator.tui import Session

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


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--demo", is_flag=True, help="Show `curator demo` instead of the configured Langfuse.")
@click.option("--public-url", metavar="URL", help="Address that browsers use, behind a proxy that you protect.")
def serve(host: str, port: int, demo: bool, public_url: str | None) -> None:
    """Show the terminal UI in a browser, until Ctrl-C. Needs `pip install 'langfuse-curator[web]'`.

    Whoever has the printed address acts with your keys: its token is the only lock. Other web pages are kept out.
    """
    try:
        from curator.cli.web_server import GuardedServer
    except ImportError:
        raise UsageError("The web server is not installed.", code="WEB_NOT_INSTALLED") from None
    if host not in LOOPBACK:
        say("The address and its token cross the network unencrypted. Put TLS and a login in front of it.")
    if not demo:
        from curator.config import load_settings

        load_settings().connection()
    os.environ.setdefault("COLORTERM", "truecolor")
    command = shlex.join([sys.executable, "-m", "curator", *(["demo"] if demo else [])])
    address = public_url or f"http://{f'[{host}]' if ':' in host else host}:{port}"
    GuardedServer(command, host=host, port=port, public_url=address.rstrip("/")).serve()
