"""What commands print: data on stdout, everything else on stderr. Foreign text never acts on the terminal.

Every command starts with this file, and so does the first paint of the terminal UI: pydantic is imported when needed.
"""

import io
import json
import shutil
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from curator.model.errors import CuratorError

LOOPBACK = ("127.0.0.1", "::1", "localhost")
F = TypeVar("F", bound=Callable[..., Any])

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
FILE = click.Path(path_type=Path, dir_okay=False)
"""Type of an option that takes a file."""


def together(*options: Callable[[F], F]) -> Callable[[F], F]:
    """Several options of a command as one decorator; its help lists them in this order."""

    def decorate(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def plain(text: str, *, keep_newlines: bool = False) -> str:
    """Text from outside, made harmless; see `curator.model.safe.visible`."""
    from curator.model.safe import visible

    return visible(text, newlines=keep_newlines)


class _Printed:
    """Whether this command has printed its one JSON document."""

    document = False


def begin_output() -> None:
    """A command begins: nothing is printed yet, and what the terminal's encoding lacks is escaped, not fatal."""
    _Printed.document = False
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def print_json(value: object) -> None:
    """Prints one JSON document on stdout; escapes everything that is not ASCII, so nothing in it can act."""

    from pydantic import BaseModel

    def encode(item: object) -> object:
        if isinstance(item, BaseModel):
            return item.model_dump(mode="json")
        raise TypeError(f"not JSON: {type(item).__name__}")

    try:
        text = json.dumps(value, default=encode, ensure_ascii=True, indent=2, allow_nan=False)
    except ValueError:  # a number beyond what JSON can write, out of somebody's trace
        loose = json.loads(json.dumps(value, default=encode), parse_constant=str)
        text = json.dumps(loose, ensure_ascii=True, indent=2)
    _Printed.document = True
    click.echo(text)


def print_form(form: str, *, err: bool = False, **values: object) -> None:
    """Prints the template `FORM.txt.j2`, unless it says nothing; what it fills in is made harmless, as by `plain`."""
    from curator.model.forms import template

    says = {"cell": cell, "count": count, "duration": duration, "number": number, "row": row, "when": when}
    if text := template("curator.cli", f"{form}.txt.j2").render(says | values).rstrip("\n"):
        click.echo(text, err=err)


def say(message: str) -> None:
    """A message for the person, on stderr."""
    click.echo(plain(message, keep_newlines=True), err=True)


def progress(what: str) -> None:
    """Says what is under way, on a terminal, in one line that the next one overwrites; an empty text ends it."""
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{plain(what)}", nl=False, err=True)


def count(number: int, noun: str) -> str:
    """`1 item`, `2 items`."""
    return f"{number} {noun}{'s'[: number != 1]}"


def say_error(error: CuratorError) -> None:
    """One sentence, and what to do next."""
    say(f"error: {error.message}")
    if error.remedy:
        say(f"  → {error.remedy}")
    if error.code:
        say(f"  (curator explain {error.code})")


def fail(error: CuratorError, *, as_json: bool) -> None:
    """Says what is wrong; with `as_json` also as the one document on stdout, unless the command printed its own."""
    say_error(error)
    if as_json and not _Printed.document:
        _Printed.document = True
        words = {"code": error.code, "message": error.message, "remedy": error.remedy}
        click.echo(json.dumps({"error": words}, ensure_ascii=True, indent=2))


def width() -> int:
    """Columns of the terminal, at least 80; 80 when the output is no terminal."""
    return max(80, shutil.get_terminal_size((80, 24)).columns)


def cell(text: str | None, cells: int) -> str:
    """Foreign text made harmless and exactly `cells` wide: cut with `…`, or filled with blanks."""
    from rich.cells import cell_len, set_cell_size

    shown = " ".join(plain(text or "").split())
    if cell_len(shown) > cells:
        return set_cell_size(set_cell_size(shown, max(cells - 1, 0)).rstrip() + "…", cells)
    return set_cell_size(shown, cells)


def row(parts: Sequence[tuple[str | None, int]]) -> str:
    """One line; the last part takes what is left of the terminal and is not filled."""
    used = sum(cells + 2 for _, cells in parts[:-1])
    last, least = parts[-1]
    line = [cell(text, cells) for text, cells in parts[:-1]]
    return "  ".join([*line, cell(last, max(least, width() - used)).rstrip()]).rstrip()


def when(time: datetime | None) -> str:
    """A time for people, in local time, to the minute."""
    return time.astimezone().strftime("%m-%d %H:%M") if time else ""


def duration(seconds: float | None) -> str:
    """A duration for people."""
    if seconds is None:
        return ""
    if seconds < 10:
        return f"{seconds:.2f} s"
    return f"{seconds:.0f} s" if seconds < 600 else f"{seconds / 60:.0f} min"


def number(value: object) -> str:
    """A score's value for people."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None else str(value)
