"""What commands print: data on stdout, everything else on stderr. Foreign text never acts on the terminal.

Every command starts with this file, and so does the first paint of the terminal UI: pydantic is imported when needed.
"""

import io
import json
import sys

import click

from curator.model.errors import CuratorError


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


def say(message: str) -> None:
    """A message for the person, on stderr."""
    click.echo(plain(message, keep_newlines=True), err=True)


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
