"""What commands print: data on stdout, everything else on stderr. Foreign text never acts on the terminal."""

import json

import click
from pydantic import BaseModel

from curator.errors import CuratorError
from curator.model.safe import plain

__all__ = ["count", "plain", "print_json", "say", "say_error"]


def print_json(value: object) -> None:
    """Prints one JSON document on stdout; escapes everything that is not ASCII, so nothing in it can act."""

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
