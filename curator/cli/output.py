"""What commands print: data on stdout, everything else on stderr. Foreign text never acts on the terminal."""

import json
import unicodedata

import click
from pydantic import BaseModel

from curator.errors import CuratorError

# Bidirectional overrides and zero-width signs can make a line read as something that it is not.
_INVISIBLE = {chr(c) for c in (*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF, 0x061C)}


def plain(text: str, *, keep_newlines: bool = False) -> str:
    """Text from outside, made harmless: control characters, bidi overrides and lone surrogates become visible signs."""
    out = []
    for char in text:
        if char == "\n" and keep_newlines:
            out.append(char)
        elif char in "\n\t":
            out.append(" ")
        elif char in _INVISIBLE or unicodedata.category(char) in ("Cc", "Cs"):
            out.append("\N{REPLACEMENT CHARACTER}")
        else:
            out.append(char)
    return "".join(out)


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


def say_error(error: CuratorError) -> None:
    """One sentence, and what to do next."""
    say(f"error: {error.message}")
    if error.remedy:
        say(f"  → {error.remedy}")
    if error.code:
        say(f"  (curator explain {error.code})")
