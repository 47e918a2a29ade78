"""What commands print: data on stdout, everything else on stderr. Foreign text never acts on the terminal.

Every command starts with this file, and so does the first paint of the terminal UI: pydantic is imported when needed.
"""

import json

import click

from curator.model.errors import CuratorError


def plain(text: str, *, keep_newlines: bool = False) -> str:
    """Text from outside, made harmless; see `curator.model.safe.visible`."""
    from curator.model.safe import visible

    return visible(text, newlines=keep_newlines)


def print_json(value: object) -> None:
    """Prints one JSON document on stdout; escapes everything that is not ASCII, so nothing in it can act."""

    from pydantic import BaseModel

    def encode(item: object) -> object:
        if isinstance(item, BaseModel):
            return item.model_dump(mode="json")
        raise TypeError(f"not JSON: {type(item).__name__}")

    click.echo(json.dumps(value, default=encode, ensure_ascii=True, indent=2))


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
