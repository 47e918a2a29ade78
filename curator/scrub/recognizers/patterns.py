"""Patterns from data files: `curator/scrub/data/patterns/NAME.toml` holds the rules, cues and words of one family.

`[[TABLE]]` is one rule (`name`, `score`, `pattern`, `ignore_case`, `dotall`, `check`), `[context]` the words that raise
its score, `[parts]` what patterns share: `{{street}}` in a pattern stands for the part of that name. Blanks and line
ends in a pattern do not count (verbose form).
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import regex

WORDS_BEFORE = 8
_WINDOW = 80
"""Characters before a match that are read for a telling word, cut to the last eight words."""
_WORD = regex.compile(r"[\p{L}][\p{L}\p{N}]*")
_PART = regex.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True, slots=True)
class Rule:
    """One pattern. The value is the group `value` when there is one, else the whole match."""

    name: str
    pattern: "regex.Pattern[str]"
    score: float
    checks: tuple[str, ...] = ()
    """Modules of python-stdnum of which one must take the value for valid."""


@cache
def table(file: str) -> dict[str, Any]:
    """One data file; what it `use`s lends it its parts."""
    path = files("curator.scrub").joinpath("data", "patterns", f"{file}.toml")
    body = tomllib.loads(path.read_text("utf-8"))
    lent = [table(other)["parts"] for other in body.get("use", ())]
    body["parts"] = {name: text for parts in (*lent, body.get("parts", {})) for name, text in parts.items()}
    return body


def expanded(file: str, text: str) -> str:
    """A pattern with its parts in place."""
    parts = table(file)["parts"]
    while _PART.search(text):
        text = _PART.sub(lambda match: parts[match[1]], text)
    return text


def parts(file: str, *names: str) -> list[str]:
    """Parts that code builds patterns of its own from; they are in verbose form."""
    return [expanded(file, f"{{{{{name}}}}}") for name in names]


def rules(file: str, name: str) -> tuple[Rule, ...]:
    """The rules of one table, in their order."""
    return tuple(
        Rule(
            row["name"],
            regex.compile(expanded(file, row["pattern"]), regex.VERBOSE | _flags(row)),
            row["score"],
            tuple(row.get("check", ())),
        )
        for row in table(file)[name]
    )


def context(file: str, name: str) -> tuple[str, ...]:
    """The words before a match that raise its score."""
    return tuple(table(file)["context"][name])


def _flags(row: dict[str, Any]) -> int:
    return (regex.IGNORECASE if row.get("ignore_case") else 0) | (regex.DOTALL if row.get("dotall") else 0)


def tells(text: str, start: int, words: Iterable[str]) -> bool:
    """Whether one of the words stands among the eight words before a place, as a whole word (plural allowed)."""
    before = _WORD.findall(text[max(0, start - _WINDOW) : start].lower())[-WORDS_BEFORE:]
    joined = f" {' '.join(before)} "
    return bool(before) and any(f" {word} " in joined or f" {word}s " in joined for word in map(str.lower, words))
